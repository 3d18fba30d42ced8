import ExitPlane
import ExitPlaneIO
import Foundation
import Testing

/// What `simulate` makes of optics options beside a STAR file that has optics, and what it says it did.
@Suite("exitplane simulate, optics of a STAR file")
struct SimulatedOpticsTests {
  private func simulate(
    _ output: String, _ extra: [String], poses: String = "optics.star", in folder: ScratchFolder
  ) throws -> CommandRun {
    try CommandRun(
      ["simulate", "map.mrc", "--poses", poses, "--output", output] + extra, in: folder.path)
  }

  private func inputs() throws -> ScratchFolder {
    let folder = try ScratchFolder()
    try folder.write("map.mrc", blobMap(16))
    try folder.write("optics.star", opticsSTAR)
    return folder
  }

  @Test(
    "an option goes before the file for all groups: the images and STAR file are those of a file that says so"
  )
  func overrides() throws {
    let folder = try inputs()
    // Changed by hand: the oracle.
    let changed = opticsSTAR.replacingOccurrences(of: "300 2.7 0.1 ", with: "200 1.4 0.2 ")
      .replacingOccurrences(of: "120 2.0 0.07 ", with: "200 1.4 0.2 ")
      .replacingOccurrences(
        of: "_rlnMicrographName #8", with: "_rlnMicrographName #8\n_rlnPhaseShift #9\n_rlnCtfBfactor #10"
      )
      .replacingOccurrences(of: "a.mrc", with: "a.mrc 30 60")
      .replacingOccurrences(of: "b.mrc", with: "b.mrc 30 60")
    try folder.write("changed.star", changed)
    let options = [
      "--voltage", "200", "--cs", "1.4", "--amplitude-contrast", "0.2", "--phase-shift", "30",
      "--ctf-b-factor", "60",
    ]
    let run = try simulate("set", options, in: folder)
    #expect(run.status == 0, "\(run.standardError)")
    #expect(try simulate("want", [], poses: "changed.star", in: folder).status == 0)
    #expect(try simulate("plain", [], in: folder).status == 0)
    func bytes(_ name: String) throws -> Data { try Data(contentsOf: URL(fileURLWithPath: folder[name])) }
    #expect(try bytes("set.mrcs") == bytes("want.mrcs"))
    #expect(try bytes("set.mrcs") != bytes("plain.mrcs"))
    #expect(run.standardError.contains("by the poses' file with --voltage, --cs"), "\(run.standardError)")
    let set = try ParticleSet(contentsOf: folder["set.star"])
    let functions = try #require(try set.transferFunctions())
    #expect(try functions == ParticleSet(contentsOf: folder["want.star"]).transferFunctions())
    #expect(functions.allSatisfy { $0.voltageInKilovolts == 200 && $0.phaseShiftInDegrees == 30 })
    #expect(set.opticsGroups.count == 2)
    #expect(set.opticsGroups.allSatisfy { $0.voltageInKilovolts == 200 && $0.amplitudeContrast == 0.2 })
  }

  @Test("a beam tilt and defoci go before the file too")
  func tiltAndDefoci() throws {
    let folder = try inputs()
    let tilted = try simulate("tilted", ["--beam-tilt", "3,-2"], in: folder)
    #expect(tilted.status == 0, "\(tilted.standardError)")
    let set = try ParticleSet(contentsOf: folder["tilted.star"])
    #expect(try set.aberrations().allSatisfy { $0.beamTiltInMilliradians == SIMD2(3, -2) })
    #expect(try simulate("again", [], poses: "tilted.star", in: folder).status == 0)
    let images = try ["tilted", "again"].map {
      try MRCFile(path: folder["\($0).mrcs"]).readImage(1, as: Float.self)
    }
    #expect(images[0] == images[1])

    #expect(try simulate("near", ["--defocus", "7000", "--astigmatism", "100"], in: folder).status == 0)
    let near = try #require(try ParticleSet(contentsOf: folder["near.star"]).transferFunctions())
    #expect(near.allSatisfy { $0.defocusUInAngstroms == 7050 && $0.defocusVInAngstroms == 6950 })
    #expect(near.map(\.voltageInKilovolts) == [300, 120])
  }

