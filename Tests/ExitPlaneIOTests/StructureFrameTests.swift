import ExitPlane
import Foundation
import Testing

@testable import ExitPlaneIO

/// What is left out of a structure does not move what is taken.
@Suite("The frame of a structure")
struct StructureFrameTests {
  private let complex = StructureFixture(
    atoms: [
      .init(position: (10, 0, 2)),
      .init(name: "N", element: "N", number: 2, position: (14, 8, -2), occupancy: "0.50"),
      .init(name: "H", element: "H", number: 2, position: (15, 8, -2)),
      .init(chain: "B", number: 1, position: (40, -20, 7)),
      .init(
        name: "ZN", element: "ZN", residue: "ZN", chain: "B", number: 2, position: (31, 3, 9),
        isHeteroatom: true),
      .init(
        name: "O", element: "O", residue: "HOH", chain: "C", number: 3, position: (-9, 4, 50),
        isHeteroatom: true),
    ],
    assemblies: [
      (
        "1", ["A", "B"],
        [[[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0]], [[0, -1, 0, 5], [1, 0, 0, -1], [0, 0, 1, 0.5]]]
      )
    ])

  private func file(_ format: String, in folder: ScratchFolder) throws -> StructureFile {
    let text = format == "pdb" ? complex.pdb : complex.cif
    return try StructureFile(path: folder.write(Array(text.utf8), to: "complex.\(format)"))
  }

  @Test("every atom lies where it lies in the whole, whatever else is left out", arguments: ["pdb", "cif"])
  func parts(format: String) throws {
    let folder = try ScratchFolder()
    let file = try file(format, in: folder)
    for centring in [StructureOptions.Centring.mass, .geometry] {
      let whole = try file.atoms(StructureOptions(centring: centring)).positionsInAngstroms
      func isPart(_ options: StructureOptions, count: Int) throws {
        let part = try file.atoms(options).positionsInAngstroms
        #expect(part.count == count && part.allSatisfy { whole.contains($0) }, "\(options)")
      }
      for (selection, count) in [("A", 3), ("B", 2), ("//C", 1), ("[ZN]", 1)] {
        try isPart(StructureOptions(selection: selection, centring: centring), count: count)
      }
      try isPart(StructureOptions(keepsHydrogens: false, centring: centring), count: 5)
      try isPart(StructureOptions(keepsWaters: false, centring: centring), count: 5)
      try isPart(StructureOptions(keepsHeteroatoms: false, centring: centring), count: 4)
    }
    let assembly = try file.atoms(StructureOptions(assembly: "1")).positionsInAngstroms
    let chain = try file.atoms(StructureOptions(selection: "A", assembly: "1")).positionsInAngstroms
    #expect(assembly.count == 10 && chain.count == 6 && chain.allSatisfy { assembly.contains($0) })
  }

  @Test("the selection's centre, or a point, where it is asked for")
  func otherCentres() throws {
    let folder = try ScratchFolder()
    let file = try file("pdb", in: folder)
    let selected = try file.atoms(StructureOptions(selection: "[ZN]", centring: .selection))
    #expect(selected.positionsInAngstroms == [SIMD3(0, 0, 0)])
    let point = StructureOptions.Centring.point(inAngstroms: SIMD3(30, 3, -1))
    let moved = try file.atoms(StructureOptions(selection: "[ZN]", centring: point))
    #expect(moved.positionsInAngstroms == [SIMD3(1, 0, 10)])
  }

  @Test("projections of the chains add up to the projection of the whole")
  func sums() throws {
    let folder = try ScratchFolder()
    let file = try file("cif", in: folder)
    let plane = try ImageConfiguration(
      shape: GridShape(square: 64), pixelSizeInAngstroms: 1.5, voltageInKilovolts: 300)
    func image(_ options: StructureOptions) throws -> [Double] {
      try GaussianMixtureProjection<Double>(accuracy: 1e-12)
        .project(GaussianMixtureVolume(file.atoms(options)), at: .identity, onto: plane).values
    }
    let whole = try image(StructureOptions())
    let parts = try ["A", "B", "C"].map { try image(StructureOptions(selection: $0)) }
    let largest = whole.reduce(0) { max($0, abs($1)) }
    for i in whole.indices {
      #expect(abs(parts.reduce(0) { $0 + $1[i] } - whole[i]) < 1e-10 * largest)
    }
  }

  @Test("atoms that are not taken may be of no element, and do not weigh")
  func unknownElements() throws {
    let folder = try ScratchFolder()
    let odd = StructureFixture(atoms: [
      .init(position: (4, 0, 0)), .init(name: "Q", element: "X", chain: "B", position: (90, 0, 0)),
      .init(chain: "A", number: 2, position: (6, 0, 0)),
    ])
    let path = try folder.write(Array(odd.pdb.utf8), to: "odd.pdb")
    let atoms = try AtomicStructure(contentsOf: path, options: StructureOptions(selection: "A"))
    #expect(atoms.positionsInAngstroms == [SIMD3(-1, 0, 0), SIMD3(1, 0, 0)])
  }

