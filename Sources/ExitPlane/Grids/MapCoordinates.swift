import ComplexModule

/// A grid of samples `[z][y][x]`, real or complex, to interpolate at coordinates of one's own.
public struct SampledGrid<Value: Sendable>: Sendable {
  /// Along z, the slowest axis.
  public let depth: Int
  /// Along y.
  public let rows: Int
  /// Along x, the fastest axis.
  public let columns: Int
  /// `depth × rows × columns`, row-major.
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
///   - grid: the samples.
///   - coordinates: `(z, y, x)` in samples, the first at 0.
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
  try checkInterpolation(order: order)
  return try coordinates.enumerated().map { number, point in
    try checkCoordinate(point, number)
    if order == 0 { return grid.value(at: nearestSample(point), mode: mode) }
    var sum = Value.zero
    let cell = InterpolationCell(point)
    for corner in 0..<8 {
      let weight = cell.weight(corner)
      if weight != 0 { accumulate(&sum, grid.value(at: cell.index(corner), mode: mode), weight) }
    }
    return sum
  }
}

/// - Throws: `.unsupported` for orders other than 0 and 1.
func checkInterpolation(order: Int) throws {
  guard order == 0 || order == 1 else {
    throw ExitPlaneError(
      .unsupported, "interpolation order \(order) is not offered; 0 (nearest) and 1 (linear) are")
  }
}

/// - Throws: `.invalidValue` for a coordinate whose samples cannot be told apart.
@inline(__always)
func checkCoordinate(_ point: SIMD3<Double>, _ number: Int) throws {
  for axis in 0..<3 where !(abs(point[axis]) < 0x1p53) {
    throw ExitPlaneError.invalid(
      "coordinate \(number)", got: "\(point[axis])", need: "finite and within ±2⁵³")
  }
}

/// The sample that interpolation of order 0 takes.
@inline(__always)
func nearestSample(_ point: SIMD3<Double>) -> SIMD3<Int> {
  let nearest = (point + 0.5).rounded(.down)
  return SIMD3(Int(nearest.x), Int(nearest.y), Int(nearest.z))
}

/// The eight samples around a point; corner bits are z, y and x.
struct InterpolationCell {
  let fraction: SIMD3<Double>
  private let lower: SIMD3<Int>

  @inline(__always)
  init(_ point: SIMD3<Double>) {
    let floor = point.rounded(.down)
    fraction = point - floor
    lower = SIMD3(Int(floor.x), Int(floor.y), Int(floor.z))
  }

  @inline(__always)
  func isUpper(_ corner: Int, _ axis: Int) -> Bool { corner >> (2 - axis) & 1 == 1 }

  @inline(__always)
  func weight(_ corner: Int, _ axis: Int) -> Double {
    isUpper(corner, axis) ? fraction[axis] : 1 - fraction[axis]
  }

  @inline(__always)
  func weight(_ corner: Int) -> Double { weight(corner, 0) * weight(corner, 1) * weight(corner, 2) }

  @inline(__always)
  func index(_ corner: Int) -> SIMD3<Int> { lower &+ SIMD3(corner >> 2, corner >> 1 & 1, corner & 1) }
}

extension SampledGrid {
  /// Where the value of a sample stands, or nil where the mode has one of its own.
  @inline(__always)
  func position(of index: SIMD3<Int>, mode: CoordinateMode<Value>) -> Int? {
    let lengths = SIMD3(depth, rows, columns)
    var i = index
    for axis in 0..<3 where !(0..<lengths[axis]).contains(i[axis]) {
      switch mode {
      case .fill: return nil
      case .clip: i[axis] = min(max(i[axis], 0), lengths[axis] - 1)
      case .wrap:
        let rest = i[axis] % lengths[axis]
        i[axis] = rest < 0 ? rest + lengths[axis] : rest
      }
    }
    return (i[0] * rows + i[1]) * columns + i[2]
  }

  @inline(__always)
  func value(at index: SIMD3<Int>, mode: CoordinateMode<Value>) -> Value {
    if let position = position(of: index, mode: mode) { return values[position] }
    guard case .fill(let value) = mode else {
      preconditionFailure("every sample stands somewhere but filled ones")
    }
    return value
  }
}
