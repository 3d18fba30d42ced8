import ExitPlane
import ExitPlaneIO
import Foundation
import Testing

@testable import ExitPlaneCLI

/// What is asked for first, where it is taken from, and numbers no argument may break.
@Suite("Arguments in their order")
struct ArgumentOrderTests {
  @Test(
    "a file that is not there is said to be missing before anything else is asked for",
    arguments: [
      ["project", "none.pdb", "--euler", "0,0,0", "-o", "o.mrcs"],
      ["project", "none.mrc", "--euler", "0,0,0", "-o", "o.mrcs", "--method", "gaussian"],
      ["project", "map.mrc", "--poses", "none.star", "-o", "o.mrcs", "--pixel-size", "9"],
      ["project", "model.pdb", "--poses", "none.star", "-o", "o.mrcs"],
      ["simulate", "none.pdb", "--random-poses", "3", "-o", "set", "--voltage", "300000"],
      ["simulate", "map.mrc", "--poses", "none.star", "-o", "set", "--resolution", "-1"],
      [
        "simulate", "map.mrc", "--random-poses", "3", "-o", "set", "--noise-model", "none.star", "--cs",
        "2700",
      ],
      ["render", "none.pdb", "--voxel-size", "-1", "-o", "o.mrc"],
      ["compare", "map.mrc", "none.mrc", "--pixel-size", "-1"],
      ["compare", "none.mrc", "map.mrc", "--star", "map.mrc"],
      ["merge", "none.star", "-o", "none"],
      ["info", "none.pdb", "--selection", "A"],
      ["info", "map.mrc", "none.mrc", "--selection", "A"],
      ["verify", "none"],
    ])
  func missing(arguments: [String]) throws {
    let folder = try ScratchFolder()
    try folder.write("map.mrc", blobMap(8))
    try folder.write("model.pdb", variedStructure)
    let run = try CommandRun(arguments, in: folder.path)
    #expect(run.status == 1, "\(run.standardError)")
    #expect(run.standardError.contains("none"), "\(run.standardError)")
    let says = ["no such file", "No such file", "cannot be opened"]
    #expect(says.contains { run.standardError.contains($0) }, "\(run.standardError)")
    #expect(folder.contents == ["map.mrc", "model.pdb"])
  }

