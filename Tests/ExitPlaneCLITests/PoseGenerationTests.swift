import ArgumentParser
import ExitPlane
import Foundation
import Testing

@testable import ExitPlaneCLI
@testable import ExitPlaneIO

@Suite("Generated poses in the commands")
struct PoseGenerationTests {
  /// Whether the poses of a file are those of a generator, to the file's six decimals.
  private func agree(_ file: String, _ generator: PoseGenerator, count: Int) throws -> Bool {
    let poses = try ParticleSet(contentsOf: file).poses
    return poses.count == count
      && poses.enumerated().allSatisfy { index, pose in
        let want = generator.pose(index)
        let off = pose.shiftInAngstroms - want.shiftInAngstroms
        return pose.rotation.angleInDegrees(to: want.rotation) < 1e-5 && max(abs(off.x), abs(off.y)) < 1e-6
      }
  }

  @Test("poses, project and simulate generate the same ones, by the library")
  func commands() throws {
    let folder = try ScratchFolder()
    try folder.write("map.mrc", blobMap(12))
    let preferred = try PreferredDirection(rotInDegrees: -20, tiltInDegrees: 80, concentration: 9)
    let cases: [([String], PoseGenerator)] = try [
      (
        ["--shift-range", "3"],
        PoseGenerator(shifts: .uniform(largestInAngstroms: 3), seed: 5)
      ),
      (
        ["--even", "--symmetry", "d3", "--shifts", "2"],
        PoseGenerator(
          orientations: .even(count: 11), shifts: .gaussian(standardDeviationInAngstroms: 2),
          symmetry: SymmetryGroup("D3"), seed: 5)
      ),
      (
        ["--preferred", "-20,80,9", "--symmetry", "I"],
        PoseGenerator(orientations: .preferred([preferred]), symmetry: SymmetryGroup("I2"), seed: 5)
      ),
    ]
    for (options, generator) in cases {
      for arguments in [
        ["poses", "--count", "11", "--pixel-size", "1.5", "--box", "12", "--output", "a.star"],
        ["project", "map.mrc", "--random-poses", "11", "--output", "a.mrcs"],
        ["simulate", "map.mrc", "--random-poses", "11", "--output", "a"],
      ] {
        let run = try CommandRun(arguments + options + ["--seed", "5"], in: folder.path)
        #expect(run.status == 0, "\(arguments) \(options): \(run.standardError)")
        #expect(try agree(folder["a.star"], generator, count: 11), "\(arguments) \(options)")
      }
    }
  }

  @Test("even orientations of a set made in shards are those of the whole")
  func shards() throws {
    let fixture = try SimulateFixture()
    let arguments = [
      "--random-poses", "7", "--even", "--symmetry", "C4", "--shift-range", "2", "--defocus", "9000",
    ]
    try fixture.makeFolder("whole")
    #expect(try fixture.simulate("whole/set", arguments: arguments).status == 0)
    for shard in 1...2 {
      #expect(try fixture.simulate("set", ["--shard", "\(shard)/2"], arguments: arguments).status == 0)
    }
    let merge = try CommandRun(
      ["merge", "set-1-of-2.star", "set-2-of-2.star", "--output", "whole/merged"], in: fixture.folder.path)
    #expect(merge.status == 0, "\(merge.standardError)")
    #expect(try fixture.bytes("whole/merged.mrcs") == fixture.bytes("whole/set.mrcs"))
  }

