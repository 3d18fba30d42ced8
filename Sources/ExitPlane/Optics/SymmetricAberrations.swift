/// Aberrations that move phases alike at q and −q, beside defocus, astigmatism and spherical aberration: a part of χ.
///
/// `χ(q)` becomes `χ(q) − Σ cᵢ Zᵢ(q)`. The Zernike polynomials are of the frequency in 1/Å itself, in the order
/// (n, m) = (0, 0), (2, −2), (2, 0), (2, 2), (4, −4), …: see `ZernikePolynomial`.
///
/// - Source: RELION 3.1's `ObservationModel::getGammaOffset`, whose γ is −χ; J. Zivanov et al., IUCrJ 7 (2020)
///   253–267.
public struct SymmetricAberrations: Hashable, Sendable {
  /// RELION's `rlnEvenZernike`: the radians of each polynomial, whose n is its power of Å.
  public let evenZernike: [Double]

  /// No coefficients.
  public static let none = SymmetricAberrations()

  private init() { evenZernike = [] }

  /// - Throws: `.invalidValue` for a number that is not finite, or coefficients beyond the twelfth order.
  public init(evenZernike: [Double]) throws {
    try validateZernike(evenZernike, "even", most: 49, order: "twelfth")
    self.evenZernike = evenZernike
  }

  /// Whether no phase is changed.
  public var isZero: Bool { evenZernike.allSatisfy { $0 == 0 } }

  /// What is taken off χ, in radians, at a frequency `(x, y)` in 1/Å.
  public func phase(at q: SIMD2<Double>) -> Double {
    var phase = 0.0
    for (index, coefficient) in evenZernike.enumerated() where coefficient != 0 {
      phase += coefficient * ZernikePolynomial(even: index)(q)
    }
    return phase
  }
}
