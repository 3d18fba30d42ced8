import CGemmi
import ExitPlane

/// What a structure file holds, of the atoms chosen.
public struct StructureSummary: Sendable, Hashable {
  /// In the file's order.
  public let modelNames: [String]
  /// In the file's order; empty where it describes none.
  public let assemblyNames: [String]
  /// Of the chains that atoms are taken of, each once, in the file's order.
  public let chainNames: [String]
  /// Of the atoms chosen.
  public let atomCount: Int
  /// Chains with atoms that are chosen.
  public let chainCount: Int
  /// Residues with atoms that are chosen.
  public let residueCount: Int
  /// Hydrogens among the atoms.
  public let hydrogenCount: Int
  /// Atoms of water molecules.
  public let waterCount: Int
  /// Atoms listed as HETATM, those of waters included.
  public let heteroatomCount: Int
  /// Atoms that are one of several alternate locations.
  public let alternateCount: Int
  /// Symbols and numbers of atoms, by atomic number.
  public let elements: [Element]
  /// With occupancies.
  public let massInDaltons: Double
  /// The least and the largest.
  public let bFactorRangeInSquareAngstroms: ClosedRange<Float>
  /// Of what the file says stands in place of B-factors; see `StructureFile.confidenceScoreName`.
  public let confidenceScoreName: String?
  /// The least and the largest.
  public let occupancyRange: ClosedRange<Float>
  /// From the smallest to the largest coordinate on every axis, in ångströms.
  public let extentInAngstroms: SIMD3<Double>
  /// Of the farthest atom from the origin.
  public let radiusInAngstroms: Double

  /// How many atoms there are of an element.
  public struct Element: Sendable, Hashable {
    /// "C".
    public let symbol: String
    /// Of its atoms.
    public let count: Int
  }

  init(
    _ atoms: AtomicStructure, census: cgemmi_structure_census, models: [String], assemblies: [String],
    chains: [String], confidenceScoreName: String?
  ) {
    chainNames = chains
    self.confidenceScoreName = confidenceScoreName
    modelNames = models
    assemblyNames = assemblies
    atomCount = atoms.count
    chainCount = Int(census.chains)
    residueCount = Int(census.residues)
    hydrogenCount = Int(census.hydrogens)
    waterCount = Int(census.waters)
    heteroatomCount = Int(census.heteroatoms)
    alternateCount = Int(census.alternates)
    var counts = [Int](repeating: 0, count: 256)
    var occupied = [Double](repeating: 0, count: 256)
    for (number, occupancy) in zip(atoms.atomicNumbers, atoms.occupancies) {
      counts[Int(number)] += 1
      occupied[Int(number)] += Double(occupancy)
    }
    elements = counts.indices.filter { counts[$0] > 0 }.map {
      Element(symbol: String(cString: cgemmi_element_symbol(Int32($0))), count: counts[$0])
    }
    massInDaltons = occupied.enumerated().reduce(0) {
      $1.element > 0 ? $0 + $1.element * cgemmi_element_mass(Int32($1.offset)) : $0
    }
    bFactorRangeInSquareAngstroms = range(atoms.bFactorsInSquareAngstroms)
    occupancyRange = range(atoms.occupancies)
    let (lower, upper) = atoms.extentInAngstroms
    extentInAngstroms = upper - lower
    radiusInAngstroms = atoms.radiusInAngstroms
  }
}

private func range(_ values: [Float]) -> ClosedRange<Float> {
  let first = values.first ?? 0
  return values.reduce(first, min)...values.reduce(first, max)
}
