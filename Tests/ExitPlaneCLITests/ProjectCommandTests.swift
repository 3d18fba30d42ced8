import ExitPlane
import ExitPlaneIO
import Foundation
import Testing

@Suite("exitplane project")
struct ProjectCommandTests {
  @Test("a map and a STAR file become the stack the library computes, and a STAR file that names it")
  func projects() throws {
    let folder = try ScratchFolder()
    let map = try folder.write("map.mrc", blobMap(16))
    let poses = try folder.write("poses.star", particlesSTAR)
    let run = try CommandRun(["project", map, "--poses", poses, "--output", folder["out.mrcs"]])
    #expect(run.status == 0, "\(run.standardError)")
    #expect(run.standardOutput.isEmpty)
    #expect(folder.contents == ["map.mrc", "poses.star", "out.mrcs", "out.star"])

    let stack = try MRCFile(path: folder["out.mrcs"])
    #expect(stack.isStack && stack.imageCount == 3)
    let volume = try FourierVoxelWindowVolume(
      MRCFile(path: map).readVolume(as: Float.self), accuracy: 1e-3)
    let plane = try ImageConfiguration(shape: GridShape(square: 16), pixelSizeInAngstroms: 1.5)
    let first = try Pose(
      relionRotInDegrees: 10.5, tiltInDegrees: 20.25, psiInDegrees: -30, originXInAngstroms: 1.5,
      originYInAngstroms: -3)
    let want = try FourierSliceExtraction().project(volume, at: first, onto: plane)
    #expect(try stack.readImage(0, as: Float.self).values == want.values)

    let star = try ParticleSet(contentsOf: folder["out.star"])
    #expect(star.count == 3)
    #expect(star.poses[0].shiftInAngstroms == SIMD2(-1.5, 3))
    #expect(try star.imageNames()?.map(\.description) == (1...3).map { "00000\($0)@\(folder["out.mrcs"])" })
    #expect(star.table["rlnMadeUpColumn"]?[1] == "kept2")
  }

  @Test("the bytes do not depend on the number of threads")
  func threads() throws {
    let folder = try ScratchFolder()
    let map = try folder.write("map.mrc", blobMap(12))
    for threads in ["1", "3"] {
      let run = try CommandRun([
        "project", map, "--random-poses", "40", "--seed", "5", "--threads", threads, "--output",
        folder["t\(threads).mrcs"],
      ])
      #expect(run.status == 0, "\(run.standardError)")
    }
    let (one, three) = (
      try Data(contentsOf: URL(fileURLWithPath: folder["t1.mrcs"])),
      try Data(contentsOf: URL(fileURLWithPath: folder["t3.mrcs"]))
    )
    #expect(one == three && one.count == 1024 + 40 * 144 * 4)
  }

