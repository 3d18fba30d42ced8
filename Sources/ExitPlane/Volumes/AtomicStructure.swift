/// The atoms of a structure: where they are, of which element, how sharp and how often there.
///
/// Arrays are as long as there are atoms: 4 million take 160 MB.
public struct AtomicStructure: Sendable {
  /// From the origin, `(x, y, z)`.
  public let positionsInAngstroms: [SIMD3<Double>]
  /// Of the elements: 6 for carbon.
  public let atomicNumbers: [UInt8]
  /// Isotropic, or the isotropic equivalent of anisotropic ones.
  public let bFactorsInSquareAngstroms: [Float]
  /// How much of each atom there is, 1 for a whole one.
  public let occupancies: [Float]
  /// For every atomic number the name in the file of the first atom that has it: an error about an element
  /// can point at an atom, and no atom needs to carry its name.
  public let exampleNames: [UInt8: String]

  /// - Throws: `.invalidValue` when there are no atoms, the arrays differ in length, or an atom has a
  ///   coordinate that is not finite or a B-factor or occupancy that is not finite and at least 0.
  public init(
    positionsInAngstroms positions: [SIMD3<Double>], atomicNumbers: [UInt8],
    bFactorsInSquareAngstroms bFactors: [Float], occupancies: [Float],
    exampleNames: [UInt8: String] = [:]
  ) throws {
    guard !positions.isEmpty else {
      throw ExitPlaneError.invalid("number of atoms", got: "0", need: "at least 1")
    }
    for (name, count) in [
      ("atomic numbers", atomicNumbers.count), ("B-factors", bFactors.count),
      ("occupancies", occupancies.count),
    ] where count != positions.count {
      throw ExitPlaneError.invalid(
        "number of \(name)", got: "\(count)", need: "\(positions.count), one for each atom")
    }
    try requireFinite(positions)
    if let atom = bFactors.firstIndex(where: { !($0.isFinite && $0 >= 0) }) {
      throw ExitPlaneError.invalid(
        "B-factor of atom \(atom + 1)", got: "\(bFactors[atom]) Å²", need: "finite and at least 0 Å²")
    }
    if let atom = occupancies.firstIndex(where: { !($0.isFinite && $0 >= 0) }) {
      throw ExitPlaneError.invalid(
        "occupancy of atom \(atom + 1)", got: "\(occupancies[atom])", need: "finite and at least 0")
    }
    positionsInAngstroms = positions
    self.atomicNumbers = atomicNumbers
    bFactorsInSquareAngstroms = bFactors
    self.occupancies = occupancies
    self.exampleNames = exampleNames
  }

  /// The number of atoms.
  public var count: Int { positionsInAngstroms.count }

  /// The same atoms with another point for their origin.
  ///
  /// - Throws: `.invalidValue` for a point so far away that coordinates are not finite.
  public func withOrigin(atInAngstroms origin: SIMD3<Double>) throws -> AtomicStructure {
    try AtomicStructure(
      positionsInAngstroms: positionsInAngstroms.map { $0 - origin }, atomicNumbers: atomicNumbers,
      bFactorsInSquareAngstroms: bFactorsInSquareAngstroms, occupancies: occupancies,
      exampleNames: exampleNames)
  }

  /// The smallest and the largest coordinate on every axis, in ångströms.
  public var extentInAngstroms: (lower: SIMD3<Double>, upper: SIMD3<Double>) {
    var lower = positionsInAngstroms[0]
    var upper = lower
    for position in positionsInAngstroms {
      lower = pointwiseMin(lower, position)
      upper = pointwiseMax(upper, position)
    }
    return (lower, upper)
  }

  /// The distance of the farthest atom from the origin, about which poses rotate.
  public var radiusInAngstroms: Double {
    var square = 0.0
    for position in positionsInAngstroms { square = max(square, dot(position, position)) }
    return square.squareRoot()
  }

  /// The smallest even box that holds every atom in every pose, with `margin` beyond its centre for the
  /// width of the atoms themselves.
  ///
  /// - Throws: `.invalidValue` for a pixel size not above 0 or a box beyond `GridShape.largestAxis`.
  public func boxSize(
    pixelSizeInAngstroms: Double, marginInAngstroms margin: Double = 3
  ) throws -> Int {
    try Self.boxSize(
      radiusInAngstroms: radiusInAngstroms, pixelSizeInAngstroms: pixelSizeInAngstroms,
      marginInAngstroms: margin)
  }

  /// The same of any structure whose farthest atom is `radius` from the origin.
  public static func boxSize(
    radiusInAngstroms radius: Double, pixelSizeInAngstroms: Double, marginInAngstroms margin: Double = 3
  ) throws -> Int {
    try validatePositive("pixel size", pixelSizeInAngstroms, unit: "Å")
    let pixels = 2 * ((radius + margin) / pixelSizeInAngstroms).rounded(.up)
    guard pixels <= Double(GridShape.largestAxis) else {
      throw ExitPlaneError.invalid(
        "box for a structure of radius \(radius) Å", got: "\(pixels) pixels",
        need: "at most \(GridShape.largestAxis): larger pixels, or a centred structure")
    }
    return max(2, Int(pixels))
  }
}

/// - Throws: `.invalidValue` naming the first position that is not finite.
func requireFinite(_ positions: [SIMD3<Double>]) throws {
  if let atom = positions.firstIndex(where: { !($0.x.isFinite && $0.y.isFinite && $0.z.isFinite) }) {
    let r = positions[atom]
    throw ExitPlaneError.invalid(
      "position of atom \(atom + 1)", got: "(\(r.x), \(r.y), \(r.z)) Å", need: "finite numbers")
  }
}
