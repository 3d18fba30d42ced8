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
  ///   - half: is multiplied in place.
  ///   - shape: of the image.
  ///   - pixelSizeInAngstroms: of the image.
  ///   - sign: the convention for what is bright.
  ///   - factor: multiplies besides.
  ///   - alternating: multiplies by (−1)^(row + column) too, which moves the origin of an image of even sides from
  ///     its corner to its centre.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  public func apply<Scalar: GridScalar>(
    to half: UnsafeMutablePointer<Scalar>, shape: GridShape, pixelSizeInAngstroms: Double, sign: Sign,
    factor: Double = 1, alternating: Bool = false
  ) {
    withKernelArguments(
      shape: shape, pixelSizeInAngstroms: pixelSizeInAngstroms, rowFactor: sign.factor * scale * factor,
      alternating: alternating
    ) { oscillation, columnWeights, rowWeights in
      Scalar.applyOscillation(oscillation, columnWeights: columnWeights, rowWeights: rowWeights, to: half)
    }
  }

  /// The way back through `apply`: replaces the cotangent of its result by that of the spectrum it was applied to.
  ///
  /// - Parameters:
  ///   - cotangent: of the result; replaced.
  ///   - spectrum: what `apply` was given.
  ///   - pixelSizeInAngstroms: of the image.
  ///   - sign: the convention for what is bright.
  /// - Returns: the cotangent of this function.
  /// - Throws: `.invalidValue` for a pixel size that is not above 0 Å; `.mismatch` for a cotangent of another shape.
  public func pullBack<Scalar: GridScalar>(
    _ cotangent: inout HalfSpectrum<Scalar>, through spectrum: HalfSpectrum<Scalar>,
    pixelSizeInAngstroms: Double, sign: Sign
  ) throws -> Cotangent {
    try validatePositive("pixel size", pixelSizeInAngstroms, unit: "Å")
    let shape = spectrum.shape
    guard cotangent.shape == shape else {
      throw ExitPlaneError.mismatch(
        "the cotangent is of images of \(cotangent.shape), the spectrum of \(shape)",
        "give the cotangent of the spectrum that the function was applied to")
    }
    return spectrum.values.withUnsafeBytes { bytes in
      cotangent.values.withUnsafeMutableBytes { cotangents in
        guard let half = bytes.bindMemory(to: Scalar.self).baseAddress,
          let scalars = cotangents.bindMemory(to: Scalar.self).baseAddress
        else { return .zero }
        return pullBack(
          scalars, through: half, shape: shape, pixelSizeInAngstroms: pixelSizeInAngstroms, sign: sign)
      }
    }
  }

  /// The way back through `apply` with the same arguments: the cotangent of its result, real and imaginary parts as
  /// two numbers, is replaced by that of the half spectrum it was applied to.
  ///
  /// It takes about 2½ times as long as `apply`.
  ///
  /// - Parameters:
  ///   - cotangent: of the result; replaced.
  ///   - half: what `apply` was given; at another place than the cotangent.
  ///   - shape: of the image.
  ///   - pixelSizeInAngstroms: of the image.
  ///   - sign: the convention for what is bright.
  ///   - factor: multiplies besides.
  ///   - alternating: as it was for `apply`.
  /// - Returns: the cotangent of this function, its sums in double precision.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  public func pullBack<Scalar: GridScalar>(
    _ cotangent: UnsafeMutablePointer<Scalar>, through half: UnsafePointer<Scalar>, shape: GridShape,
    pixelSizeInAngstroms: Double, sign: Sign, factor: Double = 1, alternating: Bool = false
  ) -> Cotangent {
    let kernel = withKernelArguments(
      shape: shape, pixelSizeInAngstroms: pixelSizeInAngstroms, rowFactor: sign.factor * factor,
      alternating: alternating
    ) { oscillation, columnWeights, rowWeights in
      Scalar.pullBackOscillation(
        oscillation, columnWeights: columnWeights, rowWeights: rowWeights, factor: Scalar(scale), from: half,
        cotangent: cotangent)
    }
    let stepX = 1 / (Double(shape.columns) * pixelSizeInAngstroms)
    let stepY = 1 / (Double(shape.rows) * pixelSizeInAngstroms)
    return self.cotangent(
      of: Sums(
        slope: kernel.slope, slopeXX: kernel.slopeXX * stepX * stepX, slopeXY: kernel.slopeXY * stepX * stepY,
        slopeYY: kernel.slopeYY * stepY * stepY, value: kernel.value,
        valueSquare: kernel.valueXX * stepX * stepX + kernel.valueYY * stepY * stepY))
  }

  /// The phase as the kernels have it, and weights a column and a row that multiply to the envelope.
  ///
  /// - Parameter rowFactor: multiplies the rows' weights.
  @inline(__always)
  private func withKernelArguments<Scalar: GridScalar, Result>(
    shape: GridShape, pixelSizeInAngstroms: Double, rowFactor: Double, alternating: Bool,
    _ body: (UnsafePointer<ep_oscillation>, UnsafePointer<Scalar>, UnsafePointer<Scalar>) -> Result
  ) -> Result {
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
    let weights = UnsafeMutablePointer<Scalar>.allocate(capacity: padded + rows)
    defer { weights.deallocate() }
    let rowWeights = weights + padded
    let falloff = -bFactorInSquareAngstroms / 4
    for x in 0..<padded {
      let q = Double(x) * stepX
      let envelope = falloff == 0 ? 1 : Double.exp(falloff * q * q)
      let weight = envelope * (alternating && x % 2 == 1 ? -1 : 1)
      (weights + x).initialize(to: x < columns ? Scalar(weight) : 0)
    }
    for y in 0..<rows {
      let q = Double(signedFrequency(y, of: rows)) * stepY
      let envelope = falloff == 0 ? 1 : Double.exp(falloff * q * q)
      let weight = rowFactor * envelope * (alternating && y % 2 == 1 ? -1 : 1)
      (rowWeights + y).initialize(to: Scalar(weight))
    }
    return body(&oscillation, weights, rowWeights)
  }
}
