import ExitPlane
import ExitPlaneIO
import Testing

@Suite("--ewald")
struct EwaldCommandTests {
  private let exact = ["--interpolation", "exact", "--accuracy", "1e-6", "--precision", "double"]

  /// A map of one bright voxel, so many voxels above the origin along z.
  private func point(above height: Int) -> [UInt8] {
    let n = 16
    var values = [Float](repeating: 0, count: n * n * n)
    values[((n / 2 + height) * n + n / 2 - 2) * n + n / 2 + 3] = 1
    return mrcBytes(columns: Int32(n), rows: Int32(n), sections: Int32(n), values: values)
  }

  private func image(
    _ folder: ScratchFolder, _ arguments: [String], sourceLocation: SourceLocation = #_sourceLocation
  ) throws -> [Double] {
    let run = try CommandRun(arguments + ["--output", "o.mrcs"] + exact, in: folder.path)
    #expect(run.status == 0, "\(run.standardError)", sourceLocation: sourceLocation)
    return try MRCFile(path: folder["o.mrcs"]).readImage(0, as: Double.self).values
  }

  private func difference(_ a: [Double], _ b: [Double]) -> Double {
    zip(a, b).map { abs($0 - $1) }.max()! / b.map(abs).max()!
  }

  @Test("simulate: a point at height z is seen at the defocus less z, or with --reverse-curvature plus z")
  func simulate() throws {
    let folder = try ScratchFolder()
    try folder.write("high.mrc", point(above: 4))
    try folder.write("flat.mrc", point(above: 0))
    // At height z = 4 · 1.5 Å.
    let optics = ["--euler", "0,0,0", "--voltage", "10", "--cs", "0.1", "--amplitude-contrast", "0.2"]
    func simulated(_ map: String, _ defocus: Int, _ extra: [String] = []) throws -> [Double] {
      try image(folder, ["simulate", map, "--defocus", "\(defocus)"] + optics + extra)
    }
    let curved = try simulated("high.mrc", 1000, ["--ewald"])
    #expect(try difference(curved, simulated("flat.mrc", 994)) < 1e-5)
    #expect(try difference(curved, simulated("flat.mrc", 1006)) > 0.05)
    let reversed = try simulated("high.mrc", 1000, ["--ewald", "--reverse-curvature"])
    #expect(try difference(reversed, simulated("flat.mrc", 1006)) < 1e-5)
  }

  @Test("each particle has the sphere of its own voltage")
  func voltages() throws {
    let folder = try ScratchFolder()
    try folder.write("high.mrc", point(above: 4))
    for kilovolts in [10, 20] {
      let poses = try CommandRun(
        [
          "poses", "--count", "1", "--even", "--voltage", "\(kilovolts)", "--defocus", "1000", "--pixel-size",
          "1.5",
        ]
          + ["--box", "16", "--output", "p.star"], in: folder.path)
      #expect(poses.status == 0, "\(poses.standardError)")
      let set = try ParticleSet(contentsOf: folder["p.star"])
      let got = try image(folder, ["simulate", "high.mrc", "--poses", "p.star", "--ewald"])
      let map = try MRCFile(path: folder["high.mrc"]).readVolume(as: Double.self)
      let plan = try ImageFormationPlan(
        EwaldSphereProjection().makeProjector(
          for: FourierVoxelWindowVolume(map, accuracy: 1e-6),
          onto: ImageConfiguration(shape: GridShape(square: 16), pixelSizeInAngstroms: 1.5)))
      var workspace = try plan.makeWorkspace()
      let functions = try #require(try set.transferFunctions())
      #expect(functions[0].voltageInKilovolts == Double(kilovolts))
      let want = try plan.image(
        of: ImagedParticle(number: 0, pose: set.poses[0], transfer: functions[0]), using: &workspace)
      #expect(difference(got, Array(want)) < 1e-5)
    }
  }

  @Test("project: the real part of the wave, at the voltage asked for or the poses' file's")
  func project() throws {
    let folder = try ScratchFolder()
    try folder.write("high.mrc", point(above: 4))
    try folder.write("poses.star", particlesSTAR)
    let map = try MRCFile(path: folder["high.mrc"]).readVolume(as: Double.self)
    let set = try ParticleSet(contentsOf: folder["poses.star"])
    for (extra, kilovolts) in [([String](), 300.0), (["--voltage", "10"], 10)] {
      let got = try image(folder, ["project", "high.mrc", "--poses", "poses.star", "--ewald"] + extra)
      let plan = try EwaldSphereProjection().makeProjector(
        for: FourierVoxelWindowVolume(map, accuracy: 1e-6),
        onto: ImageConfiguration(
          shape: GridShape(square: 16), pixelSizeInAngstroms: 1.5, voltageInKilovolts: kilovolts))
      var workspace = try plan.makeWorkspace()
      #expect(difference(got, plan.project(at: set.poses[0], using: &workspace).values) < 1e-5)
      let written = try ParticleSet(contentsOf: folder["o.star"])
      #expect(written.opticsGroups[0].voltageInKilovolts == kilovolts)
    }
    let curved = try image(folder, ["project", "high.mrc", "--euler", "0,0,0", "--ewald", "--voltage", "10"])
    let flat = try image(folder, ["project", "high.mrc", "--euler", "0,0,0"])
    #expect(difference(curved, flat) > 0.01)
  }

  @Test("where it has no effect it is refused")
  func refusals() throws {
    let folder = try ScratchFolder()
    try folder.write("map.mrc", point(above: 1))
    try folder.write(
      "model.pdb", "ATOM      1  CA  ALA A   1       0.000   0.000   0.000  1.00 20.00           C\n")
    let project = ["project", "map.mrc", "--euler", "0,0,0", "--output", "o.mrcs"]
    for (arguments, status, text) in [
      (project + ["--reverse-curvature"], 64, "needs --ewald"),
      (project + ["--ewald", "--reverse-curvature"], 1, "both curvatures show the same"),
      (project + ["--voltage", "200"], 1, "--voltage is for --ewald"),
      (project + ["--ewald", "--voltage", "300000"], 1, "--voltage is 300000.0 kV"),
      (project + ["--ewald", "--method", "real-voxel"], 1, "--ewald is for Fourier slices of a map"),
      (
        [
          "project", "model.pdb", "--euler", "0,0,0", "--box", "8", "--pixel-size", "1", "--output", "o.mrcs",
          "--ewald",
        ],
        1, "--ewald is for Fourier slices of a map"
      ),
      (["simulate", "map.mrc", "--euler", "0,0,0", "--output", "o", "--ewald"], 1, "give --defocus"),
      (
        ["simulate", "map.mrc", "--euler", "0,0,0", "--output", "o", "--ewald", "--defocus", "9000"]
          + ["--image-model", "projection"], 1, "images with a CTF"
      ),
    ] as [([String], Int32, String)] {
      let run = try CommandRun(arguments, in: folder.path)
      #expect(run.status == status && run.standardError.contains(text), "\(arguments): \(run.standardError)")
    }
    #expect(folder.contents == ["map.mrc", "model.pdb"])
  }
}
