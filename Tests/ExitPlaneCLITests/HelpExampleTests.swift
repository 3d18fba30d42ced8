import Foundation
import Oracles
import Testing

/// Examples in help texts are pasted into a shell: each is run as it is printed, in a folder with the files it names.
@Suite("Examples in help texts")
struct HelpExampleTests {
  /// Lines that begin with the command's name, each with those it goes on in: they end in a backslash.
  ///
  /// A line that goes on without one was broken by the width of the terminal, and cannot be pasted.
  static func examples(in help: String) -> (whole: [String], torn: [String]) {
    var (whole, torn): ([String], [String]) = ([], [])
    var isOpen = false
    var wasExample = false
    for line in help.split(separator: "\n", omittingEmptySubsequences: false) {
      if isOpen {
        whole[whole.count - 1] += "\n" + line
      } else if line.hasPrefix("  exitplane ") {
        whole.append(String(line.dropFirst(2)))
        wasExample = true
      } else {
        if wasExample, line.contains(where: { $0 != " " }) { torn.append(whole[whole.count - 1]) }
        wasExample = false
        continue
      }
      isOpen = line.hasSuffix("\\")
    }
    return (whole, torn)
  }

  /// Those whose examples are quick and need files of little size; the lines of all are read in `HelpTextTests`.
  private static let commands: Set = ["project", "simulate", "render", "poses", "compare", "merge", "info"]

  private func inputs(numberOfPoses: Int = 3) throws -> ScratchFolder {
    let folder = try ScratchFolder()
    for name in ["map.mrc", "half1.mrc", "half2.mrc", "mask.mrc", "emd_1234.map"] {
      try folder.write(name, blobMap(16))
    }
    for name in ["particles.star", "poses.star"] {
      // As many rows as the shards of an example.
      let row = "0 0 0 0 0 1 kept3\n"
      try folder.write(
        name, particlesSTAR.replacingOccurrences(of: row, with: String(repeating: row, count: 20)))
    }
    try folder.write("model.pdb", variedStructure)
    try FileManager.default.createSymbolicLink(
      atPath: folder["exitplane"], withDestinationPath: CommandRun.executable)
    return folder
  }

  /// What an example needs and another makes.
  private func prepare(_ example: String, in folder: ScratchFolder) throws {
    for name in ["model.cif", "fitted.cif"] where example.contains(name) { try folder.write(name, mmCIF) }
    if example.contains("set-*-of-16.star") {
      for shard in 1...16 {
        let run = try CommandRun(
          ["simulate", "map.mrc", "--random-poses", "16", "--output", "set", "--shard", "\(shard)/16"],
          in: folder.path)
        try #require(run.status == 0, "\(run.standardError)")
      }
    }
  }

  @Test("every one of every command works when pasted")
  func pasted() throws {
    var count = 0
    for command in try CommandOptions.commands.get() where Self.commands.contains(command) {
      let help = try CommandRun(["help", command]).standardOutput
      let (examples, torn) = Self.examples(in: help)
      #expect(torn.isEmpty)
      for example in examples {
        count += 1
        let folder = try inputs()
        try prepare(example, in: folder)
        // Large numbers of images take long and show no more.
        let line = example.replacingOccurrences(
          of: #"(--random-poses|--count) \d+"#, with: "$1 60", options: .regularExpression)
        let script = "PATH=.:$PATH\nset -e\n\(line)\n"
        let run = try ProgramRun(script: script, in: folder.path)
        #expect(run.status == 0, "\(example)\n\(run.text)")
      }
    }
    #expect(count >= 9)
  }
}

/// One atom of carbon.
private let mmCIF = """
  data_x
  loop_
  _atom_site.group_PDB
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
  ATOM 1 C CA . ALA A 1 1 2 3 1 20 1

  """
