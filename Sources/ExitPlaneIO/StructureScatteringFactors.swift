import CGemmi
import ExitPlane

extension ScatteringFactor {
  /// The elastic electron scattering factor of a neutral atom, fitted by five Gaussians up to
  /// `s = q/2 = 2 Å⁻¹`.
  ///
  /// - Parameters:
  ///   - atomicNumber: 1 to 98.
  ///   - exampleName: an atom of this element, for the error's sake.
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

extension ProjectedObject {
  /// A structure whose atoms scatter as `ScatteringFactor.peng` says.
  public static func structure(_ structure: AtomicStructure) -> ProjectedObject {
    .structure(structure) { try ScatteringFactor.peng(atomicNumber: $0, exampleName: $1) }
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
  /// A structure's atoms by element and B-factor (`ScatteringFactor.peng`), weighted by occupancy.
  ///
  /// - Throws: `.unsupported`, naming an atom, for an element beyond the table.
  public init(_ structure: AtomicStructure) throws {
    try self.init(structure) { try ScatteringFactor.peng(atomicNumber: $0, exampleName: $1) }
  }
}
