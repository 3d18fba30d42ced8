// Cubic splines by solving their defining equations densely, and sums of windows over whole cubes.

/// The matrix that takes the samples of a line to the coefficients of its natural cubic spline, one more
/// at either end: `c₍ᵢ₋₁₎ + 4cᵢ + c₍ᵢ₊₁₎ = yᵢ`, and second differences of 0 at the first and last sample.
public func naturalSplineMatrix(_ count: Int) -> [[Double]] {
  guard count > 1 else { return [[1.0 / 6], [1.0 / 6], [1.0 / 6]] }
  let size = count + 2
  // Augmented by the right-hand sides of all unit samples.
  var a = [[Double]](repeating: [Double](repeating: 0, count: size + count), count: size)
  for i in 0..<count {
    (a[i][i], a[i][i + 1], a[i][i + 2]) = (1, 4, 1)
    a[i][size + i] = 1
  }
  for (row, start) in [(count, 0), (count + 1, count - 1)] {
    (a[row][start], a[row][start + 1], a[row][start + 2]) = (1, -2, 1)
  }
  for column in 0..<size {
    let pivot = (column..<size).max { abs(a[$0][column]) < abs(a[$1][column]) }!
    a.swapAt(column, pivot)
    for row in 0..<size where row != column {
      let factor = a[row][column] / a[column][column]
      if factor == 0 { continue }
      for k in column..<(size + count) { a[row][k] -= factor * a[column][k] }
    }
  }
  return (0..<size).map { row in (0..<count).map { a[row][size + $0] / a[row][row] } }
}

public func bSpline(_ t: Double) -> Double {
  switch abs(t) {
  case ..<1: 4 - 6 * t * t + 3 * abs(t) * t * t
  case ..<2: (2 - abs(t)) * (2 - abs(t)) * (2 - abs(t))
  default: 0
  }
}

/// Coefficients on a cube, the first sample's at index 1.
public struct SplineCube: Sendable {
  /// Coefficients an axis.
  public let size: Int
  public let coefficients: [ComplexNumber]

  /// The natural spline through `count³` samples `[z][y][x]`.
  public init(samples: [ComplexNumber], count: Int) {
    let matrix = naturalSplineMatrix(count)
    let m = count + 2
    var lengths = [count, count, count]
    var values = samples
    for axis in 0..<3 {
      let inner = lengths[(axis + 1)...].reduce(1, *)
      let outer = lengths[..<axis].reduce(1, *)
      var next = [ComplexNumber](repeating: ComplexNumber(0, 0), count: outer * m * inner)
      for o in 0..<outer {
        for j in 0..<m {
          for k in 0..<inner {
            var sum = ComplexNumber(0, 0)
            for i in 0..<count { sum = sum + values[(o * count + i) * inner + k] * matrix[j][i] }
            next[(o * m + j) * inner + k] = sum
          }
        }
      }
      values = next
      lengths[axis] = m
    }
    size = m
    coefficients = values
  }

  /// The spline at a coordinate in samples, the first at 0; `outside` values coefficients beyond the cube by
  /// their indices `(x, y, z)`.
  public func value(
    _ x: Double, _ y: Double, _ z: Double, outside: ([Int]) -> ComplexNumber
  ) -> ComplexNumber {
    let base = [x, y, z].map { Int($0.rounded(.down)) }
    var sum = ComplexNumber(0, 0)
    for c in 0..<64 {
      let i = [base[0] + c % 4, base[1] + c / 4 % 4, base[2] + c / 16]
      let weight =
        bSpline(x - Double(i[0] - 1)) * bSpline(y - Double(i[1] - 1)) * bSpline(z - Double(i[2] - 1))
      if weight == 0 { continue }
      let inside = i.allSatisfy { (0..<size).contains($0) }
      sum = sum + (inside ? coefficients[(i[2] * size + i[1]) * size + i[0]] : outside(i)) * weight
    }
    return sum
  }
}

/// `Σ v exp(−2πi (k·r))` of a cube of voxels, the origin at n/2, at a frequency in cycles a voxel.
public func directSum(_ voxels: [Double], n: Int, at k: (x: Double, y: Double, z: Double)) -> ComplexNumber {
  func wave(_ k: Double) -> [ComplexNumber] { (0..<n).map { .turn(-k * Double($0 - n / 2)) } }
  let (wx, wy, wz) = (wave(k.x), wave(k.y), wave(k.z))
  var total = ComplexNumber(0, 0)
  for z in 0..<n {
    var plane = ComplexNumber(0, 0)
    for y in 0..<n {
      var row = ComplexNumber(0, 0)
      for x in 0..<n { row = row + wx[x] * voxels[(z * n + y) * n + x] }
      plane = plane + row * wy[y]
    }
    total = total + plane * wz[z]
  }
  return total
}
