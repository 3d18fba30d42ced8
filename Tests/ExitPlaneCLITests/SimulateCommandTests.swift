import ExitPlane
import ExitPlaneIO
import Foundation
import Oracles
import Testing

@testable import ExitPlaneCLI

@Suite("exitplane simulate")
struct SimulateCommandTests {
  @Test(
    "a pixel size that single precision rounds is written as a person would", arguments: [Float(1.4), 0.885])
  func numbers(size: Float) throws {
    let folder = try ScratchFolder()
    let values = (0..<12 * 12 * 12).map { Float($0 % 7) }
    try folder.write(
      "map.mrc", mrcBytes(columns: 12, rows: 12, sections: 12, voxelSize: size, values: values))
    let run = try CommandRun(
      ["simulate", "map.mrc", "--random-poses", "2", "--output", "set"], in: folder.path)
    #expect(run.status == 0, "\(run.standardError)")
    let star = try String(contentsOfFile: folder["set.star"], encoding: .utf8)
    #expect(star.contains("# run: pixel size = \(size)\n"), "\(star)")
    #expect(star.firstMatch(of: /[0-9]\.[0-9]{7}/) == nil, "\(star)")
  }

  @Test("a set has the images the library makes, and a STAR file that says what they show")
  func simulates() throws {
    let fixture = try SimulateFixture()
    let run = try fixture.simulate("set", ["--preview", "sheet.png", "--particles-per-micrograph", "20"])
    #expect(run.status == 0, "\(run.standardError)")
    #expect(run.standardOutput.isEmpty)
    #expect(fixture.folder.contents == ["map.mrc", "set.mrcs", "set.star", "sheet.png"])

    let set = try ParticleSet(contentsOf: fixture.folder["set.star"])
    let functions = try #require(try set.transferFunctions())
    #expect(set.count == 41 && set.opticsGroups.count == 1)
    #expect(functions.allSatisfy { (4800...20200).contains($0.defocusUInAngstroms) })
    #expect(try set.table.integers("rlnRandomSubset")?.prefix(3) == [1, 2, 1])
    #expect(set.table["rlnMicrographName"]?[20] == "set-micrograph-000002.mrc")
    #expect(try set.imageNames()?.last?.description == "000041@set.mrcs")

    // The images are those of the library at what the STAR file says, to its six decimals.
    let map = try MRCFile(path: fixture.folder["map.mrc"]).readVolume(as: Float.self)
    let projection = try FourierSliceExtraction().makeProjector(
      for: FourierVoxelWindowVolume(map, accuracy: 1e-3),
      onto: ImageConfiguration(shape: GridShape(square: 16), pixelSizeInAngstroms: 1.5))
    let particle = { @Sendable (index: Int) in
      ImagedParticle<Float>(number: UInt64(index), pose: set.poses[index], transfer: functions[index])
    }
    let variance = try ImageFormationPlan(projection).signalVariance(
      count: 41, threads: 1, particle: particle)
    let plan = try ImageFormationPlan(
      projection, noise: .white(standardDeviation: (variance / 0.2).squareRoot()), seed: 3)
    var workspace = try plan.makeWorkspace()
    let stack = try MRCFile(path: fixture.folder["set.mrcs"])
    for index in [0, 17, 40] {
      let want = try plan.image(of: particle(index), using: &workspace)
      let got = try stack.readImage(index, as: Float.self)
      let largest = want.map(abs).max() ?? 0
      #expect(zip(got.values, want).allSatisfy { abs($0 - $1) < 1e-4 * largest })
    }
  }

