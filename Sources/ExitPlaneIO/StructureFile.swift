import CGemmi
import ExitPlane

/// A PDB or mmCIF file, plain or gzipped, told apart by what is in it.
public final class StructureFile {
  /// As it was given.
  public let path: String
  private let handle: OpaquePointer

  /// - Throws: `.unreadableFile`, or `.malformedFile` for a file that is neither format, breaks its rules, stops
  ///   short, or has a coordinate, occupancy or B-factor that is not a number.
  public init(path: String) throws {
    guard let handle = cgemmi_structure_read(path) else {
      throw ExitPlaneError(.unreadableFile, "\(path): no memory is left to read it")
    }
    self.path = path
    self.handle = handle
    try requireFine()
    modelNames = (0..<cgemmi_structure_model_count(handle)).map {
      String(cString: cgemmi_structure_model_name(handle, $0))
    }
    assemblyNames = (0..<cgemmi_structure_assembly_count(handle)).map {
      String(cString: cgemmi_structure_assembly_name(handle, $0))
    }
  }

  deinit { cgemmi_structure_free(handle) }

  public private(set) var modelNames: [String] = []
  public private(set) var assemblyNames: [String] = []

  private func requireFine() throws {
    let kind: ExitPlaneError.Kind
    switch cgemmi_structure_error_status(handle) {
    case cgemmi_structure_fine: return
    case cgemmi_structure_unreadable: kind = .unreadableFile
    case cgemmi_structure_refused: kind = .invalidValue
    default: kind = .malformedFile
    }
    let line = cgemmi_structure_error_line(handle)
    throw ExitPlaneError.file(
      path, at: line > 0 ? .line(line) : nil, kind: kind,
      found: String(cString: cgemmi_structure_error_found(handle)),
      need: String(cString: cgemmi_structure_error_need(handle)))
  }

  /// The name of a score of confidence, such as "pLDDT", that the file says stands in place of B-factors: predicted
  /// structures have it there, high where a B-factor would be low.
  public var confidenceScoreName: String? {
    let name = String(cString: cgemmi_structure_confidence(handle))
    return name.isEmpty ? nil : name
  }

  /// Chooses atoms and says how many there are.
  private func choose(_ options: StructureOptions, whole: Bool) throws -> Int {
    let count = withOptionalCString(options.model) { model in
      withOptionalCString(options.selection) { selection in
        withOptionalCString(options.assembly) { assembly in
          var choice = cgemmi_structure_choice(
            model: model, selection: selection, assembly: assembly,
            all_alternates: options.alternates == .all ? 1 : 0,
            drop_hydrogens: options.keepsHydrogens || whole ? 0 : 1,
            drop_waters: options.keepsWaters || whole ? 0 : 1,
            drop_heteroatoms: options.keepsHeteroatoms || whole ? 0 : 1, ignore_selection: whole ? 1 : 0)
          return cgemmi_structure_choose(handle, &choice)
        }
      }
    }
    try requireFine()
    return Int(count)
  }

  /// What the file says of atoms.
  private struct Atoms {
    var positions: [SIMD3<Double>]
    var numbers: [UInt8]
    var bFactors: [Float]
    var occupancies: [Float]
  }

  /// - Parameter whole: takes every atom of the model or assembly.
  private func read(_ options: StructureOptions, whole: Bool) throws -> Atoms {
    let count = try choose(options, whole: whole)
    // What an atom takes here, and on its way to a map or an image.
    let bytesAnAtom = 160
    let (bytes, overflow) = count.multipliedReportingOverflow(by: bytesAnAtom)
    guard !overflow, memoryIsAvailable(byteCount: bytes) else {
      throw ExitPlaneError.file(
        path, kind: .unreadableFile, found: "its \(count) atoms do not fit in memory",
        need: "leave some out, or use a machine with more memory")
    }
    var numbers = [UInt8](repeating: 0, count: count)
    var bFactors = [Float](repeating: 0, count: count)
    var occupancies = [Float](repeating: 1, count: count)
    let positions = [SIMD3<Double>](unsafeUninitializedCapacity: count) { buffer, initialized in
      UnsafeMutableRawBufferPointer(buffer).withMemoryRebound(to: Double.self) {
        cgemmi_structure_copy(handle, $0.baseAddress, &numbers, &bFactors, &occupancies)
      }
      initialized = count
    }
    return Atoms(positions: positions, numbers: numbers, bFactors: bFactors, occupancies: occupancies)
  }

