import RealModule

/// By what the weak phase approximation multiplies the spectrum of a projection.
///
/// With q the frequency (1/Å) at angle α, underfocus positive, and the U-axis at β from x towards y:
/// `χ = π λ Δf q² − ½ π Cs λ³ q⁴ + phase shift + atan(Q0 / √(1 − Q0²))` with
/// `Δf = ½ (U + V) + ½ (U − V) cos 2(α − β)`; the function is `± scale · exp(−B q² / 4) · sin χ`.
///
/// - Source: RELION 3.1's `CTF` class, for the B-factor's and the scale's convention too; the astigmatism is
///   J. A. Mindell and N. Grigorieff, J. Struct. Biol. 142 (2003) 334–347, eq. 4. See Docs/Conventions.md.
public struct ContrastTransferFunction: Hashable, Sendable {
  /// The convention by which a positive potential shows as bright or dark.
  public enum Sign: String, Hashable, Sendable, CaseIterable {
    /// `+sin χ`: bright at low frequency. The convention of RELION's references and inverted particle images.
    case relion
    /// `−sin χ`: dark, as under the microscope.
    case cryoJAX

    /// What multiplies `sin χ`: 1 or −1.
    public var factor: Double { self == .relion ? 1 : -1 }
  }

  /// Along the U-axis; underfocus positive.
  public private(set) var defocusUInAngstroms: Double
  /// Across the U-axis; underfocus positive.
  public private(set) var defocusVInAngstroms: Double
  /// β, from x towards y to the U-axis.
  public private(set) var astigmatismAngleInDegrees: Double
  /// The electrons' accelerating voltage.
  public let voltageInKilovolts: Double
  /// Cs.
  public let sphericalAberrationInMillimetres: Double
  /// Q0, the part of the contrast that is amplitude's, 0 to 1.
  public let amplitudeContrast: Double
  /// By a phase plate; added to χ.
  public private(set) var phaseShiftInDegrees: Double
  /// B of the envelope `exp(−B q² / 4)`.
  public let bFactorInSquareAngstroms: Double
  /// A factor of the whole function.
  public let scale: Double

  /// - Parameters:
  ///   - defocusUInAngstroms: along the U-axis; underfocus positive.
  ///   - defocusVInAngstroms: that of U, without astigmatism, by default.
  ///   - astigmatismAngleInDegrees: from x towards y to the U-axis.
  ///   - voltageInKilovolts: above 0.
  ///   - sphericalAberrationInMillimetres: Cs.
  ///   - amplitudeContrast: Q0, the part of the contrast that is amplitude's, 0 to 1.
  ///   - phaseShiftInDegrees: a phase plate's, added to χ.
  ///   - bFactorInSquareAngstroms: of the envelope `exp(−B q² / 4)`.
  ///   - scale: of the whole function.
  /// - Throws: `.invalidValue` for a number that is not finite or out of its range.
  public init(
    defocusUInAngstroms: Double, defocusVInAngstroms: Double? = nil, astigmatismAngleInDegrees: Double = 0,
    voltageInKilovolts: Double = 300, sphericalAberrationInMillimetres: Double = 2.7,
    amplitudeContrast: Double = 0.1, phaseShiftInDegrees: Double = 0, bFactorInSquareAngstroms: Double = 0,
    scale: Double = 1
  ) throws {
    let defocusV = defocusVInAngstroms ?? defocusUInAngstroms
    try validatePositive("voltage", voltageInKilovolts, unit: "kV")
    for (what, value, limit, unit) in [
      ("defocus U", defocusUInAngstroms, 1e8, " Å"), ("defocus V", defocusV, 1e8, " Å"),
      ("astigmatism angle", astigmatismAngleInDegrees, 1e6, "°"),
      ("spherical aberration", sphericalAberrationInMillimetres, 1e4, " mm"),
      ("phase shift", phaseShiftInDegrees, 1e6, "°"), ("CTF B-factor", bFactorInSquareAngstroms, 1e6, " Å²"),
      ("CTF scale factor", scale, 1e9, ""),
    ] where !(abs(value) <= limit) {
      throw ExitPlaneError.invalid(what, got: "\(value)\(unit)", need: "within ±\(limit)\(unit)")
    }
    guard (0...1).contains(amplitudeContrast) else {
      throw ExitPlaneError.invalid("amplitude contrast", got: "\(amplitudeContrast)", need: "within 0…1")
    }
    self.defocusUInAngstroms = defocusUInAngstroms
    self.defocusVInAngstroms = defocusV
    self.astigmatismAngleInDegrees = astigmatismAngleInDegrees
    self.voltageInKilovolts = voltageInKilovolts
    self.sphericalAberrationInMillimetres = sphericalAberrationInMillimetres
    self.amplitudeContrast = amplitudeContrast
    self.phaseShiftInDegrees = phaseShiftInDegrees
    self.bFactorInSquareAngstroms = bFactorInSquareAngstroms
    self.scale = scale
  }

