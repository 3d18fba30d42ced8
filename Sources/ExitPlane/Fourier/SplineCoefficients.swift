import ComplexModule

/// Cubic B-spline coefficients of samples on a grid, for `mapCoordinatesSpline`.
///
/// The spline `Σ_j c_j B(x − j)` with `B(t) = 4 − 6t² + 3|t|³` for |t| ≤ 1 and `(2 − |t|)³` for 1 ≤ |t| ≤ 2
/// meets every sample, and its second derivative vanishes at the first and last of an axis (natural
/// boundaries). Through two samples runs a straight line, through one a constant.
///
/// - Returns: a grid with one more sample at either end of every axis: coefficient `j` of an axis belongs to
///   coordinate `j − 1`.
@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
public func computeSplineCoefficients<Scalar: GridScalar>(
  _ grid: SampledGrid<Scalar>
) throws -> SampledGrid<Scalar> {
  let values = grid.values.withUnsafeBufferPointer {
    splineCoefficients($0, lengths: (grid.depth, grid.rows, grid.columns), components: 1)
  }
  return try SampledGrid(
    depth: grid.depth + 2, rows: grid.rows + 2, columns: grid.columns + 2, values: values)
}

/// As for a real grid.
@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
public func computeSplineCoefficients<Scalar: GridScalar>(
  _ grid: SampledGrid<Complex<Scalar>>
) throws -> SampledGrid<Complex<Scalar>> {
  let scalars = grid.values.withUnsafeBytes {
    splineCoefficients(
      $0.bindMemory(to: Scalar.self), lengths: (grid.depth, grid.rows, grid.columns), components: 2)
  }
  return try SampledGrid(
    depth: grid.depth + 2, rows: grid.rows + 2, columns: grid.columns + 2,
    values: scalars.withUnsafeBytes { Array($0.bindMemory(to: Complex<Scalar>.self)) })
}

/// - Parameter components: scalars a sample.
@inline(__always)
private func splineCoefficients<Scalar: GridScalar>(
  _ source: UnsafeBufferPointer<Scalar>, lengths: (z: Int, y: Int, x: Int), components: Int
) -> [Scalar] {
  let (depth, rows, columns) = (lengths.z + 2, lengths.y + 2, lengths.x + 2)
  let row = columns * components
  let plane = rows * row
  var values = [Scalar](repeating: 0, count: depth * plane)
  values.withUnsafeMutableBufferPointer { buffer in
    guard let to = buffer.baseAddress, let from = source.baseAddress else { return }
    for z in 0..<lengths.z {
      for y in 0..<lengths.y {
        let line = to + (z + 1) * plane + (y + 1) * row + components
        line.update(
          from: from + (z * lengths.y + y) * lengths.x * components, count: lengths.x * components)
      }
    }
    let alongX = NaturalSpline<Scalar>(count: lengths.x)
    let alongY = NaturalSpline<Scalar>(count: lengths.y)
    let alongZ = NaturalSpline<Scalar>(count: lengths.z)
    for z in 1...lengths.z {
      for y in 1...lengths.y {
        alongX.solve(to + z * plane + y * row + components, stride: components, width: components)
      }
      alongY.solve(to + z * plane + row, stride: row, width: row)
    }
    for y in 0..<rows { alongZ.solve(to + plane + y * row, stride: plane, width: row) }
  }
  return values
}

/// Solves for the coefficients of natural cubic splines along lines of samples.
///
/// Between the ends, `c_(i−1) + 4 c_i + c_(i+1) = y_i`; at an end, where the second derivative vanishes,
/// `c_0 = y_0 / 6` and so `c_(−1) = 2 c_0 − c_1`. One elimination forwards, one substitution back.
struct NaturalSpline<Scalar: GridScalar>: Sendable {
  fileprivate let count: Int
  /// The elimination's pivots' inverses, `1 / (4 − the one before)`.
  fileprivate let inversePivots: [Scalar]

