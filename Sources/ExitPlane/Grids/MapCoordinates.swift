import ComplexModule

/// A grid of samples `[z][y][x]`, real or complex, to interpolate at coordinates of one's own.
public struct SampledGrid<Value: Sendable>: Sendable {
  public let depth: Int
  public let rows: Int
  public let columns: Int
  public let values: [Value]

  /// - Throws: `.invalidValue` for an empty axis or a number of values that does not fit the shape.
  public init(depth: Int, rows: Int, columns: Int, values: [Value]) throws {
    let count = depth.multipliedReportingOverflow(by: rows)
    let total = count.partialValue.multipliedReportingOverflow(by: columns)
    guard depth > 0, rows > 0, columns > 0, !count.overflow, !total.overflow,
      values.count == total.partialValue
    else {
      throw ExitPlaneError.invalid(
        "grid of \(depth) × \(rows) × \(columns)", got: "given \(values.count) values",
        need: "of positive axes whose product is the number of values")
    }
    self.depth = depth
    self.rows = rows
    self.columns = columns
    self.values = values
  }
}

/// How `mapCoordinates` values a neighbour outside the grid.
public enum CoordinateMode<Value: Sendable>: Sendable {
  /// This value (SciPy's `grid-constant`).
  case fill(Value)
  /// The nearest edge sample (SciPy's `nearest`).
  case clip
  /// The sample a period away (SciPy's `grid-wrap`).
  case wrap
}

/// Interpolates a real grid at coordinates `(z, y, x)` in samples, the first sample at 0.
///
/// - Parameters:
///   - order: 0 takes the nearest sample (halves go up), 1 is trilinear.
///   - mode: decides each neighbour outside `0 ..< n`, a negative index included.
/// - Throws: `.unsupported` for another order, `.invalidValue` for a coordinate that is not finite or
///   lies beyond ±2⁵³, where samples can no longer be told apart.
/// - Source: the definition of `scipy.ndimage.map_coordinates(…, prefilter=False)`.
@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
public func mapCoordinates<Scalar: GridScalar>(
  _ grid: SampledGrid<Scalar>, at coordinates: [SIMD3<Double>], order: Int,
  mode: CoordinateMode<Scalar>
) throws -> [Scalar] {
  try interpolate(grid, at: coordinates, order: order, mode: mode) { sum, value, weight in
    sum += value * Scalar(weight)
  }
}

/// As for a real grid.
@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
public func mapCoordinates<Scalar: GridScalar>(
  _ grid: SampledGrid<Complex<Scalar>>, at coordinates: [SIMD3<Double>], order: Int,
  mode: CoordinateMode<Complex<Scalar>>
) throws -> [Complex<Scalar>] {
  try interpolate(grid, at: coordinates, order: order, mode: mode) { sum, value, weight in
    sum += value.multiplied(by: Scalar(weight))
  }
}

@inline(__always)
private func interpolate<Value: AdditiveArithmetic & Sendable>(
  _ grid: SampledGrid<Value>, at coordinates: [SIMD3<Double>], order: Int, mode: CoordinateMode<Value>,
  accumulate: (inout Value, Value, Double) -> Void
) throws -> [Value] {
  guard order == 0 || order == 1 else {
    throw ExitPlaneError(
      .unsupported, "interpolation order \(order) is not offered; 0 (nearest) and 1 (linear) are")
  }
  let lengths = SIMD3(grid.depth, grid.rows, grid.columns)
  func value(_ index: SIMD3<Int>) -> Value {
    var i = index
    for axis in 0..<3 where !(0..<lengths[axis]).contains(i[axis]) {
      switch mode {
      case .fill(let value): return value
      case .clip: i[axis] = min(max(i[axis], 0), lengths[axis] - 1)
      case .wrap:
        let rest = i[axis] % lengths[axis]
        i[axis] = rest < 0 ? rest + lengths[axis] : rest
      }
    }
    return grid.values[(i[0] * grid.rows + i[1]) * grid.columns + i[2]]
  }
  return try coordinates.enumerated().map { number, point in
    for axis in 0..<3 where !(abs(point[axis]) < 0x1p53) {
      throw ExitPlaneError.invalid(
        "coordinate \(number)", got: "\(point[axis])", need: "finite and within ±2⁵³")
    }
    if order == 0 {
      let nearest = (point + 0.5).rounded(.down)
      return value(SIMD3(Int(nearest.x), Int(nearest.y), Int(nearest.z)))
    }
    let lower = point.rounded(.down)
    let fraction = point - lower
    var sum = Value.zero
    for corner in 0..<8 {
      let upper = SIMD3(corner >> 2, corner >> 1 & 1, corner & 1)
      var weight = 1.0
      for axis in 0..<3 { weight *= upper[axis] == 1 ? fraction[axis] : 1 - fraction[axis] }
      if weight != 0 {
        let index = SIMD3(Int(lower.x), Int(lower.y), Int(lower.z)) &+ upper
        accumulate(&sum, value(index), weight)
      }
    }
    return sum
  }
}
