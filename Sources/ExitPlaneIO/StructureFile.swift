import CGemmi
import ExitPlane

/// A PDB or mmCIF file, plain or gzipped, told apart by what is in it.
public final class StructureFile {
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

  /// Chooses atoms and says how many there are.
  private func choose(_ options: StructureOptions) throws -> Int {
    let count = withOptionalCString(options.model) { model in
      withOptionalCString(options.selection) { selection in
        withOptionalCString(options.assembly) { assembly in
          var choice = cgemmi_structure_choice(
            model: model, selection: selection, assembly: assembly,
            all_alternates: options.alternates == .all ? 1 : 0,
            drop_hydrogens: options.keepsHydrogens ? 0 : 1, drop_waters: options.keepsWaters ? 0 : 1,
            drop_heteroatoms: options.keepsHeteroatoms ? 0 : 1, ignore_selection: 0)
          return cgemmi_structure_choose(handle, &choice)
        }
      }
    }
    try requireFine()
    return Int(count)
  }

  /// The atoms, centred.
  ///
  /// - Throws: `.invalidValue` when the file does not have what the options ask for or no atoms are left;
  ///   `.malformedFile` for an atom of an unknown element or with a negative B-factor or occupancy that is
  ///   used.
  public func atoms(_ options: StructureOptions = StructureOptions()) throws -> AtomicStructure {
    let count = try choose(options)
    var numbers = [UInt8](repeating: 0, count: count)
    var bFactors = [Float](repeating: 0, count: count)
    var occupancies = [Float](repeating: 1, count: count)
    var positions = [SIMD3<Double>](unsafeUninitializedCapacity: count) { buffer, initialized in
      UnsafeMutableRawBufferPointer(buffer).withMemoryRebound(to: Double.self) {
        cgemmi_structure_copy(handle, $0.baseAddress, &numbers, &bFactors, &occupancies)
      }
      initialized = count
    }

    try require(numbers.firstIndex(of: 0), "is of an unknown element", "a chemical element is needed")
    if options.usesOccupancies {
      try require(occupancies.firstIndex { $0 < 0 }, "has a negative occupancy", "0 or more is needed")
      guard occupancies.contains(where: { $0 > 0 }) else {
        throw ExitPlaneError(
          .invalidValue, "\(path): every atom's occupancy is 0; ignore occupancies, or choose other atoms")
      }
    } else {
      occupancies = Array(repeating: 1, count: count)
    }
    switch options.bFactors {
    case .used:
      try require(bFactors.firstIndex { $0 < 0 }, "has a negative B-factor", "0 Å² or more is needed")
    case .ignored:
      bFactors = Array(repeating: 0, count: count)
    case .replaced(let value):
      guard value.isFinite, value >= 0 else {
        throw ExitPlaneError.invalid("B-factor", got: "\(value) Å²", need: "finite and at least 0 Å²")
      }
      bFactors = Array(repeating: Float(value), count: count)
    }
    let origin = centre(of: positions, numbers, occupancies, options.centring)
    if origin != SIMD3(0, 0, 0) {
      for i in positions.indices { positions[i] -= origin }
    }
    return try AtomicStructure(
      positionsInAngstroms: positions, atomicNumbers: numbers, bFactorsInSquareAngstroms: bFactors,
      occupancies: occupancies, exampleNames: exampleNames(numbers))
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

  private func centre(
    of positions: [SIMD3<Double>], _ numbers: [UInt8], _ occupancies: [Float],
    _ centring: StructureOptions.Centring
  ) -> SIMD3<Double> {
    switch centring {
    case .none:
      return SIMD3(0, 0, 0)
    case .geometry:
      let lower = positions.reduce(positions[0], pointwiseMin)
      return (lower + positions.reduce(positions[0], pointwiseMax)) / 2
    case .mass:
      let masses = (0..<256).map { cgemmi_element_mass(Int32($0)) }
      var (sum, moment) = (0.0, SIMD3<Double>(0, 0, 0))
      for (i, position) in positions.enumerated() {
        let mass = masses[Int(numbers[i])] * Double(occupancies[i])
        sum += mass
        moment += mass * position
      }
      return moment / sum
    }
  }

  /// What the chosen atoms are.
  public func summary(_ options: StructureOptions = StructureOptions()) throws -> StructureSummary {
    let atoms = try atoms(options)
    return StructureSummary(
      atoms, census: cgemmi_structure_count(handle), models: modelNames, assemblies: assemblyNames)
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
