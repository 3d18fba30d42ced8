import ComplexModule

/// What a loss changes with the values of a grid and the coordinates at which `mapCoordinates` took them.
public struct MapCoordinatesCotangent<Value: Sendable>: Sendable {
  /// `∂L/∂` of every value of the grid, in its shape and order; of complex ones the real and imaginary parts' in
  /// theirs.
  public let values: [Value]
  /// `∂L/∂` of every coordinate `(z, y, x)`, per sample: the slope of the cell that holds the point, on a face of the
  /// cell above it. Zero for order 0.
  public let coordinates: [SIMD3<Double>]
}

/// The way back through `mapCoordinates` of a real grid with the same arguments.
///
/// Values outside the grid that a mode fills in are constants. Sums over points are made in their order.
///
/// - Parameters:
///   - cotangents: `∂L/∂` of the result, a number a point.
///   - grid: the samples that were interpolated.
///   - coordinates: `(z, y, x)` in samples, the first at 0.
///   - order: 0 or 1.
///   - mode: for neighbours outside the grid.
/// - Throws: what `mapCoordinates` throws; `.mismatch` where there are not as many cotangents as coordinates.
@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
public func pullBackMapCoordinates<Scalar: GridScalar>(
  _ cotangents: [Scalar], through grid: SampledGrid<Scalar>, at coordinates: [SIMD3<Double>], order: Int,
  mode: CoordinateMode<Scalar>
) throws -> MapCoordinatesCotangent<Scalar> {
  try pullBack(cotangents, through: grid, at: coordinates, order: order, mode: mode) { sum, value, weight in
    sum += value * Scalar(weight)
  } product: {
    Double($0) * Double($1)
  }
}

/// As for a real grid.
@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
public func pullBackMapCoordinates<Scalar: GridScalar>(
  _ cotangents: [Complex<Scalar>], through grid: SampledGrid<Complex<Scalar>>,
  at coordinates: [SIMD3<Double>], order: Int, mode: CoordinateMode<Complex<Scalar>>
) throws -> MapCoordinatesCotangent<Complex<Scalar>> {
  try pullBack(cotangents, through: grid, at: coordinates, order: order, mode: mode) { sum, value, weight in
    sum += value.multiplied(by: Scalar(weight))
  } product: {
    Double($0.real) * Double($1.real) + Double($0.imaginary) * Double($1.imaginary)
  }
}

@inline(__always)
private func pullBack<Value: AdditiveArithmetic & Sendable>(
  _ cotangents: [Value], through grid: SampledGrid<Value>, at coordinates: [SIMD3<Double>], order: Int,
  mode: CoordinateMode<Value>, accumulate: (inout Value, Value, Double) -> Void,
  product: (Value, Value) -> Double
) throws -> MapCoordinatesCotangent<Value> {
  try checkInterpolation(order: order)
  guard cotangents.count == coordinates.count else {
    throw ExitPlaneError.mismatch(
      "there are \(cotangents.count) cotangents for \(coordinates.count) coordinates", "give one for each")
  }
  var values = [Value](repeating: .zero, count: grid.values.count)
  var slopes = [SIMD3<Double>](repeating: SIMD3(0, 0, 0), count: coordinates.count)
  for (number, point) in coordinates.enumerated() {
    try checkCoordinate(point, number)
    let cotangent = cotangents[number]
    if order == 0 {
      if let position = grid.position(of: nearestSample(point), mode: mode) {
        accumulate(&values[position], cotangent, 1)
      }
      continue
    }
    let cell = InterpolationCell(point)
    for corner in 0..<8 {
      let index = cell.index(corner)
      let weight = cell.weight(corner)
      if weight != 0, let position = grid.position(of: index, mode: mode) {
        accumulate(&values[position], cotangent, weight)
      }
      // A corner without weight on the cell's face has a slope all the same.
      let p = product(cotangent, grid.value(at: index, mode: mode))
      let w = SIMD3(cell.weight(corner, 0), cell.weight(corner, 1), cell.weight(corner, 2))
      let others = SIMD3(w.y * w.z, w.x * w.z, w.x * w.y)
      for axis in 0..<3 { slopes[number][axis] += (cell.isUpper(corner, axis) ? p : -p) * others[axis] }
    }
  }
  return MapCoordinatesCotangent(values: values, coordinates: slopes)
}
