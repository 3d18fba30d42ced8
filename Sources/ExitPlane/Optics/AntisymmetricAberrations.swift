import RealModule

/// Aberrations that move phases oppositely at q and −q: beam tilt, trefoil, and higher odd orders.
///
/// They multiply the spectrum of an image by `exp(i φ(q))` with
/// `φ(q) = Σ cᵢ Zᵢ(q) − 2π Cs λ² q² (tilt · q)`. The Zernike polynomials are of the frequency in 1/Å itself, in
/// the order (n, m) = (1, −1), (1, 1), (3, −3), (3, −1), (3, 1), (3, 3), (5, −5), …: see `ZernikePolynomial`.
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
    try validateZernike(oddZernike, "odd", most: 42, order: "eleventh")
    self.beamTiltInMilliradians = tilt
    self.oddZernike = oddZernike
  }

  /// Whether no phase is changed.
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
      phase += coefficient * ZernikePolynomial(odd: index)(q)
    }
    return phase
  }
}
