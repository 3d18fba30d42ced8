import RealModule

/// Aberrations that move phases oppositely at q and −q: beam tilt, trefoil, and higher odd orders.
///
/// They multiply the spectrum of an image by `exp(i φ(q))` with
/// `φ(q) = Σ cᵢ Zᵢ(q) − 2π Cs λ² q² (tilt · q)`. The Zernike polynomials are of the frequency in 1/Å itself, not of
/// a unit disc: `Z = R(|q|) cos mα` for m ≥ 0 and `R(|q|) sin |m|α` for m < 0, in the order (n, m) = (1, −1),
/// (1, 1), (3, −3), (3, −1), (3, 1), (3, 3), (5, −5), ….
///
/// - Source: RELION 3.1's `ObservationModel::getPhaseCorrection`, `TiltHelper::insertTilt` and `Zernike`; J. Zivanov
///   et al., IUCrJ 7 (2020) 253–267.
public struct AntisymmetricAberrations: Hashable, Sendable {
  /// RELION's `rlnBeamTiltX` and `rlnBeamTiltY`.
  public let beamTiltInMilliradians: SIMD2<Double>
  /// RELION's `rlnOddZernike`: the radians of each polynomial, whose n is its power of Å.
  public let oddZernike: [Double]

  /// - Throws: `.invalidValue` for a number that is not finite, or coefficients beyond the eleventh order.
  public init(beamTiltInMilliradians tilt: SIMD2<Double> = SIMD2(0, 0), oddZernike: [Double] = []) throws {
    guard tilt.x.isFinite, tilt.y.isFinite else {
      throw ExitPlaneError.invalid("beam tilt", got: "(\(tilt.x), \(tilt.y)) mrad", need: "finite numbers")
    }
    guard oddZernike.allSatisfy(\.isFinite) else {
      throw ExitPlaneError.invalid("odd Zernike coefficients", got: "\(oddZernike)", need: "finite numbers")
    }
    let most = 42
    guard oddZernike.count <= most else {
      throw ExitPlaneError.invalid(
        "number of odd Zernike coefficients", got: "\(oddZernike.count)",
        need: "at most \(most), the eleventh order")
    }
    self.beamTiltInMilliradians = tilt
    self.oddZernike = oddZernike
  }

  public var isZero: Bool { beamTiltInMilliradians == SIMD2(0, 0) && oddZernike.allSatisfy { $0 == 0 } }

  /// φ in radians at a frequency `(x, y)` in 1/Å.
  public func phase(
    at q: SIMD2<Double>, wavelengthInAngstroms wavelength: Double,
    sphericalAberrationInMillimetres aberration: Double
  ) -> Double {
    let square = (q * q).sum()
    // Millimetres to ångströms and milliradians to radians.
    var phase =
      -2 * Double.pi * aberration * 1e4 * wavelength * wavelength * square
      * (beamTiltInMilliradians * q).sum()
    for (index, coefficient) in oddZernike.enumerated() where coefficient != 0 {
      phase += coefficient * Self.polynomial(index, at: q)
    }
    return phase
  }

  /// The Zernike polynomial of an index in RELION's order.
  static func polynomial(_ index: Int, at q: SIMD2<Double>) -> Double {
    // Orders 1, 3, 5, … have 2, 4, 6, … polynomials: those before the k-th are k (k + 1).
    var k = 0
    while (k + 1) * (k + 2) <= index { k += 1 }
    let n = 2 * k + 1
    let m = 2 * (index - k * (k + 1)) - n
    let (sum, difference) = ((n + abs(m)) / 2, (n - abs(m)) / 2)
    let radius = Double.hypot(q.x, q.y)
    var radial = 0.0
    for j in 0...difference {
      let term = factorial(n - j) / (factorial(j) * factorial(sum - j) * factorial(difference - j))
      radial += (j % 2 == 0 ? term : -term) * Double.pow(radius, n - 2 * j)
    }
    let angle = Double(abs(m)) * Double.atan2(y: q.y, x: q.x)
    return radial * (m < 0 ? Double.sin(angle) : Double.cos(angle))
  }

  private static func factorial(_ n: Int) -> Double { (0..<n).reduce(1.0) { $0 * Double($1 + 1) } }
}

/// The factors `exp(i φ)` of a group of particles that share their aberrations, on their half spectrum: computed
/// once, multiplied into every image.
public struct AberrationFactors<Scalar: GridScalar>: Sendable {
  /// Of the image.
  public let shape: GridShape
  /// rows × (columns/2 + 1) real and imaginary parts in turn, zero frequency in the corner.
  public let values: [Scalar]

  /// - Parameter shape: of the images' spectra: the plane's padded shape where images are computed.
  /// - Throws: `.invalidValue` for a pixel size not above 0 Å.
  public init(
    _ aberrations: AntisymmetricAberrations, shape: GridShape, pixelSizeInAngstroms h: Double,
    voltageInKilovolts: Double, sphericalAberrationInMillimetres: Double
  ) throws {
    try validatePositive("pixel size", h, unit: "Å")
    try validatePositive("voltage", voltageInKilovolts, unit: "kV")
    let wavelength = electronWavelengthInAngstroms(kilovolts: voltageInKilovolts)
    func phase(_ k: SIMD2<Double>) -> Double {
      aberrations.phase(
        at: k / (SIMD2(Double(shape.columns), Double(shape.rows)) * h), wavelengthInAngstroms: wavelength,
        sphericalAberrationInMillimetres: sphericalAberrationInMillimetres)
    }
    var values: [Scalar] = []
    values.reserveCapacity(2 * shape.rows * shape.spectrumColumns)
    for row in 0..<shape.rows {
      for column in 0..<shape.spectrumColumns {
        let k = SIMD2(Double(column), Double(signedFrequency(row, of: shape.rows)))
        // A Nyquist frequency is +½ and −½ cycles at once: the mean of both keeps the image real.
        var phases = [phase(k)]
        if 2 * column == shape.columns { phases.append(phase(SIMD2(-k.x, k.y))) }
        if 2 * row == shape.rows { phases.append(phase(SIMD2(k.x, -k.y))) }
        let isSelfConjugate = (2 * row) % shape.rows == 0 && (2 * column) % shape.columns == 0
        let count = Double(phases.count)
        values.append(Scalar(phases.reduce(0) { $0 + Double.cos($1) } / count))
        values.append(isSelfConjugate ? 0 : Scalar(phases.reduce(0) { $0 + Double.sin($1) } / count))
      }
    }
    self.shape = shape
    self.values = values
  }

  /// Multiplies a half spectrum, real and imaginary parts in turn, by the factors.
  public func apply(to half: UnsafeMutablePointer<Scalar>) {
    values.withUnsafeBufferPointer { values in
      if let factors = values.baseAddress { multiplyComplex(half, by: factors, count: values.count / 2) }
    }
  }
}
