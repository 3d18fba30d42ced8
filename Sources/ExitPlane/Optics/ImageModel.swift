/// What the pixels of an image are.
///
/// Projections of potentials in Å⁻² (structures, and maps rendered of them) are in Å⁻¹; with them the physical
/// models are in physical units. The potential is rescaled, `U = m₀ e V / (2π ħ²)` of the electrostatic V in volts
/// (m₀ the electrons' rest mass, e their charge): 1 Å⁻² is 47.9 V.
///
/// - Source: the image models of cryoJAX 0.6; P. W. Hawkes and E. Kasper, Principles of Electron Optics 4 (2022),
///   chapter 69.
public enum ImageModel: Hashable, Sendable {
  /// The projection itself, without optics.
  case projection
  /// The projection times the contrast transfer function, in the projection's units.
  case linear
  /// The phase η in radians that the wave gains: `λ γ` times the projection, without optics.
  case exitPlanePhase
  /// The contrast C that the weak phase approximation gives: η times the contrast transfer function.
  case contrast
  /// The squared wave `1 + 2 C`, of mean near 1.
  case intensity
  /// The expected number of electrons in a pixel: the intensity over its mean, times the dose on a pixel.
  case electronCounts(dosePerSquareAngstrom: Double)

  /// Whether the model needs a contrast transfer function.
  public var hasOptics: Bool { self != .projection && self != .exitPlanePhase }

  fileprivate var isPhysical: Bool { self != .projection && self != .linear }

  func validate() throws {
    if case .electronCounts(let dose) = self {
      try validatePositive("electron dose", dose, unit: "e/Å²")
    }
  }

  /// What the projection is multiplied by, the transfer function aside.
  func factor(phasePerRescaledPotential: Double) -> Double { isPhysical ? phasePerRescaledPotential : 1 }

  /// `slope · value + offset` makes a pixel of the value whose mean over the image is given.
  func pixel(meanOfValues mean: Double, pixelSizeInAngstroms h: Double) -> (slope: Double, offset: Double) {
    switch self {
    case .projection, .linear, .exitPlanePhase, .contrast: return (1, 0)
    case .intensity: return (2, 1)
    case .electronCounts(let dose):
      let electrons = dose * h * h / (1 + 2 * mean)
      return (2 * electrons, electrons)
    }
  }
  /// `∂L/∂` of the mean of the values that `pixel` was given.
  ///
  /// - Parameter product: Σ g P over the pixels P that were made and their cotangents g.
  func meanCotangent(product: Double, meanOfValues mean: Double) -> Double {
    guard case .electronCounts = self else { return 0 }
    // Every pixel is in inverse proportion to 1 + 2 mean.
    return -2 * product / (1 + 2 * mean)
  }
}
