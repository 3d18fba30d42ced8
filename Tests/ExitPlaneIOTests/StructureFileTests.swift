import ExitPlane
import Foundation
import Oracles
import Testing

@testable import ExitPlaneIO

/// Reads a fixture from both formats, which must agree, and hands over the atoms.
private func read(
  _ fixture: StructureFixture, _ options: StructureOptions = StructureOptions(centring: .none)
) throws -> AtomicStructure {
  let folder = try ScratchFolder()
  let pdb = try AtomicStructure(
    contentsOf: folder.write(Array(fixture.pdb.utf8), to: "a.pdb"), options: options)
  let cif = try AtomicStructure(
    contentsOf: folder.write(Array(fixture.cif.utf8), to: "a.cif"), options: options)
  #expect(pdb.positionsInAngstroms == cif.positionsInAngstroms)
  #expect(pdb.atomicNumbers == cif.atomicNumbers)
  #expect(pdb.bFactorsInSquareAngstroms == cif.bFactorsInSquareAngstroms)
  #expect(pdb.occupancies == cif.occupancies)
  return pdb
}

@Suite("Structure files")
struct StructureFileTests {
  private let mixed = StructureFixture(atoms: [
    .init(name: "N", element: "N", position: (1.5, -2.25, 3.125), occupancy: "0.50", bFactor: "12.34"),
    .init(name: "CA", element: "C", position: (0, 0, 0), bFactor: "0.00"),
    .init(name: "HA", element: "H", position: (0, 1, 0)),
    .init(
      name: "ZN", element: "ZN", residue: "ZN", chain: "B", number: 2, position: (10, 0, 0),
      isHeteroatom: true),
    .init(
      name: "O", element: "O", residue: "HOH", chain: "B", number: 3, position: (0, 0, -20),
      isHeteroatom: true),
  ])

  @Test("positions, elements, occupancies and B-factors arrive as written")
  func values() throws {
    let atoms = try read(mixed)
    #expect(atoms.positionsInAngstroms[0] == SIMD3(1.5, -2.25, 3.125))
    #expect(atoms.atomicNumbers == [7, 6, 1, 30, 8])
    #expect(atoms.bFactorsInSquareAngstroms == [12.34, 0, 20, 20, 20])
    #expect(atoms.occupancies == [0.5, 1, 1, 1, 1])
    #expect(atoms.exampleNames[30]?.hasSuffix("a.pdb, chain B, ZN 2, atom ZN (number 4)") == true)
  }

  @Test(
    "whatever the extension, and gzipped", arguments: ["a.pdb", "a.ent", "a.cif", "a.mmcif", "a.pdb.gz", "a"])
  func formats(name: String) throws {
    let folder = try ScratchFolder()
    for text in [mixed.pdb, mixed.cif, "\n# comment\n" + mixed.cif] {
      let bytes = Array(text.utf8)
      let want = try read(mixed)
      for path in [try folder.write(bytes, to: name), try folder.write(gzipStored(bytes), to: name + ".gz")] {
        let atoms = try AtomicStructure(contentsOf: path, options: StructureOptions(centring: .none))
        #expect(atoms.positionsInAngstroms == want.positionsInAngstroms)
      }
    }
  }

  @Test("letters beyond ASCII make no record and no data block, and may name residues")
  func lettersBeyondASCII() throws {
    // With the highest bit of one letter set.
    func damaged(_ word: String, at place: Int, _ text: String) -> [UInt8] {
      var bytes = Array(text.utf8)
      let start = text.utf8.distance(from: text.startIndex, to: text.range(of: word)!.lowerBound)
      bytes[start + place] |= 0x80
      return bytes
    }
    let folder = try ScratchFolder()
    for place in 0..<4 {
      let pdb = try folder.write(damaged("HETATM", at: place, mixed.pdb), to: "a.pdb")
      #expect(try AtomicStructure(contentsOf: pdb).atomicNumbers == [7, 6, 1, 8])
      let cif = try folder.write(damaged("data", at: place, mixed.cif), to: "a.cif")
      expectRefusal(.malformedFile, saying: "a.cif") { try AtomicStructure(contentsOf: cif) }
    }
    // The grammar of mmCIF has no such letters.
    var named = mixed
    for index in named.atoms.indices { named.atoms[index].residue = ["ÄB", "Bß", "HÖ"][index % 3] }
    let pdb = try folder.write(Array(named.pdb.utf8), to: "a.pdb")
    let options = StructureOptions(keepsWaters: false)
    #expect(try AtomicStructure(contentsOf: pdb, options: options).count == 5)
  }

