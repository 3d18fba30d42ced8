import ExitPlane
import Foundation
import Testing

@testable import ExitPlaneIO

/// Files of many small things. Each takes a second or less; were anything looked up among all before it, minutes.
@Suite("Growth of readers", .serialized, .timeLimit(.minutes(1)))
struct ReaderGrowthTests {
  @Test("many blocks, pairs and columns")
  func blocks() throws {
    let count = 300_000
    var blocks = ""
    var pairs = "data_\n"
    var columns = "data_\nloop_\n"
    for i in 0..<count {
      blocks += "data_\(i)\n"
      pairs += "_a\(i) 1\n"
      columns += "_a\(i)\n"
    }
    columns += String(repeating: "1 ", count: count) + "\n"
    #expect(try STARDocument(parsing: Array(blocks.utf8), path: "blocks.star").blocks.count == count)
    #expect(try STARDocument(parsing: Array(pairs.utf8), path: "pairs.star").blocks[0].pairs.count == count)
    let table = try STARDocument(parsing: Array(columns.utf8), path: "columns.star").blocks[0].table
    #expect(table?.columns.count == count && table?.rowCount == 1)
    // Blocks with a pair each, after one with many.
    let mixed = pairs + blocks.replacingOccurrences(of: "\n", with: "\n_b 1\n")
    #expect(try STARDocument(parsing: Array(mixed.utf8), path: "mixed.star").blocks.count == count + 1)
  }

  @Test("a second of a name is still found, with the line of the first")
  func duplicates() throws {
    func refusal(_ text: String, saying words: String) {
      expectRefusal(.malformedFile, saying: words) {
        try STARDocument(parsing: Array(text.utf8), path: "a.star")
      }
    }
    refusal(
      "data_a\n_x 1\ndata_b\n_x 1\ndata_a\n",
      saying: "line 5: a second block data_a; one is needed (the first is on line 1)")
    refusal(
      "data_a\n_x 1\n_y 1\n_x 2\n", saying: "line 4: a second _x; one is needed (the first is on line 2)")
    refusal("data_a\nloop_\n_x\n_y\n_x\n1 2 3\n", saying: "line 5: a second column _x")
  }

  @Test("many optics groups")
  func groups() throws {
    let count = 150_000
    var text = "data_optics\nloop_\n_rlnOpticsGroup\n_rlnImagePixelSize\n"
    for i in 0..<count { text += "\(i) 1.5\n" }
    text += "data_particles\nloop_\n_rlnAngleRot\n_rlnAngleTilt\n_rlnAnglePsi\n_rlnOpticsGroup\n"
    for i in 0..<count { text += "1 2 3 \(count - 1 - i)\n" }
    let particles = try ParticleSet(STARDocument(parsing: Array(text.utf8), path: "groups.star"))
    #expect(particles.opticsGroups.count == count)
    #expect(particles.opticsGroupIndices.first == count - 1)
  }

  /// A line of an atom, without the fixture's care for widths: there are many.
  private func line(
    _ format: String, _ i: Int, alternate: String = "", chain: String = "A", number: Int = 1000
  ) -> String {
    format == "pdb"
      ? "ATOM      1  CA \(alternate.isEmpty ? " " : alternate)ALA \(chain)\(number)     \(100 + i % 900).000   "
        + "1.000   2.000  1.00 20.00           C\n"
      : "ATOM \(i) C CA \(alternate.isEmpty ? "." : alternate) ALA \(chain) \(number) \(100 + i % 900) 1 2 1.00 "
        + "20.00 \(number) \(chain) 1\n"
  }

  /// What a file has before such lines.
  private func head(_ format: String) -> String { format == "pdb" ? "" : StructureFixture().cif }

  @Test("many residues, chains and alternate locations", arguments: ["pdb", "cif"])
  func structures(format: String) throws {
    let count = 200_000
    let folder = try ScratchFolder()
    func atoms(_ line: (Int) -> String) throws -> Int {
      var text = head(format)
      for i in 0..<count { text += line(i) }
      let path = try folder.write(Array(text.utf8), to: "many.\(format)")
      return try AtomicStructure(contentsOf: path, options: StructureOptions(centring: .none)).count
    }
    // Residues that come again after all others have been, as alternates do.
    #expect(try atoms { line(format, $0, number: 1000 + $0 % 8000) } == count)
    // A residue of nothing but alternates: those of the first are left.
    #expect(try atoms { line(format, $0, alternate: $0 % 2 == 0 ? "A" : "B") } == count / 2)
    #expect(try atoms { line(format, $0, chain: $0 % 3 == 0 ? "A" : "B") } == count)
  }

