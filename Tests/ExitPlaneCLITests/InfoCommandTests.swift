import Foundation
import Oracles
import Testing

@Suite("exitplane info")
struct InfoCommandTests {
  private func objects(_ run: CommandRun) throws -> [[String: Any]] {
    try run.standardOutput.split(separator: "\n").map { line in
      try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
    }
  }

  /// A map whose columns run along z, rows along x and sections along y, placed in a frame.
  private func placedMap() -> [UInt8] {
    var bytes = mrcBytes(
      columns: 4, rows: 6, sections: 5, voxelSize: 2, values: Array(repeating: 1, count: 120))
    func put(_ word: Int, _ value: UInt32) {
      for i in 0..<4 { bytes[4 * (word - 1) + i] = UInt8(truncatingIfNeeded: value >> (8 * UInt32(i))) }
    }
    for (axis, count) in [6, 5, 4].enumerated() {
      put(8 + axis, UInt32(count))
      put(11 + axis, Float(2 * count).bitPattern)
    }
    for (place, start) in [7, 8, 9].enumerated() { put(5 + place, UInt32(start)) }
    for (place, axis) in [3, 1, 2].enumerated() { put(17 + place, UInt32(axis)) }
    for (axis, origin) in [Float(-1.5), 2.25, 30].enumerated() { put(50 + axis, origin.bitPattern) }
    return bytes
  }

  @Test("a map's place and axis order, for people and for programs")
  func map() throws {
    let folder = try ScratchFolder()
    try folder.write("map.mrc", placedMap())
    let text = try CommandRun(["info", "map.mrc"], in: folder.path).standardOutput
    for words in [
      "4 × 5 × 6 voxels", "-1.5, 2.25, 30.0 Å", "8, 9, 7 (x, y, z)", "z, x, y (columns, rows, sections)",
    ] { #expect(text.contains(words), "\(words) in \(text)") }
    let object = try #require(try objects(CommandRun(["info", "--json", "map.mrc"], in: folder.path)).first)
    #expect(object["file"] as? String == "map.mrc" && object["kind"] as? String == "volume")
    #expect(object["depth"] as? Int == 4 && object["rows"] as? Int == 5 && object["columns"] as? Int == 6)
    #expect(object["voxel_size"] as? Double == 2)
    #expect(object["origin"] as? [Double] == [-1.5, 2.25, 30])
    #expect(object["nstart"] as? [Int] == [8, 9, 7])
    #expect(object["axis_order"] as? String == "zxy")
  }

  @Test("particles by group, and a structure's chains and atoms")
  func others() throws {
    let folder = try ScratchFolder()
    try folder.write("set.star", particlesSTAR)
    try folder.write("model.pdb", BadStructureTests.twoAtoms)
    let run = try CommandRun(["info", "set.star", "model.pdb", "--json"], in: folder.path)
    #expect(run.status == 0)
    let found = try objects(run)
    try #require(found.count == 2)
    #expect(found[0]["poses"] as? Int == 3)
    let group = try #require((found[0]["optics_groups"] as? [[String: Any]])?.first)
    #expect(group["particles"] as? Int == 3 && group["pixel_size"] as? Double == 1.5)
    let blocks = try #require(found[0]["blocks"] as? [[String: Any]])
    #expect((blocks.last?["columns"] as? [String])?.last == "rlnMadeUpColumn")
    #expect(found[1]["chains"] as? [String] == ["A"] && found[1]["atoms"] as? Int == 2)
    #expect((found[1]["elements"] as? [String: Int]) == ["C": 1, "O": 1])
    #expect(found[1]["b_factors_are"] is NSNull)
    let text = try CommandRun(["info", "model.pdb"], in: folder.path).standardOutput
    #expect(text.contains("chains       A"))
  }

  @Test("goes on after a file that cannot be read, and exits 1", arguments: [true, false])
  func goesOn(json: Bool) throws {
    let folder = try ScratchFolder()
    try folder.write("map.mrc", blobMap(8))
    try folder.write("bad.mrc", "no map")
    let run = try CommandRun(
      ["info", "none.star", "map.mrc", "bad.mrc"] + (json ? ["--json"] : []), in: folder.path)
    #expect(run.status == 1)
    let errors = run.standardError.split(separator: "\n")
    #expect(errors.count == 2 && errors[0].contains("none.star") && errors[1].contains("bad.mrc"))
    if json {
      let found = try objects(run)
      #expect(found.map { $0["error"] != nil } == [true, false, true])
    } else {
      #expect(run.standardOutput.contains("8 × 8 × 8 voxels"))
    }
  }

  @Test("names that would act on a terminal are escaped in JSON, and read back as they are")
  func escapes() throws {
    let folder = try ScratchFolder()
    let name = "a\u{ad}\u{61c}\u{9b}\u{202e}\u{e0041}\\\"é"
    try folder.write("set.star", "data_\(name)\n_x 1\n")
    let run = try CommandRun(["info", "--json", "set.star"], in: folder.path)
    #expect(run.status == 0 && run.standardOutput.hasSuffix("}\n"))
    let blocks = try #require(try objects(run).first?["blocks"] as? [[String: Any]])
    let found = try #require(blocks.first?["name"] as? String)
    #expect(Array(found.unicodeScalars) == Array(name.unicodeScalars))
    #expect(!run.standardOutput.unicodeScalars.contains { $0 == "\u{ad}" || $0 == "\u{e0041}" })
  }

  @Test("a structure too large for any box is still described")
  func large() throws {
    let folder = try ScratchFolder()
    try folder.write(
      "far.pdb", BadStructureTests.twoAtoms.replacingOccurrences(of: " 12.500", with: "9999999"))
    let run = try CommandRun(["info", "far.pdb"], in: folder.path)
    #expect(run.status == 0 && run.standardOutput.contains("over 32768 at 0.8 Å"))
  }

  @Test(
    "thirty assemblies of a million operations take no memory until one is asked for",
    .enabled(
      if: ProcessInfo.processInfo.environment["ASAN_OPTIONS"] == nil,
      "AddressSanitizer takes more addresses than the limit allows"))
  func bomb() throws {
    let folder = try ScratchFolder()
    var text = BadStructureTests.dictionary.replacingOccurrences(of: "east", with: "3")
    text += "loop_\n_pdbx_struct_assembly_gen.assembly_id\n_pdbx_struct_assembly_gen.oper_expression\n"
    text += "_pdbx_struct_assembly_gen.asym_id_list\n"
    for i in 1...30 { text += "\(i) (1-1000)(1-1000) A\n" }
    text += "loop_\n_pdbx_struct_oper_list.id\n"
    for row in 1...3 {
      for column in 1...3 { text += "_pdbx_struct_oper_list.matrix[\(row)][\(column)]\n" }
      text += "_pdbx_struct_oper_list.vector[\(row)]\n"
    }
    for i in 1...1000 { text += "\(i) 1 0 0 0 0 1 0 0 0 0 1 0\n" }
    try folder.write("bomb.cif", text)
    let run = try ProgramRun(
      script: "ulimit -v 1000000 && exec \"$0\" info bomb.cif", [CommandRun.executable], in: folder.path)
    #expect(run.status == 0, "\(run.text)")
  }
}