  /// - Parameter count: samples a line, at least 1.
  init(count: Int) {
    self.count = count
    var inverse = 0.0
    inversePivots = (0..<count).map { i in
      if i > 0 { inverse = 1 / (4 - inverse) }
      return Scalar(inverse)
    }
  }

  /// Replaces the samples of `width` lines side by side by their coefficients, and writes the ones before
  /// the first and after the last sample.
  ///
  /// - Parameters:
  ///   - first: the first sample of the first line; line `k`'s sample `i` is at `i · stride + k`.
  @inline(__always)
  func solve(_ first: UnsafeMutablePointer<Scalar>, stride: Int, width: Int) {
    let sixth = Scalar(1) / 6
    let last = first + (count - 1) * stride
    for k in 0..<width { first[k] *= sixth }
    if count > 1 { for k in 0..<width { last[k] *= sixth } }
    if count > 2 {
      inversePivots.withUnsafeBufferPointer { inverse in
        for i in 1..<(count - 1) {
          let (line, before) = (first + i &* stride, first + (i &- 1) &* stride)
          let pivot = inverse[i]
          for k in 0..<width { line[k] = (line[k] - before[k]) * pivot }
        }
        for i in (1..<(count - 1)).reversed() {
          let (line, after) = (first + i &* stride, first + (i &+ 1) &* stride)
          let pivot = inverse[i]
          for k in 0..<width { line[k] -= pivot * after[k] }
        }
      }
    }
    let (second, secondLast) = count > 1 ? (first + stride, last - stride) : (first, last)
    for k in 0..<width {
      (first - stride)[k] = 2 * first[k] - second[k]
      (last + stride)[k] = 2 * last[k] - secondLast[k]
    }
  }
}

extension NaturalSpline {
  /// The transpose of `solve`: from the cotangents of coefficients, those before the first and after the last sample
  /// among them, to the cotangents of the samples. The two are left as they were.
  @inline(__always)
  func solveTransposed(_ first: UnsafeMutablePointer<Scalar>, stride: Int, width: Int) {
    let sixth = Scalar(1) / 6
    let last = first + (count - 1) * stride
    let (second, secondLast) = count > 1 ? (first + stride, last - stride) : (first, last)
    for k in 0..<width {
      let (before, after) = ((first - stride)[k], (last + stride)[k])
      first[k] += 2 * before
      second[k] -= before
      last[k] += 2 * after
      secondLast[k] -= after
    }
    if count > 2 {
      inversePivots.withUnsafeBufferPointer { inverse in
        for i in 1..<(count - 1) {
          let (line, after) = (first + i &* stride, first + (i &+ 1) &* stride)
          let pivot = inverse[i]
          for k in 0..<width { after[k] -= pivot * line[k] }
        }
        for i in (1..<(count - 1)).reversed() {
          let (line, before) = (first + i &* stride, first + (i &- 1) &* stride)
          let pivot = inverse[i]
          for k in 0..<width {
            line[k] *= pivot
            before[k] -= line[k]
          }
        }
      }
    }
    for k in 0..<width { first[k] *= sixth }
    if count > 1 { for k in 0..<width { last[k] *= sixth } }
  }
}

/// The cubic B-spline that integrates to 6: `4 − 6t² + 3|t|³` for |t| ≤ 1, `(2 − |t|)³` up to 2, then 0.
@inline(__always)
func cubicBSpline(_ t: Double) -> Double {
  let t = abs(t)
  if t >= 2 { return 0 }
  return t >= 1 ? (2 - t) * (2 - t) * (2 - t) : 4 - t * t * (6 - 3 * t)
}

/// Its derivative.
@inline(__always)
func cubicBSplineSlope(_ t: Double) -> Double {
  let u = abs(t)
  if u >= 2 { return 0 }
  let slope = u >= 1 ? -3 * (2 - u) * (2 - u) : u * (9 * u - 12)
  return t < 0 ? -slope : slope
}
