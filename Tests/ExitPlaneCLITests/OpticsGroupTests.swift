import ExitPlane
import ExitPlaneIO
import Foundation
import Oracles
import Testing

@testable import ExitPlaneCLI

/// Sets of several optics groups, and columns that say how images are made.
@Suite("Optics groups")
struct OpticsGroupTests {
  /// Five particles of three groups, one of which has none; groups in turn.
  private func set(
    first: String = "1.5 16 300", second: String = "1.25 18 200",
    extra: (name: String, values: [String])? = nil
  ) -> String {
    let values = extra?.values ?? ["", "", ""]
    return """
      # version 50001

      data_optics

      loop_
      _rlnOpticsGroup #1
      _rlnOpticsGroupName #2
      _rlnImagePixelSize #3
      _rlnImageSize #4
      _rlnVoltage #5
      _rlnSphericalAberration #6
      _rlnAmplitudeContrast #7
      \(extra.map { "_\($0.name) #8" } ?? "")
      1 plain \(first) 2.7 0.1 \(values[0])
      4 krios \(second) 0.01 0.07 \(values[1])
      9 unused 7 5 100 1 0.2 \(values[2])


      # version 50001

      data_particles

      loop_
      _rlnImageName #1
      _rlnAngleRot #2
      _rlnAngleTilt #3
      _rlnAnglePsi #4
      _rlnOriginXAngst #5
      _rlnOriginYAngst #6
      _rlnDefocusU #7
      _rlnDefocusV #8
      _rlnDefocusAngle #9
      _rlnOpticsGroup #10
      000001@Extract/a.mrcs 10 20 30 1 -2 9000 8800 10 4
      000002@Extract/a.mrcs -40 60 80 0 0 12000 11500 70 1
      000003@Extract/a.mrcs 100 90 -20 -1.5 3 7000 7000 0 4
      000001@Extract/b.mrcs 0 0 0 0.5 0.5 15000 14000 -30 1
      000002@Extract/b.mrcs 170 130 15 2 1 8000 7900 45 4

      """
  }

  private func folder(_ text: String) throws -> ScratchFolder {
    let folder = try ScratchFolder()
    try folder.write("map.mrc", blobMap(16))
    try folder.write("poses.star", text)
    return folder
  }

  private func run(_ command: String, _ extra: [String] = [], in folder: ScratchFolder) throws -> CommandRun {
    let output = command == "project" ? "out.mrcs" : "out"
    return try CommandRun(
      [command, "map.mrc", "--poses", "poses.star", "--output", output] + extra, in: folder.path)
  }

