import ExitPlane
import ExitPlaneIO
import Foundation
import Oracles
import Testing

@Suite("exitplane compare")
struct CompareCommandTests {
  private func noiseMap(_ n: Int, seed: UInt64, mix: Double) -> [UInt8] {
    var shared = SeededGenerator(seed: 1)
    var own = SeededGenerator(seed: seed)
    let values = (0..<n * n * n).map { _ in Float(shared.uniform() + mix * own.uniform()) }
    return mrcBytes(columns: Int32(n), rows: Int32(n), sections: Int32(n), values: values)
  }

  @Test("prints the curve and its resolutions, and writes them as STAR and PNG")
  func maps() throws {
    let folder = try ScratchFolder()
    try folder.write("a.mrc", noiseMap(16, seed: 2, mix: 0))
    try folder.write("b.mrc", noiseMap(16, seed: 3, mix: 1))
    let run = try CommandRun(
      ["compare", "a.mrc", "b.mrc", "--star", "fsc.star", "--plot", "fsc.png"], in: folder.path)
    #expect(run.status == 0, "\(run.standardError)")
    let a = try MRCFile(path: folder["a.mrc"]).readVolume(as: Float.self)
    let b = try MRCFile(path: folder["b.mrc"]).readVolume(as: Float.self)
    let curve = try FourierCorrelation.ofMaps(a, b)
    let table = try #require(try STARDocument(contentsOf: folder["fsc.star"])["fsc"]?.table)
    let written = try #require(try table.numbers("rlnFourierShellCorrelation"))
    #expect(written.count == 9)
    for (shell, value) in zip(curve.shells, written) { #expect(abs(shell.correlation - value) < 1e-6) }
    #expect(try table.numbers("rlnAngstromResolution")?.last.map { abs($0 - 3) < 1e-6 } == true)
    let lines = run.standardOutput.split(separator: "\n")
    #expect(lines.count == 12)
    #expect(lines.last?.hasPrefix("resolution at 0.143: never below it, to 3.000 Å") == true)
    let png = try Data(contentsOf: URL(fileURLWithPath: folder["fsc.png"]))
    #expect(png.starts(with: [0x89, 0x50, 0x4e, 0x47]))
  }

  @Test("stacks are compared ring by ring")
  func stacks() throws {
    let folder = try ScratchFolder()
    try folder.write("map.mrc", blobMap(16))
    for (name, extra) in [("a", []), ("b", ["--interpolation", "linear", "--pad-scale", "1"])] {
      let run = try CommandRun(
        ["project", "map.mrc", "--random-poses", "5", "--output", "\(name).mrcs"] + extra, in: folder.path)
      #expect(run.status == 0, "\(run.standardError)")
    }
    let run = try CommandRun(["compare", "a.mrcs", "b.mrcs"], in: folder.path)
    #expect(run.status == 0, "\(run.standardError)")
    #expect(run.standardOutput.hasPrefix("ring "))
    #expect(run.standardOutput.contains("resolution at 0.5:"))
  }

  @Test("what cannot be compared is refused")
  func refusals() throws {
    let folder = try ScratchFolder()
    try folder.write("a.mrc", noiseMap(8, seed: 2, mix: 0))
    try folder.write("small.mrc", noiseMap(6, seed: 2, mix: 0))
    try folder.write(
      "coarse.mrc",
      mrcBytes(columns: 8, rows: 8, sections: 8, voxelSize: 2, values: Array(repeating: 1, count: 512)))
    try folder.write(
      "s.mrcs",
      mrcBytes(columns: 8, rows: 8, sections: 2, spaceGroup: 0, values: Array(repeating: 1, count: 128)))
    for (arguments, words) in [
      (["a.mrc", "small.mrc"], "6 × 6 × 6"), (["a.mrc", "coarse.mrc"], "2.0 Å"),
      (["a.mrc", "s.mrcs"], "is a stack"),
      (["a.mrc", "a.mrc", "--star", "a.mrc"], "written over"),
      (["a.mrc", "a.mrc", "--pixel-size=-1"], "-1.0 Å"),
    ] {
      let run = try CommandRun(["compare"] + arguments, in: folder.path)
      #expect(run.status == 1 && run.standardError.contains(words), "\(run.standardError)")
      #expect(run.standardOutput.isEmpty)
    }
    let same = try CommandRun(["compare", "a.mrc", "coarse.mrc", "--pixel-size", "1.5"], in: folder.path)
    #expect(same.status == 0, "\(same.standardError)")
  }

  private static let imageHandler = executable("relion_image_handler")

  @Test(
    "relion_image_handler finds the same curve",
    .enabled(if: imageHandler != nil, "relion_image_handler is not installed"))
  func relion() throws {
    let folder = try ScratchFolder()
    try folder.write("a.mrc", noiseMap(24, seed: 2, mix: 0))
    try folder.write("b.mrc", noiseMap(24, seed: 3, mix: 1))
    let ours = try CommandRun(["compare", "a.mrc", "b.mrc", "--star", "ours.star"], in: folder.path)
    #expect(ours.status == 0)
    let theirs = try output(
      of: #require(Self.imageHandler), ["--i", "a.mrc", "--fsc", "b.mrc", "--angpix", "1.5"], in: folder.path)
    try folder.write("theirs.star", theirs)
    func curve(_ name: String) throws -> [Double] {
      let block = try STARDocument(contentsOf: folder[name]).blocks.first { $0.table != nil }
      return try #require(try block?.table?.numbers("rlnFourierShellCorrelation"))
    }
    // RELION counts the frequencies with x = 0 twice as heavily as the others.
    for (a, b) in try zip(curve("ours.star"), curve("theirs.star")).dropFirst(4) {
      #expect(abs(a - b) < 0.02)
    }
  }
}
