import RealModule

/// What a group of particles that share their aberrations has in common on its half spectrum: computed once, used
/// for every image.
public struct AberrationFactors<Scalar: GridScalar>: Sendable {
  /// Of the image.
  public let shape: GridShape
  public let magnification: AnisotropicMagnification
  /// The factors `exp(i φ)` of antisymmetric aberrations: rows × (columns/2 + 1) real and imaginary parts in turn,
  /// zero frequency in the corner. Empty where there are none.
  public let values: [Scalar]
  /// What symmetric aberrations take off χ, in radians: as many columns, and for even rows one more row, of the
  /// frequency +½. Empty where there are none.
  let phaseOffsets: [Double]

  /// - Parameters:
  ///   - magnification: the plane's; aberrations act at magnified frequencies.
  ///   - shape: of the images' spectra: the plane's padded shape where images are computed.
  /// - Throws: `.invalidValue` for a pixel size not above 0 Å.
  public init(
    _ aberrations: AntisymmetricAberrations, symmetric: SymmetricAberrations = .none,
    magnification: AnisotropicMagnification = .none, shape: GridShape, pixelSizeInAngstroms h: Double,
    voltageInKilovolts: Double, sphericalAberrationInMillimetres: Double
  ) throws {
    try validatePositive("pixel size", h, unit: "Å")
    try validatePositive("voltage", voltageInKilovolts, unit: "kV")
    self.shape = shape
    self.magnification = magnification
    let unit = SIMD2(Double(shape.columns), Double(shape.rows)) * h
    func frequency(_ k: SIMD2<Double>) -> SIMD2<Double> {
      magnification.isNone ? k / unit : magnification(k / unit)
    }
    let wavelength = electronWavelengthInAngstroms(kilovolts: voltageInKilovolts)
    values =
      aberrations.isZero
      ? []
      : Self.factors(on: shape) { k in
        aberrations.phase(
          at: frequency(k), wavelengthInAngstroms: wavelength,
          sphericalAberrationInMillimetres: sphericalAberrationInMillimetres)
      }
    phaseOffsets =
      symmetric.isZero
      ? []
      : (0..<(shape.rows + (shape.rows % 2 == 0 ? 1 : 0))).flatMap { row in
        let y = Double(row == shape.rows ? shape.rows / 2 : signedFrequency(row, of: shape.rows))
        return (0..<shape.spectrumColumns).map { symmetric.phase(at: frequency(SIMD2(Double($0), y))) }
      }
  }

  private static func factors(on shape: GridShape, phase: (SIMD2<Double>) -> Double) -> [Scalar] {
    var values: [Scalar] = []
    values.reserveCapacity(2 * shape.rows * shape.spectrumColumns)
    for row in 0..<shape.rows {
      for column in 0..<shape.spectrumColumns {
        let k = SIMD2(Double(column), Double(signedFrequency(row, of: shape.rows)))
        // A Nyquist frequency is +½ and −½ cycles at once: the mean of both keeps the image real.
        let xs = 2 * column == shape.columns ? [k.x, -k.x] : [k.x]
        let ys = 2 * row == shape.rows ? [k.y, -k.y] : [k.y]
        let phases = ys.flatMap { y in xs.map { x in phase(SIMD2(x, y)) } }
        let isSelfConjugate = (2 * row) % shape.rows == 0 && (2 * column) % shape.columns == 0
        let count = Double(phases.count)
        values.append(Scalar(phases.reduce(0) { $0 + Double.cos($1) } / count))
        values.append(isSelfConjugate ? 0 : Scalar(phases.reduce(0) { $0 + Double.sin($1) } / count))
      }
    }
    return values
  }

  /// Multiplies a half spectrum, real and imaginary parts in turn, by the factors.
  public func apply(to half: UnsafeMutablePointer<Scalar>) {
    values.withUnsafeBufferPointer { values in
      if let factors = values.baseAddress { multiplyComplex(half, by: factors, count: values.count / 2) }
    }
  }
}
