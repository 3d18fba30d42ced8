import RealModule

/// Isotropic Gaussians, one or more at each position: `U(r) = Σ a (2πσ²)^(−3/2) exp(−|r − p|² / 2σ²)`.
///
/// - Units: positions and amplitudes `a` (each Gaussian's integral) in Å, variances `σ²` in Å², so that the
///   potential is in Å⁻² and its projection in Å⁻¹.
///
/// Made from a structure it keeps the structure's arrays and one scattering factor an element, not the five
/// amplitudes and variances of every atom.
public struct GaussianMixtureVolume: ProjectableVolume {
  /// What plans of projections are made for.
  public struct Layout: Hashable, Sendable {
    /// How many positions.
    public let positions: Int
    /// At the most.
    public let gaussiansPerPosition: Int
  }

  /// From the origin, `(x, y, z)`, in the caller's order.
  public let positionsInAngstroms: [SIMD3<Double>]
  /// How many Gaussians stand at each position, at the most.
  public let gaussiansPerPosition: Int
  public var layout: Layout {
    Layout(positions: positionsInAngstroms.count, gaussiansPerPosition: gaussiansPerPosition)
  }
  private let components: Components

  private enum Components {
    /// `positions × gaussiansPerPosition`, row-major.
    case arrays(amplitudes: [Double], variances: [Double])
    /// A scattering factor for each atomic number that occurs; B-factors add to the widths, occupancies
    /// multiply the amplitudes.
    case atoms(AtomicStructure, factors: [ScatteringFactor?])
  }

  /// Amplitudes and variances by position, `(n, k)` each.
  ///
  /// - Throws: `.invalidValue` for shapes that do not agree, no positions, numbers that are not finite and
  ///   variances not above 0 Å².
  public init(positions: [SIMD3<Double>], amplitudes: [[Double]], variances: [[Double]]) throws {
    let k = amplitudes.first?.count ?? 0
    for (name, rows) in [("amplitudes", amplitudes), ("variances", variances)] {
      guard rows.count == positions.count else {
        throw ExitPlaneError.invalid(
          "number of \(name)", got: "\(rows.count)", need: "\(positions.count), one row for each position")
      }
      if let row = rows.firstIndex(where: { $0.count != k }) {
        throw ExitPlaneError.invalid(
          "number of \(name) at position \(row + 1)", got: "\(rows[row].count)",
          need: "\(k), as at the first position")
      }
    }
    try self.init(
      positions: positions, gaussiansPerPosition: k, amplitudes: Array(amplitudes.joined()),
      variances: Array(variances.joined()))
  }

  /// As above with the rows joined: `n · gaussiansPerPosition` numbers each.
  public init(
    positions: [SIMD3<Double>], gaussiansPerPosition k: Int, amplitudes: [Double], variances: [Double]
  ) throws {
    guard !positions.isEmpty else {
      throw ExitPlaneError.invalid("number of positions", got: "0", need: "at least 1")
    }
    guard k >= 1 else {
      throw ExitPlaneError.invalid("number of Gaussians a position", got: "\(k)", need: "at least 1")
    }
    let (count, overflow) = positions.count.multipliedReportingOverflow(by: k)
    guard !overflow, amplitudes.count == count, variances.count == count else {
      throw ExitPlaneError.invalid(
        "number of amplitudes and variances", got: "\(amplitudes.count) and \(variances.count)",
        need: "\(k) for each of \(positions.count) positions")
    }
    try requireFinite(positions)
    if let i = amplitudes.firstIndex(where: { !$0.isFinite }) {
      throw ExitPlaneError.invalid(
        "amplitude of Gaussian \(i % k + 1) at position \(i / k + 1)", got: "\(amplitudes[i]) Å",
        need: "finite")
    }
    if let i = variances.firstIndex(where: { !($0.isFinite && $0 > 0) }) {
      throw ExitPlaneError.invalid(
        "variance of Gaussian \(i % k + 1) at position \(i / k + 1)", got: "\(variances[i]) Å²",
        need: "finite and above 0 Å²")
    }
    try Self.requireIndexable(positions.count)
    positionsInAngstroms = positions
    gaussiansPerPosition = k
    components = .arrays(amplitudes: amplitudes, variances: variances)
  }