  /// The same with another defocus, which the caller knows to be in range.
  func replacing(
    defocusUInAngstroms u: Double, defocusVInAngstroms v: Double, astigmatismAngleInDegrees angle: Double
  ) -> ContrastTransferFunction {
    var copy = self
    (copy.defocusUInAngstroms, copy.defocusVInAngstroms) = (u, v)
    copy.astigmatismAngleInDegrees = angle
    return copy
  }

  /// The same with another phase: `cos χ` where this is `sin χ`.
  var cosine: ContrastTransferFunction {
    var copy = self
    // Whole turns first, so that the quarter of one is not lost in them.
    copy.phaseShiftInDegrees = phaseShiftInDegrees.remainder(dividingBy: 360) + 90
    return copy
  }

  /// The relativistic wavelength of the electrons, λ.
  public var wavelengthInAngstroms: Double { electronWavelengthInAngstroms(kilovolts: voltageInKilovolts) }

  /// `λ γ`, in radians per Å⁻¹: the phase that electrons gain per rescaled potential, in Å⁻², integrated along
  /// the beam.
  ///
  /// - Source: P. W. Hawkes and E. Kasper, Principles of Electron Optics 4 (2022), eqs. 69.6 and 69.34b.
  public var phasePerRescaledPotential: Double {
    ExitPlane.phasePerRescaledPotential(kilovolts: voltageInKilovolts)
  }

  /// Where the amplitude contrast and the phase plate begin: the phase at zero frequency, in radians.
  var phaseAtZero: Double {
    let absorbed = Double.atan2(
      y: amplitudeContrast, x: (1 - amplitudeContrast * amplitudeContrast).squareRoot())
    // Whole turns of a phase plate are taken off while they are exact.
    return phaseShiftInDegrees.remainder(dividingBy: 360) / 180 * .pi + absorbed
  }

  /// Δf(α) q² as a quadratic form of the frequency: coefficients of x², xy and y², in Å.
  var defocusForm: (xx: Double, xy: Double, yy: Double) {
    let mean = (defocusUInAngstroms + defocusVInAngstroms) / 2
    let half = (defocusUInAngstroms - defocusVInAngstroms) / 2
    let twice = (2 * astigmatismAngleInDegrees).remainder(dividingBy: 360) / 180 * .pi
    let (c, s) = (half * Double.cos(twice), half * Double.sin(twice))
    return (mean + c, 2 * s, mean - c)
  }

  /// The phase χ in radians at a frequency `(x, y)` in 1/Å.
  public func phase(at frequency: SIMD2<Double>) -> Double {
    let (form, wavelength) = (defocusForm, wavelengthInAngstroms)
    let (x, y) = (frequency.x, frequency.y)
    let square = x * x + y * y
    let defocus = form.xx * x * x + form.xy * x * y + form.yy * y * y
    let aberration =
      sphericalAberrationInMillimetres * 1e7 * wavelength * wavelength * wavelength / 2 * square * square
    return .pi * (wavelength * defocus - aberration) + phaseAtZero
  }

  /// The function at a frequency `(x, y)` in 1/Å.
  public func value(
    at frequency: SIMD2<Double>, sign: Sign, aberrations: SymmetricAberrations = .none
  ) -> Double {
    let envelope = Double.exp(-bFactorInSquareAngstroms / 4 * (frequency * frequency).sum())
    let phase = phase(at: frequency) - aberrations.phase(at: frequency)
    return sign.factor * scale * envelope * Double.sin(phase)
  }

  /// The function on the half spectrum of the configuration's images, for inspection.
  ///
  /// The voltage is the function's own; the frequencies are magnified as the plane is. A Nyquist frequency of an even
  /// axis is +½ and −½ cycles at once: the value there is the mean of both.
  ///
  /// - Shape: rows × (columns/2 + 1), row-major, zero frequency in the corner.
  public func values(
    on plane: ImageConfiguration, padded: Bool = false, sign: Sign,
    aberrations: SymmetricAberrations = .none
  ) -> [Double] {
    let shape = padded ? plane.paddedShape : plane.shape
    let h = plane.pixelSizeInAngstroms
    func value(_ q: SIMD2<Double>) -> Double {
      self.value(
        at: plane.magnification.isNone ? q : plane.magnification(q), sign: sign, aberrations: aberrations)
    }
    return (0..<shape.rows).flatMap { row in
      (0..<shape.spectrumColumns).map { column in
        let k = SIMD2(Double(column), Double(signedFrequency(row, of: shape.rows)))
        let q = k / (SIMD2(Double(shape.columns), Double(shape.rows)) * h)
        guard 2 * row == shape.rows || 2 * column == shape.columns else { return value(q) }
        return (value(q) + value(SIMD2(q.x, -q.y))) / 2
      }
    }
  }
}