  @Test("hydrogens, waters and heteroatoms are dropped when asked")
  func classes() throws {
    func numbers(_ options: StructureOptions) throws -> [UInt8] { try read(mixed, options).atomicNumbers }
    #expect(try numbers(StructureOptions(keepsHydrogens: false)) == [7, 6, 30, 8])
    #expect(try numbers(StructureOptions(keepsWaters: false)) == [7, 6, 1, 30])
    #expect(try numbers(StructureOptions(keepsHeteroatoms: false)) == [7, 6, 1])
  }

  @Test(
    "selections in gemmi's syntax",
    arguments: [
      ("A", [7, 6, 1]), ("//B", [30, 8]), ("//*//CA", [6]), ("//B/3", [8]), ("[H,N]", [7, 1]),
      ("(HOH)", [8]), (";q<0.9", [7]), ("/1/A//N", [7]),
    ] as [(String, [UInt8])])
  func selection(text: String, numbers: [UInt8]) throws {
    #expect(try read(mixed, StructureOptions(selection: text)).atomicNumbers == numbers)
  }

  @Test("models by name, the first by default")
  func models() throws {
    var fixture = StructureFixture()
    for model in [1, 2, 5] { fixture.atoms.append(.init(position: (Double(model), 0, 0), model: model)) }
    func x(_ options: StructureOptions) throws -> Double {
      try read(fixture, options).positionsInAngstroms[0].x
    }
    #expect(try x(StructureOptions(centring: .none)) == 1)
    #expect(try x(StructureOptions(model: "5", centring: .none)) == 5)
    #expect(try x(StructureOptions(selection: "/2", centring: .none)) == 2)
    expectRefusal(.invalidValue, saying: "no model '3'", "1, 2, 5") {
      try read(fixture, StructureOptions(model: "3"))
    }
  }