  @Test("what the bytes depend on tells runs apart, and nothing else")
  func parameters() throws {
    func described(_ options: [String]) throws -> RunParameters {
      var parameters = RunParameters()
      try PoseOptions.parse(["--random-poses", "5"] + options).describe(into: &parameters)
      return parameters
    }
    let plain = try described([])
    #expect(try described(["--seed", "0"]).differences(from: plain).isEmpty)
    for options in [
      ["--even"], ["--preferred", "1,2,3"], ["--symmetry", "C3"], ["--shifts", "2"], ["--shift-range", "2"],
    ] {
      #expect(try described(options).differences(from: plain).count == 1, "\(options)")
      #expect(try described(options).differences(from: described(options)).isEmpty)
    }
    #expect(
      try described(["--preferred", "1,2,3"]).differences(from: described(["--preferred", "1,2,4"])).count
        == 1)
    var (own, shared) = (RunParameters(), RunParameters())
    try OpticsOptions.parse(["--defocus", "9000"]).describe(into: &own)
    try OpticsOptions.parse(["--defocus", "9000", "--defocus-spread", "0"]).describe(into: &shared)
    #expect(shared.differences(from: own).count == 1)
  }

  @Test("a simulated micrograph has one defocus")
  func micrographs() throws {
    let fixture = try SimulateFixture()
    let arguments = [
      "--random-poses", "9", "--seed", "3", "--defocus", "8000,20000", "--defocus-spread", "0",
      "--particles-per-micrograph", "3",
    ]
    let run = try fixture.simulate("set", arguments: arguments)
    #expect(run.status == 0, "\(run.standardError)")
    let set = try ParticleSet(contentsOf: fixture.folder["set.star"])
    let defoci = try #require(try set.transferFunctions()).map(\.defocusUInAngstroms)
    #expect(Set(defoci).count == 3 && defoci[0] == defoci[2] && defoci[2] != defoci[3])
  }

  @Test("options that would have no effect, or make no sense, are refused")
  func refusals() throws {
    let folder = try ScratchFolder()
    try folder.write("map.mrc", blobMap(12))
    try folder.write("poses.star", particlesSTAR)
    for (arguments, status, text) in [
      (["--poses", "poses.star", "--even"], 1, "--even is for generated poses"),
      (["--euler", "0,0,0", "--shifts", "2"], 1, "--shifts is for generated poses"),
      (["--euler", "0,0,0", "--symmetry", "C2"], 1, "--symmetry is for generated poses"),
      (["--euler", "nan,0,0"], 1, "--euler is nan,0.0,0.0; it must be three angles"),
      (["--euler", "1e300,0,0"], 1, "within ±1000000°"),
      (["--random-poses", "0"], 1, "--random-poses is 0"),
      (["--random-poses", "-3"], 1, "--random-poses is -3"),
      (["--random-poses", "5", "--symmetry", "I5"], 1, "C1 to C99"),
      (["--random-poses", "5", "--shift-range", "-1"], 1, "spread of shifts is -1.0"),
      (["--random-poses", "5", "--shift-range", "inf"], 1, "spread of shifts"),
      (["--random-poses", "5", "--preferred", "nan,0,1"], 1, "preferred direction"),
      (["--random-poses", "5", "--shifts", "1", "--shift-range", "1"], 64, "--shifts or --shift-range"),
      (["--random-poses", "5", "--even", "--preferred", "0,0,1"], 64, "--even or --preferred"),
      (["--random-poses", "5", "--even", "--seed", "3"], 1, "--seed"),
    ] as [([String], Int32, String)] {
      let run = try CommandRun(["project", "map.mrc", "--output", "o.mrcs"] + arguments, in: folder.path)
      #expect(run.status == status && run.standardError.contains(text), "\(arguments): \(run.standardError)")
    }
    let spread = try CommandRun(
      ["simulate", "map.mrc", "--random-poses", "2", "--defocus-spread", "5", "--output", "o"],
      in: folder.path)
    #expect(spread.status == 1 && spread.standardError.contains("give --defocus"), "\(spread.standardError)")
    #expect(folder.contents == ["map.mrc", "poses.star"])
  }
}

@Suite("exitplane poses: groups and micrographs")
struct PosesGroupsTests {
  private let basics = ["--pixel-size", "1.5", "--box", "32", "--seed", "3"]

