import Testing

/// Numbers that are meant in another unit than the option's.
@Suite("Numbers in another unit")
struct UnitTrapTests {
  static let cases: [([String], [String])] = [
    (["--voltage", "300000"], ["--voltage is 300000.0 kV", "10 to 3000 kV"]),
    (["--voltage", "0.3"], ["--voltage is 0.3 kV"]),
    (["--cs", "2700"], ["--cs is 2700.0 mm", "-10 to 10 mm"]),
    (["--defocus", "1,2.5"], ["--defocus is 2.5 Å", "100 to 1000000 Å"]),
    (["--defocus", "-2.5,-1"], ["--defocus is -2.5 Å"]),
    (["--defocus", "1e7"], ["--defocus is 10000000.0 Å"]),
    (["--defocus", "8000,20000", "--astigmatism", "9000"], ["--astigmatism is 9000.0 Å", "8000.0 Å"]),
    (["--defocus", "8000", "--astigmatism", "0.05"], ["--astigmatism is 0.05 Å"]),
    (["--defocus", "9000", "--phase-shift", "1571"], ["--phase-shift is 1571.0°", "-360 to 360°"]),
    (["--defocus", "9000", "--ctf-b-factor", "1e5"], ["--ctf-b-factor is 100000.0 Å²"]),
    (["--defocus", "9000", "--beam-tilt", "0,200"], ["--beam-tilt is 200.0 mrad", "-50 to 50 mrad"]),
  ]

  @Test("poses says the number, the unit and the range", arguments: cases)
  func poses(options: [String], words: [String]) throws {
    let folder = try ScratchFolder()
    let run = try CommandRun(
      ["poses", "--count", "2", "--pixel-size", "1", "--box", "16", "--output", "p.star"] + options,
      in: folder.path)
    try expectRefused(run, words, folder, leaving: [])
  }

  @Test(
    "simulate too",
    arguments: cases + [
      (["--snr", "-1"], ["--snr is -1.0", "above 0"]),
      (["--snr", "0"], ["--snr is 0.0", "above 0"]),
      (["--noise-std", "-1"], ["--noise-std is -1.0"]),
      (["--noise-std", "1", "--noise-falloff", "20"], ["--noise-falloff is 20.0 1/Å"]),
      (["--defocus", "9000", "--image-model", "counts", "--dose", "-5"], ["--dose is -5.0 e/Å²"]),
      (["--defocus", "9000", "--image-model", "counts", "--dose", "4e5"], ["--dose is 400000.0 e/Å²"]),
      (["--pixel-size", "1.5e-10"], ["--pixel-size is 1.5e-10 Å", "0.01 to 10000 Å"]),
      (["--voxel-size", "1.5e-10"], ["--voxel-size is 1.5e-10 Å"]),
      (["--resolution", "-3"], ["--resolution is -3.0 Å", "above 0"]),
    ])
  func simulate(options: [String], words: [String]) throws {
    let folder = try ScratchFolder()
    try folder.write("map.mrc", blobMap(16))
    let run = try CommandRun(
      ["simulate", "map.mrc", "--random-poses", "2", "--output", "set"] + options, in: folder.path)
    try expectRefused(run, words, folder, leaving: ["map.mrc"])
  }

  @Test("atoms' B-factors and sizes of pixels and voxels")
  func structures() throws {
    let folder = try ScratchFolder()
    try folder.write("model.pdb", variedStructure)
    for (arguments, words) in [
      (
        ["project", "--pixel-size", "1.2e-10", "--box", "16", "--euler", "0,0,0"],
        ["--pixel-size is 1.2e-10 Å"]
      ),
      (
        ["project", "--pixel-size", "1.2", "--box", "16", "--euler", "0,0,0", "--b-factor", "-3"],
        ["--b-factor is -3.0 Å²"]
      ),
      (
        ["project", "--pixel-size", "1.2", "--box", "16", "--euler", "0,0,0", "--b-factor", "1e6"],
        ["--b-factor is 1000000.0 Å²"]
      ),
      (["render", "--voxel-size", "1.2e-10"], ["--voxel-size is 1.2e-10 Å"]),
    ] as [([String], [String])] {
      let run = try CommandRun(arguments + ["model.pdb", "--output", "o.mrc"], in: folder.path)
      try expectRefused(run, words, folder, leaving: ["model.pdb"])
    }
    let poses = try CommandRun(
      ["poses", "--count", "2", "--pixel-size", "1e-10", "--box", "16", "--output", "p.star"], in: folder.path
    )
    try expectRefused(poses, ["--pixel-size is 1e-10 Å"], folder, leaving: ["model.pdb"])
  }

  @Test("what is usual is not refused: corrected microscopes, exact focus, ranges through focus")
  func usual() throws {
    let folder = try ScratchFolder()
    for options in [
      ["--cs", "0.001"], ["--cs", "-0.02"], ["--voltage", "80"], ["--defocus", "0"],
      ["--defocus", "0", "--astigmatism", "200"], ["--defocus", "-2000,20000"],
      ["--defocus", "-9000", "--astigmatism", "500"], ["--defocus", "8000,20000", "--astigmatism", "0,400"],
    ] {
      let run = try CommandRun(
        ["poses", "--count", "2", "--pixel-size", "1", "--box", "16", "--output", "p.star"] + options,
        in: folder.path)
      #expect(run.status == 0, "\(options): \(run.standardError)")
    }
  }

  private func expectRefused(
    _ run: CommandRun, _ words: [String], _ folder: ScratchFolder, leaving files: Set<String>
  ) throws {
    #expect(run.status == 1, "\(run.standardError)")
    #expect(run.standardError.split(separator: "\n").count == 1, "\(run.standardError)")
    for word in words { #expect(run.standardError.contains(word), "\(word) in \(run.standardError)") }
    #expect(folder.contents == files)
  }
}
