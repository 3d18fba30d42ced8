import RealModule

extension GaussianMixtureVolume {
  /// By how much a loss `L` changes with the numbers of a mixture, in the caller's order.
  ///
  /// Gaussians of amplitude 0 have gradients too: no image shows them, and their amplitudes are about to.
  public struct Gradient: Hashable, Sendable {
    /// What is asked for.
    public enum Parts: Hashable, Sendable {
      /// Positions alone, which cost least; the other arrays are empty.
      case positions
      /// Positions, amplitudes and variances.
      case all
    }

    /// `∂L/∂position`, per ångström.
    public var positions: [SIMD3<Double>]
    /// `∂L/∂amplitude`, per ångström: `positions × gaussiansPerPosition`, row-major, zero where a position has fewer
    /// Gaussians.
    public var amplitudes: [Double]
    /// `∂L/∂variance`, per square ångström, in the same order.
    public var variances: [Double]

    /// - Parameters:
    ///   - positions: per ångström.
    ///   - amplitudes: per ångström, row-major.
    ///   - variances: per square ångström, row-major.
    public init(positions: [SIMD3<Double>], amplitudes: [Double], variances: [Double]) {
      self.positions = positions
      self.amplitudes = amplitudes
      self.variances = variances
    }
  }

  /// By how much a loss changes with a structure's occupancies, and with its B-factors, per square ångström; nil where
  /// the mixture was not made of a structure, or for a gradient of positions alone.
  ///
  /// An occupancy multiplies all amplitudes of its atom; a B-factor adds `B / 8π²` to all its variances.
  public func structureGradient(
    _ gradient: Gradient
  ) -> (occupancies: [Double], bFactorsPerSquareAngstrom: [Double])? {
    let k = gaussiansPerPosition
    let count = positionsInAngstroms.count
    guard isOfStructure, gradient.amplitudes.count == k * count, gradient.variances.count == k * count else {
      return nil
    }
    var occupancies = [Double](repeating: 0, count: count)
    var bFactors = occupancies
    let ofWidth = variance(ofWidth: 1)
    forEachPosition(in: 0..<count, atOccupancyOne: true) { i, amplitudes, _ in
      for (j, amplitude) in amplitudes.enumerated() {
        occupancies[i] += amplitude * gradient.amplitudes[i * k + j]
        bFactors[i] += ofWidth * gradient.variances[i * k + j]
      }
    }
    return (occupancies, bFactors)
  }
}