  @Test("a residue of atoms that are all the only one of their name")
  func alternates() throws {
    let count = 150_000
    var text = head("cif") + line("cif", 0, alternate: "A")
    for i in 1..<count {
      text += line("cif", i, alternate: "B").replacingOccurrences(of: " CA ", with: " C\(i) ")
    }
    let folder = try ScratchFolder()
    let path = try folder.write(Array(text.utf8), to: "alternates.cif")
    #expect(try AtomicStructure(contentsOf: path, options: StructureOptions(centring: .none)).count == count)
  }

  @Test("many residues of a chain, chains and entities in mmCIF")
  func dictionary() throws {
    let count = 100_000
    let folder = try ScratchFolder()
    var residues = head("cif")
    for i in 0..<count { residues += line("cif", i, number: i) }
    let long = try StructureFile(path: folder.write(Array(residues.utf8), to: "long.cif"))
    #expect(try long.summary(StructureOptions(centring: .none)).residueCount == count)
    var text = head("cif")
    for i in 0..<count { text += line("cif", i, chain: "C\(i)", number: i) }
    text += "loop_\n_entity.id\n_entity.type\n"
    for i in 0..<count { text += "\(i) polymer\n" }
    text += "loop_\n_struct_asym.id\n_struct_asym.entity_id\n"
    for i in 0..<count { text += "C\(i) \(i)\n" }
    let file = try StructureFile(path: folder.write(Array(text.utf8), to: "many.cif"))
    #expect(try file.atoms(StructureOptions(centring: .none)).count == count)
    #expect(try file.atoms(StructureOptions(selection: ";polymer", centring: .none)).count == count)
  }

  @Test("PDB files whose chains and models would be searched for ever are refused in a sentence")
  func searches() throws {
    let atom = StructureFixture(atoms: [.init()]).pdb.replacingOccurrences(of: "END\n", with: "")
    let folder = try ScratchFolder()
    let models = String(repeating: atom + "ENDMDL\n", count: 60_000)
    let path = try folder.write(Array(models.utf8), to: "models.pdb")
    expectRefusal(.malformedFile, saying: "models.pdb", "too many models") { try StructureFile(path: path) }
  }

  /// Thirty assemblies of a million operations each.
  private func manyAssemblies() -> String {
    var text = StructureFixture(atoms: [.init()]).cif
    text += "loop_\n_pdbx_struct_assembly_gen.assembly_id\n_pdbx_struct_assembly_gen.oper_expression\n"
    text += "_pdbx_struct_assembly_gen.asym_id_list\n"
    for i in 1...30 { text += "\(i) (1-1000)(1-1000) A\n" }
    text +=
      "31 (1-1000)(1-1001) A\n32 (1-1000)(1-1000) A\n32 1 A\n33 (7-3) A\n34 (1-2) A,A,A\n35 (1-99999999999999999999) A\n36 1,2000 A\n"
    text += "loop_\n_pdbx_struct_oper_list.id\n"
    for row in 1...3 {
      for column in 1...3 { text += "_pdbx_struct_oper_list.matrix[\(row)][\(column)]\n" }
      text += "_pdbx_struct_oper_list.vector[\(row)]\n"
    }
    for i in 1...1001 { text += "\(i) 1 0 0 \(i) 0 1 0 0 0 0 1 0\n" }
    return text
  }

  @Test("assemblies are multiplied out when they are asked for, and no farther than a million")
  func assemblies() throws {
    let folder = try ScratchFolder()
    let file = try StructureFile(path: folder.write(Array(manyAssemblies().utf8), to: "many.cif"))
    #expect(file.assemblyNames.count == 36)
    #expect(try file.atoms(StructureOptions(centring: .none)).count == 1)
    #expect(try file.atoms(StructureOptions(assembly: "7", centring: .none)).count == 1_000_000)
    #expect(try file.atoms(StructureOptions(assembly: "34", centring: .none)).count == 2)
    func refusal(_ assembly: String, saying words: String) {
      expectRefusal(.malformedFile, saying: "many.cif", words) {
        try file.atoms(StructureOptions(assembly: assembly))
      }
    }
    refusal("31", saying: "assembly '31' has more than a million operations")
    refusal("32", saying: "assembly '32' has more than a million operations")
    refusal("33", saying: "the smaller number comes first")
    refusal("35", saying: "a range of operations with '99999999999999999999'")
    refusal("36", saying: "no operation '2000'")
  }
}