  @Test(
    "shards, merged, are the set made in one piece",
    arguments: [[], ["--float16"], ["--precision", "double"]])
  func shards(extra: [String]) throws {
    let fixture = try SimulateFixture()
    try fixture.makeFolder("whole")
    #expect(try fixture.simulate("whole/set", extra + ["--threads", "1"]).status == 0)
    for shard in 1...4 {
      let run = try fixture.simulate("set", extra + ["--shard", "\(shard)/4", "--threads", "3"])
      #expect(run.status == 0, "\(run.standardError)")
    }
    // Out of order: merging knows the shards' numbers.
    let parts = [3, 1, 4, 2].map { "set-\($0)-of-4.star" }
    let merge = try CommandRun(["merge"] + parts + ["--output", "set"], in: fixture.folder.path)
    #expect(merge.status == 0, "\(merge.standardError)")
    #expect(try fixture.bytes("set.mrcs") == fixture.bytes("whole/set.mrcs"))
    #expect(try fixture.bytes("set.star") == fixture.bytes("whole/set.star"))

    let kept = try CommandRun(
      ["merge"] + parts + ["--output", "whole/kept", "--keep-stacks"], in: fixture.folder.path)
    #expect(kept.status == 0, "\(kept.standardError)")
    let set = try ParticleSet(contentsOf: fixture.folder["whole/kept.star"])
    let names = try #require(try set.imageNames())
    #expect(names.count == 41 && names[10].number == 1 && names[10].path == "set-2-of-4.mrcs")
    let image = try MRCFile(
      path: names[10].stackPath(namedIn: fixture.folder["whole/kept.star"])
    ).readImage(0, as: Float.self)
    #expect(try image == MRCFile(path: fixture.folder["set.mrcs"]).readImage(10))

    let incomplete = try CommandRun(
      ["merge"] + parts.dropLast() + ["--output", "x"], in: fixture.folder.path)
    #expect(incomplete.status == 1 && incomplete.standardError.contains("shard 2 of 4 is missing"))
    #expect(!fixture.folder.contents.contains("x.star"))
  }

  @Test("poses, optics and all else that a STAR file says are kept, in shards too")
  func poses() throws {
    let fixture = try SimulateFixture()
    try fixture.folder.write("poses.star", particlesSTAR)
    let arguments = ["--poses", "poses.star", "--noise-std", "2", "--noise-falloff", "0.1"]
    try fixture.makeFolder("whole")
    #expect(try fixture.simulate("whole/set", arguments: arguments).status == 0)
    for shard in 1...2 {
      let run = try fixture.simulate("set", ["--shard", "\(shard)/2"], arguments: arguments)
      #expect(run.status == 0, "\(run.standardError)")
    }
    let merge = try CommandRun(
      ["merge", "set-1-of-2.star", "set-2-of-2.star", "--output", "set"], in: fixture.folder.path)
    #expect(merge.status == 0, "\(merge.standardError)")
    #expect(try fixture.bytes("set.mrcs") == fixture.bytes("whole/set.mrcs"))
    #expect(try fixture.bytes("set.star") == fixture.bytes("whole/set.star"))
    let set = try ParticleSet(contentsOf: fixture.folder["set.star"])
    #expect(set.table["rlnMadeUpColumn"]?[1] == "kept2" && set.table["rlnRandomSubset"]?[2] == "1")
    #expect(try set.transferFunctions() == nil)

    // A STAR file that said otherwise than the images would be worse than none: options go before it, in both.
    let defocused = try fixture.simulate(
      "x", ["--defocus", "9000", "--voltage", "200"], arguments: arguments)
    #expect(defocused.status == 0, "\(defocused.standardError)")
    let functions = try ParticleSet(contentsOf: fixture.folder["x.star"]).transferFunctions()
    #expect(functions?.map(\.voltageInKilovolts) == [200, 200, 200])
    #expect(functions?.map(\.defocusUInAngstroms) == [9000, 9000, 9000])
    let tilted = try fixture.simulate("y", ["--beam-tilt", "1,0"], arguments: arguments)
    #expect(tilted.status == 1 && tilted.standardError.contains("--beam-tilt"), "\(tilted.standardError)")
    let known = try fixture.simulate("z", arguments: ["--poses", "x.star", "--defocus", "7000"])
    #expect(known.status == 0, "\(known.standardError)")
    let others = try ParticleSet(contentsOf: fixture.folder["z.star"]).transferFunctions()
    #expect(others?.map(\.defocusUInAngstroms) == [7000, 7000, 7000])
  }