  @Test("where nothing is left, the chains there are are named")
  func chains() throws {
    let folder = try ScratchFolder()
    let file = try file("cif", in: folder)
    expectRefusal(.invalidValue, saying: "no atoms are left", "its chains are A, B, C") {
      try file.atoms(StructureOptions(selection: "//X"))
    }
    #expect(try file.summary().chainNames == ["A", "B", "C"])
    #expect(try file.summary(StructureOptions(selection: "B")).chainNames == ["B"])
  }

  @Test(
    "what stands in place of B-factors is known by the file's own words",
    arguments: [
      (
        "a.cif",
        "loop_\n_ma_qa_metric.id\n_ma_qa_metric.mode\n_ma_qa_metric.name\n_ma_qa_metric.type\n1 global pLDDT pLDDT\n2 local pLDDT pLDDT\n",
        "pLDDT"
      ),
      (
        "b.cif", "_ma_qa_metric.id 1\n_ma_qa_metric.mode local\n_ma_qa_metric.name QMEANDisCo\n", "QMEANDisCo"
      ),
      ("c.cif", "_ma_qa_metric.id 1\n_ma_qa_metric.mode global\n_ma_qa_metric.name pTM\n", nil),
      ("d.cif", "_struct.title 'AlphaFold was the starting model'\n", nil),
      ("a.pdb", "TITLE     ALPHAFOLD MONOMER V2.0 PREDICTION FOR SOMETHING (P12345)\n", "pLDDT"),
      ("b.pdb", "TITLE     ESMFOLD V1 PREDICTION FOR INPUT\n", "pLDDT"),
      ("c.pdb", "EXPDTA    ELECTRON MICROSCOPY\nREMARK   3  STARTING MODEL: ALPHAFOLD\n", nil),
      ("d.pdb", "TITLE     A PROTEIN THAT FOLDS\n", nil),
    ] as [(String, String, String?)])
  func confidence(name: String, text: String, score: String?) throws {
    let folder = try ScratchFolder()
    let whole = name.hasSuffix("pdb") ? text + complex.pdb : complex.cif + text
    #expect(try StructureFile(path: folder.write(Array(whole.utf8), to: name)).confidenceScoreName == score)
  }

  @Test("numbers beyond what can be computed with name their atom and file", arguments: ["pdb", "cif"])
  func beyond(format: String) throws {
    let folder = try ScratchFolder()
    func refusal(_ atom: StructureFixture.Atom, _ words: String, replacing: (String, String)? = nil) throws {
      let fixture = StructureFixture(atoms: [.init(), atom])
      var text = format == "pdb" ? fixture.pdb : fixture.cif
      if let (from, to) = replacing { text = text.replacingOccurrences(of: from, with: to) }
      let path = try folder.write(Array(text.utf8), to: "far.\(format)")
      expectRefusal(.malformedFile, saying: "far.\(format)", "number 2", words) {
        try AtomicStructure(contentsOf: path)
      }
    }
    try refusal(
      .init(number: 2, position: (7, 0, 0)), "more than 1000000000 Å", replacing: ("7.000", "7.e29"))
    try refusal(.init(number: 2, occupancy: " 1e99"), "occupancy, or one beyond single precision")
    try refusal(.init(number: 2, bFactor: " 1e99"), "B-factor, or one beyond single precision")
  }

  @Test("what leaves an image or a map is told by its cause")
  func warnings() throws {
    func mixture(_ positions: SIMD3<Double>...) throws -> GaussianMixtureVolume {
      try GaussianMixtureVolume(
        positions: positions, amplitudes: positions.map { _ in [1] }, variances: positions.map { _ in [1] })
    }
    let shape = try GridShape(square: 20)
    let wide = try mixture(SIMD3(-15, 0, 0), SIMD3(15, 0, 0))
    let far = try mixture(SIMD3(28, 0, 0), SIMD3(32, 0, 0))
    let wideWords = try #require(wide.warning(forImageOf: shape, pixelSizeInAngstroms: 1))
    #expect(wideWords.contains("a box of 32 pixels would hold it") && !wideWords.contains("middle"))
    let farWords = try #require(far.warning(forImageOf: shape, pixelSizeInAngstroms: 1))
    #expect(farWords.contains("its middle is at (30.0, 0.0, 0.0) Å") && farWords.contains("66 pixels"))
    // Sides of z, y and x; the corner of a cube is in the map, though no image of every view.
    let corner = try mixture(SIMD3(9, 9, 9))
    #expect(corner.warning(forMapOf: (20, 20, 20), voxelSizeInAngstroms: 1) == nil)
    #expect(corner.warning(forImageOf: shape, pixelSizeInAngstroms: 1) != nil)
    let flat = try #require(corner.warning(forMapOf: (10, 20, 20), voxelSizeInAngstroms: 1))
    #expect(flat.contains("10 × 20 × 20") && flat.contains("20³") && flat.contains("middle"))
    let long = try #require(wide.warning(forMapOf: (20, 20, 20), voxelSizeInAngstroms: 1))
    #expect(long.contains("one of 32³ would hold it"))
  }
}
