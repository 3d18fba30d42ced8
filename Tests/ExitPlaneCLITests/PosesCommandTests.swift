import ExitPlane
import ExitPlaneIO
import Foundation
import Testing

@Suite("exitplane poses")
struct PosesCommandTests {
  private let basics = ["--pixel-size", "1.5", "--box", "32"]

  @Test("poses are written with their optics, and are the library's")
  func writes() throws {
    let folder = try ScratchFolder()
    let run = try CommandRun(
      ["poses", "--count", "30", "--output", folder["p.star"], "--seed", "3", "--shifts", "2", "--defocus"]
        + ["8000,20000", "--astigmatism", "300", "--voltage", "200", "--beam-tilt", "-0.5,1"] + basics)
    #expect(run.status == 0, "\(run.standardError)")
    #expect(run.standardOutput.isEmpty && folder.contents == ["p.star"])
    let set = try ParticleSet(contentsOf: folder["p.star"])
    let generator = try PoseGenerator(shifts: .gaussian(standardDeviationInAngstroms: 2), seed: 3)
    #expect(set.count == 30 && set.opticsGroups[0].pixelSizeInAngstroms == 1.5)
    for index in 0..<30 {
      let want = generator.pose(index)
      #expect(set.poses[index].rotation.angleInDegrees(to: want.rotation) < 1e-5)
      let off = set.poses[index].shiftInAngstroms - want.shiftInAngstroms
      #expect(abs(off.x) < 1e-6 && abs(off.y) < 1e-6)
    }
    let functions = try #require(try set.transferFunctions())
    #expect(functions.allSatisfy { abs($0.defocusUInAngstroms - $0.defocusVInAngstroms - 300) < 1e-5 })
    #expect(functions.allSatisfy { $0.voltageInKilovolts == 200 })
    #expect(try set.aberrations()[0].beamTiltInMilliradians == SIMD2(-0.5, 1))
  }

  @Test("even and preferred orientations; without --defocus there is no CTF")
  func orientations() throws {
    let folder = try ScratchFolder()
    let even = try CommandRun(["poses", "--count", "20", "--even", "--output", folder["e.star"]] + basics)
    #expect(even.status == 0, "\(even.standardError)")
    let set = try ParticleSet(contentsOf: folder["e.star"])
    #expect(set.poses[7].rotation.angleInDegrees(to: .even(index: 7, count: 20)) < 1e-5)
    #expect(try set.transferFunctions() == nil)
    let side = try CommandRun(
      ["poses", "--count", "20", "--preferred", "-30,90,5000", "--output", folder["s.star"]] + basics)
    #expect(side.status == 0, "\(side.standardError)")
    for pose in try ParticleSet(contentsOf: folder["s.star"]).poses {
      let angles = pose.rotation.relionAnglesInDegrees
      #expect(abs(angles.rot + 30) < 5 && abs(angles.tilt - 90) < 5)
    }
  }

  @Test("what is written, project reads")
  func projects() throws {
    let folder = try ScratchFolder()
    let map = try folder.write("map.mrc", blobMap(16))
    _ = try CommandRun(
      ["poses", "--count", "4", "--defocus", "9000", "--output", folder["p.star"], "--pixel-size", "1.5"]
        + ["--box", "16"])
    let run = try CommandRun(["project", map, "--poses", folder["p.star"], "--output", folder["o.mrcs"]])
    #expect(run.status == 0, "\(run.standardError)")
    let star = try ParticleSet(contentsOf: folder["o.star"])
    #expect(try star.transferFunctions()?.count == 4)
  }

  @Test("faults name the option and leave nothing behind")
  func faults() throws {
    let folder = try ScratchFolder()
    for (arguments, status, text) in [
      (["--count", "0"], 1, "--count is 0"),
      (["--count", "5", "--even", "--preferred", "0,0,1"], 64, "--even or --preferred"),
      (["--count", "5", "--preferred", "0,0"], 64, "preferred"),
      (["--count", "5", "--preferred", "0,0,-2"], 1, "concentration"),
      (["--count", "5", "--astigmatism", "100"], 64, "--astigmatism needs --defocus"),
      (["--count", "5", "--defocus", "2,1"], 64, "defocus"),
      (["--count", "5", "--voltage", "0"], 1, "voltage is 0.0 kV"),
      (["--count", "5", "--amplitude-contrast", "2"], 1, "amplitude contrast is 2.0"),
      (["--count", "5", "--shifts", "nan"], 1, "spread of shifts"),
    ] as [([String], Int32, String)] {
      let run = try CommandRun(["poses", "--output", folder["p.star"]] + arguments + basics)
      #expect(run.status == status && run.standardError.contains(text), "\(arguments): \(run.standardError)")
      #expect(folder.contents.isEmpty)
    }
  }
}