  @Test("expected electrons and their counts")
  func counts() throws {
    let fixture = try SimulateFixture()
    let arguments = [
      "--random-poses", "5", "--defocus", "10000", "--image-model", "counts", "--dose", "20",
    ]
    #expect(try fixture.simulate("mean", arguments: arguments).status == 0)
    #expect(try fixture.simulate("drawn", ["--poisson"], arguments: arguments).status == 0)
    let mean = try MRCFile(path: fixture.folder["mean.mrcs"]).readImage(0, as: Double.self).values
    let drawn = try MRCFile(path: fixture.folder["drawn.mrcs"]).readImage(0, as: Double.self).values
    // 20 electrons in each of 1.5² Å².
    #expect(abs(mean.reduce(0, +) / 256 - 45) < 1e-3)
    #expect(abs(drawn.reduce(0, +) / 256 - 45) < 3)
    #expect(drawn.allSatisfy { $0 == $0.rounded() && $0 >= 0 })
    #expect(try fixture.simulate("x", ["--poisson"], arguments: ["--random-poses", "2"]).status == 1)
  }

  @Test("arguments that make no sense are refused")
  func refusals() throws {
    let fixture = try SimulateFixture()
    for extra in [
      ["--shard", "5/4"], ["--shard", "0/4"], ["--shard", "x"], ["--noise-std", "1"], ["--dose", "3"],
      ["--checkpoint-interval=-1"], ["--particles-per-micrograph", "0"], ["--defocus", "3,2"],
    ] {
      #expect(try fixture.simulate("set", extra).status == 64, "\(extra)")
    }
    let many = try fixture.simulate("set", ["--shard", "1/42"])
    #expect(many.status == 1 && many.standardError.contains("cannot be split"))
    #expect(fixture.folder.contents == ["map.mrc"])
  }
}

@Suite("Shards")
struct ShardTests {
  @Test(
    "the parts make up the whole in order, and differ by one at the most",
    arguments: [(41, 4), (7, 7), (100, 1)])
  func ranges(total: Int, count: Int) throws {
    let parts = try (1...count).map { try Shard(number: $0, count: count).range(of: total) }
    #expect(parts.flatMap { Array($0) } == Array(0..<total))
    let sizes = parts.map(\.count)
    #expect((sizes.max() ?? 0) - (sizes.min() ?? 0) <= 1)
  }

  @Test("a Slurm task's part is counted from the array's first task")
  func slurm() throws {
    func shard(_ id: Int, _ first: Int, _ count: Int, step: Int = 1) throws -> Shard? {
      try Shard(slurm: [
        "SLURM_ARRAY_TASK_ID": "\(id)", "SLURM_ARRAY_TASK_MIN": "\(first)",
        "SLURM_ARRAY_TASK_COUNT": "\(count)",
        "SLURM_ARRAY_TASK_STEP": "\(step)",
      ])
    }
    #expect(try shard(0, 0, 4) == Shard(number: 1, count: 4))
    #expect(try shard(4, 1, 4) == Shard(number: 4, count: 4))
    #expect(try shard(9, 5, 3, step: 2) == Shard(number: 3, count: 3))
    #expect(try Shard(slurm: [:]) == nil)
    #expect(throws: ExitPlaneError.self) { try shard(7, 1, 3) }
    #expect(throws: ExitPlaneError.self) { try shard(2, 1, 3, step: 2) }
    #expect(Shard(number: 3, count: 16).name(of: "a/set") == "a/set-03-of-16")
    #expect(Shard.whole.name(of: "set") == "set")
  }
}
