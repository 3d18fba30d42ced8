/// From half spectra to images and back: where the origin goes, what a shift does, how spectra become
/// exactly those of real images.
///
/// `half` is rows × (columns/2 + 1) complex numbers throughout, zero frequency in the corner.
struct ImageSynthesis<Scalar: GridScalar>: Sendable {
  let shape: GridShape
  let fft: RealFFT2D<Scalar>

  init(_ shape: GridShape) throws {
    self.shape = shape
    fft = try RealFFT2D(shape)
  }

  /// Makes raw samples the transform of a real image: in the columns 0 and Nyquist every entry is averaged
  /// with its conjugate partner, which an inverse real FFT does unasked.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  func symmetrize(_ half: UnsafeMutablePointer<Scalar>) {
    let stride = 2 * shape.spectrumColumns
    for column in shape.columns % 2 == 0 ? [0, shape.columns / 2] : [0] {
      for row in 0...(shape.rows / 2) {
        let a = half + row * stride + 2 * column
        let b = half + (row == 0 ? 0 : shape.rows - row) * stride + 2 * column
        let (re, im) = ((a[0] + b[0]) / 2, (a[1] - b[1]) / 2)
        (a[0], a[1]) = (re, im)
        (b[0], b[1]) = (re, -im)
      }
    }
    // A self-conjugate entry is its own partner: its imaginary part is 0 − and + alike.
    forEachSelfConjugate { half[2 * $0 + 1] = 0 }
  }

  private func forEachSelfConjugate(_ body: (_ index: Int) -> Void) {
    for row in shape.rows % 2 == 0 ? [0, shape.rows / 2] : [0] {
      for column in shape.columns % 2 == 0 ? [0, shape.columns / 2] : [0] {
        body(row * shape.spectrumColumns + column)
      }
    }
  }

  /// Zeroes the self-conjugate entries but zero frequency: they have no well-defined shift.
  func zeroUnshiftable(_ half: UnsafeMutablePointer<Scalar>) {
    forEachSelfConjugate { index in
      if index != 0 { (half[2 * index], half[2 * index + 1]) = (0, 0) }
    }
  }

  /// The half spectrum of an image whose origin is at its centre.
  func forward(
    _ image: UnsafeMutablePointer<Scalar>, into half: UnsafeMutablePointer<Scalar>,
    factors: PhaseFactors<Scalar>
  ) {
    fft.forward(image, half)
    factors.setCentreToOrigin()
    multiply(half, by: factors)
    symmetrize(half)
  }

  /// Multiplies a spectrum, row by row, by `columns[x] · rows[y]`.
  func multiply(_ half: UnsafeMutablePointer<Scalar>, by factors: PhaseFactors<Scalar>) {
    factors.multiply(half)
  }
}

/// `exp(−2πi k·d) · scale`, held as a factor a column and a factor a row.
final class PhaseFactors<Scalar: GridScalar> {
  /// Real and imaginary parts in turn.
  let columns: UnsafeMutablePointer<Scalar>
  let rows: UnsafeMutablePointer<Scalar>
  private let shape: GridShape
  /// Whether the spectrum is a complex image's, with columns of negative frequency, or the half of a real one's.
  private let isFull: Bool
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
      let nyquist = 2 * (shape.columns / 2)
      let sign: Double = fromCentre && originOffset(shape.columns) % 2 == 1 ? -1 : 1
      columns[nyquist] = Scalar(scale * sign * Double.cos(.pi * pixels.x))
      columns[nyquist + 1] = 0
    }
    Self.fill(
      rows, count: shape.rows, length: shape.rows, shift: pixels.y, fromCentre: fromCentre, scale: 1)
  }

  /// Sets the factors that refer the phases of an image's plain transform, whose first pixel is at (0, 0),
  /// to its origin at `(rows / 2, columns / 2)`.
  func setCentreToOrigin() {
    set(shiftInPixels: SIMD2(0, 0), fromCentre: true, scale: 1)
    for row in 0..<shape.rows { rows[2 * row + 1].negate() }
    for column in 0..<columnCount { columns[2 * column + 1].negate() }
  }

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

/// Copies an image into one of another shape, origin onto origin; what the target has beyond it is zero.
///
/// - Parameter components: scalars a pixel.
func cropOrPad<Scalar: GridScalar>(
  _ source: UnsafePointer<Scalar>, _ from: GridShape, into target: UnsafeMutablePointer<Scalar>,
  _ to: GridShape, components: Int = 1
) {
  let rows = Overlap(from.rows, to.rows)
  let columns = Overlap(from.columns, to.columns)
  if rows.count < to.rows || columns.count < to.columns {
    target.update(repeating: 0, count: components * to.count)
  }
  for row in 0..<rows.count {
    let line = (rows.target + row) * to.columns + columns.target
    let sourceLine = (rows.source + row) * from.columns + columns.source
    (target + components * line).update(
      from: source + components * sourceLine, count: components * columns.count)
  }
}

/// The samples that an axis of one length shares with one of another, origin onto origin.
struct Overlap {
  let source: Int
  let target: Int
  let count: Int

  init(_ from: Int, _ to: Int) {
    let offset = originOffset(to) - originOffset(from)
    source = max(0, -offset)
    target = max(0, offset)
    count = min(from - source, to - target)
  }
}

extension RealImage {
  /// The image in another shape, cropped or padded with zeros about the origin.
  public func resized(to shape: GridShape) -> RealImage {
    guard shape != self.shape else { return self }
    var result = RealImage(shape: shape, unchecked: Array(repeating: 0, count: shape.count))
    values.withUnsafeBufferPointer { source in
      result.values.withUnsafeMutableBufferPointer { target in
        if let from = source.baseAddress, let to = target.baseAddress {
          cropOrPad(from, self.shape, into: to, shape)
        }
      }
    }
    return result
  }
}

extension AlignedBuffer {
  /// The half spectrum of an image of a shape, real and imaginary parts in turn.
  static func half(_ shape: GridShape) throws -> AlignedBuffer {
    try AlignedBuffer(count: 2 * shape.rows * shape.spectrumColumns, of: "a spectrum of \(shape)")
  }

  static func image(_ shape: GridShape) throws -> AlignedBuffer {
    try AlignedBuffer(count: shape.count, of: "an image of \(shape)")
  }
}