  /// The atoms of a structure: amplitudes `a · occupancy`, variances `(b + B) / 8π²`.
  ///
  /// - Parameters:
  ///   - structure: whose atoms are taken.
  ///   - scatteringFactor: by atomic number; called once for each that occurs, with the name of an atom that has it.
  public init(
    _ structure: AtomicStructure,
    scatteringFactor: (_ atomicNumber: Int, _ exampleName: String?) throws -> ScatteringFactor
  ) throws {
    try Self.requireIndexable(structure.count)
    var occurs = [Bool](repeating: false, count: 256)
    for number in structure.atomicNumbers { occurs[Int(number)] = true }
    let factors = try occurs.indices.map { number in
      occurs[number]
        ? try scatteringFactor(number, structure.exampleNames[UInt8(number)]) : nil
    }
    positionsInAngstroms = structure.positionsInAngstroms
    gaussiansPerPosition = factors.reduce(1) { max($0, $1?.amplitudesInAngstroms.count ?? 0) }
    components = .atoms(structure, factors: factors)
  }

  private static func requireIndexable(_ count: Int) throws {
    guard count <= Int(UInt32.max) else {
      throw ExitPlaneError.invalid("number of positions", got: "\(count)", need: "at most \(UInt32.max)")
    }
  }

  /// The Gaussians at a position, in ångströms and square ångströms.
  public func gaussians(atPosition index: Int) -> [(amplitude: Double, variance: Double)] {
    var result: [(amplitude: Double, variance: Double)] = []
    forEachPosition(in: CollectionOfOne(index)) { _, amplitudes, variances in
      result = Array(zip(amplitudes, variances)).map { (amplitude: $0, variance: $1) }
    }
    return result
  }

  /// Whether occupancies and B-factors are what amplitudes and variances come from.
  var isOfStructure: Bool {
    if case .atoms = components { true } else { false }
  }

  /// Calls `body` with the index, the amplitudes and the variances of positions, one after the other.
  ///
  /// - Parameter atOccupancyOne: takes a structure's atoms as though all were wholly there.
  func forEachPosition(
    in indices: some Sequence<Int>, atOccupancyOne: Bool = false,
    _ body: (Int, UnsafeBufferPointer<Double>, UnsafeBufferPointer<Double>) -> Void
  ) {
    switch components {
    case .arrays(let amplitudes, let variances):
      amplitudes.withUnsafeBufferPointer { amplitudes in
        variances.withUnsafeBufferPointer { variances in
          let k = gaussiansPerPosition
          for i in indices {
            body(
              i, UnsafeBufferPointer(rebasing: amplitudes[(i * k)..<(i * k + k)]),
              UnsafeBufferPointer(rebasing: variances[(i * k)..<(i * k + k)]))
          }
        }
      }
    case .atoms(let structure, let factors):
      withUnsafeTemporaryAllocation(of: Double.self, capacity: 2 * gaussiansPerPosition) { scratch in
        for i in indices {
          guard let factor = factors[Int(structure.atomicNumbers[i])] else { continue }
          let k = factor.amplitudesInAngstroms.count
          let occupancy = atOccupancyOne ? 1 : Double(structure.occupancies[i])
          let bFactor = Double(structure.bFactorsInSquareAngstroms[i])
          for j in 0..<k {
            scratch[j] = factor.amplitudesInAngstroms[j] * occupancy
            scratch[k + j] = variance(ofWidth: factor.widthsInSquareAngstroms[j] + bFactor)
          }
          body(
            i, UnsafeBufferPointer(rebasing: scratch[0..<k]),
            UnsafeBufferPointer(rebasing: scratch[k..<(2 * k)]))
        }
      }
    }
  }

  /// The sum of all amplitudes, in ångströms: the volume's integral.
  public var totalAmplitudeInAngstroms: Double {
    var sum = 0.0
    forEachPosition(in: positionsInAngstroms.indices) { _, amplitudes, _ in
      for a in amplitudes { sum += a }
    }
    return sum
  }
}
