import RealModule

/// Atoms that scatter independently of one another, grouped by type: the positions of each type and one
/// scattering factor.
///
/// Its transform is exact at every frequency: `Û(q) = Σ_types f(|q|) Σ_n w_n exp(−2πi q·r_n)`.
public struct IndependentAtomVolume: ProjectableVolume {
  /// What plans of projections are made for.
  public struct Layout: Hashable, Sendable {
    /// Of each type.
    public let atomCounts: [Int]
  }

  /// The atoms that share a scattering factor.
  public struct AtomType: Sendable {
    /// What each atom counts, its occupancy; ones if nil.
    public let weights: [Double]?
    /// The scattering factor in ångströms at a frequency in 1/Å.
    public let scatteringFactor: @Sendable (_ frequencyInInverseAngstroms: Double) -> Double
    /// In ångströms.
    let x, y, z: [Double]

    /// The number of atoms.
    public var count: Int { x.count }
    /// From the origin, `(x, y, z)`, in the caller's order.
    public var positionsInAngstroms: [SIMD3<Double>] { (0..<count).map { SIMD3(x[$0], y[$0], z[$0]) } }

    /// Atoms with a scattering factor of the caller's own.
    ///
    /// - Throws: `.invalidValue` for positions or weights that are not finite or differ in number.
    public init(
      positionsInAngstroms positions: [SIMD3<Double>], weights: [Double]? = nil,
      scatteringFactor: @escaping @Sendable (_ frequencyInInverseAngstroms: Double) -> Double
    ) throws {
      if let index = positions.firstIndex(where: { !($0.x + $0.y + $0.z).isFinite }) {
        throw ExitPlaneError.invalid(
          "position of atom \(index)", got: "\(positions[index]) Å", need: "finite numbers")
      }
      if let weights {
        guard weights.count == positions.count else {
          throw ExitPlaneError.invalid(
            "number of weights", got: "\(weights.count)", need: "\(positions.count), one for each atom")
        }
        if let index = weights.firstIndex(where: { !$0.isFinite }) {
          throw ExitPlaneError.invalid("weight of atom \(index)", got: "\(weights[index])", need: "finite")
        }
      }
      x = positions.map(\.x)
      y = positions.map(\.y)
      z = positions.map(\.z)
      self.weights = weights
      self.scatteringFactor = scatteringFactor
    }

    /// Atoms whose scattering factor is a sum of Gaussians, `f(q) = Σ_i a_i exp(−(b_i + B) q² / 4)`: the form of
    /// Peng et al., Acta Cryst. A 52 (1996) 257–276, with five terms (`s = q/2`).
    ///
    /// - Parameters:
    ///   - positions: `(x, y, z)` from the origin.
    ///   - weights: what each atom counts; ones if nil.
    ///   - amplitudes: `a` in Å.
    ///   - widths: `b` in Å².
    ///   - bFactor: `B` in Å².
    /// - Throws: `.invalidValue` for positions or parameters that are not finite, differ in number or widen
    ///   with frequency (`b + B` below 0).
    public init(
      positionsInAngstroms positions: [SIMD3<Double>], weights: [Double]? = nil,
      amplitudesInAngstroms amplitudes: [Double], widthsInSquareAngstroms widths: [Double],
      bFactorInSquareAngstroms bFactor: Double = 0
    ) throws {
      guard amplitudes.count == widths.count, !amplitudes.isEmpty else {
        throw ExitPlaneError.invalid(
          "scattering factor", got: "\(amplitudes.count) amplitudes and \(widths.count) widths",
          need: "as many of one as of the other, and at least one")
      }
      for (a, b) in zip(amplitudes, widths) {
        guard a.isFinite, (b + bFactor).isFinite, b + bFactor >= 0 else {
          throw ExitPlaneError.invalid(
            "term of a scattering factor", got: "\(a) Å, \(b) Å² with a B-factor of \(bFactor) Å²",
            need: "finite, with a width and B-factor of 0 Å² or more together")
        }
      }
      try self.init(positionsInAngstroms: positions, weights: weights) { q in
        zip(amplitudes, widths).reduce(0) { sum, term in
          sum + term.0 * Double.exp(-(term.1 + bFactor) * q * q / 4)
        }
      }
    }

    /// Atoms with a scattering factor of a table, dampened by a B-factor.
    ///
    /// - Throws: as for sums of Gaussians.
    public init(
      positionsInAngstroms positions: [SIMD3<Double>], weights: [Double]? = nil,
      scatteringFactor factor: ScatteringFactor, bFactorInSquareAngstroms bFactor: Double = 0
    ) throws {
      try self.init(
        positionsInAngstroms: positions, weights: weights,
        amplitudesInAngstroms: factor.amplitudesInAngstroms,
        widthsInSquareAngstroms: factor.widthsInSquareAngstroms, bFactorInSquareAngstroms: bFactor)
    }

    /// Atoms that are Gaussians of one integral (Å) and variance (Å²): `f(q) = a exp(−2π² σ² q²)`.
    ///
    /// - Throws: as for sums of Gaussians.
    public init(
      positionsInAngstroms positions: [SIMD3<Double>], weights: [Double]? = nil,
      amplitudeInAngstroms amplitude: Double, varianceInSquareAngstroms variance: Double
    ) throws {
      try self.init(
        positionsInAngstroms: positions, weights: weights, amplitudesInAngstroms: [amplitude],
        widthsInSquareAngstroms: [8 * .pi * .pi * variance])
    }
  }

  /// Without those that have no atoms.
  public let types: [AtomType]

  /// - Throws: `.invalidValue` where there is no atom.
  public init(types: [AtomType]) throws {
    let atoms = types.reduce(0) { $0 + $1.count }
    guard (1...Int(Int32.max)).contains(atoms) else {
      throw ExitPlaneError.invalid("number of atoms", got: "\(atoms)", need: "1 to \(Int32.max)")
    }
    self.types = types.filter { $0.count > 0 }
  }

  public var layout: Layout { Layout(atomCounts: types.map(\.count)) }
  /// Of all types together.
  public var atomCount: Int { types.reduce(0) { $0 + $1.count } }
}
