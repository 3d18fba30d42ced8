import CKernels
import RealModule

extension ContrastTransferFunction {
  /// Multiplies a spectrum by the function.
  public func apply<Scalar: GridScalar>(
    to spectrum: inout HalfSpectrum<Scalar>, pixelSizeInAngstroms: Double, sign: Sign
  ) throws {
    try validatePositive("pixel size", pixelSizeInAngstroms, unit: "Å")
    let shape = spectrum.shape
    spectrum.values.withUnsafeMutableBytes { bytes in
      guard let scalars = bytes.bindMemory(to: Scalar.self).baseAddress else { return }
      apply(to: scalars, shape: shape, pixelSizeInAngstroms: pixelSizeInAngstroms, sign: sign)
    }
  }

  /// Multiplies a half spectrum, rows × (columns/2 + 1) complex numbers with zero frequency in the corner, by
  /// the function, its sign and `factor`.
  ///
  /// - Parameters:
  ///   - shape: of the image.
  ///   - alternating: multiplies by (−1)^(row + column) too, which moves the origin of an image of even sides
  ///     from its corner to its centre.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  public func apply<Scalar: GridScalar>(
    to half: UnsafeMutablePointer<Scalar>, shape: GridShape, pixelSizeInAngstroms: Double, sign: Sign,
    factor: Double = 1, alternating: Bool = false
  ) {
    let (columns, rows) = (shape.spectrumColumns, shape.rows)
    let stepX = 1 / (Double(shape.columns) * pixelSizeInAngstroms)
    let stepY = 1 / (Double(shape.rows) * pixelSizeInAngstroms)
    let (form, wavelength) = (defocusForm, wavelengthInAngstroms)
    var oscillation = ep_oscillation(
      xx: wavelength * form.xx * stepX * stepX, xy: wavelength * form.xy * stepX * stepY,
      yy: wavelength * form.yy * stepY * stepY,
      quartic: -sphericalAberrationInMillimetres * 1e7 * wavelength * wavelength * wavelength / 2,
      squareX: stepX * stepX,
      squareY: stepY * stepY, constant: phaseAtZero / .pi, rows: Int32(rows), columns: Int32(columns),
      endsAtNyquist: shape.columns % 2 == 0 ? 1 : 0)
    let padded = (columns + 15) / 16 * 16
    withUnsafeTemporaryAllocation(of: Scalar.self, capacity: padded + rows) { weights in
      guard let columnWeights = weights.baseAddress else { return }
      let rowWeights = columnWeights + padded
      let falloff = -bFactorInSquareAngstroms / 4
      for x in 0..<padded {
        let q = Double(x) * stepX
        let envelope = falloff == 0 ? 1 : Double.exp(falloff * q * q)
        let weight = envelope * (alternating && x % 2 == 1 ? -1 : 1)
        (columnWeights + x).initialize(to: x < columns ? Scalar(weight) : 0)
      }
      for y in 0..<rows {
        let q = Double(signedFrequency(y, of: rows)) * stepY
        let envelope = falloff == 0 ? 1 : Double.exp(falloff * q * q)
        let weight = sign.factor * scale * factor * envelope * (alternating && y % 2 == 1 ? -1 : 1)
        (rowWeights + y).initialize(to: Scalar(weight))
      }
      Scalar.applyOscillation(
        &oscillation, columnWeights: columnWeights, rowWeights: rowWeights, to: half)
    }
  }
}
