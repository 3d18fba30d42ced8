import Foundation
import Oracles
import Testing

/// Bad input gets one clear sentence and exit 1, and leaves no output.
@Suite("exitplane refuses bad input")
struct BadInputTests {
  struct BadInput: Sendable, CustomTestStringConvertible {
    let what: String
    var map: [UInt8]? = blobMap(16)
    var star: String? = particlesSTAR
    var extra: [String] = []
    var output = "out.mrcs"
    /// What the sentence must say.
    let says: [String]
    var testDescription: String { what }
  }

  static let cases: [BadInput] = {
    let good = blobMap(16)
    func header(_ word: Int, _ value: Int32) -> [UInt8] {
      var bytes = good
      for i in 0..<4 { bytes[4 * (word - 1) + i] = UInt8(truncatingIfNeeded: value >> (8 * Int32(i))) }
      return bytes
    }
    func voxel(_ value: Float) -> [UInt8] {
      var bytes = good
      for i in 0..<4 {
        bytes[1024 + 4 * 20 + i] = UInt8(truncatingIfNeeded: value.bitPattern >> (8 * UInt32(i)))
      }
      return bytes
    }
    func star(_ from: String, _ to: String) -> String {
      particlesSTAR.replacingOccurrences(of: from, with: to)
    }
    return [
      BadInput(what: "a map that is not there", map: nil, says: ["map.mrc"]),
      BadInput(
        what: "text for a map", map: Array(String(repeating: "no map ", count: 300).utf8), says: ["map.mrc"]),
      BadInput(what: "an empty map", map: [], says: ["map.mrc"]),
      BadInput(what: "a truncated map", map: Array(good.dropLast(100)), says: ["map.mrc"]),
      BadInput(what: "a map with bytes to spare", map: good + [0, 0, 0, 0], says: ["map.mrc"]),
      BadInput(what: "2³¹ − 1 columns", map: header(1, .max), says: ["map.mrc"]),
      BadInput(what: "a negative size", map: header(2, -16), says: ["map.mrc", "-16"]),
      BadInput(what: "sizes whose product overflows", map: header(3, 0x4000_0000), says: ["map.mrc"]),
      BadInput(what: "a voxel that is no number", map: voxel(.nan), says: ["map.mrc", "nan"]),
      BadInput(what: "an infinite voxel", map: voxel(.infinity), says: ["map.mrc", "inf"]),
      BadInput(
        what: "a map that is not cubic",
        map: mrcBytes(columns: 4, rows: 4, sections: 5, values: Array(repeating: 1, count: 80)),
        says: ["5 × 4 × 4", "cubic"]),
      BadInput(what: "a mode that is not supported", map: header(4, 3), says: ["map.mrc", "mode", "3"]),
      BadInput(what: "poses that are not there", star: nil, says: ["poses.star"]),
      BadInput(
        what: "a missing column", star: star("_rlnAngleTilt", "_rlnSomething"),
        says: ["poses.star", "rlnAngleTilt"]),
      BadInput(
        what: "a word for a number", star: star("20.25", "steep"), says: ["poses.star", "line 29", "steep"]),
      BadInput(what: "a row too short", star: star(" 1 kept2", ""), says: ["poses.star", "line 30"]),
      BadInput(
        what: "no poses", star: String(particlesSTAR.split(separator: "10.5")[0]) + "\n", says: ["poses.star"]
      ),
      BadInput(what: "a binary for poses", star: "\u{0}\u{1}\u{2}", says: ["poses.star"]),
      BadInput(what: "pixel size 0", extra: ["--pixel-size", "0"], says: ["pixel-size", "above 0"]),
      BadInput(what: "a negative pixel size", extra: ["--pixel-size=-1"], says: ["pixel-size", "-1"]),
      BadInput(
        what: "another pixel size", extra: ["--pixel-size", "2"], says: ["2.0 Å", "1.5", "--rescale"]),
      BadInput(what: "box 0", extra: ["--box", "0"], says: ["--box", "0"]),
      BadInput(what: "a huge box", extra: ["--box", "1000000"], says: ["--box", "1000000"]),
      BadInput(
        what: "padding below 1", extra: ["--interpolation", "cubic", "--pad-scale", "0.5"],
        says: ["pad scale", "0.5"]),
      BadInput(
        what: "an accuracy that is none", extra: ["--interpolation", "exact", "--accuracy", "0"],
        says: ["accuracy", "0"]),
      BadInput(what: "a resolution below 0", extra: ["--resolution=-3"], says: ["resolution", "-3"]),
      BadInput(
        what: "a method for structures", extra: ["--method", "gaussian"], says: ["map.mrc", "structure"]),
      BadInput(what: "no such folder", output: "nowhere/out.mrcs", says: ["nowhere"]),
      BadInput(what: "a file for a folder", output: "map.mrc/out.mrcs", says: ["map.mrc"]),
      BadInput(what: "the input for output", output: "map.mrc", says: ["map.mrc", "--output"]),
    ]
  }()

