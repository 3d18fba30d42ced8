/// Which atoms of a structure are taken, and as what.
public struct StructureOptions: Sendable, Hashable {
  /// What is done where an atom has alternate locations.
  public enum Alternates: String, Sendable, Hashable, CaseIterable {
    /// At each residue the location of highest occupancy, the first of equals, with its own occupancy.
    case highestOccupancy
    /// Every location, with its own occupancy.
    case all
  }

  /// Which B-factors atoms have.
  public enum BFactors: Sendable, Hashable {
    /// The file's, or the isotropic equivalent of anisotropic ones; 0 Å² where there is none.
    case used
    /// 0 Å² for all atoms.
    case ignored
    /// This for all atoms.
    case replaced(squareAngstroms: Double)
  }

  /// Which point becomes the origin, about which poses rotate.
  ///
  /// The whole is every atom of the model or assembly, whether it is taken or not, so that the parts of a complex
  /// keep one frame and add up to it.
  public enum Centring: Sendable, Hashable {
    /// The centre of mass of the whole, with occupancies.
    case mass
    /// The middle of the whole's extent.
    case geometry
    /// The centre of mass of the atoms that are taken.
    case selection
    /// The file's origin.
    case none
    /// A point of the file's frame.
    case point(inAngstroms: SIMD3<Double>)
  }

  /// By name, usually a number; the first if not given.
  public var model: String?
  /// In gemmi's syntax, `/model/chains/residues/atoms`: `A,B`, `//A/10-40`, `//*//CA`, `(ALA)`, `;q>0.5`.
  public var selection: String?
  /// A biological assembly by name, usually a number; the atoms as the file lists them if not given. An
  /// atom on an axis of symmetry is there once for every operation, as assemblies are written.
  public var assembly: String?
  /// Which of an atom's alternate locations are taken.
  public var alternates: Alternates
  /// Hydrogen and deuterium.
  public var keepsHydrogens: Bool
  /// Molecules of water, in what names the field has for them.
  public var keepsWaters: Bool
  /// What the file lists as HETATM: ligands, ions, and waters with them.
  public var keepsHeteroatoms: Bool
  /// Which B-factors atoms have.
  public var bFactors: BFactors
  /// Weighs atoms by their occupancy, otherwise all by 1.
  public var usesOccupancies: Bool
  /// What becomes the origin.
  public var centring: Centring

  /// All atoms of the first model, as the file has them, about their centre of mass.
  public init(
    model: String? = nil, selection: String? = nil, assembly: String? = nil,
    alternates: Alternates = .highestOccupancy, keepsHydrogens: Bool = true, keepsWaters: Bool = true,
    keepsHeteroatoms: Bool = true, bFactors: BFactors = .used, usesOccupancies: Bool = true,
    centring: Centring = .mass
  ) {
    self.model = model
    self.selection = selection
    self.assembly = assembly
    self.alternates = alternates
    self.keepsHydrogens = keepsHydrogens
    self.keepsWaters = keepsWaters
    self.keepsHeteroatoms = keepsHeteroatoms
    self.bFactors = bFactors
    self.usesOccupancies = usesOccupancies
    self.centring = centring
  }

  /// Whether nothing of the model or assembly is left out.
  var takesEveryAtom: Bool { selection == nil && keepsHydrogens && keepsWaters && keepsHeteroatoms }
}