  @Test(
    "the closing line says what was applied",
    arguments: [
      ([], ["no CTF", "no noise"]),
      (["--defocus", "9000"], ["CTF by --defocus, RELION's sign", "no noise"]),
      (["--defocus", "9000", "--ctf-sign", "cryoJAX"], ["cryoJAX's sign"]),
      (["--defocus", "9000", "--image-model", "projection"], ["no CTF (--image-model projection)"]),
      (["--defocus", "9000", "--snr", "0.25"], ["white noise of deviation ", "(SNR 0.25)"]),
      (["--noise-std", "0.125"], ["no CTF", "white noise of deviation 0.1250"]),
      (["--noise-std", "2", "--noise-falloff", "0.1"], ["coloured noise of deviation 2.000"]),
      (
        ["--defocus", "9000", "--image-model", "counts", "--dose", "20", "--poisson"],
        ["20.0 electrons per Å²", "Poisson"]
      ),
    ] as [([String], [String])])
  func closingLine(options: [String], words: [String]) throws {
    let folder = try inputs()
    let run = try CommandRun(
      ["simulate", "map.mrc", "--random-poses", "3", "--output", "set"] + options, in: folder.path)
    #expect(run.status == 0, "\(run.standardError)")
    let line = run.standardError.split(separator: "\n").last.map(String.init) ?? ""
    for word in words { #expect(line.contains(word), "\(word) in \(line)") }
    if options.contains("--snr") {
      // The deviation is that of what was added.
      let noiseless = try CommandRun(
        ["simulate", "map.mrc", "--random-poses", "3", "--output", "clean"] + options.dropLast(2),
        in: folder.path)
      #expect(noiseless.status == 0)
      let (set, clean) = (try MRCFile(path: folder["set.mrcs"]), try MRCFile(path: folder["clean.mrcs"]))
      var squares = 0.0
      for index in 0..<3 {
        let (a, b) = try (set.readImage(index, as: Double.self), clean.readImage(index, as: Double.self))
        squares += zip(a.values, b.values).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
      }
      let deviation = (squares / 768).squareRoot()
      let said = line.split(separator: " ").compactMap { Double($0) }.first
      #expect(abs((said ?? 0) / deviation - 1) < 0.1, "\(line), measured \(deviation)")
    }
    let fromFile = try simulate("filed", [], in: folder)
    #expect(fromFile.standardError.contains("CTF by the poses' file"), "\(fromFile.standardError)")
  }

  @Test("what a CTF alone uses is refused without one, in words that fit")
  func withoutFunctions() throws {
    let folder = try inputs()
    for (options, words) in [
      (["--phase-shift", "90"], ["--phase-shift", "contrast transfer function", "--defocus"]),
      (["--ctf-b-factor", "50"], ["--ctf-b-factor", "contrast transfer function"]),
      (["--beam-tilt", "1,1"], ["--beam-tilt", "contrast transfer function"]),
      (["--ctf-sign", "cryoJAX"], ["--ctf-sign", "contrast transfer function"]),
      (["--image-model", "contrast"], ["--image-model contrast", "--defocus"]),
      (["--poisson"], ["--poisson", "--image-model counts"]),
    ] as [([String], [String])] {
      let run = try CommandRun(
        ["simulate", "map.mrc", "--random-poses", "3", "--output", "set"] + options, in: folder.path)
      #expect(run.status == 1, "\(options)")
      for word in words { #expect(run.standardError.contains(word), "\(word) in \(run.standardError)") }
    }
    let projection = try CommandRun(
      ["simulate", "map.mrc", "--random-poses", "3", "--output", "set", "--defocus", "9000", "--image-model"]
        + ["projection", "--ctf-sign", "cryoJAX"], in: folder.path)
    #expect(projection.status == 1 && projection.standardError.contains("--image-model projection"))
    #expect(folder.contents == ["map.mrc", "optics.star"])
  }

  @Test("an image model without a CTF takes the voltage of every group from the file")
  func voltage() throws {
    let folder = try inputs()
    let plain = opticsSTAR.replacingOccurrences(of: "rlnDefocus", with: "rlnOther")
    try folder.write("several.star", plain)
    try folder.write("one.star", plain.replacingOccurrences(of: " 300 ", with: " 120 "))
    let model = ["--image-model", "exit-phase"]
    #expect(try simulate("each", model, poses: "several.star", in: folder).status == 0)
    #expect(try simulate("own", model, poses: "one.star", in: folder).status == 0)
    #expect(
      try simulate("given", model + ["--voltage", "120"], poses: "several.star", in: folder).status == 0)
    let set = try ParticleSet(contentsOf: folder["several.star"])
    for index in 0..<set.count {
      let images = try ["own", "given", "each"].map {
        try MRCFile(path: folder["\($0).mrcs"]).readImage(index, as: Float.self)
      }
      #expect(images[0] == images[1])
      let voltage = set.opticsGroups[set.opticsGroupIndices[index]].voltageInKilovolts
      #expect((images[0] == images[2]) == (voltage == 120))
    }
  }
}
