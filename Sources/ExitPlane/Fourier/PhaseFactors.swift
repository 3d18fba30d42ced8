import RealModule

/// `exp(−2πi k·d) · scale`, held as a factor a column and a factor a row.
final class PhaseFactors<Scalar: GridScalar> {
  /// Real and imaginary parts in turn.
  let columns: UnsafeMutablePointer<Scalar>
  let rows: UnsafeMutablePointer<Scalar>
  private let shape: GridShape
  /// Whether the spectrum is a complex image's, with columns of negative frequency, or the half of a real one's.
  private let isFull: Bool
  /// What the Nyquist column of a half spectrum is multiplied by without a shift.
  private var nyquistSign = 1.0
  private var columnCount: Int { isFull ? shape.columns : shape.spectrumColumns }

  init(_ shape: GridShape, isFull: Bool = false) {
    self.shape = shape
    self.isFull = isFull
    columns = .allocate(capacity: 2 * (isFull ? shape.columns : shape.spectrumColumns))
    rows = .allocate(capacity: 2 * shape.rows)
  }

  deinit {
    columns.deallocate()
    rows.deallocate()
  }

  /// Sets the factors for a shift of `pixels` (x, y) and, with `fromCentre`, for an image whose origin is
  /// not at (0, 0) but at `(rows / 2, columns / 2)`.
  ///
  /// An even axis's Nyquist column holds frequencies +½ and −½ at once: a shift of a real image multiplies
  /// it by the mean of the two factors, a cosine. In a full spectrum it is −½ alone.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  func set(shiftInPixels pixels: SIMD2<Double>, fromCentre: Bool, scale: Double) {
    Self.fill(
      columns, count: columnCount, length: shape.columns, shift: pixels.x,
      fromCentre: fromCentre, scale: scale)
    if shape.columns % 2 == 0, !isFull {
      nyquistSign = fromCentre && originOffset(shape.columns) % 2 == 1 ? -scale : scale
      setNyquist(nyquistSign * Double.cos(.pi * pixels.x))
    }
    Self.fill(
      rows, count: shape.rows, length: shape.rows, shift: pixels.y, fromCentre: fromCentre, scale: 1)
  }

  private func setNyquist(_ value: Double) {
    let nyquist = 2 * (shape.columns / 2)
    (columns[nyquist], columns[nyquist + 1]) = (Scalar(value), 0)
  }

  /// Takes the cosine of the shift out of a half spectrum's Nyquist column: the way back needs what it multiplies.
  ///
  /// - Parameter pixels: the shift along x that the factors were set for.
  /// - Returns: the cosine and its derivative to the shift; nil where there is no such column.
  func takeNyquistCosine(shiftInPixels pixels: Double) -> (cosine: Scalar, slope: Double)? {
    guard shape.columns % 2 == 0, !isFull else { return nil }
    setNyquist(nyquistSign)
    return nyquistCosine(shiftInPixels: pixels)
  }

  /// As `takeNyquistCosine` has it.
  func nyquistCosine(shiftInPixels pixels: Double) -> (cosine: Scalar, slope: Double)? {
    guard shape.columns % 2 == 0, !isFull else { return nil }
    return (Scalar(Double.cos(.pi * pixels)), -.pi * Double.sin(.pi * pixels))
  }

  /// Takes over another's factors, for the same shape.
  func copy(_ other: PhaseFactors) {
    columns.update(from: other.columns, count: 2 * columnCount)
    rows.update(from: other.rows, count: 2 * shape.rows)
    nyquistSign = other.nyquistSign
  }

  /// Sets the factors that refer the phases of an image's plain transform, whose first pixel is at (0, 0),
  /// to its origin at `(rows / 2, columns / 2)`.
  func setCentreToOrigin(scale: Double = 1) {
    set(shiftInPixels: SIMD2(0, 0), fromCentre: true, scale: scale)
    for row in 0..<shape.rows { rows[2 * row + 1].negate() }
    for column in 0..<columnCount { columns[2 * column + 1].negate() }
  }

  /// The conjugates of `setCentreToOrigin`'s factors.
  func setOriginToCentre() { set(shiftInPixels: SIMD2(0, 0), fromCentre: true, scale: 1) }

  /// Multiplies a spectrum, row by row, by `columns[x] · rows[y]`.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  func multiply(_ spectrum: UnsafeMutablePointer<Scalar>) {
    let width = columnCount
    for row in 0..<shape.rows {
      let (rowRe, rowIm) = (rows[2 * row], rows[2 * row + 1])
      let line = spectrum + 2 * width * row
      for x in 0..<width {
        let (cRe, cIm) = (columns[2 &* x], columns[2 &* x &+ 1])
        let (re, im) = (cRe * rowRe - cIm * rowIm, cRe * rowIm + cIm * rowRe)
        let (vRe, vIm) = (line[2 &* x], line[2 &* x &+ 1])
        line[2 &* x] = vRe * re - vIm * im
        line[2 &* x &+ 1] = vRe * im + vIm * re
      }
    }
  }

  @inline(__always)
  private static func fill(
    _ factors: UnsafeMutablePointer<Scalar>, count: Int, length: Int, shift: Double,
    fromCentre: Bool, scale: Double
  ) {
    let centre = fromCentre ? originOffset(length) : 0
    // k·centre/length in whole turns is kept exact by integer arithmetic; the shift's part is not periodic.
    for index in 0..<count {
      let k = signedFrequency(index, of: length)
      let turns =
        Double((k &* centre) % length) / Double(length) + Double(k) * shift / Double(length)
      if shift == 0, (2 &* k &* centre) % length == 0 {
        // Half turns: a sign, exactly.
        factors[2 &* index] = Scalar((2 &* k &* centre) % (2 &* length) == 0 ? scale : -scale)
        factors[2 &* index &+ 1] = 0
      } else {
        let angle = -2 * Double.pi * turns
        factors[2 &* index] = Scalar(scale * Double.cos(angle))
        factors[2 &* index &+ 1] = Scalar(scale * Double.sin(angle))
      }
    }
  }
}
