import ComplexModule

/// What one point is interpolated from: the plain form of slopes and transposes.
extension FourierSamples {
  /// A sample or coefficient near a point.
  struct Tap {
    /// `(x, y, z)` in the grid, x ≥ −leading; nil for a value that no sample has.
    let place: SIMD3<Int>?
    /// Whether the point has the conjugate of what is stored there.
    let isConjugate: Bool
    let value: Complex<Scalar>
    let weight: Scalar
    /// How the weight changes with the point's coordinates.
    let slope: SIMD3<Double>
  }

  /// The weights of a point's taps on each axis, and how they change.
  private struct Weights {
    let first: SIMD3<Int>
    let values: [[Double]]
    let slopes: [[Double]]
  }

  /// The slopes along x, y and z of `value(at:outOfBounds:)`.
  func slopes(
    at point: SIMD3<Double>, outOfBounds: OutOfBoundsMode<Scalar>
  ) -> (x: Complex<Scalar>, y: Complex<Scalar>, z: Complex<Scalar>) {
    var (x, y, z) = (Complex<Scalar>.zero, Complex<Scalar>.zero, Complex<Scalar>.zero)
    forEachTap(at: point, outOfBounds: outOfBounds) { tap in
      x += tap.value.multiplied(by: Scalar(tap.slope.x))
      y += tap.value.multiplied(by: Scalar(tap.slope.y))
      z += tap.value.multiplied(by: Scalar(tap.slope.z))
    }
    return (x, y, z)
  }

  /// The transpose of `value(at:outOfBounds:)`: adds to the planes `planes` along z of a grid of the same shape what
  /// its samples weigh in the value.
  func add(
    _ cotangent: Complex<Scalar>, at point: SIMD3<Double>, outOfBounds: OutOfBoundsMode<Scalar>,
    to gradient: HermitianGrid<Scalar>, planes: Range<Int>
  ) {
    let p = gradient.storage.pointer
    forEachTap(at: point, outOfBounds: outOfBounds) { tap in
      guard let place = tap.place, planes.contains(place.z), tap.weight != 0 else { return }
      let i = gradient.index(x: place.x, y: place.y, z: place.z)
      p[i] += tap.weight * cotangent.real
      p[i + 1] += tap.weight * (tap.isConjugate ? -cotangent.imaginary : cotangent.imaginary)
    }
  }

  private func forEachTap(
    at point: SIMD3<Double>, outOfBounds: OutOfBoundsMode<Scalar>, _ body: (Tap) -> Void
  ) {
    switch interpolation {
    case .linear:
      let lower = point.rounded(.down)
      let fraction = point - lower
      let weights = Weights(
        first: SIMD3(Int(lower.x), Int(lower.y), Int(lower.z)),
        values: (0..<3).map { [1 - fraction[$0], fraction[$0]] },
        slopes: [[Double]](repeating: [-1, 1], count: 3))
      visit(weights, sign: 1, body) { neighbour($0, reach: grid.half, outOfBounds) }
    case .cubic(let reach):
      let lower = point.rounded(.down)
      func each(_ window: (Double) -> Double) -> [[Double]] {
        (0..<3).map { axis in (-1...2).map { window(point[axis] - (lower[axis] + Double($0))) } }
      }
      let weights = Weights(
        first: SIMD3(Int(lower.x), Int(lower.y), Int(lower.z)) &- 1, values: each(cubicBSpline),
        slopes: each(cubicBSplineSlope))
      visit(weights, sign: 1, body) { neighbour($0, reach: reach, outOfBounds) }
    case .window:
      let period = Double(grid.size)
      var point = point - period * (point / period).rounded(.toNearestOrEven)
      let isMirrored = point.x < 0
      if isMirrored { point = -point }
      let lower = point - Double(window.width) / 2
      let floored = lower.rounded(.down)
      func each(_ taps: (Scalar) -> [Scalar]) -> [[Double]] {
        (0..<3).map { taps(Scalar(1 - 2 * (lower[$0] - floored[$0]))).map { Double($0) } }
      }
      let weights = Weights(
        first: SIMD3(Int(floored.x), Int(floored.y), Int(floored.z)) &+ 1, values: each(window.taps),
        slopes: each(window.slopes))
      // The conjugate of the point opposite falls where that one rises.
      visit(weights, sign: isMirrored ? -1 : 1, body) { place in
        let i = grid.index(x: place.x, y: place.y, z: place.z)
        let (re, im) = (grid.storage.pointer[i], grid.storage.pointer[i + 1])
        return (place, isMirrored, Complex(re, isMirrored ? -im : im))
      }
    }
  }

  private typealias Neighbour = (place: SIMD3<Int>?, isConjugate: Bool, value: Complex<Scalar>)

  private func neighbour(_ i: SIMD3<Int>, reach: Int, _ outOfBounds: OutOfBoundsMode<Scalar>) -> Neighbour {
    var (place, value) = (Optional(i), Complex<Scalar>.zero)
    if max(abs(i.x), abs(i.y), abs(i.z)) > reach {
      place = nil
      value = outOfBounds.neighbour(i, reach: reach, period: grid.size) {
        place = $0
        return .zero
      }
    }
    guard let place else { return (nil, false, value) }
    let isConjugate = place.x < 0
    return (isConjugate ? SIMD3(0, 0, 0) &- place : place, isConjugate, stored(place))
  }

  private func visit(
    _ weights: Weights, sign: Double, _ body: (Tap) -> Void, neighbour: (SIMD3<Int>) -> Neighbour
  ) {
    let (w, s) = (weights.values, weights.slopes)
    for z in w[2].indices {
      for y in w[1].indices {
        for x in w[0].indices {
          let (place, isConjugate, value) = neighbour(weights.first &+ SIMD3(x, y, z))
          let slope = SIMD3(
            s[0][x] * w[1][y] * w[2][z], w[0][x] * s[1][y] * w[2][z], w[0][x] * w[1][y] * s[2][z])
          body(
            Tap(
              place: place, isConjugate: isConjugate, value: value,
              weight: Scalar(w[0][x] * w[1][y] * w[2][z]), slope: sign * slope))
        }
      }
    }
  }
}