  @Test("the alternate location of highest occupancy, the first of equals; all when asked")
  func alternates() throws {
    var fixture = StructureFixture(atoms: [
      .init(name: "N", element: "N", position: (0, 0, 0)),
      .init(name: "CA", alternate: "A", position: (1, 0, 0), occupancy: "0.30"),
      .init(name: "CA", alternate: "B", position: (2, 0, 0), occupancy: "0.70"),
      .init(name: "CB", alternate: "A", position: (3, 0, 0), occupancy: "0.30"),
      .init(name: "CB", alternate: "B", position: (4, 0, 0), occupancy: "0.70"),
      // Only one of the two alternates has these.
      .init(name: "CG", alternate: "A", position: (5, 0, 0), occupancy: "0.30"),
      // Equal occupancies.
      .init(name: "CA", alternate: "A", number: 2, position: (6, 0, 0), occupancy: "0.50"),
      .init(name: "CA", alternate: "B", number: 2, position: (7, 0, 0), occupancy: "0.50"),
      // Two residues at one place.
      .init(name: "CA", alternate: "A", residue: "SER", number: 3, position: (8, 0, 0), occupancy: "0.40"),
      .init(
        name: "OG", element: "O", alternate: "A", residue: "SER", number: 3, position: (9, 0, 0),
        occupancy: "0.40"),
      .init(name: "CA", alternate: "B", residue: "THR", number: 3, position: (10, 0, 0), occupancy: "0.60"),
      .init(
        name: "OG1", element: "O", alternate: "B", residue: "THR", number: 3, position: (11, 0, 0),
        occupancy: "0.60"),
    ])
    let best = try read(fixture)
    #expect(best.positionsInAngstroms.map(\.x) == [0, 2, 4, 5, 6, 10, 11])
    #expect(best.occupancies == [1, 0.7, 0.7, 0.3, 0.5, 0.6, 0.6])
    let all = try read(fixture, StructureOptions(alternates: .all, centring: .none))
    #expect(all.positionsInAngstroms.map(\.x) == (0...11).map { Double($0) })
    #expect(
      try read(fixture, StructureOptions(usesOccupancies: false)).occupancies == Array(repeating: 1, count: 7)
    )
    for i in fixture.atoms.indices { fixture.atoms[i].occupancy = "0.00" }
    expectRefusal(.invalidValue, saying: "every atom's occupancy is 0") { try read(fixture) }
  }

  @Test("B-factors used, ignored or replaced; of anisotropic ones the isotropic equivalent")
  func bFactors() throws {
    func values(_ choice: StructureOptions.BFactors) throws -> [Float] {
      try read(mixed, StructureOptions(bFactors: choice)).bFactorsInSquareAngstroms
    }
    #expect(try values(.ignored) == [0, 0, 0, 0, 0])
    #expect(try values(.replaced(squareAngstroms: 7.5)) == [7.5, 7.5, 7.5, 7.5, 7.5])
    expectRefusal(.invalidValue, saying: "-1.0 Å²") { try values(.replaced(squareAngstroms: -1)) }

    let folder = try ScratchFolder()
    let line = StructureFixture(atoms: [.init()]).pdb.replacing("END\n", with: "")
    let path = try folder.write(
      Array((line + "ANISOU    1  CA  ALA A   1     1000   2000   6000    100    200    300       C\n").utf8),
      to: "a.pdb")
    // 8π²/3 · (0.1 + 0.2 + 0.6) Å².
    #expect(
      abs(try AtomicStructure(contentsOf: path).bFactorsInSquareAngstroms[0] - 23.687051) < 1e-5)
    // A record that ends after the coordinates has no B-factor and is there all the time.
    let short = try AtomicStructure(
      contentsOf: folder.write(Array(String(line.prefix(54)).utf8) + [10], to: "short.pdb"))
    #expect(short.bFactorsInSquareAngstroms == [0])
    #expect(short.occupancies == [1])
    let blank = try AtomicStructure(
      contentsOf: folder.write(
        Array(line.replacing("  1.00 20.00", with: "       20.00").utf8), to: "blank.pdb"))
    #expect(blank.bFactorsInSquareAngstroms == [20])
    #expect(blank.occupancies == [1])
    let unknown = try AtomicStructure(
      contentsOf: folder.write(
        Array(StructureFixture(atoms: [.init(occupancy: "?", bFactor: "?")]).cif.utf8), to: "a.cif"))
    #expect(unknown.bFactorsInSquareAngstroms == [0])
    #expect(unknown.occupancies == [1])
  }

  @Test("centred by mass, by extent or not")
  func centring() throws {
    let fixture = StructureFixture(atoms: [
      .init(element: "C", position: (10, 0, 2), occupancy: "0.50"),
      .init(element: "O", number: 2, position: (14, 8, 2)),
    ])
    let byMass = try read(fixture, StructureOptions()).positionsInAngstroms
    // 6.0055 and 15.999 daltons.
    #expect(abs(byMass[0].x - (10 - (6.0055 * 10 + 15.999 * 14) / 22.0045)) < 1e-4)
    #expect(abs(byMass[0].z) < 1e-12)
    let byExtent = try read(fixture, StructureOptions(centring: .geometry)).positionsInAngstroms
    #expect(byExtent == [SIMD3(-2, -4, 0), SIMD3(2, 4, 0)])
  }

  @Test("assemblies place chains by their operations")
  func assemblies() throws {
    let turn = [[0.0, -1, 0, 5], [1, 0, 0, -1], [0, 0, 1, 0.5]]
    let identity = [[1.0, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0]]
    var fixture = mixed
    fixture.assemblies = [("1", ["A", "B"], [identity]), ("2", ["A"], [identity, turn, turn])]
    let one = try read(fixture, StructureOptions(assembly: "1", centring: .none))
    #expect(one.count == 5)
    let two = try read(fixture, StructureOptions(assembly: "2", centring: .none))
    #expect(two.count == 9)
    #expect(two.atomicNumbers == [7, 6, 1, 7, 6, 1, 7, 6, 1])
    let moved = two.positionsInAngstroms[3] - SIMD3(2.25 + 5, 1.5 - 1, 3.125 + 0.5)
    #expect((moved * moved).sum() < 1e-12)
    #expect(
      try read(fixture, StructureOptions(selection: "//A//CA", assembly: "2", centring: .none)).count == 3)
    expectRefusal(.invalidValue, saying: "no assembly '7'", "it has 1, 2") {
      try read(fixture, StructureOptions(assembly: "7"))
    }
    expectRefusal(.invalidValue, saying: "no assembly '1'", "it has none") {
      try read(mixed, StructureOptions(assembly: "1"))
    }
    expectRefusal(.invalidValue, saying: "no atoms are left in assembly '2'") {
      try read(fixture, StructureOptions(selection: "B", assembly: "2"))
    }
  }

  @Test("products of operations are all of the left after each of the right; missing ones are refused")
  func operations() throws {
    let turn = [[0.0, -1, 0, 0], [1, 0, 0, 0], [0, 0, 1, 0]]
    let moves = (1...2).map { [[1.0, 0, 0, 10 * Double($0)], [0, 1, 0, 0], [0, 0, 1, 0]] }
    var fixture = StructureFixture(atoms: [.init(position: (1, 2, 3))])
    fixture.assemblies = [("1", ["A"], [turn] + moves)]
    func x(_ expression: String) throws -> [SIMD3<Double>] {
      let folder = try ScratchFolder()
      let text = fixture.cif.replacing("'(1-3)'", with: "'\(expression)'")
      return try AtomicStructure(
        contentsOf: folder.write(Array(text.utf8), to: "a.cif"),
        options: StructureOptions(assembly: "1", centring: .none)
      ).positionsInAngstroms
    }
    #expect(try x("(1)(2-3)") == [SIMD3(-2, 11, 3), SIMD3(-2, 21, 3)])
    #expect(try x("(2,3)(1)") == [SIMD3(8, 1, 3), SIMD3(18, 1, 3)])
    #expect(try x("3, 1") == [SIMD3(21, 2, 3), SIMD3(-2, 1, 3)])
    expectRefusal(.malformedFile, saying: "no operation '4'") { try x("1-4") }
    expectRefusal(.malformedFile, saying: "more than a million operations") {
      try x(String(repeating: "(1-3)", count: 14))
    }
  }

  @Test("an assembly of a million copies of atoms is placed without copying the file's")
  func largeAssembly() throws {
    // 500 atoms, 2000 operations: the file is small, the assembly is not.
    var fixture = StructureFixture()
    for i in 0..<500 {
      fixture.atoms.append(.init(number: i + 1, position: (Double(i % 10), Double(i / 10), 0)))
    }
    let operations = (0..<2000).map { [[1.0, 0, 0, Double($0)], [0, 1, 0, 0], [0, 0, 1, 0]] }
    fixture.assemblies = [("1", ["A"], operations)]
    let folder = try ScratchFolder()
    let path = try folder.write(Array(fixture.cif.utf8), to: "a.cif")
    let atoms = try AtomicStructure(
      contentsOf: path, options: StructureOptions(assembly: "1", centring: .none))
    #expect(atoms.count == 1_000_000)
    #expect(atoms.positionsInAngstroms[999_999] == SIMD3(2008, 49, 0))
  }

  @Test("a summary of what is in a file")
  func summary() throws {
    let folder = try ScratchFolder()
    let file = try StructureFile(path: folder.write(Array(mixed.cif.utf8), to: "a.cif"))
    let summary = try file.summary(StructureOptions(centring: .none))
    #expect(summary.modelNames == ["1"] && summary.assemblyNames.isEmpty)
    let counts: [Int] = [
      summary.atomCount, summary.chainCount, summary.residueCount, summary.hydrogenCount,
      summary.waterCount, summary.heteroatomCount, summary.alternateCount,
    ]
    #expect(counts == [5, 2, 3, 1, 1, 2, 0])
    #expect(summary.elements.map(\.symbol) == ["H", "C", "N", "O", "Zn"])
    // ½ N + C + H + Zn + O.
    #expect(abs(summary.massInDaltons - (7.0034 + 12.011 + 1.008 + 65.38 + 15.999)) < 0.02)
    #expect(summary.extentInAngstroms == SIMD3(10, 3.25, 23.125))
    #expect(summary.radiusInAngstroms == 20)
    #expect(summary.bFactorRangeInSquareAngstroms == 0...20)
    let atoms = try file.atoms(StructureOptions(centring: .none))
    #expect(try atoms.boxSize(pixelSizeInAngstroms: 1.5, marginInAngstroms: 3) == 32)
    let volume = try GaussianMixtureVolume(atoms)
    let warning = try #require(
      volume.warning(forImageOf: GridShape(square: 24), pixelSizeInAngstroms: 1))
    // The water is 20 Å away: its share of Σ a by Peng et al.
    #expect(warning.contains("more than 12.0 Å") && warning.contains("a box of 42 pixels"))
    #expect(volume.warning(forImageOf: try GridShape(square: 42), pixelSizeInAngstroms: 1) == nil)
  }

  // MARK: Bad input

  private func refusal(
    _ text: String, _ kind: ExitPlaneError.Kind, saying words: String, name: String = "bad.pdb",
    options: StructureOptions = StructureOptions(), sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let folder = try ScratchFolder()
    let path = try folder.write(Array(text.utf8), to: name)
    expectRefusal(kind, saying: words, name, sourceLocation: sourceLocation) {
      try AtomicStructure(contentsOf: path, options: options)
    }
  }

  @Test("numbers that are none are refused with their line")
  func numbers() throws {
    let line = StructureFixture(atoms: [
      .init(position: (1, 2, 3)), .init(number: 2, position: (12.5, -7, 3)),
    ]).pdb
    try refusal(
      line.replacing("12.500", with: "1x.500"), .malformedFile, saying: "line 2: an atom's x is '1x.500'")
    try refusal(
      line.replacing("12.500", with: "   nan"), .malformedFile, saying: "line 2: an atom's x is 'nan'")
    try refusal(line.replacing("12.500", with: "      "), .malformedFile, saying: "columns 31 to 38")
    try refusal(
      line.replacing("  1.00 20.00", with: "  1.00 2O.00"), .malformedFile,
      saying: "line 1: an atom's B-factor")
    try refusal(
      line.replacing("  1.00 20.00", with: "  1,00 20.00"), .malformedFile, saying: "occupancy is '1,00'")
    try refusal(
      String(line.prefix(40)) + "\n", .malformedFile, saying: "line 1: an atom's record of 40 columns")
    let cif = StructureFixture(atoms: [.init(position: (1, 2, 3)), .init(position: (12.5, -7, 3))]).cif
    for wrong in ["?", "1x.5", "nan", "inf", "1e999"] {
      try refusal(
        cif.replacing("12.500", with: wrong), .malformedFile, saying: "2 has _atom_site.Cartn_x '\(wrong)'",
        name: "bad.cif")
    }
    try refusal(
      cif.replacing(" 20.00 ", with: " x "), .malformedFile, saying: "B_iso_or_equiv 'x'", name: "bad.cif")
  }

  @Test("elements that are none are refused with the atom's name")
  func elements() throws {
    let fixture = StructureFixture(atoms: [.init(), .init(name: "QQ", element: "QQ", number: 7)])
    try refusal(
      fixture.pdb, .malformedFile, saying: "chain A, ALA 7, atom QQ (number 2) is of an unknown element")
    try refusal(
      fixture.cif, .malformedFile, saying: "chain A, ALA 7, atom QQ (number 2) is of", name: "bad.cif")
    // What is not chosen does no harm.
    let chosen = try read(fixture, StructureOptions(selection: "//A/1"))
    #expect(chosen.atomicNumbers == [6])
    let heavy = try read(StructureFixture(atoms: [.init(), .init(name: "ES", element: "ES", number: 3)]))
    expectRefusal(.unsupported, saying: "chain A, ALA 3, atom ES", "element Es (atomic number 99)") {
      try GaussianMixtureVolume(heavy)
    }
  }

  @Test("negative B-factors and occupancies are refused where they are used")
  func negatives() throws {
    let cold = StructureFixture(atoms: [.init(), .init(number: 2, bFactor: "-3.00")])
    try refusal(cold.pdb, .malformedFile, saying: "ALA 2, atom CA (number 2) has a negative B-factor")
    #expect(try read(cold, StructureOptions(bFactors: .ignored)).count == 2)
    let absent = StructureFixture(atoms: [.init(), .init(number: 2, occupancy: "-0.50")])
    try refusal(absent.pdb, .malformedFile, saying: "has a negative occupancy")
    #expect(try read(absent, StructureOptions(usesOccupancies: false)).count == 2)
  }

  @Test("files that are neither, empty, cut short or missing are refused")
  func files() throws {
    try refusal("", .malformedFile, saying: "is empty")
    try refusal("Dear reader,\nthis is a letter.\n", .malformedFile, saying: "no ATOM or HETATM records")
    try refusal("data_x\n_cell.length_a 10\n", .malformedFile, saying: "no _atom_site.", name: "bad.cif")
    try refusal("data_x\nloop_\n_a.b\n_a.c\n1 2 3\n", .malformedFile, saying: "line ", name: "bad.cif")
    try refusal("data_x\n_atom_site.id 'unterminated\n", .malformedFile, saying: "line 2", name: "bad.cif")
    try refusal("ATOM\u{0}", .malformedFile, saying: "a zero byte")
    let folder = try ScratchFolder()
    let whole = gzipStored(Array(mixed.pdb.utf8))
    let cut = try folder.write(Array(whole.dropLast(40)), to: "cut.pdb.gz")
    expectRefusal(.unreadableFile, saying: "cut.pdb.gz", "cut short") { try AtomicStructure(contentsOf: cut) }
    expectRefusal(.unreadableFile, saying: "none.cif", "no such file") {
      try AtomicStructure(contentsOf: folder("none.cif"))
    }
    expectRefusal(.unreadableFile, saying: "is a directory") { try AtomicStructure(contentsOf: folder.path) }
  }

  @Test("a choice that leaves nothing, or is not understood, is refused")
  func choices() throws {
    let folder = try ScratchFolder()
    let path = try folder.write(Array(mixed.pdb.utf8), to: "a.pdb")
    expectRefusal(.invalidValue, saying: "no atoms are left", "a.pdb") {
      try AtomicStructure(contentsOf: path, options: StructureOptions(selection: "//C"))
    }
    expectRefusal(.invalidValue, saying: "Invalid selection syntax", "would do") {
      try AtomicStructure(contentsOf: path, options: StructureOptions(selection: "A[["))
    }
  }

  // MARK: Peng's table

  @Test(
    "Peng's 98 elements are the reference's",
    .enabled(if: ReferenceCases.areHere, "no ../shared/reference here"))
  func peng() throws {
    let entry = try #require(ReferenceCases.all(of: "PengScatteringFactors").first)
    let want = try ReferenceCases.doubles(entry.expected.file)
    for number in 1...98 {
      let factor = try ScatteringFactor.peng(atomicNumber: number)
      for i in 0..<5 {
        #expect(abs(factor.amplitudesInAngstroms[i] - want[(number - 1) * 5 + i]) < 1e-12)
        #expect(abs(factor.widthsInSquareAngstroms[i] - want[490 + (number - 1) * 5 + i]) < 1e-12)
      }
    }
  }

  @Test("carbon's factor is the table's", arguments: [(0.0, 2.5088), (1.0, 0.413583), (4.0, 0.0335891)])
  func carbon(frequency: Double, value: Double) throws {
    let factor = try ScatteringFactor.peng(atomicNumber: 6)
    #expect(abs(factor.value(atFrequencyInInverseAngstroms: frequency) - value) < 1e-6)
    #expect(
      abs(
        factor.value(atFrequencyInInverseAngstroms: frequency, bFactorInSquareAngstroms: 20)
          - factor.value(atFrequencyInInverseAngstroms: frequency) * exp(-5 * frequency * frequency)) < 1e-12)
    for number in [0, -1, 99, 118, 119, Int.max] {
      expectRefusal(.unsupported, saying: "(atomic number \(number))") {
        try ScatteringFactor.peng(atomicNumber: number)
      }
    }
  }
}
