import Foundation
import Testing

/// Nothing that a file or a path holds acts on the terminal.
@Suite("Text of files on the terminal")
struct TerminalEscapeTests {
  /// A window title, a colour by C1, an order of writing, a line of its own.
  static let attack = "\u{1b}]0;pwned\u{7}\u{9b}31m\u{202e}evil\u{2028}"

  static let cases: [(name: String, text: String)] = {
    let atom = "ATOM      1  CA  ALA A   1       1.000   2.000   3.000  1.00 20.00           C\n"
    let columns = [
      "group_PDB", "id", "type_symbol", "label_atom_id", "label_alt_id", "label_comp_id", "label_asym_id",
      "label_seq_id", "Cartn_x", "Cartn_y", "Cartn_z", "occupancy", "B_iso_or_equiv", "auth_seq_id",
      "auth_asym_id", "pdbx_PDB_model_num",
    ]
    let cif = "data_x\nloop_\n" + columns.map { "_atom_site.\($0)\n" }.joined()
    let star = "data_\(attack)\nloop_\n_rlnAngleRot\n_rlnAngleTilt\n_rlnAnglePsi\n_rln\(attack)\n"
    return [
      (
        "assembly.pdb",
        "REMARK 350 BIOMOLECULE: \(attack)\nREMARK 350 APPLY THE FOLLOWING TO CHAINS: A\n" + atom + "END\n"
      ),
      ("chain.pdb", atom.replacingOccurrences(of: "ALA A", with: "ALA \u{1b}")),
      ("model.pdb", "MODEL  \u{1b}[31m\n" + atom + "ENDMDL\n"),
      ("number.pdb", atom.replacingOccurrences(of: "   1.000", with: "\u{1b}[31m1.0")),
      (
        "assembly.cif",
        cif + "ATOM 1 C CA . ALA A 1 1 2 3 1 20 1 A 1\n"
          + "loop_\n_pdbx_struct_assembly_gen.assembly_id\n_pdbx_struct_assembly_gen.oper_expression\n"
          + "_pdbx_struct_assembly_gen.asym_id_list\n'\(attack)' 1 A\n"
      ),
      ("chain.cif", cif + "ATOM 1 C CA . ALA A 1 1 2 3 1 20 1 '\(attack)' 1\n"),
      ("number.cif", cif + "ATOM 1 C CA . ALA A 1 '\(attack)' 2 3 1 20 1 A 1\n"),
      (
        "name.star",
        star.replacingOccurrences(of: "\u{1b}", with: "").replacingOccurrences(of: "\u{7}", with: "")
          + "1 2 3 4\n"
      ),
      (
        "value.star",
        "data_particles\nloop_\n_rlnAngleRot\n_rlnAngleTilt\n_rlnAnglePsi\n1 2 \u{9b}31m\u{202e}\u{2028}\n"
      ),
      ("escape.star", star + "1 2 3 4\n"),
    ]
  }()

  /// What is printed holds nothing but what is seen, and line feeds.
  func expectHarmless(_ text: String, _ what: String) {
    let acting = text.unicodeScalars.filter { scalar in
      scalar != "\n"
        && (scalar.value < 0x20 || (0x7f...0x9f).contains(scalar.value)
          || (0x2028...0x202e).contains(scalar.value))
    }
    #expect(acting.isEmpty, "\(what): \(text.debugDescription)")
  }

  @Test("is harmless in info and in errors", arguments: cases.map(\.name))
  func files(name: String) throws {
    let folder = try ScratchFolder()
    let text = try #require(Self.cases.first { $0.name == name }?.text)
    try folder.write(name, text)
    try folder.write("map.mrc", blobMap(8))
    let isStar = name.hasSuffix(".star")
    let runs = [
      ["info", name],
      isStar
        ? ["project", "map.mrc", "--poses", name, "--output", "o.mrcs"]
        : [
          "project", name, "--euler", "0,0,0", "--box", "8", "--pixel-size", "1", "--output", "o.mrcs",
          "--assembly", "none", "--selection", "//A",
        ],
    ]
    for arguments in runs {
      let run = try CommandRun(arguments, in: folder.path)
      expectHarmless(run.standardOutput, "output of \(arguments[0])")
      expectHarmless(run.standardError, "talk of \(arguments[0])")
    }
  }

  @Test("a path is harmless wherever it is repeated, and its error is one line")
  func paths() throws {
    let folder = try ScratchFolder()
    let name = "a\nError: b\u{1b}[31m.mrc"
    for arguments in [["info", name], ["project", name, "--random-poses", "1", "--output", "o.mrcs"]] {
      let run = try CommandRun(arguments, in: folder.path)
      #expect(run.status == 1)
      #expect(run.standardError.split(separator: "\n").count == 1, "\(run.standardError)")
      expectHarmless(run.standardError, "an error")
    }
    try folder.write(name, blobMap(8))
    expectHarmless(try CommandRun(["info", name], in: folder.path).standardOutput, "output")
    let run = try CommandRun(["project", "m.mrc", "\u{1b}[31mmore", "--output", "o.mrcs"], in: folder.path)
    #expect(run.status == 64)
    expectHarmless(run.standardError, "an error of arguments")
  }
}