  @Test(
    "each group has its own pixel size, box and optics, and a stack of its own",
    arguments: ["project", "simulate"])
  func stacksOfGroups(command: String) throws {
    let folder = try folder(set())
    let run = try run(command, ["--rescale"], in: folder)
    #expect(run.status == 0, "\(run.standardError)")
    #expect(
      folder.contents == ["map.mrc", "poses.star", "out-group1.mrcs", "out-group4.mrcs", "out.star"])
    let star = try ParticleSet(contentsOf: folder["out.star"])
    #expect(
      try star.imageNames()?.map(\.description) == [
        "000001@out-group4.mrcs", "000001@out-group1.mrcs", "000002@out-group4.mrcs",
        "000002@out-group1.mrcs",
        "000003@out-group4.mrcs",
      ])
    #expect(star.table["rlnImageOriginalName"]?[3] == "000001@Extract/b.mrcs")
    #expect(star.opticsGroups.prefix(2).map(\.imageSize) == [16, 18])
    #expect(star.opticsGroups.prefix(2).map(\.pixelSizeInAngstroms) == [1.5, 1.25])
    #expect(star.opticsGroups.prefix(2).map(\.voltageInKilovolts) == [300, 200])

    // Each image is that of the library at its group's plane, with its optics.
    let map = try MRCFile(path: folder["map.mrc"]).readVolume(as: Float.self)
    let volume = try FourierVoxelWindowVolume(map, accuracy: 1e-3)
    let functions = try #require(try star.transferFunctions())
    for (index, name) in try #require(try star.imageNames()).enumerated() {
      let group = star.opticsGroups[star.opticsGroupIndices[index]]
      let plane = try ImageConfiguration(
        shape: GridShape(square: #require(group.imageSize)),
        pixelSizeInAngstroms: #require(group.pixelSizeInAngstroms))
      let plan = try ImageFormationPlan(
        FourierSliceExtraction(resamples: true).makeProjector(for: volume, onto: plane),
        model: command == "project" ? .projection : .linear)
      var workspace = try plan.makeWorkspace()
      let want = try plan.image(
        of: ImagedParticle(number: 0, pose: star.poses[index], transfer: functions[index]), using: &workspace)
      let stack = try MRCFile(path: folder[name.path])
      #expect(try abs((stack.voxelSizeInAngstroms ?? 0) - plane.pixelSizeInAngstroms) < 1e-6)
      let got = try stack.readImage(name.number - 1, as: Float.self)
      #expect(got.shape == plane.shape && zip(got.values, want).allSatisfy { abs($0 - $1) <= 1e-6 * 16 })
    }
  }

  @Test("a size that is not the map's and was not asked for is an error that names the group")
  func unaskedSizes() throws {
    for (text, words) in [
      (set(second: "1.25 16 300"), ["optics group 4 'krios' of poses.star", "1.25 Å", "--rescale"]),
      (set(first: "1.5 20 300", second: "1.5 16 300"), ["optics group 1 'plain'", "20 pixels", "--box 16"]),
      (
        """
        data_
        loop_
        _rlnAngleRot
        _rlnAngleTilt
        _rlnAnglePsi
        _rlnMagnification
        _rlnDetectorPixelSize
        1 2 3 10000 1.5
        4 5 6 20000 5.0

        """, ["optics group 2 'opticsGroup2' of poses.star", "2.5", "--rescale"]
      ),
    ] {
      let folder = try folder(text)
      for command in ["project", "simulate"] {
        let run = try run(command, in: folder)
        #expect(run.status == 1, "\(run.standardError)")
        for word in words { #expect(run.standardError.contains(word), "\(run.standardError)") }
        #expect(folder.contents == ["map.mrc", "poses.star"])
      }
    }
    // Asked for, all images are of one kind, in one stack.
    let folder = try folder(set(first: "1.5 20 300", second: "1.25 18 300"))
    let run = try run("project", ["--pixel-size", "1.5", "--box", "12"], in: folder)
    #expect(run.status == 0, "\(run.standardError)")
    let star = try ParticleSet(contentsOf: folder["out.star"])
    #expect(try star.imageNames()?.map(\.description) == (1...5).map { "00000\($0)@out.mrcs" })
    #expect(Swift.Set(star.opticsGroups.map(\.imageSize)) == [12])
    #expect(try MRCFile(path: folder["out.mrcs"]).imageCount == 5)
  }

  @Test("magnification and even Zernike coefficients of every group are in its images")
  func distortedGroups() throws {
    let m = [[1.05, 0.03], [-0.02, 0.94]]
    var text = set(first: "1.5 16 300", second: "1.5 16 300")
    text = text.replacingOccurrences(
      of: "_rlnAmplitudeContrast #7\n",
      with: """
        _rlnAmplitudeContrast #7
        _rlnMagMat00
        _rlnMagMat01
        _rlnMagMat10
        _rlnMagMat11
        _rlnEvenZernike

        """)
    text = text.replacingOccurrences(of: "2.7 0.1 ", with: "2.7 0.1 1 0 0 1 []")
    text = text.replacingOccurrences(
      of: "0.01 0.07 ", with: "0.01 0.07 \(m[0][0]) \(m[0][1]) \(m[1][0]) \(m[1][1]) [0,5,-3]")
    text = text.replacingOccurrences(of: "1 0.2 ", with: "1 0.2 1 0 0 1 []")
    for command in ["project", "simulate"] {
      let folder = try folder(text)
      let run = try run(command, in: folder)
      #expect(run.status == 0, "\(run.standardError)")
      let star = try ParticleSet(contentsOf: folder["out.star"])
      #expect(star.document["optics"]?.table?["rlnMagMat01"]?[1] == "0.03")
      let map = try MRCFile(path: folder["map.mrc"]).readVolume(as: Float.self)
      let volume = try FourierVoxelWindowVolume(map, accuracy: 1e-3)
      let functions = try #require(try star.transferFunctions())
      let stack = try MRCFile(path: folder["out.mrcs"])
      for index in 0..<5 {
        let group = star.opticsGroupIndices[index]
        let magnification =
          group == 1
          ? try AnisotropicMagnification(
            firstRow: SIMD2(m[0][0], m[0][1]), secondRow: SIMD2(m[1][0], m[1][1])) : .none
        let plane = try ImageConfiguration(
          shape: GridShape(square: 16), pixelSizeInAngstroms: 1.5, magnification: magnification)
        let factors = try AberrationFactors<Float>(
          AntisymmetricAberrations(),
          symmetric: group == 1 ? SymmetricAberrations(evenZernike: [0, 5, -3]) : .none,
          magnification: magnification, shape: plane.shape, pixelSizeInAngstroms: 1.5,
          voltageInKilovolts: 300,
          sphericalAberrationInMillimetres: 2.7)
        let plan = try ImageFormationPlan(
          FourierSliceExtraction().makeProjector(for: volume, onto: plane),
          model: command == "project" ? .projection : .linear)
        var workspace = try plan.makeWorkspace()
        let want = try plan.image(
          of: ImagedParticle(
            number: 0, pose: star.poses[index], transfer: functions[index], aberrations: factors),
          using: &workspace)
        #expect(zip(try stack.readImage(index, as: Float.self).values, want).allSatisfy { $0 == $1 })
      }
    }
  }

  @Test("every method takes magnified groups")
  func methods() throws {
    let folder = try folder(
      set(first: "1.5 16 300", second: "1.5 16 300", extra: ("rlnMagMat00", ["1", "1.08", "1"])))
    try folder.write("model.pdb", variedStructure)
    for (input, method, least) in [
      ("map.mrc", ["--interpolation", "linear"], 0.005), ("map.mrc", ["--interpolation", "exact"], 0.005),
      ("map.mrc", ["--interpolation", "cubic", "--slice-grid", "volume"], 0.005),
      ("map.mrc", ["--method", "real-voxel"], 0.005),
      ("model.pdb", ["--method", "gaussian"], 0.005), ("model.pdb", ["--method", "fft-atom"], 0.005),
    ] {
      func images(_ poses: String) throws -> [RealImage<Float>] {
        let run = try CommandRun(
          ["project", input, "--poses", poses, "--output", "out.mrcs"] + method, in: folder.path)
        #expect(run.status == 0, "\(method): \(run.standardError)")
        let stack = try MRCFile(path: folder["out.mrcs"])
        return try (0..<5).map { try stack.readImage($0, as: Float.self) }
      }
      let plain = try folder.write("plain.star", set(first: "1.5 16 300", second: "1.5 16 300"))
      let (magnified, unmagnified) = (try images("poses.star"), try images(plain))
      for (index, group) in [4, 1, 4, 1, 4].enumerated() {
        let (a, b) = (magnified[index].values, unmagnified[index].values)
        let peak = b.map(abs).max() ?? 0
        let difference = zip(a, b).map { abs($0 - $1) }.max() ?? 0
        #expect(group == 1 ? difference == 0 : difference > Float(least) * peak, "\(method), image \(index)")
      }
    }
  }

  @Test("shards of several stacks, merged, are the set made in one piece, and resume")
  func shards() throws {
    let folder = try folder(set())
    let arguments = ["--rescale", "--snr", "0.5", "--seed", "3"]
    #expect(try run("simulate", arguments, in: folder).status == 0)
    func bytes() throws -> [Data] {
      try ["out-group1.mrcs", "out-group4.mrcs", "out.star"].map {
        try Data(contentsOf: URL(fileURLWithPath: folder[$0]))
      }
    }
    let whole = try bytes()
    for shard in ["1/2", "2/2"] {
      let run = try run("simulate", arguments + ["--shard", shard, "--threads", "1"], in: folder)
      #expect(run.status == 0, "\(run.standardError)")
    }
    for name in ["out-group1.mrcs", "out-group4.mrcs", "out.star"] {
      try FileManager.default.removeItem(atPath: folder[name])
    }
    let merge = try CommandRun(
      ["merge", "out-1-of-2.star", "out-2-of-2.star", "--output", "out"], in: folder.path)
    #expect(merge.status == 0, "\(merge.standardError)")
    #expect(try bytes() == whole)
    let again = try run("simulate", arguments + ["--resume"], in: folder)
    #expect(again.status == 0, "\(again.standardError)")
    #expect(try bytes() == whole)
  }

  @Test("what would be untrue of the images is left out with a warning, subtomograms are refused")
  func columns() throws {
    let untrue: [(String, [String])] = [
      ("rlnMtfFileName", ["mtf.star", "mtf.star", "mtf.star"]),
      ("rlnCtfDataAreCtfPremultiplied", ["0", "1", "0"]),
      ("rlnCtfDataArePhaseFlipped", ["1", "1", "1"]),
    ]
    for command in ["project", "simulate"] {
      for (name, values) in untrue {
        let folder = try folder(
          set(first: "1.5 16 300", second: "1.5 16 300", extra: (name, values)))
        let run = try run(command, in: folder)
        #expect(run.status == 0, "\(run.standardError)")
        #expect(run.standardError.contains("warning: _\(name)"), "\(run.standardError)")
        #expect(try STARDocument(contentsOf: folder["out.star"])["optics"]?.table?[name] == nil)
      }
      let folder = try folder(
        set(
          first: "1.5 16 300", second: "1.5 16 300", extra: ("rlnImageDimensionality", ["2", "3", "2"])))
      let run = try run(command, in: folder)
      #expect(run.status == 1 && run.standardError.contains("_rlnImageDimensionality is '3'"))
      #expect(folder.contents == ["map.mrc", "poses.star"])
    }
  }

  @Test(
    "relion_reconstruct finds the images from the project's folder",
    .enabled(if: program("relion_reconstruct") != nil, "RELION is not installed"))
  func reconstruct() throws {
    let folder = try folder(set(first: "1.5 16 300", second: "1.5 16 300"))
    try FileManager.default.createDirectory(atPath: folder["sub"], withIntermediateDirectories: false)
    let run = try CommandRun(
      ["simulate", "map.mrc", "--random-poses", "20", "--defocus", "9000", "--output", "sub/set"],
      in: folder.path)
    #expect(run.status == 0, "\(run.standardError)")
    try output(
      of: #require(program("relion_reconstruct")), ["--i", "sub/set.star", "--o", "r.mrc", "--ctf"],
      in: folder.path)
    #expect(try MRCFile(path: folder["r.mrc"]).shape == GridShape(square: 16))
  }
}
