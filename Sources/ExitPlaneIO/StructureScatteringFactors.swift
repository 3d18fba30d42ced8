import CGemmi
import ExitPlane

extension ScatteringFactor {
  /// The elastic electron scattering factor of a neutral atom, fitted by five Gaussians up to
  /// `s = q/2 = 2 Å⁻¹`.
  ///
  /// - Parameter exampleName: an atom of this element, for the error's sake.
  /// - Throws: `.unsupported` for an atomic number outside 1…98.
  /// - Source: Peng, Ren, Dudarev & Whelan, Acta Cryst. A52 (1996) 257–276, table 1; International Tables for
  ///   Crystallography C, table 4.3.2.2, as gemmi holds it. The table has no ions.
  public static func peng(
    atomicNumber: Int, exampleName: String? = nil
  ) throws -> ScatteringFactor {
    var a = [Double](repeating: 0, count: 5)
    var b = a
    guard let number = Int32(exactly: atomicNumber),
      cgemmi_electron_scattering_factor(number, &a, &b) != 0
    else {
      let symbol = Int32(exactly: atomicNumber).map { String(cString: cgemmi_element_symbol($0)) } ?? "X"
      let what =
        "element \(symbol) (atomic number \(atomicNumber)) has no scattering factor in the table of Peng et al."
      throw ExitPlaneError(
        .unsupported,
        "\(exampleName.map { "\($0): " } ?? "")\(what); it ends at 98 (Cf): leave such atoms out of the selection"
      )
    }
    return try ScatteringFactor(amplitudesInAngstroms: a, widthsInSquareAngstroms: b)
  }
}

extension GaussianMixtureVolume {
  /// The potential of a structure's atoms, five Gaussians each (`ScatteringFactor.peng`).
  ///
  /// - Throws: `.unsupported`, naming an atom, for an element beyond the table.
  public init(_ structure: AtomicStructure) throws {
    try self.init(structure) { try ScatteringFactor.peng(atomicNumber: $0, exampleName: $1) }
  }
}

extension IndependentAtomVolume {
  /// The atoms of a structure by element, weighted by occupancy, each element with the mean of its atoms'
  /// B-factors: a type of atom has one scattering factor. Where B-factors differ much within an element,
  /// `GaussianMixtureVolume` keeps every one.
  ///
  /// - Throws: `.unsupported`, naming an atom, for an element beyond the table of Peng et al.
  public init(byElementOf structure: AtomicStructure) throws {
    let types = try Set(structure.atomicNumbers).sorted().map { number in
      let atoms = structure.atomicNumbers.indices.filter { structure.atomicNumbers[$0] == number }
      let factor = try ScatteringFactor.peng(
        atomicNumber: Int(number), exampleName: structure.exampleNames[number])
      let bFactors = atoms.reduce(0.0) { $0 + Double(structure.bFactorsInSquareAngstroms[$1]) }
      return try IndependentAtomVolume.AtomType(
        positionsInAngstroms: atoms.map { structure.positionsInAngstroms[$0] },
        weights: atoms.map { Double(structure.occupancies[$0]) },
        amplitudesInAngstroms: factor.amplitudesInAngstroms,
        widthsInSquareAngstroms: factor.widthsInSquareAngstroms,
        bFactorInSquareAngstroms: bFactors / Double(atoms.count))
    }
    try self.init(types: types)
  }
}