  @Test("in one sentence, with exit 1 and no output", arguments: cases)
  func refused(input: BadInput) throws {
    let folder = try ScratchFolder()
    if let map = input.map { try folder.write("map.mrc", map) }
    if let star = input.star { try folder.write("poses.star", star) }
    let before = folder.contents
    let mapBefore = try? Data(contentsOf: URL(fileURLWithPath: folder["map.mrc"]))
    let run = try CommandRun(
      ["project", "map.mrc", "--poses", "poses.star", "--output", input.output] + input.extra, in: folder.path
    )
    #expect(run.status == 1)
    #expect(run.standardError.hasPrefix("Error: "))
    #expect(run.standardError.split(separator: "\n").count == 1, "\(run.standardError)")
    for text in input.says {
      #expect(run.standardError.contains(text), "\(text) in \(run.standardError)")
    }
    #expect(folder.contents == before)
    #expect((try? Data(contentsOf: URL(fileURLWithPath: folder["map.mrc"]))) == mapBefore)
  }

  @Test("no poses asked for", arguments: ["0", "-3"])
  func noRandomPoses(count: String) throws {
    let folder = try ScratchFolder()
    try folder.write("map.mrc", blobMap(8))
    let run = try CommandRun(
      ["project", "map.mrc", "--random-poses=\(count)", "--output", "o.mrcs"], in: folder.path)
    #expect(run.status == 1)
    #expect(run.standardError.contains("--random-poses is \(count)"))
    #expect(folder.contents == ["map.mrc"])
  }

  @Test("a full disk", .enabled(if: canMountSmallDisk, "needs root and tmpfs"))
  func fullDisk() throws {
    let folder = try ScratchFolder()
    try folder.write("map.mrc", blobMap(16))
    let disk = folder["disk"]
    try FileManager.default.createDirectory(atPath: disk, withIntermediateDirectories: false)
    let mount = ["-t", "tmpfs", "-o", "size=64k", "exitplane-test", disk]
    try output(of: #require(program("mount")), mount, in: "/")
    defer { _ = try? ProgramRun(script: "umount \"$0\"", [disk]) }
    let run = try CommandRun(
      ["project", "map.mrc", "--random-poses", "200", "--output", "disk/o.mrcs"], in: folder.path)
    #expect(run.status == 1)
    #expect(run.standardError.contains("o.mrcs") && run.standardError.contains("space"))
    #expect(try FileManager.default.contentsOfDirectory(atPath: disk) == [])
  }
}

/// Whether a file system of 64 kB can be made to be filled.
let canMountSmallDisk: Bool = {
  guard let folder = try? ScratchFolder() else { return false }
  let script = "mount -t tmpfs -o size=64k exitplane-test \"$0\" && umount \"$0\""
  return (try? ProgramRun(script: script, [folder.path]))?.status == 0
}()
