/// What the raw half spectrum of an image of this shape, real and imaginary parts in turn and zero frequency in the
/// corner, must be to be that of a real image.
extension GridShape {
  /// Of even sides the entry that is at Nyquist on both axes.
  var cornerIndex: Int { rows / 2 * spectrumColumns + columns / 2 }

  /// Makes raw samples the transform of a real image: in the columns 0 and Nyquist every entry is averaged
  /// with its conjugate partner, which an inverse real FFT does unasked.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  func symmetrize<Scalar: GridScalar>(_ half: UnsafeMutablePointer<Scalar>) {
    let stride = 2 * spectrumColumns
    for column in columns % 2 == 0 ? [0, columns / 2] : [0] {
      for row in 0...(rows / 2) {
        let a = half + row * stride + 2 * column
        let b = half + (row == 0 ? 0 : rows - row) * stride + 2 * column
        let (re, im) = ((a[0] + b[0]) / 2, (a[1] - b[1]) / 2)
        (a[0], a[1]) = (re, im)
        (b[0], b[1]) = (re, -im)
      }
    }
    // A self-conjugate entry is its own partner: its imaginary part is 0 − and + alike.
    forEachSelfConjugate { half[2 * $0 + 1] = 0 }
  }

  /// Multiplies the columns between 0 and Nyquist.
  ///
  /// They stand for their conjugates as well: an inverse real FFT counts them twice, and so does its transpose, with
  /// a factor of 2; the transpose of a forward one counts every entry once, with a factor of ½.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  func scaleInnerColumns<Scalar: GridScalar>(_ half: UnsafeMutablePointer<Scalar>, by factor: Scalar) {
    let stride = 2 * spectrumColumns
    for row in 0..<rows {
      let line = half + row * stride
      for i in 2..<max(2, 2 * ((columns + 1) / 2)) { line[i] *= factor }
    }
  }

  private func forEachSelfConjugate(_ body: (_ index: Int) -> Void) {
    for row in rows % 2 == 0 ? [0, rows / 2] : [0] {
      for column in columns % 2 == 0 ? [0, columns / 2] : [0] {
        body(row * spectrumColumns + column)
      }
    }
  }

  /// Zeroes the self-conjugate entries but zero frequency: they have no well-defined shift.
  func zeroUnshiftable<Scalar: GridScalar>(_ half: UnsafeMutablePointer<Scalar>) {
    forEachSelfConjugate { index in
      if index != 0 { (half[2 * index], half[2 * index + 1]) = (0, 0) }
    }
  }
}