  @Test("options reach the method: box, sum, padding, precision, rescaling")
  func options() throws {
    let folder = try ScratchFolder()
    let map = try folder.write("map.mrc", blobMap(12))
    func project(_ extra: [String]) throws -> RealImage<Double> {
      let run = try CommandRun(
        ["project", map, "--euler", "20,40,60", "--output", folder["o.mrcs"]] + extra)
      #expect(run.status == 0, "\(run.standardError)")
      return try MRCFile(path: folder["o.mrcs"]).readImage(0)
    }
    let plain = try project([])
    #expect(plain.shape.description == "12 × 12")
    #expect(try project(["--box", "15,10"]).shape.description == "15 × 10")
    let sum = try project(["--sum"])
    for (a, b) in zip(plain.values, sum.values) { #expect(abs(a - 1.5 * b) < 1e-5) }
    let cubic = try project(["--interpolation", "cubic"])
    #expect(cubic != plain)
    for option in [["--pad-scale", "1"], ["--no-gridding-correction"], ["--slice-grid", "volume"]] {
      #expect(try project(["--interpolation", "cubic"] + option) != cubic)
    }
    let double = try project(["--precision", "double"])
    #expect(double != plain)
    for (a, b) in zip(plain.values, double.values) { #expect(abs(a - b) < 1e-4) }
    let coarse = try project(["--pixel-size", "2", "--rescale"])
    #expect(coarse.shape.description == "9 × 9")
    let mass = { (image: RealImage<Double>, h: Double) in image.values.reduce(0, +) * h * h }
    #expect(abs(mass(coarse, 2) / mass(plain, 1.5) - 1) < 0.01)
    let linear = try project(["--pixel-size", "2", "--rescale", "--interpolation", "linear"])
    #expect(linear.shape == coarse.shape && linear != coarse)
    #expect(abs(mass(linear, 2) / mass(plain, 1.5) - 1) < 0.01)
    let exact = try project(["--interpolation", "exact", "--accuracy", "1e-4"])
    let spread = plain.values.max() ?? 0
    for (a, b) in zip(plain.values, exact.values) { #expect(abs(a - b) < 0.02 * spread) }
    let blurred = try project(["--resolution", "6"])
    #expect(blurred != plain && abs(mass(blurred, 1.5) / mass(plain, 1.5) - 1) < 1e-5)
  }

  @Test("a structure is rendered, and projected in two ways that agree")
  func structure() throws {
    let folder = try ScratchFolder()
    let atoms: [[Double]] = [[-4, 2, 1], [3, -5, 0.5], [1, 4, -3], [0, -1, 2.5]]
    var pdb = ""
    for (index, atom) in atoms.enumerated() {
      let number = String(format: "%4d", index + 1)
      let coordinates = atom.map { String(format: "%8.3f", $0) }.joined()
      pdb += "ATOM   \(number)  CA  ALA A\(number)    \(coordinates)  1.00 40.00           C\n"
    }
    try folder.write("model.pdb", pdb + "END\n")
    let image = ["--euler", "30,50,70", "--box", "32"]
    let direct = try CommandRun(
      ["project", "model.pdb", "--pixel-size", "1", "--output", "direct.mrcs"] + image, in: folder.path)
    #expect(direct.status == 0, "\(direct.standardError)")
    let render = try CommandRun(
      ["render", "model.pdb", "--box", "32", "--voxel-size", "1", "--output", "map.mrc"], in: folder.path)
    #expect(render.status == 0, "\(render.standardError)")
    let slices = try CommandRun(
      ["project", "map.mrc", "--interpolation", "exact", "--output", "slices.mrcs"] + image, in: folder.path)
    #expect(slices.status == 0, "\(slices.standardError)")
    let a = try MRCFile(path: folder["direct.mrcs"]).readImage(0, as: Double.self)
    let b = try MRCFile(path: folder["slices.mrcs"]).readImage(0, as: Double.self)
    let peak = a.values.max() ?? 0
    // Pixels average over the plane, voxels over the beam's direction too.
    for (x, y) in zip(a.values, b.values) { #expect(abs(x - y) < 0.05 * peak) }
    let info = try CommandRun(["info", "model.pdb"], in: folder.path)
    #expect(info.standardOutput.contains("4 in 4 residues"), "\(info.standardOutput)")
    let boxless = try CommandRun(
      ["project", "model.pdb", "--euler", "0,0,0", "-o", "o.mrcs"], in: folder.path)
    #expect(boxless.status == 64 && boxless.standardError.contains("--box"))
  }

  @Test("an interrupted run leaves nothing and exits 130", .timeLimit(.minutes(1)))
  func interrupt() throws {
    let folder = try ScratchFolder()
    let map = try folder.write("map.mrc", blobMap(32))
    let process = Process()
    process.executableURL = URL(fileURLWithPath: CommandRun.executable)
    process.arguments = [
      "project", map, "--random-poses", "2000000", "--box", "16", "--threads", "1", "--output",
      folder["big.mrcs"],
    ]
    process.standardError = FileHandle.nullDevice
    try process.run()
    // Wait until it writes: a temporary file has appeared.
    while folder.contents.count < 3, process.isRunning { usleep(5000) }
    kill(process.processIdentifier, SIGINT)
    process.waitUntilExit()
    #expect(process.terminationStatus == 130)
    #expect(folder.contents == ["map.mrc"])
  }

  @Test("info describes maps, stacks and STAR files")
  func info() throws {
    let folder = try ScratchFolder()
    let map = try folder.write("map.mrc", blobMap(12))
    let star = try folder.write("poses.star", particlesSTAR)
    let run = try CommandRun(["info", map, star])
    #expect(run.status == 0)
    for text in ["12 × 12 × 12 voxels", "1.5000 Å", "mode 2", "3 rows", "rlnMadeUpColumn", "opticsGroup1"] {
      #expect(run.standardOutput.contains(text), "\(text) in \(run.standardOutput)")
    }
  }

  @Test(
    "every command explains itself",
    arguments: [[], ["project"], ["render"], ["info"], ["verify"], ["benchmark"], ["demo"]])
  func help(command: [String]) throws {
    let run = try CommandRun(command + ["--help"])
    #expect(run.status == 0)
    #expect(run.standardOutput.contains("USAGE: exitplane"))
  }

  @Test("a mistake in usage exits 64")
  func usage() throws {
    #expect(try CommandRun(["project"]).status == 64)
    #expect(try CommandRun(["project", "a.mrc", "--output", "b.mrcs"]).status == 64)
    #expect(try CommandRun(["benchmark", "no-such-workload"]).status == 64)
  }
}
