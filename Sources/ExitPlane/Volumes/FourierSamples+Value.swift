import ComplexModule

/// The plain forms of what the kernels do.
extension FourierSamples {
  /// The transform at one frequency in samples of the grid, `(x, y, z)`, below 10⁹ each.
  func value(at point: SIMD3<Double>, outOfBounds: OutOfBoundsMode<Scalar>) -> Complex<Scalar> {
    switch interpolation {
    case .linear: linear(at: point, outOfBounds)
    case .cubic(let reach): cubic(at: point, reach: reach, outOfBounds)
    case .window: windowed(at: point)
    }
  }

  /// What is stored at a frequency given in samples of the grid, each in `±reach`.
  func stored(_ i: SIMD3<Int>) -> Complex<Scalar> {
    let isMirrored = i.x < 0
    let at = isMirrored ? grid.index(x: -i.x, y: -i.y, z: -i.z) : grid.index(x: i.x, y: i.y, z: i.z)
    let p = grid.storage.pointer
    return Complex(p[at], isMirrored ? -p[at + 1] : p[at + 1])
  }

  private func neighbour(
    _ i: SIMD3<Int>, reach: Int, _ outOfBounds: OutOfBoundsMode<Scalar>
  ) -> Complex<Scalar> {
    max(abs(i.x), abs(i.y), abs(i.z)) <= reach
      ? stored(i) : outOfBounds.neighbour(i, reach: reach, period: grid.size, stored)
  }

  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  private func linear(at point: SIMD3<Double>, _ outOfBounds: OutOfBoundsMode<Scalar>) -> Complex<Scalar> {
    let lower = point.rounded(.down)
    let fraction = point - lower
    var sum = Complex<Scalar>.zero
    for corner in 0..<8 {
      var weight = 1.0
      var index = SIMD3<Int>.zero
      for axis in 0..<3 {
        let upper = corner >> axis & 1
        weight *= upper == 1 ? fraction[axis] : 1 - fraction[axis]
        index[axis] = Int(lower[axis]) + upper
      }
      if weight != 0 {
        sum += neighbour(index, reach: grid.half, outOfBounds) * Complex(Scalar(weight))
      }
    }
    return sum
  }

  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  private func cubic(
    at point: SIMD3<Double>, reach: Int, _ outOfBounds: OutOfBoundsMode<Scalar>
  ) -> Complex<Scalar> {
    let lower = point.rounded(.down)
    var weights = [[Double]]()
    for axis in 0..<3 {
      weights.append((-1...2).map { cubicBSpline(point[axis] - (lower[axis] + Double($0))) })
    }
    let first = SIMD3(Int(lower.x), Int(lower.y), Int(lower.z)) &- 1
    var sum = Complex<Scalar>.zero
    for z in 0..<4 {
      for y in 0..<4 {
        for x in 0..<4 {
          let weight = weights[0][x] * weights[1][y] * weights[2][z]
          guard weight != 0 else { continue }
          sum += neighbour(first &+ SIMD3(x, y, z), reach: reach, outOfBounds)
            .multiplied(by: Scalar(weight))
        }
      }
    }
    return sum
  }

  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  private func windowed(at frequency: SIMD3<Double>) -> Complex<Scalar> {
    let period = Double(grid.size)
    var point = frequency - period * (frequency / period).rounded(.toNearestOrEven)
    let isMirrored = point.x < 0
    if isMirrored { point = -point }
    let lower = point - Double(window.width) / 2
    let floored = lower.rounded(.down)
    let taps = (0..<3).map { window.taps(at: Scalar(1 - 2 * (lower[$0] - floored[$0]))) }
    let p = grid.storage.pointer
    var sum = Complex<Scalar>.zero
    for (z, weightZ) in taps[2].enumerated() {
      for (y, weightY) in taps[1].enumerated() {
        let row = grid.index(x: Int(floored.x) + 1, y: Int(floored.y) + 1 + y, z: Int(floored.z) + 1 + z)
        for (x, weightX) in taps[0].enumerated() {
          let weight = weightX * weightY * weightZ
          let i = row + grid.columnStep * x
          sum += Complex(p[i], p[i + 1]).multiplied(by: weight)
        }
      }
    }
    return isMirrored ? sum.conjugate : sum
  }
}