  @Test("optics groups have their shares, whole micrographs and what each says")
  func groups() throws {
    let folder = try ScratchFolder()
    let arguments = [
      "--count", "600", "--defocus", "8000,20000", "--defocus-spread", "100", "--particles-per-micrograph",
      "10",
      "--micrograph-size", "400,300", "--optics-group", "voltage=300", "--optics-group",
      "name=Talos,share=2,voltage=200,cs=1.4,pixel-size=1.1,box=40,amplitude-contrast=0.07,beam-tilt=-0.3:0.1",
      "--optics-group", "share=1,defocus=30000,astigmatism=100:200,phase-shift=90,ctf-b-factor=40",
    ]
    let run = try CommandRun(["poses", "--output", folder["p.star"]] + arguments + basics)
    #expect(run.status == 0, "\(run.standardError)")
    let set = try ParticleSet(contentsOf: folder["p.star"])
    #expect(set.opticsGroups.map(\.name) == ["opticsGroup1", "Talos", "opticsGroup3"])
    #expect(set.opticsGroups.map(\.voltageInKilovolts) == [300, 200, 300])
    #expect(set.opticsGroups.map(\.pixelSizeInAngstroms) == [1.5, 1.1, 1.5])
    #expect(set.opticsGroups.map(\.imageSize) == [32, 40, 32])
    #expect(set.opticsGroups.map(\.amplitudeContrast) == [0.1, 0.07, 0.1])
    #expect(try set.aberrations().map(\.beamTiltInMilliradians) == [[0, 0], [-0.3, 0.1], [0, 0]])
    let counts = (0..<3).map { group in set.opticsGroupIndices.count { $0 == group } }
    #expect(abs(counts[0] - 150) <= 20 && abs(counts[1] - 300) <= 20, "\(counts)")

    let names = try #require(set.table["rlnMicrographName"])
    let functions = try #require(try set.transferFunctions())
    let x = try #require(try set.table.integers("rlnCoordinateX"))
    let y = try #require(try set.table.integers("rlnCoordinateY"))
    for index in 0..<600 {
      let group = set.opticsGroupIndices[index]
      #expect(group == set.opticsGroupIndices[index / 10 * 10])
      #expect((names[index] == names[index / 10 * 10]) && (index < 10 || names[index] != names[index - 10]))
      let half = group == 1 ? 20 : 16
      #expect((half...400 - half).contains(x[index]) && (half...300 - half).contains(y[index]))
      let function = functions[index]
      #expect(abs(function.defocusUInAngstroms - functions[index / 10 * 10].defocusUInAngstroms) < 900)
      #expect(function.phaseShiftInDegrees == (group == 2 ? 90 : 0))
      #expect(function.bFactorInSquareAngstroms == (group == 2 ? 40 : 0))
      let astigmatism = function.defocusUInAngstroms - function.defocusVInAngstroms
      #expect(group == 2 ? (99.9...200.1).contains(astigmatism) : astigmatism == 0)
    }
    #expect(names[0] == "p-micrograph-000001.mrc")
    let generator = try DefocusGenerator(
      base: ContrastTransferFunction(defocusUInAngstroms: 0), defocusInAngstroms: 8000...20000,
      micrographs: .init(particlesPerMicrograph: 10, spreadInAngstroms: 100), seed: 3)
    let first = try #require(set.opticsGroupIndices.firstIndex(of: 0))
    #expect(
      abs(functions[first].defocusUInAngstroms - generator.transferFunction(first).defocusUInAngstroms) < 1e-5
    )
  }

  @Test("one group is written as it was, and poses do not depend on groups and micrographs")
  func oneGroup() throws {
    let folder = try ScratchFolder()
    let arguments = ["poses", "--count", "20", "--defocus", "8000,20000"] + basics
    func particles(_ name: String, _ extra: [String]) throws -> ParticleSet {
      let run = try CommandRun(arguments + ["--output", folder[name]] + extra)
      #expect(run.status == 0, "\(run.standardError)")
      return try ParticleSet(contentsOf: folder[name])
    }
    let plain = try particles("a.star", [])
    #expect(
      plain.table.columns.map(\.name) == [
        "rlnAngleRot", "rlnAngleTilt", "rlnAnglePsi", "rlnOriginXAngst", "rlnOriginYAngst", "rlnDefocusU",
        "rlnDefocusV", "rlnDefocusAngle", "rlnPhaseShift", "rlnCtfBfactor", "rlnCtfScalefactor",
        "rlnOpticsGroup",
      ])
    let parted = try particles(
      "b.star", ["--particles-per-micrograph", "4", "--optics-group", "cs=2.7", "--optics-group", "cs=2"])
    #expect(parted.poses == plain.poses)
    #expect(
      try parted.transferFunctions()?.map(\.defocusUInAngstroms)
        == plain.transferFunctions()?.map(\.defocusUInAngstroms))
  }

  @Test("faults name the option and leave nothing behind")
  func faults() throws {
    let folder = try ScratchFolder()
    let group = "--optics-group"
    for (arguments, status, text) in [
      ([group, "voltage"], 64, "--optics-group"), ([group, "kv=3"], 1, "has the key 'kv'"),
      ([group, "voltage=x"], 1, "has voltage 'x'"),
      ([group, "voltage=300000"], 1, "--voltage is 300000.0 kV"),
      ([group, "box=1.5"], 1, "has the box '1.5'"), ([group, "box=0"], 1, "--box is 0"),
      ([group, "cs=2,cs=3"], 1, "gives cs twice"), ([group, "name=a b"], 1, "has the name"),
      ([group, "share=0"], 1, "shares of optics groups"),
      ([group, "pixel-size=-1"], 1, "--pixel-size is -1.0"),
      ([group, "name=a", group, "name=a"], 1, "two optics groups are named a"),
      ([group, "beam-tilt=1"], 1, "beam-tilt=0.5:-0.2"),
      ([group, "defocus=9000:8000"], 1, "defocus=8000:20000"),
      ([group, "defocus=9000", group, "cs=2"], 1, "alone has a defocus"),
      (
        [group, "cs=2", group, "cs=2", group, "cs=2", group, "cs=2", group, "cs=2", group, "cs=2"], 1,
        "give fewer"
      ),
      ([group, "cs=2", "--cs", "1"], 1, "--cs is for optics groups"),
      (["--defocus-spread", "9", "--particles-per-micrograph", "2"], 1, "give --defocus"),
      (["--defocus-spread", "9", "--defocus", "9000"], 1, "give --particles-per-micrograph"),
      (
        ["--defocus-spread", "-9", "--defocus", "9000", "--particles-per-micrograph", "2"], 1,
        "spread of defocus is -9.0"
      ),
      (["--micrograph-size", "400,400"], 1, "give --particles-per-micrograph"),
      (["--micrograph-size", "400,31", "--particles-per-micrograph", "2"], 1, "micrograph is 400 × 31"),
      (["--particles-per-micrograph", "0"], 64, "--particles-per-micrograph is 0"),
    ] as [([String], Int32, String)] {
      let run = try CommandRun(["poses", "--count", "5", "--output", folder["p.star"]] + arguments + basics)
      #expect(run.status == status && run.standardError.contains(text), "\(arguments): \(run.standardError)")
      #expect(folder.contents.isEmpty)
    }
  }
}
