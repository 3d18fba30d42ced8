import Foundation
import Testing

/// Structures that cannot be used get one clear sentence and exit 1, and leave no output.
@Suite("exitplane refuses bad structures")
struct BadStructureTests {
  struct BadStructure: Sendable, CustomTestStringConvertible {
    let what: String
    var name = "model.pdb"
    var bytes: [UInt8]? = Array(twoAtoms.utf8)
    var extra: [String] = []
    /// What the sentence must say.
    let says: [String]
    var testDescription: String { what }

    init(
      _ what: String, name: String = "model.pdb", _ text: String? = twoAtoms, extra: [String] = [],
      says: [String]
    ) {
      (self.what, self.name, self.extra, self.says) = (what, name, extra, says)
      bytes = text.map { Array($0.utf8) }
    }
  }

  /// Columns as the PDB's format has them.
  static let twoAtoms = """
    ATOM      1  CA  ALA A   1       1.000   2.000   3.000  1.00 20.00           C
    ATOM      2  OXT ALA A   1      12.500  -7.000   3.000  1.00 20.00           O
    END

    """
  static let dictionary = """
    data_x
    loop_
    _atom_site.id
    _atom_site.type_symbol
    _atom_site.label_atom_id
    _atom_site.label_alt_id
    _atom_site.label_comp_id
    _atom_site.label_asym_id
    _atom_site.label_seq_id
    _atom_site.Cartn_x
    _atom_site.Cartn_y
    _atom_site.Cartn_z
    _atom_site.occupancy
    _atom_site.B_iso_or_equiv
    _atom_site.auth_seq_id
    1 C CA . ALA A 1 1 2 east 1 20 1

    """

  static let cases: [BadStructure] = {
    func changed(_ from: String, _ to: String) -> String {
      twoAtoms.replacingOccurrences(of: from, with: to)
    }
    var cut = BadStructure(
      "a gzip file cut short", name: "model.pdb.gz", says: ["model.pdb.gz", "cut short"])
    // The header and the first byte of a stored block.
    cut.bytes = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 1]
    return [
      BadStructure("a file that is not there", nil, says: ["model.pdb", "no such file"]),
      BadStructure("an empty file", "", says: ["model.pdb", "empty"]),
      BadStructure("a letter", "Dear reader,\nthis is a letter.\n", says: ["model.pdb", "ATOM"]),
      cut,
      BadStructure("a word for a coordinate", changed("12.500", "  east"), says: ["line 2", "east"]),
      BadStructure("no number for a coordinate", changed("12.500", "   nan"), says: ["line 2", "nan"]),
      BadStructure("a word in mmCIF", name: "model.cif", dictionary, says: ["Cartn_z", "east"]),
      BadStructure(
        "an unknown element",
        changed(" OXT", "  QQ").replacingOccurrences(of: "           O", with: "          QQ"),
        says: ["unknown element", "QQ"]),
      BadStructure(
        "a B-factor below 0", changed("20.00           O", "-3.00           O"),
        says: ["negative B-factor", "OXT"]),
      BadStructure(
        "nothing selected", extra: ["--selection", "//Z"], says: ["no atoms are left", "model.pdb"]),
      BadStructure("no such model", extra: ["--model", "7"], says: ["7", "model.pdb"]),
      BadStructure("no such assembly", extra: ["--assembly", "9"], says: ["9", "model.pdb"]),
      BadStructure("an accuracy that is none", extra: ["--accuracy=-1"], says: ["accuracy", "-1"]),
    ]
  }()

  @Test("in one sentence, with exit 1 and no output", arguments: cases, ["project", "render"])
  func refused(input: BadStructure, command: String) throws {
    let folder = try ScratchFolder()
    if let bytes = input.bytes { try folder.write(input.name, bytes) }
    let before = folder.contents
    let arguments =
      command == "project"
      ? ["--euler", "0,0,0", "--box", "32", "--pixel-size", "1.5", "--output", "out.mrcs"]
      : ["--box", "32", "--voxel-size", "1.5", "--output", "out.mrc"]
    let run = try CommandRun([command, input.name] + arguments + input.extra, in: folder.path)
    #expect(run.status == 1)
    #expect(run.standardError.hasPrefix("Error: "))
    #expect(run.standardError.split(separator: "\n").count == 1, "\(run.standardError)")
    for text in input.says {
      #expect(run.standardError.contains(text), "\(text) in \(run.standardError)")
    }
    #expect(folder.contents == before)
  }

  @Test("a box too small for the structure is a warning that says how much is outside")
  func smallBox() throws {
    let folder = try ScratchFolder()
    try folder.write("model.pdb", Self.twoAtoms)
    let run = try CommandRun(
      ["render", "model.pdb", "--box", "8", "--voxel-size", "1", "--output", "out.mrc"], in: folder.path)
    #expect(run.status == 0)
    #expect(run.standardError.contains("warning: ") && run.standardError.contains(" % of the structure"))
    #expect(folder.contents == ["model.pdb", "out.mrc"])
  }
}
