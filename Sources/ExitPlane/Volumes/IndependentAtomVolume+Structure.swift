extension IndependentAtomVolume {
  /// The atoms of a structure, a type for each element and B-factor that occurs, weighted by occupancy.
  ///
  /// Thousands of types do no harm: their scattering factors span few transforms (`FFTAtomProjection`).
  ///
  /// - Parameters:
  ///   - structure: whose atoms are taken.
  ///   - scatteringFactor: by atomic number; called once for each that occurs, with the name of an atom that has it.
  public init(
    _ structure: AtomicStructure,
    scatteringFactor: (_ atomicNumber: Int, _ exampleName: String?) throws -> ScatteringFactor
  ) throws {
    struct Kind: Hashable {
      let atomicNumber: UInt8
      let bFactor: Float
    }
    let atoms = Dictionary(grouping: 0..<structure.count) { atom in
      Kind(
        atomicNumber: structure.atomicNumbers[atom], bFactor: structure.bFactorsInSquareAngstroms[atom])
    }
    var factors: [UInt8: ScatteringFactor] = [:]
    // In a fixed order, so that images have the same bits in every run.
    let kinds = atoms.keys.sorted { ($0.atomicNumber, $0.bFactor) < ($1.atomicNumber, $1.bFactor) }
    try self.init(
      types: kinds.map { kind in
        let factor =
          try factors[kind.atomicNumber]
          ?? scatteringFactor(Int(kind.atomicNumber), structure.exampleNames[kind.atomicNumber])
        factors[kind.atomicNumber] = factor
        let members = atoms[kind] ?? []
        return try AtomType(
          positionsInAngstroms: members.map { structure.positionsInAngstroms[$0] },
          weights: members.map { Double(structure.occupancies[$0]) }, scatteringFactor: factor,
          bFactorInSquareAngstroms: Double(kind.bFactor))
      })
  }
}
