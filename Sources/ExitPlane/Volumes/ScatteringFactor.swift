import RealModule

/// The elastic scattering factor of an atom for electrons, as a sum of Gaussians:
/// `f(q) = Σ aᵢ exp(−bᵢ q² / 4)`.
///
/// - Units: `q` in 1/Å (twice the `s` of the tables), `a` and `f` in Å, `b` in Å².
public struct ScatteringFactor: Hashable, Sendable {
  /// `a`, one a Gaussian.
  public let amplitudesInAngstroms: [Double]
  /// `b`, one a Gaussian; above 0.
  public let widthsInSquareAngstroms: [Double]

  /// - Throws: `.invalidValue` unless there are as many amplitudes as widths, at least one, all finite and
  ///   the widths above 0.
  public init(amplitudesInAngstroms a: [Double], widthsInSquareAngstroms b: [Double]) throws {
    guard a.count == b.count, !a.isEmpty else {
      throw ExitPlaneError.invalid(
        "scattering factor", got: "\(a.count) amplitudes and \(b.count) widths",
        need: "as many of one as of the other, and at least one")
    }
    guard let worst = zip(a, b).first(where: { !($0.isFinite && $1.isFinite && $1 > 0) }) else {
      amplitudesInAngstroms = a
      widthsInSquareAngstroms = b
      return
    }
    throw ExitPlaneError.invalid(
      "scattering factor", got: "\(worst.0) Å with width \(worst.1) Å²",
      need: "finite with widths above 0 Å²")
  }

  /// The factor at a frequency, dampened by a B-factor, which adds to every width.
  public func value(
    atFrequencyInInverseAngstroms q: Double, bFactorInSquareAngstroms bFactor: Double = 0
  ) -> Double {
    var sum = 0.0
    for (a, b) in zip(amplitudesInAngstroms, widthsInSquareAngstroms) {
      sum += a * Double.exp(-(b + bFactor) * q * q / 4)
    }
    return sum
  }
}

/// The variance of the Gaussian whose transform is `exp(−b q² / 4)`: `σ² = b / 8π²`.
@inline(__always)
func variance(ofWidth b: Double) -> Double { b / (8 * .pi * .pi) }
