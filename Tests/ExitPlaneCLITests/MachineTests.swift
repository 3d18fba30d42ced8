import ExitPlane
import ExitPlaneIO
import Foundation
import Oracles
import Testing

@testable import ExitPlaneCLI

/// What a command does on machines that differ: in their instruction sets, and in how many threads they allow.
@Suite("Machines")
struct MachineTests {
  private static let variable = "EXITPLANE_INSTRUCTION_SET"
  private static let hasLevels = InstructionSet.available.count > 1

  @Test("the environment chooses an instruction set, and one that there is not is refused")
  func environment() throws {
    let folder = try ScratchFolder()
    for level in InstructionSet.available {
      let run = try CommandRun(
        ["poses", "--count", "3", "--pixel-size", "1", "--box", "8", "--output", "poses.star"],
        in: folder.path, environment: [Self.variable: level.name])
      #expect(run.status == 0, "\(run.standardError)")
    }
    let wrong = try CommandRun(["info", "map.mrc"], environment: [Self.variable: "avx"])
    #expect(wrong.status == 64)
    #expect(
      wrong.standardError.contains("\(Self.variable) is no instruction set that is known"),
      "\(wrong.standardError)")
    #expect(wrong.standardError.contains("baseline"), "\(wrong.standardError)")
  }

  @Test(
    "sets have the same bytes at all levels with fused multiply-add",
    .enabled(if: InstructionSet.available.count > 2, "this processor has not both AVX2 and AVX-512"))
  func bytes() throws {
    let fixture = try SimulateFixture()
    for level in ["x86-64-v3", "x86-64-v4"] {
      try fixture.makeFolder(level)
      let run = try CommandRun(
        ["simulate", "map.mrc", "--output", level + "/set"] + SimulateFixture.arguments,
        in: fixture.folder.path, environment: [Self.variable: level])
      #expect(run.status == 0, "\(run.standardError)")
    }
    #expect(try fixture.bytes("x86-64-v3/set.mrcs") == fixture.bytes("x86-64-v4/set.mrcs"))
    #expect(try fixture.bytes("x86-64-v3/set.star") == fixture.bytes("x86-64-v4/set.star"))
  }

  @Test(
    "a run is not resumed on a processor that rounds otherwise",
    .enabled(if: Self.hasLevels, "this processor has no instruction set but the baseline"),
    .timeLimit(.minutes(2)))
  func resuming() throws {
    let fixture = try SimulateFixture()
    let arguments = ["--random-poses", "4000", "--defocus", "8000,20000", "--snr", "0.1"]
    #expect(
      try fixture.simulateAndKill(
        "set", arguments + ["--checkpoint-interval", "0"], whenSafe: 1, delayInMicroseconds: 0))
    let resumed = try CommandRun(
      ["simulate", "map.mrc", "--output", "set", "--resume"] + arguments, in: fixture.folder.path,
      environment: [Self.variable: "baseline"])
    #expect(resumed.status == 1)
    #expect(
      resumed.standardError.contains(
        "processor was x86-64 with AVX2 and FMA and is x86-64, kernels with SSE2"),
      "\(resumed.standardError)")
  }

  @Test(
    "where no thread can be made a command does its work on one and says so, and does not wait for ever",
    .enabled(
      if: program("prlimit") != nil && (getuid() != 0 || program("setpriv") != nil),
      "it takes prlimit, and setpriv for root"), .timeLimit(.minutes(2)))
  func oneThread() throws {
    let fixture = try SimulateFixture()
    // The limit is of a user's processes, and root has none.
    try FileManager.default.setAttributes([.posixPermissions: 0o777], ofItemAtPath: fixture.folder.path)
    let user = getuid() == 0 ? ["setpriv", "--reuid=65534", "--clear-groups"] : []
    let command =
      user + ["prlimit", "--nproc=1", CommandRun.executable, "simulate", "map.mrc", "--output", "one"]
      + SimulateFixture.arguments + ["--threads", "4"]
    let text = try output(of: "/usr/bin/env", command, in: fixture.folder.path)
    #expect(text.contains("the system refuses more threads: 1 of 4 run\n"), "\(text)")
    #expect(text.components(separatedBy: "the system refuses").count == 2, "\(text)")
    let run = try fixture.simulate("four", ["--threads", "4"])
    #expect(run.status == 0)
    #expect(try fixture.bytes("one.mrcs") == fixture.bytes("four.mrcs"))
  }

  @Test("the noise of a ratio is that of the whole set, not of its beginning")
  func spreadSample() throws {
    let folder = try ScratchFolder()
    // A rod along z: of 500 particles that look along it, and 500 across it.
    let n = 12
    var values = [Float](repeating: 0, count: n * n * n)
    for z in 1..<n - 1 { values[(z * n + n / 2) * n + n / 2] = 1 }
    try folder.write(
      "map.mrc", mrcBytes(columns: Int32(n), rows: Int32(n), sections: Int32(n), values: values))
    let rows = (0..<1000).map { "0 \($0 < 500 ? 0 : 90) 0 0 0 1" }.joined(separator: "\n")
    try folder.write(
      "poses.star",
      particlesSTAR.components(separatedBy: "_rlnMadeUpColumn")[0]
        .replacingOccurrences(of: "1.5 16 2", with: "1.5 \(n) 2") + rows + "\n")
    let arguments = ["simulate", "map.mrc", "--poses", "poses.star", "--output"]
    let ratio = 0.001
    for extra in [["clean"], ["noisy", "--snr", "\(ratio)"]] {
      let run = try CommandRun(arguments + extra, in: folder.path)
      #expect(run.status == 0, "\(run.standardError)")
    }
    func variance(_ name: String) throws -> Double {
      let stack = try MRCFile(path: folder[name])
      let pixels = try (0..<1000).flatMap { try stack.readImage($0, as: Float.self).values.map(Double.init) }
      let mean = pixels.reduce(0, +) / Double(pixels.count)
      return pixels.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(pixels.count)
    }
    let (signal, all) = (try variance("clean.mrcs"), try variance("noisy.mrcs"))
    #expect(abs((all - signal) / (signal / ratio) - 1) < 0.03)
  }
}