  /// The atoms, centred.
  ///
  /// - Throws: `.invalidValue` when the file does not have what the options ask for or no atoms are left;
  ///   `.malformedFile` for an atom of an unknown element, with a negative B-factor or occupancy that is used, or
  ///   with a number beyond single precision; `.unreadableFile` where they do not fit in memory.
  public func atoms(_ options: StructureOptions = StructureOptions()) throws -> AtomicStructure {
    // Before the atoms themselves, so that the choice that is left is theirs.
    let centreOfWhole = try options.takesEveryAtom ? nil : centreOfWhole(options)
    var atoms = try read(options, whole: false)
    try require(atoms.numbers.firstIndex(of: 0), "is of an unknown element", "a chemical element is needed")
    let limit = Self.largestCoordinateInAngstroms
    try require(
      atoms.positions.firstIndex { !(abs($0.x) <= limit && abs($0.y) <= limit && abs($0.z) <= limit) },
      "lies more than \(Int(limit)) Å from the file's origin", "coordinates in ångströms are needed")
    if options.usesOccupancies {
      try require(
        atoms.occupancies.firstIndex { !($0 >= 0 && $0.isFinite) },
        "has a negative occupancy, or one beyond single precision", "0 or more is needed")
      guard atoms.occupancies.contains(where: { $0 > 0 }) else {
        throw ExitPlaneError(
          .invalidValue, "\(path): every atom's occupancy is 0; ignore occupancies, or choose other atoms")
      }
    } else {
      atoms.occupancies = Array(repeating: 1, count: atoms.occupancies.count)
    }
    atoms.bFactors = try checkedBFactors(atoms.bFactors, options.bFactors)
    let origin = centreOfWhole ?? centre(of: atoms, options.centring)
    if origin != SIMD3(0, 0, 0) {
      for i in atoms.positions.indices { atoms.positions[i] -= origin }
    }
    return try AtomicStructure(
      positionsInAngstroms: atoms.positions, atomicNumbers: atoms.numbers,
      bFactorsInSquareAngstroms: atoms.bFactors, occupancies: atoms.occupancies,
      exampleNames: exampleNames(atoms.numbers))
  }

  /// Farther away, doubles no longer tell an atom's place to a thousandth of an ångström.
  private static let largestCoordinateInAngstroms = 1e9

  private func checkedBFactors(_ bFactors: [Float], _ choice: StructureOptions.BFactors) throws -> [Float] {
    switch choice {
    case .used:
      try require(
        bFactors.firstIndex { !($0 >= 0 && $0.isFinite) },
        "has a negative B-factor, or one beyond single precision",
        "0 Å² or more is needed")
      return bFactors
    case .ignored:
      return Array(repeating: 0, count: bFactors.count)
    case .replaced(let value):
      guard value >= 0, Float(value).isFinite else {
        throw ExitPlaneError.invalid("B-factor", got: "\(value) Å²", need: "finite and at least 0 Å²")
      }
      return Array(repeating: Float(value), count: bFactors.count)
    }
  }

  /// - Throws: `.malformedFile` when there is an atom, by its index, of which the sentence is true.
  private func require(_ atom: Int?, _ found: String, _ need: String) throws {
    guard let atom else { return }
    throw ExitPlaneError.file(path, found: "\(name(ofAtom: atom)) \(found)", need: need)
  }

  private func name(ofAtom atom: Int) -> String {
    String(cString: cgemmi_structure_atom_name(handle, Int64(atom)))
  }

  private func exampleNames(_ numbers: [UInt8]) -> [UInt8: String] {
    var first = [Int?](repeating: nil, count: 256)
    for (i, number) in numbers.enumerated() where first[Int(number)] == nil { first[Int(number)] = i }
    var names: [UInt8: String] = [:]
    for case (let number, let atom?) in first.enumerated() {
      names[UInt8(number)] = "\(path), \(name(ofAtom: atom))"
    }
    return names
  }

  /// The centre of every atom of the model or assembly; nil where that does not decide the origin.
  private func centreOfWhole(_ options: StructureOptions) throws -> SIMD3<Double>? {
    switch options.centring {
    case .none, .point, .selection: return nil
    case .mass, .geometry: break
    }
    var atoms = try read(options, whole: true)
    // Atoms that are left out may be of any kind: what has no mass does not weigh.
    for i in atoms.occupancies.indices {
      let occupancy = atoms.occupancies[i]
      atoms.occupancies[i] = options.usesOccupancies ? (occupancy.isFinite ? max(0, occupancy) : 0) : 1
    }
    let centre = centre(of: atoms, options.centring)
    return centre.x.isFinite && centre.y.isFinite && centre.z.isFinite ? centre : nil
  }

  private func centre(of atoms: Atoms, _ centring: StructureOptions.Centring) -> SIMD3<Double> {
    switch centring {
    case .none:
      return SIMD3(0, 0, 0)
    case .point(let point):
      return point
    case .geometry:
      let lower = atoms.positions.reduce(atoms.positions[0], pointwiseMin)
      return (lower + atoms.positions.reduce(atoms.positions[0], pointwiseMax)) / 2
    case .mass, .selection:
      let masses = (0..<256).map { cgemmi_element_mass(Int32($0)) }
      var (sum, moment) = (0.0, SIMD3<Double>(0, 0, 0))
      for (i, position) in atoms.positions.enumerated() {
        let mass = masses[Int(atoms.numbers[i])] * Double(atoms.occupancies[i])
        sum += mass
        moment += mass * position
      }
      return moment / sum
    }
  }

  /// What the chosen atoms are.
  public func summary(_ options: StructureOptions = StructureOptions()) throws -> StructureSummary {
    let atoms = try atoms(options)
    let chains = (0..<cgemmi_structure_chain_count(handle)).map {
      String(cString: cgemmi_structure_chain_name(handle, $0))
    }
    return StructureSummary(
      atoms, census: cgemmi_structure_count(handle), models: modelNames, assemblies: assemblyNames,
      chains: chains, confidenceScoreName: confidenceScoreName)
  }
}

private func withOptionalCString<Result>(
  _ text: String?, _ body: (UnsafePointer<CChar>?) -> Result
) -> Result {
  guard let text else { return body(nil) }
  return text.withCString { body($0) }
}

extension AtomicStructure {
  /// The atoms of a PDB or mmCIF file; see `StructureFile`.
  public init(contentsOf path: String, options: StructureOptions = StructureOptions()) throws {
    self = try StructureFile(path: path).atoms(options)
  }
}
