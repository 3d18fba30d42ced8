import RealModule

/// The rotations under which an object looks the same, by RELION's names and with RELION's axes.
///
/// - `Cn`: an n-fold axis along z. `Dn`: with it a two-fold axis along x.
/// - `T`: a three-fold axis along z, a two-fold one along (0, √2, 1).
/// - `O`: four-fold axes along x, y and z, three-fold ones along (±1, ±1, ±1).
/// - `I2`, which `I` means too: two-fold axes along x, y and z, the five-fold axis nearest to z along (1, 0, τ), τ the
///   golden ratio. `I1`: the same turned by 90° about y, five-fold along (τ, 0, −1). `I3`: a five-fold axis along z, a
///   two-fold one along (−1, 0, τ). `I4`: `I3` turned by 180° about z.
///
/// An object of this symmetry is seen alike at the orientations `R · g`, g in the group.
///
/// - Source: `SymList::fill_symmetry_class` of RELION 3.1.3 to 5.0.
public struct SymmetryGroup: Hashable, Sendable, CustomStringConvertible {
  enum Kind: Hashable, Sendable {
    case cyclic(Int)
    case dihedral(Int)
    case polyhedral(Polyhedron)
  }

  /// A name as RELION writes it: "C1", "D7", "I2".
  public let description: String
  let kind: Kind
  /// The identity first; every other one once.
  public let operations: [Rotation]

  /// The number of operations, the identity included.
  public var order: Int { operations.count }

  /// The group of an object without symmetry.
  public static let none = SymmetryGroup(.cyclic(1), named: "C1")

  /// - Parameter name: in upper or lower case.
  /// - Throws: `.invalidValue` for a name that is no group of rotations, or an axis of more than 99-fold symmetry.
  public init(_ name: String) throws {
    let upper = name.uppercased()
    let fold = upper.dropFirst().allSatisfy { ("0"..."9").contains($0) } ? Int(upper.dropFirst()) : nil
    let isInRange = fold.map { (1...99).contains($0) } ?? false
    switch (upper.first, fold) {
    case ("C", let n?) where isInRange: self.init(.cyclic(n), named: "C\(n)")
    case ("D", let n?) where isInRange: self.init(.dihedral(n), named: "D\(n)")
    default:
      guard let polyhedron = Polyhedron(rawValue: upper == "I" ? "I2" : upper) else {
        throw ExitPlaneError.invalid(
          "symmetry", got: "'\(name.prefix(20))'", need: "C1 to C99, D1 to D99, T, O, I or I1 to I4")
      }
      self.init(.polyhedral(polyhedron), named: polyhedron.rawValue)
    }
  }

  private init(_ kind: Kind, named name: String) {
    self.kind = kind
    description = name
    switch kind {
    case .cyclic(let n): operations = Self.turns(n)
    case .dihedral(let n):
      let over = Rotation(unchecked: (SIMD3(1, 0, 0), SIMD3(0, -1, 0), SIMD3(0, 0, -1)))
      operations = Self.turns(n) + Self.turns(n).map { $0 * over }
    case .polyhedral(let polyhedron): operations = Self.group(generatedBy: polyhedron.generators)
    }
  }

  private static func turns(_ n: Int) -> [Rotation] {
    (0..<n).map { Rotation.about(z: 360 * Double($0) / Double(n)) }
  }

  /// All products of the generators. A handful of factors reaches every one, so that rounding does not grow.
  private static func group(generatedBy generators: [Rotation]) -> [Rotation] {
    var found = [Rotation.identity]
    var next = 0
    while next < found.count {
      for generator in generators {
        let product = found[next] * generator
        // Of finite groups the closest rotations are tens of degrees apart.
        if !found.contains(where: { $0.angleInDegrees(to: product) < 1 }) { found.append(product) }
      }
      next += 1
    }
    return found
  }
}

extension SymmetryGroup {
  /// The groups of the regular solids, as two axes that generate them.
  enum Polyhedron: String, Hashable, Sendable {
    case tetrahedral = "T"
    case octahedral = "O"
    case icosahedral1 = "I1"
    case icosahedral2 = "I2"
    case icosahedral3 = "I3"
    case icosahedral4 = "I4"

    /// Of the axis of most turns, and how many.
    var apex: (direction: SIMD3<Double>, fold: Int) {
      let golden = Self.golden
      return switch self {
      case .tetrahedral: (SIMD3(0, 0, 1), 3)
      case .octahedral: (SIMD3(0, 0, 1), 4)
      case .icosahedral1: (unit(SIMD3(golden, 0, -1)), 5)
      case .icosahedral2: (unit(SIMD3(1, 0, golden)), 5)
      case .icosahedral3, .icosahedral4: (SIMD3(0, 0, 1), 5)
      }
    }

    /// Of a three-fold axis next to it; of a tetrahedron the axis that is not the apex's equal.
    var corner: SIMD3<Double> {
      let golden = Self.golden
      switch self {
      case .tetrahedral: return unit(SIMD3(0, -(8.0.squareRoot()), 1))
      case .octahedral: return unit(SIMD3(1, 1, 1))
      case .icosahedral1: return unit(SIMD3(golden, 1 / golden, 0))
      case .icosahedral2: return unit(SIMD3(0, 1 / golden, golden))
      case .icosahedral3, .icosahedral4:
        let z = ((5 + 2 * 5.0.squareRoot()) / 15).squareRoot()
        let azimuth = (self == .icosahedral3 ? 0.8 : 0.2) * Double.pi
        let across = (1 - z * z).squareRoot()
        return SIMD3(across * Double.cos(azimuth), across * Double.sin(azimuth), z)
      }
    }

    var generators: [Rotation] {
      [
        Rotation.about(unit: apex.direction, turns: 1 / Double(apex.fold)),
        .about(unit: corner, turns: 1.0 / 3),
      ]
    }

    private static var golden: Double { (1 + 5.0.squareRoot()) / 2 }
  }
}

extension Rotation {
  /// - Parameter axis: of length 1.
  fileprivate static func about(unit axis: SIMD3<Double>, turns: Double) -> Rotation {
    let (s, c) = (Double.sin(.pi * turns), Double.cos(.pi * turns))
    return Rotation(unitQuaternion: c, s * axis.x, s * axis.y, s * axis.z)
  }
}

private func unit(_ v: SIMD3<Double>) -> SIMD3<Double> { v / dot(v, v).squareRoot() }
