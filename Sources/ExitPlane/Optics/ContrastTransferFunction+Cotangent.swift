import RealModule

extension ContrastTransferFunction {
  /// By how much a loss changes with a contrast transfer function: `∂L/∂` of its numbers, each per unit of its own.
  public struct Cotangent: Hashable, Sendable, AdditiveArithmetic {
    /// To defocus U, per ångström. What was given without a defocus V has the sum of both.
    public var defocusUInAngstroms: Double
    /// To defocus V, per ångström.
    public var defocusVInAngstroms: Double
    /// Per degree.
    public var astigmatismAngleInDegrees: Double
    /// Per degree.
    public var phaseShiftInDegrees: Double
    /// To Q0; not finite at 1, where the phase has no slope to it.
    public var amplitudeContrast: Double
    /// Per Å².
    public var bFactorInSquareAngstroms: Double
    /// To the scale factor.
    public var scale: Double

    /// Of a loss that no function changes.
    public static let zero = Cotangent(
      defocusUInAngstroms: 0, defocusVInAngstroms: 0, astigmatismAngleInDegrees: 0, phaseShiftInDegrees: 0,
      amplitudeContrast: 0, bFactorInSquareAngstroms: 0, scale: 0)

    /// Of the sum of two losses.
    public static func + (a: Cotangent, b: Cotangent) -> Cotangent { a.combined(with: b, +) }

    /// Of the difference of two losses.
    public static func - (a: Cotangent, b: Cotangent) -> Cotangent { a.combined(with: b, -) }

    private func combined(with other: Cotangent, _ combine: (Double, Double) -> Double) -> Cotangent {
      Cotangent(
        defocusUInAngstroms: combine(defocusUInAngstroms, other.defocusUInAngstroms),
        defocusVInAngstroms: combine(defocusVInAngstroms, other.defocusVInAngstroms),
        astigmatismAngleInDegrees: combine(astigmatismAngleInDegrees, other.astigmatismAngleInDegrees),
        phaseShiftInDegrees: combine(phaseShiftInDegrees, other.phaseShiftInDegrees),
        amplitudeContrast: combine(amplitudeContrast, other.amplitudeContrast),
        bFactorInSquareAngstroms: combine(bFactorInSquareAngstroms, other.bFactorInSquareAngstroms),
        scale: combine(scale, other.scale))
    }
  }

  /// Sums over the entries of a half spectrum of what the function, its scale left out, changes a loss by: p is the
  /// real product of an entry and its cotangent, and the frequency (x, y) is in 1/Å.
  struct Sums {
    /// Of p times the slope to the phase in radians, and times x², xy and y².
    var slope = 0.0
    var slopeXX = 0.0
    var slopeXY = 0.0
    var slopeYY = 0.0
    /// Of p times the value, and times x² + y².
    var value = 0.0
    var valueSquare = 0.0
  }

  /// By the chain rule, from the phase and the value to the numbers that make them.
  func cotangent(of sums: Sums) -> Cotangent {
    let twice = (2 * astigmatismAngleInDegrees).remainder(dividingBy: 360) / 180 * .pi
    let (c, s) = (Double.cos(twice), Double.sin(twice))
    // To the coefficients of Δf(α) q²: see `defocusForm`.
    let perForm = .pi * wavelengthInAngstroms * scale
    let (xx, xy, yy) = (perForm * sums.slopeXX, perForm * sums.slopeXY, perForm * sums.slopeYY)
    let (mean, along, across) = (xx + yy, c * (xx - yy) + 2 * s * xy, 2 * c * xy - s * (xx - yy))
    let phase = scale * sums.slope
    return Cotangent(
      defocusUInAngstroms: (mean + along) / 2, defocusVInAngstroms: (mean - along) / 2,
      astigmatismAngleInDegrees: (defocusUInAngstroms - defocusVInAngstroms) * across * .pi / 180,
      phaseShiftInDegrees: phase * .pi / 180,
      amplitudeContrast: phase / (1 - amplitudeContrast * amplitudeContrast).squareRoot(),
      bFactorInSquareAngstroms: -scale * sums.valueSquare / 4, scale: sums.value)
  }
}