  @Test("a structure's box and pixel size are those of the poses' file, and options go before them")
  func imagesOfPoses() throws {
    let folder = try ScratchFolder()
    try folder.write("model.pdb", variedStructure)
    try folder.write("poses.star", particlesSTAR)
    for command in ["project", "simulate"] {
      let output = command == "project" ? "o.mrcs" : "o"
      func run(_ extra: [String]) throws -> MRCFile {
        let run = try CommandRun(
          [command, "model.pdb", "--poses", "poses.star", "--output", output] + extra, in: folder.path)
        try #require(run.status == 0, "\(run.standardError)")
        return try MRCFile(path: folder["o.mrcs"])
      }
      let own = try run([])
      #expect(try own.shape == GridShape(square: 16) && own.voxelSizeInAngstroms == 1.5)
      let given = try run(["--box", "16", "--pixel-size", "1.5"])
      #expect(try own.readImage(0, as: Float.self) == given.readImage(0))
      #expect(try run(["--box", "24"]).shape == GridShape(square: 24))
      #expect(try abs((run(["--pixel-size", "2"]).voxelSizeInAngstroms ?? 0) - 2) < 1e-6)
    }
    // Of a file that lacks them they are asked for; groups that no particle is of ask for nothing.
    try folder.write(
      "lacking.star", particlesSTAR.replacingOccurrences(of: "_rlnImageSize", with: "_rlnOther"))
    let lacking = try CommandRun(
      ["project", "model.pdb", "--poses", "lacking.star", "--output", "x.mrcs"], in: folder.path)
    #expect(
      lacking.status == 64 && lacking.standardError.contains("--box and --pixel-size"),
      "\(lacking.standardError)")
    #expect(lacking.standardError.contains("optics group 1 'opticsGroup1' of lacking.star"))
    try folder.write(
      "differing.star",
      particlesSTAR.replacingOccurrences(
        of: "opticsGroup1 1", with: "two 2 300 2.7 0.1 2 24 2\nopticsGroup1 1"))
    let differing = try CommandRun(
      ["project", "model.pdb", "--poses", "differing.star", "--output", "x.mrcs"], in: folder.path)
    #expect(differing.status == 0, "\(differing.standardError)")
    #expect(try MRCFile(path: folder["x.mrcs"]).shape == GridShape(square: 16))
  }

  @Test("--voxel-size is the map's and --pixel-size the images'")
  func sizes() throws {
    let folder = try ScratchFolder()
    try folder.write("map.mrc", blobMap(16))
    let nameless = mrcBytes(
      columns: 16, rows: 16, sections: 16, voxelSize: 0,
      values: (0..<4096).map { Float(($0 * 7919) % 101) })
    try folder.write("nameless.mrc", nameless)
    func project(_ map: String, _ extra: [String]) throws -> CommandRun {
      try CommandRun(["project", map, "--euler", "10,20,30", "--output", "o.mrcs"] + extra, in: folder.path)
    }
    let unstated = try project("nameless.mrc", [])
    #expect(
      unstated.status == 1 && unstated.standardError.contains("--voxel-size"), "\(unstated.standardError)")
    // The images' pixel size is not the map's voxel size.
    #expect(try project("nameless.mrc", ["--pixel-size", "2"]).status == 1)
    #expect(try project("nameless.mrc", ["--voxel-size", "2"]).status == 0)
    #expect(try abs((MRCFile(path: folder["o.mrcs"]).voxelSizeInAngstroms ?? 0) - 2) < 1e-6)
    // It goes before a header's.
    let stated = try project("map.mrc", ["--voxel-size", "3"])
    #expect(stated.status == 0, "\(stated.standardError)")
    #expect(try abs((MRCFile(path: folder["o.mrcs"]).voxelSizeInAngstroms ?? 0) - 3) < 1e-6)
    let resampled = try project("map.mrc", ["--voxel-size", "3", "--pixel-size", "4", "--rescale"])
    #expect(resampled.status == 0, "\(resampled.standardError)")
    #expect(try MRCFile(path: folder["o.mrcs"]).shape == GridShape(square: 12))
    let compare = ["compare", "nameless.mrc", "nameless.mrc"]
    for option in ["--voxel-size", "--pixel-size"] {
      #expect(try CommandRun(compare + [option, "2"], in: folder.path).status == 0)
    }
  }

  @Test("a number below 0 is taken for a number, whatever the option")
  func negativeNumbers() throws {
    let folder = try ScratchFolder()
    try folder.write("map.mrc", blobMap(8))
    try folder.write("model.pdb", variedStructure)
    let arguments = [
      "project": ["map.mrc", "--euler", "0,0,0"], "simulate": ["map.mrc", "--euler", "0,0,0"],
      "render": ["model.pdb", "--voxel-size", "1"], "compare": ["map.mrc", "map.mrc"],
      "poses": ["--count", "2", "--pixel-size", "1", "--box", "8"], "benchmark": ["slice-linear-128"],
      "demo": [], "merge": ["x.star"], "info": ["map.mrc"], "verify": ["x"],
    ]
    for command in try CommandOptions.commands.get() where command != "help" {
      for option in try CommandOptions.numeric(of: command) {
        // All fail, at the parser or soon after, since no option takes this.
        let run = try CommandRun(
          [command] + (arguments[command] ?? []) + ["--\(option)", "-7e99x"]
            + (command == "render" || command == "project" || command == "simulate"
              ? ["--output", "out"] : []),
          in: folder.path)
        #expect(run.status != 0)
        #expect(!run.standardError.contains("Missing value"), "\(command) --\(option): \(run.standardError)")
      }
    }
  }

  @Test("numbers that no integer holds are refused in words")
  func conversions() throws {
    let folder = try ScratchFolder()
    try folder.write("map.mrc", blobMap(8))
    try folder.write(
      "huge.mrc",
      mrcBytes(columns: 8, rows: 8, sections: 8, voxelSize: 1e30, values: Array(repeating: 1, count: 512)))
    try folder.write(
      "tiny.mrc",
      mrcBytes(columns: 8, rows: 8, sections: 8, voxelSize: 1e-30, values: (0..<512).map { Float($0 % 7) }))
    try folder.write("model.pdb", variedStructure)
    let poses = ["--euler", "1,2,3", "--output", "o.mrcs"]
    let most = "9223372036854775807"
    for arguments in [
      ["project", "map.mrc", "--rescale", "--pixel-size", "1e-20"] + poses,
      ["project", "map.mrc", "--rescale", "--pixel-size", "0.01"] + poses,
      ["project", "map.mrc", "--voxel-size", "1e4", "--rescale", "--pixel-size", "0.01"] + poses,
      ["project", "huge.mrc", "--rescale", "--pixel-size", "1"] + poses,
      ["project", "huge.mrc", "--rescale", "--pixel-size", "1", "--interpolation", "linear"] + poses,
      ["project", "tiny.mrc", "--rescale", "--pixel-size", "1", "--interpolation", "linear"] + poses,
      ["project", "map.mrc", "--box", most] + poses, ["project", "map.mrc", "--box", "1,\(most)"] + poses,
      ["project", "map.mrc", "--pad-scale", "1e300"] + poses,
      ["project", "map.mrc", "--pad-scale", "nan"] + poses,
      ["project", "map.mrc", "--threads", most] + poses,
      ["project", "map.mrc", "--random-poses", most, "--output", "o.mrcs"],
      ["project", "model.pdb", "--box", "32768", "--pixel-size", "1", "--upsampling", "16"] + poses,
      ["project", "model.pdb", "--box", "8", "--pixel-size", "1", "--upsampling", most] + poses,
      ["project", "model.pdb", "--box", "8", "--pixel-size", "1", "--method", "fft-atom", "--upsample", most]
        + poses,
      ["project", "model.pdb", "--box", "8", "--pixel-size", "1", "--accuracy", "1e-400"] + poses,
      ["simulate", "map.mrc", "--random-poses", "3", "--output", "s", "--particles-per-micrograph", most],
      ["simulate", "map.mrc", "--random-poses", "3", "--output", "s", "--checkpoint-interval", "nan"],
      ["simulate", "map.mrc", "--random-poses", "3", "--output", "s", "--shard", "\(most)/\(most)"],
      ["poses", "--count", most, "--pixel-size", "1", "--box", "8", "--output", "p.star"],
      ["poses", "--count", "2", "--pixel-size", "1", "--box", most, "--output", "p.star"],
      ["render", "model.pdb", "--voxel-size", "1e-20", "--output", "r.mrc"],
      ["render", "model.pdb", "--voxel-size", "1", "--box", most, "--output", "r.mrc"],
      ["demo", "--images", most], ["benchmark", "slice-linear-128", "--pad-scale", "1e300"],
      ["benchmark", "slice-exact-128", "--accuracy", "0"],
      ["benchmark", "slice-linear-128", "--threads", most],
    ] {
      let run = try CommandRun(arguments, in: folder.path)
      #expect(run.status == 1 || run.status == 64, "\(arguments): \(run.status) \(run.standardError)")
      #expect(run.standardError.contains("Error: "), "\(arguments): \(run.standardError)")
    }
    for arguments in [
      ["info", "huge.mrc", "tiny.mrc"], ["compare", "huge.mrc", "huge.mrc", "--plot", "p.png"],
    ] {
      #expect(try CommandRun(arguments, in: folder.path).status == 0, "\(arguments)")
    }
    #expect(throws: ExitPlaneError.self) {
      try Shard(slurm: [
        "SLURM_ARRAY_TASK_ID": most, "SLURM_ARRAY_TASK_COUNT": "4", "SLURM_ARRAY_TASK_MIN": "0",
      ])
    }
    try folder.write(
      "cases.json",
      """
      {"cases": [{"name": "a", "method": "EulerAnglePose", "phi_theta_psi_degrees": [[0, 0, 0]],
      "expected": {"file": "cases.json", "shape": [4611686018427387904], "dtype": "float64"},
      "max_abs_error_over_max_abs": 1}]}
      """)
    let verify = try CommandRun(["verify", folder.path])
    #expect(verify.status == 1, "\(verify.standardError)")
  }
}
