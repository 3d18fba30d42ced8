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
      (["a.mrc", "small.mrc"], "a.mrc has 8 × 8 × 8 voxels, small.mrc 6 × 6 × 6"),
      (["a.mrc", "coarse.mrc"], "2.0 Å"),
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

  @Test("--json says the same in one object, with the keys of Docs/JSON.md")
  func json() throws {
    struct Report: Decodable {
      struct Threshold: Decodable { let threshold: Double, resolution: Double?, state: String }
      struct Shell: Decodable {
        let index: Int, frequency: Double, resolution: Double?, correlation: Double, count: Int
      }
      let kind: String, files: [String], mask: String?, shape: [Int], images: Int?, pixelSize: Double
      let thresholds: [Threshold], curve: [Shell]
    }
    let folder = try ScratchFolder()
    try folder.write("a.mrc", noiseMap(16, seed: 2, mix: 0))
    try folder.write("b \"β\".mrc", noiseMap(16, seed: 3, mix: 1))
    func report(_ arguments: [String]) throws -> Report {
      let run = try CommandRun(["compare"] + arguments + ["--json"], in: folder.path)
      #expect(run.status == 0, "\(run.standardError)")
      #expect(run.standardOutput.filter { $0 == "\n" }.count == 1)
      let decoder = JSONDecoder()
      decoder.keyDecodingStrategy = .convertFromSnakeCase
      return try decoder.decode(Report.self, from: Data(run.standardOutput.utf8))
    }
    let maps = try report(["a.mrc", "b \"β\".mrc"])
    #expect(maps.kind == "maps" && maps.files == ["a.mrc", "b \"β\".mrc"] && maps.mask == nil)
    #expect(
      try CommandRun(["compare", "a.mrc", "a.mrc", "--json"], in: folder.path).standardOutput.contains(
        "\"pixel_size\":1.5,"))
    #expect(maps.shape == [16, 16, 16] && maps.images == nil && maps.pixelSize == 1.5)
    #expect(maps.thresholds.map(\.threshold) == [0.5, 0.143])
    #expect(maps.thresholds.map(\.state).allSatisfy { ["crossed", "above", "below"].contains($0) })
    let a = try MRCFile(path: folder["a.mrc"]).readVolume(as: Float.self)
    let b = try MRCFile(path: folder["b \"β\".mrc"]).readVolume(as: Float.self)
    let curve = try FourierCorrelation.ofMaps(a, b)
    for (a, b) in zip(maps.curve, curve.shells) { #expect(abs(a.correlation - b.correlation) < 1e-14) }
    #expect(maps.curve.map(\.count) == curve.shells.map(\.count))
    #expect(maps.curve[0].resolution == nil && maps.curve[8].resolution == 3)
    let same = try report(["a.mrc", "a.mrc"])
    #expect(same.thresholds.allSatisfy { $0.state == "above" && $0.resolution == nil })
    let images = (0..<3 * 8 * 6).map { Float($0 % 7) }
    try folder.write("s.mrcs", mrcBytes(columns: 6, rows: 8, sections: 3, spaceGroup: 0, values: images))
    let stacks = try report(["s.mrcs", "s.mrcs"])
    #expect(stacks.kind == "stacks" && stacks.shape == [8, 6] && stacks.images == 3)
  }

  @Test("a mask multiplies both maps: the curve is that of the products, by direct sums")
  func maskedMaps() throws {
    let folder = try ScratchFolder()
    let n = 8
    try folder.write("a.mrc", noiseMap(n, seed: 2, mix: 0))
    try folder.write("b.mrc", noiseMap(n, seed: 3, mix: 1))
    let mask = (0..<n * n * n).map { index in
      let (x, y, z) = (index % n - 4, index / n % n - 4, index / n / n - 3)
      return max(0, min(1, 1.6 - 0.4 * Double(x * x + y * y + z * z).squareRoot()))
    }
    try folder.write("m.mrc", mrcBytes(columns: 8, rows: 8, sections: 8, values: mask.map { Float($0) }))
    let run = try CommandRun(
      ["compare", "a.mrc", "b.mrc", "--mask", "m.mrc", "--star", "f.star", "--precision", "double"],
      in: folder.path)
    #expect(run.status == 0, "\(run.standardError)")
    func product(_ name: String) throws -> [Double] {
      let map = try MRCFile(path: folder[name]).readVolume(as: Double.self)
      return zip(map.values, mask).map { $0 * Double(Float($1)) }
    }
    let want = try shellCorrelation(product("a.mrc"), product("b.mrc"), n: n)
    let table = try #require(try STARDocument(contentsOf: folder["f.star"])["fsc"]?.table)
    let got = try #require(try table.numbers("rlnFourierShellCorrelation"))
    #expect(got.count == want.count)
    for (a, b) in zip(got, want) { #expect(abs(a - b.correlation) < 1e-6) }
  }

  @Test("a mask of one image multiplies every image of both stacks, by direct sums")
  func maskedStacks() throws {
    let folder = try ScratchFolder()
    var random = SeededGenerator(seed: 5)
    let (rows, columns) = (8, 6)
    func images() -> [[Float]] { (0..<2).map { _ in (0..<48).map { _ in Float(random.uniform()) } } }
    let (a, b) = (images(), images())
    let mask = (0..<48).map { Float($0 % 5) / 4 }
    for (name, values) in [("a.mrcs", a.flatMap { $0 }), ("b.mrcs", b.flatMap { $0 }), ("m.mrcs", mask)] {
      try folder.write(
        name,
        mrcBytes(
          columns: Int32(columns), rows: Int32(rows), sections: Int32(values.count / 48), spaceGroup: 0,
          values: values))
    }
    let run = try CommandRun(
      ["compare", "a.mrcs", "b.mrcs", "--mask", "m.mrcs", "--star", "f.star", "--precision", "double"],
      in: folder.path)
    #expect(run.status == 0, "\(run.standardError)")
    func masked(_ image: [Float]) -> [Double] { zip(image, mask).map { Double($0) * Double($1) } }
    let want = ringCorrelation(
      zip(a, b).map { (a: masked($0), b: masked($1)) }, rows: rows, columns: columns)
    let table = try #require(try STARDocument(contentsOf: folder["f.star"])["fsc"]?.table)
    let got = try #require(try table.numbers("rlnFourierShellCorrelation"))
    for (a, b) in zip(got, want) { #expect(abs(a - b.correlation) < 1e-6) }
  }

  @Test("what is no mask, or not one of these maps, is refused")
  func masks() throws {
    let folder = try ScratchFolder()
    func cube(_ n: Int32, _ value: Float, voxelSize: Float = 1.5) -> [UInt8] {
      mrcBytes(
        columns: n, rows: n, sections: n, voxelSize: voxelSize,
        values: Array(repeating: value, count: Int(n * n * n)))
    }
    try folder.write("a.mrc", noiseMap(8, seed: 2, mix: 0))
    try folder.write("small.mrc", cube(6, 1))
    try folder.write("coarse.mrc", cube(8, 1, voxelSize: 2))
    try folder.write("two.mrc", cube(8, 2))
    try folder.write("minus.mrc", cube(8, -0.1))
    try folder.write("none.mrc", cube(8, 0))
    try folder.write("unstated.mrc", cube(8, 1, voxelSize: 0))
    let pixels = [Float](repeating: 1, count: 2 * 64)
    try folder.write("s.mrcs", mrcBytes(columns: 8, rows: 8, sections: 2, spaceGroup: 0, values: pixels))
    for (maps, mask, words) in [
      ("a.mrc", "small.mrc", "6 × 6 × 6"), ("a.mrc", "coarse.mrc", "2.0 Å in the mask"),
      ("a.mrc", "two.mrc", "two.mrc: a value of the mask is 2.0; it must be 0 to 1"),
      ("a.mrc", "minus.mrc", "-0.1"), ("a.mrc", "none.mrc", "0 everywhere"),
      ("a.mrc", "unstated.mrc", "--pixel-size"), ("a.mrc", "s.mrcs", "is a stack"),
      ("a.mrc", "missing.mrc", "missing.mrc"), ("s.mrcs", "s.mrcs", "one image"),
      ("s.mrcs", "a.mrc", "one image"),
    ] {
      let run = try CommandRun(["compare", maps, maps, "--mask", mask], in: folder.path)
      #expect(run.status == 1 && run.standardError.contains(words), "\(run.standardError)")
      #expect(run.standardOutput.isEmpty)
    }
    let over = try CommandRun(
      ["compare", "a.mrc", "a.mrc", "--mask", "coarse.mrc", "--star", "coarse.mrc"], in: folder.path)
    #expect(over.status == 1 && over.standardError.contains("over"))
    let stated = try CommandRun(
      ["compare", "a.mrc", "a.mrc", "--mask", "unstated.mrc", "--voxel-size", "1.5"], in: folder.path)
    #expect(stated.status == 0, "\(stated.standardError)")
  }

  private static let imageHandler = program("relion_image_handler")

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
