import Foundation
import Testing

@Suite("exitplane merge")
struct MergeCommandTests {
  private func shards(
    _ fixture: SimulateFixture, _ name: String, of count: Int = 2, _ extra: [String] = []
  ) throws -> [String] {
    try (1...count).map { number in
      let run = try fixture.simulate(name, extra + ["--shard", "\(number)/\(count)"])
      #expect(run.status == 0, "\(run.standardError)")
      return "\(name)-\(number)-of-\(count).star"
    }
  }

  private func merge(_ sets: [String], in fixture: SimulateFixture, _ extra: [String] = []) throws
    -> CommandRun
  {
    try CommandRun(["merge"] + sets + ["--output", "merged"] + extra, in: fixture.folder.path)
  }

  private func expectRefusal(_ run: CommandRun, saying words: String...) {
    #expect(run.status == 1 && run.standardError.split(separator: "\n").count == 1, "\(run.standardError)")
    for word in words { #expect(run.standardError.contains(word), "\(word) in \(run.standardError)") }
  }

  @Test("shards of several runs are refused, and what differs is named")
  func otherRuns() throws {
    let fixture = try SimulateFixture()
    let first = try shards(fixture, "set")
    try fixture.makeFolder("other")
    for (extra, words) in [
      (["--random-poses", "40"], "images of the set was 41 and is 40"),
      (["--seed", "4"], "seed was 3 and is 4"),
      (["--snr", "0.3"], "SNR was 0.2 and is 0.3"),
      (["--box", "18"], "image shape was 16 × 16 and is 18 × 18"),
    ] {
      var arguments = SimulateFixture.arguments
      if let index = arguments.firstIndex(of: extra[0]) {
        arguments.replaceSubrange(index...index + 1, with: extra)
      } else {
        arguments += extra
      }
      let run = try fixture.simulate("other/set", ["--shard", "2/2"], arguments: arguments)
      #expect(run.status == 0, "\(run.standardError)")
      expectRefusal(
        try merge([first[0], "other/set-2-of-2.star"], in: fixture), saying: "other/set-2-of-2.star",
        first[0], words)
      expectRefusal(
        try merge([first[0], "other/set-2-of-2.star"], in: fixture, ["--keep-stacks"]), saying: words)
    }
    #expect(!fixture.folder.contents.contains("merged.star"))
  }

  @Test("shards are known by what is in them, whatever they are called")
  func names() throws {
    let fixture = try SimulateFixture()
    try fixture.makeFolder("whole")
    #expect(try fixture.simulate("whole/merged", ["--box", "12"]).status == 0)
    // The set's name is in the names of its micrographs, and so part of the run.
    try fixture.makeFolder("parts")
    _ = try shards(fixture, "parts/merged", of: 3, ["--box", "12"])
    let renamed = ["c.star", "a.star", "b.star"].map { "parts/" + $0 }
    for (number, name) in renamed.enumerated() {
      try FileManager.default.moveItem(
        atPath: fixture.folder["parts/merged-\(number + 1)-of-3.star"], toPath: fixture.folder[name])
    }
    let run = try merge(renamed.sorted(), in: fixture)
    #expect(run.status == 0, "\(run.standardError)")
    for suffix in ["mrcs", "star"] {
      #expect(try fixture.bytes("merged.\(suffix)") == fixture.bytes("whole/merged.\(suffix)"))
    }
    expectRefusal(try merge(Array(renamed[..<2]), in: fixture), saying: "shard 3 of 3 is missing")
    expectRefusal(try merge(renamed + [renamed[1]], in: fixture), saying: "shard 2 of 3 is there twice")
    expectRefusal(
      try merge(["whole/merged.star", renamed[0]], in: fixture), saying: "a whole set", "shard 1 of 3")
    // A table that has lost a row since.
    let text = try String(contentsOfFile: fixture.folder[renamed[1]], encoding: .utf8)
    var lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    lines.removeAll { $0.hasPrefix("000002@") }
    try fixture.folder.write(renamed[1], lines.joined(separator: "\n"))
    expectRefusal(try merge(renamed, in: fixture), saying: "40 particles", "41")
    // Another program has written it anew, without comments.
    try fixture.folder.write(renamed[1], lines.filter { !$0.hasPrefix("#") }.joined(separator: "\n"))
    expectRefusal(try merge(renamed, in: fixture), saying: "does not say of which run")
  }

  /// A set of one particle.
  private func writeSTAR(_ name: String, imageName: String, in fixture: SimulateFixture) throws {
    try fixture.folder.write(
      name,
      """
      data_optics

      loop_
      _rlnOpticsGroup
      _rlnImagePixelSize
      1 1.5

      data_particles

      loop_
      _rlnImageName
      _rlnAngleRot
      _rlnAngleTilt
      _rlnAnglePsi
      _rlnOpticsGroup
      \(imageName) 0 0 0 1

      """)
  }

  @Test(
    "a name that is no stack's is refused with the STAR file that has it",
    arguments: ["/", ".", "000001@/", "000001@missing.mrcs"])
  func namesOfNoStack(imageName: String) throws {
    let fixture = try SimulateFixture()
    try writeSTAR("bad.star", imageName: imageName, in: fixture)
    for extra in [[], ["--keep-stacks"]] {
      let path = imageName.split(separator: "@").last.map(String.init) ?? imageName
      expectRefusal(try merge(["bad.star"], in: fixture, extra), saying: "bad.star names", " \(path): ")
    }
    #expect(!fixture.folder.contents.contains("merged.star"))
  }

  @Test("stacks that are not alike are refused, whoever made them")
  func unlikeStacks() throws {
    let fixture = try SimulateFixture()
    func write(_ name: String, columns: Int32 = 4, voxelSize: Float = 1.5, isHalf: Bool = false) throws {
      var bytes = mrcBytes(
        columns: columns, rows: 4, sections: 1, voxelSize: voxelSize, mode: isHalf ? 12 : 2, spaceGroup: 0,
        values: [Float](repeating: 1, count: 4 * Int(columns)))
      if isHalf { bytes.removeLast(2 * 4 * Int(columns)) }
      try fixture.folder.write("\(name).mrcs", bytes)
      try writeSTAR("\(name).star", imageName: "000001@\(name).mrcs", in: fixture)
    }
    try write("plain")
    try write("same")
    try write("finer", voxelSize: 1.25)
    try write("wide", columns: 6)
    try write("half", isHalf: true)
    #expect(try merge(["plain.star", "same.star"], in: fixture).status == 0)
    let before = try fixture.bytes("merged.mrcs")
    for (sets, words) in [
      (["plain", "finer"], "1.25 Å"), (["plain", "wide"], "4 × 6"), (["half", "plain"], "samples of mode 2"),
      (["plain", "half"], "samples of mode 12"),
    ] {
      expectRefusal(try merge(sets.map { $0 + ".star" }, in: fixture), saying: sets[0], sets[1], words)
    }
    try fixture.folder.write(
      "plain.star",
      String(decoding: fixture.bytes("plain.star"), as: UTF8.self)
        .replacingOccurrences(of: "000001@", with: "000002@"))
    expectRefusal(try merge(["same.star", "plain.star"], in: fixture), saying: "image 2", "which has 1")
    #expect(try fixture.bytes("merged.mrcs") == before)
  }
}
