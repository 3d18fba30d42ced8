import RealModule

extension ContrastTransferFunction {
  /// As `apply`, at magnified frequencies and with the phases of symmetric aberrations: what no polynomial of few
  /// terms on the image's axes says is computed entry by entry, at some 25 ns each.
  ///
  /// - Parameter phaseOffsets: as `AberrationFactors` has them.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  func apply<Scalar: GridScalar>(
    to half: UnsafeMutablePointer<Scalar>, shape: GridShape, pixelSizeInAngstroms h: Double, sign: Sign,
    factor: Double, alternating: Bool, magnification: AnisotropicMagnification, phaseOffsets: [Double]
  ) {
    let (form, wavelength) = (defocusForm, wavelengthInAngstroms)
    let aberration =
      sphericalAberrationInMillimetres * 1e7 * wavelength * wavelength * wavelength / 2
    let (constant, falloff) = (phaseAtZero, -bFactorInSquareAngstroms / 4)
    let unit = SIMD2(Double(shape.columns), Double(shape.rows)) * h
    let columns = shape.spectrumColumns
    func value(_ x: Int, _ y: Int, offsetRow: Int) -> Double {
      let q = magnification(SIMD2(Double(x), Double(y)) / unit)
      let square = (q * q).sum()
      let defocus = form.xx * q.x * q.x + form.xy * q.x * q.y + form.yy * q.y * q.y
      var phase = .pi * (wavelength * defocus - aberration * square * square) + constant
      if !phaseOffsets.isEmpty { phase -= phaseOffsets[offsetRow * columns + x] }
      return Double.sin(phase) * (falloff == 0 ? 1 : Double.exp(falloff * square))
    }
    for row in 0..<shape.rows {
      let y = signedFrequency(row, of: shape.rows)
      let isNyquistRow = 2 * row == shape.rows
      // Where the opposite frequency along y has its phases: +½ in a row of its own.
      let opposite = isNyquistRow ? shape.rows : (row == 0 ? 0 : shape.rows - row)
      for x in 0..<columns {
        var product = value(x, y, offsetRow: row)
        if isNyquistRow || 2 * x == shape.columns {
          product = (product + value(x, -y, offsetRow: opposite)) / 2
        }
        product *= sign.factor * scale * factor * (alternating && (x + row) % 2 == 1 ? -1 : 1)
        let index = 2 * (row * columns + x)
        half[index] *= Scalar(product)
        half[index + 1] *= Scalar(product)
      }
    }
  }
}
