import RealModule

/// What the image is to be: its shape, the padded shape in which it is computed, its pixel size, how the lenses
/// distort it, and the electrons' voltage.
public struct ImageConfiguration: Hashable, Sendable {
  /// The shape of a finished image.
  public let shape: GridShape
  /// The shape in which an image is computed, at least `shape` on both axes; a finished image is
  /// cropped from it about the origin.
  public let paddedShape: GridShape
  /// The distance between neighbouring pixels, the same on both axes.
  public let pixelSizeInAngstroms: Double
  /// The electrons' accelerating voltage; flat projections do not depend on it.
  public let voltageInKilovolts: Double
  /// The lenses' distortion; `.none` for none.
  public let magnification: AnisotropicMagnification

  /// - Throws: `.invalidValue` for a pixel size or voltage that is not above 0, or a padded shape
  ///   smaller than the shape.
  public init(
    shape: GridShape, pixelSizeInAngstroms: Double, voltageInKilovolts: Double = 300,
    paddedShape: GridShape? = nil, magnification: AnisotropicMagnification = .none
  ) throws {
    try validatePositive("pixel size", pixelSizeInAngstroms, unit: "Å")
    try validatePositive("voltage", voltageInKilovolts, unit: "kV")
    let padded = paddedShape ?? shape
    guard padded.rows >= shape.rows, padded.columns >= shape.columns else {
      throw ExitPlaneError.invalid(
        "padded shape", got: "\(padded)", need: "at least the shape, \(shape), on both axes")
    }
    self.shape = shape
    self.paddedShape = padded
    self.pixelSizeInAngstroms = pixelSizeInAngstroms
    self.voltageInKilovolts = voltageInKilovolts
    self.magnification = magnification
  }

  /// The relativistic wavelength of the electrons, `12.2643247 / √(V + 0.978466e−6 V²)` Å, V in volts.
  public var wavelengthInAngstroms: Double { electronWavelengthInAngstroms(kilovolts: voltageInKilovolts) }

  /// Relativistic mass of the electrons over their rest mass, `1 + eV / mc²`.
  public var lorentzFactor: Double { 1 + voltageInKilovolts / electronRestEnergyInKiloelectronvolts }

  /// `σ = 2π m e λ / h²` in radians per volt-ångström: phase gained per projected potential.
  public var interactionConstant: Double {
    // σ = 2π/(λ V) · (mc² + eV)/(2mc² + eV), energies in the same unit.
    let volts = voltageInKilovolts * 1000
    let rest = 510_998.95
    return 2 * .pi / (wavelengthInAngstroms * volts) * (rest + volts) / (2 * rest + volts)
  }

  // MARK: Grids of coordinates and frequencies

  /// `(y, x)` of every pixel from the origin, row-major, in pixels or (`physical`) ångströms.
  public func coordinateGrid(padded: Bool = false, physical: Bool = true) -> [SIMD2<Double>] {
    let shape = padded ? paddedShape : self.shape
    let unit = physical ? pixelSizeInAngstroms : 1
    return grid(
      rows: (0..<shape.rows).map { Double($0 - originOffset(shape.rows)) * unit },
      columns: (0..<shape.columns).map { Double($0 - originOffset(shape.columns)) * unit })
  }

  /// `(k_y, k_x)` of every entry of the half spectrum, zero frequency in the corner, in
  /// cycles per pixel or (`physical`) 1/Å.
  public func frequencyGrid(padded: Bool = false, physical: Bool = true) -> [SIMD2<Double>] {
    let shape = padded ? paddedShape : self.shape
    let full = fullFrequencies(shape, physical: physical)
    let half = (0..<shape.spectrumColumns).map {
      Double($0) / (Double(shape.columns) * (physical ? pixelSizeInAngstroms : 1))
    }
    return grid(rows: full.rows, columns: half)
  }

  /// As `frequencyGrid`, of the full spectrum; the Nyquist frequency of an even axis is negative.
  public func fullFrequencyGrid(padded: Bool = false, physical: Bool = true) -> [SIMD2<Double>] {
    let full = fullFrequencies(padded ? paddedShape : shape, physical: physical)
    return grid(rows: full.rows, columns: full.columns)
  }

  private func fullFrequencies(
    _ shape: GridShape, physical: Bool
  ) -> (rows: [Double], columns: [Double]) {
    let unit = physical ? pixelSizeInAngstroms : 1
    return (
      (0..<shape.rows).map { Double(signedFrequency($0, of: shape.rows)) / (Double(shape.rows) * unit) },
      (0..<shape.columns).map {
        Double(signedFrequency($0, of: shape.columns)) / (Double(shape.columns) * unit)
      }
    )
  }

  private func grid(rows: [Double], columns: [Double]) -> [SIMD2<Double>] {
    rows.flatMap { y in columns.map { x in SIMD2(y, x) } }
  }
}

func electronWavelengthInAngstroms(kilovolts: Double) -> Double {
  let volts = kilovolts * 1000
  return 12.2643247 / (volts * (1 + 0.978466e-6 * volts)).squareRoot()
}

let electronRestEnergyInKiloelectronvolts = 510.99895

/// `λ γ`, in radians per Å⁻¹: the phase that electrons gain per rescaled potential, in Å⁻², integrated along the beam.
func phasePerRescaledPotential(kilovolts: Double) -> Double {
  electronWavelengthInAngstroms(kilovolts: kilovolts)
    * (1 + kilovolts / electronRestEnergyInKiloelectronvolts)
}

/// The signed frequency of entry `index` of a transform of `length` samples with zero frequency in the
/// corner: `0, 1, …, −2, −1`, an even length's Nyquist negative.
@inline(__always)
func signedFrequency(_ index: Int, of length: Int) -> Int {
  index < (length &+ 1) / 2 ? index : index &- length
}
