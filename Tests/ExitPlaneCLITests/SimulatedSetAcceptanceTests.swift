import ExitPlaneIO
import Foundation
import Oracles
import Testing

/// Other programs on what `exitplane simulate` and `merge` write.
@Suite("Simulated sets elsewhere")
struct SimulatedSetAcceptanceTests {
  private static let starHandler = program("relion_star_handler")
  private static let projector = program("relion_project")
  /// The python that `EXITPLANE_PYTHON` names, else the path's own, if it has the packages.
  private static let python: String? = {
    let named = ProcessInfo.processInfo.environment["EXITPLANE_PYTHON"]
    guard let python = named ?? program("python3") else { return nil }
    return (try? output(of: python, ["-c", "import mrcfile, starfile"], in: "/")) == nil ? nil : python
  }()

  /// Sets of every kind: single and half precision, generated poses and a file's, in one piece and merged.
  private func makeSets(_ fixture: SimulateFixture) throws -> [String] {
    try fixture.folder.write("poses.star", particlesSTAR)
    for run in [
      try fixture.simulate("plain"), try fixture.simulate("half", ["--float16"]),
      try fixture.simulate("tilted", ["--beam-tilt", "0.3,-0.2"]),
      try fixture.simulate("known", arguments: ["--poses", "poses.star", "--defocus", "9000"]),
      try fixture.simulate("s", ["--shard", "1/2"]), try fixture.simulate("s", ["--shard", "2/2"]),
      try CommandRun(["merge", "s-1-of-2.star", "s-2-of-2.star", "-o", "merged"], in: fixture.folder.path),
      try CommandRun(
        ["merge", "s-1-of-2.star", "s-2-of-2.star", "-o", "kept", "--keep-stacks"], in: fixture.folder.path),
    ] {
      #expect(run.status == 0, "\(run.standardError)")
    }
    return ["plain", "half", "tilted", "known", "s-1-of-2", "merged", "kept"]
  }

  @Test(
    "relion_star_handler keeps every column, relion_project takes poses and CTFs",
    .enabled(if: starHandler != nil && projector != nil, "RELION is not installed"))
  func relion() throws {
    let fixture = try SimulateFixture()
    let folder = fixture.folder
    for set in try makeSets(fixture) {
      try output(
        of: #require(Self.starHandler), ["--i", "\(set).star", "--o", "out.star", "--combine"],
        in: folder.path)
      let (ours, theirs) = (
        try ParticleSet(contentsOf: folder["\(set).star"]), try ParticleSet(contentsOf: folder["out.star"])
      )
      #expect(Set(ours.table.columns.map(\.name)).isSubset(of: theirs.table.columns.map(\.name)), "\(set)")
      #expect(ours.count == theirs.count)
      #expect(try ours.imageNames() == theirs.imageNames())
      for (a, b) in zip(ours.poses, theirs.poses) {
        #expect(a.rotation.angleInDegrees(to: b.rotation) < 1e-4)
      }
      try output(
        of: #require(Self.projector), ["--i", "map.mrc", "--ang", "\(set).star", "--o", "p-\(set)", "--ctf"],
        in: folder.path)
      #expect(try MRCFile(path: folder["p-\(set).mrcs"]).imageCount == ours.count)
    }
  }

  @Test(
    "starfile reads the tables, mrcfile finds no fault with the stacks",
    .enabled(if: python != nil, "no python with mrcfile and starfile (EXITPLANE_PYTHON names one)"))
  func pythonPackages() throws {
    let fixture = try SimulateFixture()
    let script = """
      import io, sys, mrcfile, numpy, starfile
      for name in sys.argv[1:]:
          blocks = starfile.read(name + ".star", always_dict=True)
          particles = blocks["particles"]
          names = particles["rlnImageName"].str.split("@", expand=True)
          for stack, rows in particles.groupby(names[1]):
              said = io.StringIO()
              # mrcfile 1.5 sums the squares of halves in half precision, which ends at 65504.
              valid = mrcfile.validate(stack, print_file=said)
              faults = [line for line in said.getvalue().splitlines() if not ("RMS" in line and "half" in stack)]
              assert valid or not faults, said.getvalue()
              with mrcfile.mmap(stack) as file:
                  assert file.is_image_stack(), stack
                  assert numpy.isclose(file.header.rms, file.data.std(dtype=numpy.float64), rtol=1e-5), stack
                  assert list(names.loc[rows.index, 0].astype(int)) == list(range(1, len(file.data) + 1)), stack
          assert set(particles["rlnRandomSubset"]) <= {1, 2}
      """
    let sets = try makeSets(fixture)
    try output(of: #require(Self.python), ["-c", script] + sets, in: fixture.folder.path)
  }
}
