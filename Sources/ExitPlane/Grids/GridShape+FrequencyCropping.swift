extension GridShape {
  /// Copies the frequencies of this shape out of a finer image's half spectrum.
  ///
  /// The Nyquist frequency of an even axis stands for both its signs: it receives their mean.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  func cropFrequencies<Scalar: GridScalar>(
    _ fine: UnsafePointer<Scalar>, of fineShape: GridShape, into half: UnsafeMutablePointer<Scalar>
  ) {
    let width = 2 * spectrumColumns
    let fineWidth = 2 * fineShape.spectrumColumns
    for row in 0..<rows {
      let k = signedFrequency(row, of: rows)
      let source = fine + (k < 0 ? k + fineShape.rows : k) * fineWidth
      (half + row * width).update(from: source, count: width)
      guard 2 * k == -rows else { continue }
      let opposite = fine + -k * fineWidth
      for i in 0..<width { half[row * width + i] = (source[i] + opposite[i]) / 2 }
    }
    symmetrize(half)
  }

  /// The transpose of `cropFrequencies`; `half` is overwritten.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  func pullBackCroppedFrequencies<Scalar: GridScalar>(
    _ half: UnsafeMutablePointer<Scalar>, into fine: UnsafeMutablePointer<Scalar>, of fineShape: GridShape
  ) {
    let width = 2 * spectrumColumns
    let fineWidth = 2 * fineShape.spectrumColumns
    symmetrize(half)
    fine.update(repeating: 0, count: fineShape.rows * fineWidth)
    for row in 0..<rows {
      let k = signedFrequency(row, of: rows)
      let isNyquist = 2 * k == -rows
      let source = half + row * width
      for target in isNyquist ? [k + fineShape.rows, -k] : [k < 0 ? k + fineShape.rows : k] {
        let line = fine + target * fineWidth
        for i in 0..<width { line[i] = isNyquist ? source[i] / 2 : source[i] }
      }
    }
  }
}
