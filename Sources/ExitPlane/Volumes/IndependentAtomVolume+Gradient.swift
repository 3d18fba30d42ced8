import RealModule

extension IndependentAtomVolume {
  /// What a loss changes with atoms, in the order in which the volume has them.
  public struct Gradient: Sendable {
    /// Of one type of atom.
    public struct AtomType: Sendable {
      /// `∂L/∂r` of each atom, per ångström.
      public let positionsInAngstroms: [SIMD3<Double>]
      /// `∂L/∂w` of each atom, for those without weights as if theirs were 1. Their sum, times the weights, is what the
      /// loss changes with a factor of the type's scattering factor.
      public let weights: [Double]
      /// To the type's scattering factor, where that was asked for (`differentiatesScatteringFactors`).
      public let scatteringFactor: ScatteringFactorGradient?
    }

    /// As many as the volume's types.
    public let types: [AtomType]

    /// Of atoms in the volume's order, type after type.
    init(
      positionsInAngstroms positions: [SIMD3<Double>], weights: [Double], atomCounts: [Int],
      scatteringFactors: [ScatteringFactorGradient]? = nil
    ) {
      var first = 0
      types = atomCounts.enumerated().map { index, count in
        defer { first += count }
        return AtomType(
          positionsInAngstroms: Array(positions[first..<(first + count)]),
          weights: Array(weights[first..<(first + count)]), scatteringFactor: scatteringFactors?[index])
      }
    }
  }
}

/// What a loss changes with a scattering factor `f(q)`, at every frequency of an image.
public struct ScatteringFactorGradient: Sendable {
  /// In 1/Å.
  public let frequenciesInInverseAngstroms: [Double]
  /// `∂L/∂f` at each of these, per ångström.
  public let values: [Double]

  /// What the loss changes with a parameter of f.
  ///
  /// - Parameter derivative: `∂f/∂parameter` at a frequency in 1/Å.
  public func byParameter(
    _ derivative: (_ frequencyInInverseAngstroms: Double) throws -> Double
  ) rethrows -> Double {
    var sum = 0.0
    for (q, value) in zip(frequenciesInInverseAngstroms, values) { sum += value * (try derivative(q)) }
    return sum
  }

  /// What the loss changes with the parameters of a sum of Gaussians, `f(q) = Σ_i a_i exp(−(b_i + B) q² / 4)`.
  public struct Gaussians: Sendable, Hashable {
    /// `∂L/∂a_i`, per ångström.
    public let amplitudes: [Double]
    /// `∂L/∂b_i`, per Å²; their sum is `∂L/∂B`.
    public let widths: [Double]
    /// `∂L/∂σ_i²`, per Å², of the variances `b_i / 8π²`.
    public var variances: [Double] { widths.map { 8 * .pi * .pi * $0 } }
    /// `∂L/∂B`, per Å².
    public var bFactor: Double { widths.reduce(0, +) }
  }

  /// - Parameters:
  ///   - amplitudes: `a` in Å.
  ///   - widths: `b` in Å².
  ///   - bFactor: `B` in Å².
  /// - Throws: `.invalidValue` unless there are as many amplitudes as widths.
  public func gaussians(
    amplitudesInAngstroms amplitudes: [Double], widthsInSquareAngstroms widths: [Double],
    bFactorInSquareAngstroms bFactor: Double = 0
  ) throws -> Gaussians {
    guard amplitudes.count == widths.count else {
      throw ExitPlaneError.invalid(
        "scattering factor", got: "\(amplitudes.count) amplitudes and \(widths.count) widths",
        need: "as many of one as of the other")
    }
    func term(_ q: Double, _ width: Double) -> Double { Double.exp(-(width + bFactor) * q * q / 4) }
    return Gaussians(
      amplitudes: widths.map { width in byParameter { term($0, width) } },
      widths: zip(amplitudes, widths).map { a, width in byParameter { -a * $0 * $0 / 4 * term($0, width) } })
  }
}
