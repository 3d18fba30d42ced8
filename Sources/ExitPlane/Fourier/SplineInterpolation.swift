import ComplexModule

/// Interpolates with the cubic spline of `computeSplineCoefficients` at coordinates `(z, y, x)` in samples
/// of the grid those were computed from, its first sample at 0.
///
/// - Parameters:
///   - coefficients: two more an axis than the grid has samples.
///   - coordinates: `(z, y, x)` in samples, the first at 0.
///   - mode: decides each coefficient outside the array of coefficients.
/// - Throws: `.invalidValue` for a coordinate that is not finite or lies beyond ±2⁵³, where samples can no
///   longer be told apart.
@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
public func mapCoordinatesSpline<Scalar: GridScalar>(
  _ coefficients: SampledGrid<Scalar>, at coordinates: [SIMD3<Double>], mode: CoordinateMode<Scalar>
) throws -> [Scalar] {
  try interpolate(coefficients, at: coordinates, mode: mode) { sum, value, weight in
    sum += value * Scalar(weight)
  }
}

/// As for real coefficients.
@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
public func mapCoordinatesSpline<Scalar: GridScalar>(
  _ coefficients: SampledGrid<Complex<Scalar>>, at coordinates: [SIMD3<Double>],
  mode: CoordinateMode<Complex<Scalar>>
) throws -> [Complex<Scalar>] {
  try interpolate(coefficients, at: coordinates, mode: mode) { sum, value, weight in
    sum += value.multiplied(by: Scalar(weight))
  }
}

@inline(__always)
private func interpolate<Value: AdditiveArithmetic & Sendable>(
  _ grid: SampledGrid<Value>, at coordinates: [SIMD3<Double>], mode: CoordinateMode<Value>,
  accumulate: (inout Value, Value, Double) -> Void
) throws -> [Value] {
  let lengths = SIMD3(grid.depth, grid.rows, grid.columns)
  /// Index by axis, nil where the value is the fill.
  func index(_ i: Int, axis: Int) -> Int? {
    let length = lengths[axis]
    if (0..<length).contains(i) { return i }
    switch mode {
    case .fill: return nil
    case .clip: return i < 0 ? 0 : length - 1
    case .wrap:
      let rest = i % length
      return rest < 0 ? rest + length : rest
    }
  }
  var fill = Value.zero
  if case .fill(let value) = mode { fill = value }
  return try coordinates.enumerated().map { number, point in
    var taps = [[(index: Int?, weight: Double)]]()
    for axis in 0..<3 {
      guard abs(point[axis]) < 0x1p53 else {
        throw ExitPlaneError.invalid(
          "coordinate \(number)", got: "\(point[axis])", need: "finite and within ±2⁵³")
      }
      // Coefficient j belongs to coordinate j − 1.
      let first = Int(point[axis].rounded(.down))
      taps.append(
        (first...(first + 3)).map {
          (index($0, axis: axis), cubicBSpline(point[axis] - Double($0 - 1)))
        })
    }
    var sum = Value.zero
    for (z, weightZ) in taps[0] {
      for (y, weightY) in taps[1] {
        for (x, weightX) in taps[2] {
          let weight = weightZ * weightY * weightX
          guard weight != 0 else { continue }
          if let z, let y, let x {
            accumulate(&sum, grid.values[(z * grid.rows + y) * grid.columns + x], weight)
          } else {
            accumulate(&sum, fill, weight)
          }
        }
      }
    }
    return sum
  }
}
