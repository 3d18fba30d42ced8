import Foundation
import Oracles
import Testing

/// What is left by runs that did not end well, and what is made of it.
@Suite("exitplane simulate, interrupted", .serialized)
struct SimulateRecoveryTests {
  private static let arguments = [
    "--random-poses", "400", "--seed", "3", "--defocus", "5000,20000", "--snr", "0.2", "--box", "64",
    "--threads",
    "2",
  ]

  @Test(
    "killed at ten moments and resumed, a run leaves the bytes of one that was not", .timeLimit(.minutes(5)))
  func killed() throws {
    let fixture = try SimulateFixture()
    // So many that a busy machine's test still meets the process alive, far from its end.
    var arguments = Self.arguments
    arguments[1] = "1000"
    try fixture.makeFolder("whole")
    #expect(try fixture.simulate("whole/set", arguments: arguments).status == 0)
    var generator = SeededGenerator(seed: 11)
    for number in 0..<10 {
      let output = "set\(number)/set"
      try fixture.makeFolder("set\(number)")
      let extra = arguments + ["--resume", "--checkpoint-interval", "0"]
      // Twice, so that runs that were resumed are killed as well: anywhere in their images; PairTests has the end.
      let (first, second) = (
        Int.random(in: 0..<200, using: &generator), Int.random(in: 200..<330, using: &generator)
      )
      for images in [first, second] {
        let delay = UInt32.random(in: 0..<3000, using: &generator)
        #expect(
          try fixture.simulateAndKill(output, extra, whenSafe: images, delayInMicroseconds: delay))
      }
      let last = try fixture.simulate(output, ["--resume"], arguments: arguments)
      #expect(last.status == 0, "\(last.standardError)")
      #expect(try fixture.bytes("\(output).mrcs") == fixture.bytes("whole/set.mrcs"))
      #expect(try fixture.bytes("\(output).star") == fixture.bytes("whole/set.star"))
      let left = try FileManager.default.contentsOfDirectory(atPath: fixture.folder["set\(number)"])
      #expect(Set(left) == ["set.mrcs", "set.star"])
    }
  }

  @Test("a run goes on with its own arguments alone, and says which ones differ")
  func otherArguments() throws {
    let fixture = try SimulateFixture()
    try leaveUnfinished("set", in: fixture)
    let begun = try fixture.simulate("set", arguments: Self.arguments)
    #expect(begun.status == 1 && begun.standardError.contains("--resume"), "\(begun.standardError)")
    var other = Self.arguments
    other[3] = "4"
    let resumed = try fixture.simulate("set", ["--resume", "--float16"], arguments: other)
    #expect(resumed.status == 1)
    #expect(resumed.standardError.contains("seed was 3 and is 4"), "\(resumed.standardError)")
    #expect(resumed.standardError.contains("half precision samples was false and is true"))
    let threads = try fixture.simulate("set", ["--resume", "--threads", "1"], arguments: Self.arguments)
    #expect(threads.status == 0, "\(threads.standardError)")
  }

  @Test("a file that may not grow is said so, and the run resumes when it may")
  func fileSizeLimit() throws {
    let fixture = try SimulateFixture()
    let command = [CommandRun.executable, "simulate", "map.mrc", "--output", "set"] + Self.arguments
    // In blocks of 1024 bytes; the set takes 6.5 MB.
    let limited = try ProgramRun(
      script: "ulimit -f 2000 && exec \"$0\" \"$@\"", command, in: fixture.folder.path)
    #expect(limited.status == 1, "\(limited.text)")
    #expect(limited.text.contains("larger than files may be here"), "\(limited.text)")
    #expect(fixture.folder.contents == ["map.mrc"])
    let resumed = try fixture.simulate("set", ["--resume"], arguments: Self.arguments)
    #expect(resumed.status == 0, "\(resumed.standardError)")
  }

  @Test("shards that run beside each other in one folder do no harm", .timeLimit(.minutes(2)))
  func beside() throws {
    let fixture = try SimulateFixture()
    try fixture.makeFolder("whole")
    #expect(try fixture.simulate("whole/set", arguments: Self.arguments).status == 0)
    let command = [CommandRun.executable, "simulate", "map.mrc", "--output", "set"] + Self.arguments
    let run = try ProgramRun(
      script: "for shard in 1 2 3; do \"$0\" \"$@\" --shard $shard/3 & done; wait", command,
      in: fixture.folder.path)
    #expect(run.status == 0, "\(run.text)")
    let parts = (1...3).map { "set-\($0)-of-3.star" }
    let merge = try CommandRun(["merge"] + parts + ["--output", "set"], in: fixture.folder.path)
    #expect(merge.status == 0, "\(merge.standardError) \(run.text)")
    #expect(try fixture.bytes("set.mrcs") == fixture.bytes("whole/set.mrcs"))
    #expect(try fixture.bytes("set.star") == fixture.bytes("whole/set.star"))
  }

  @Test("a shard that another process is making is left to it", .timeLimit(.minutes(2)))
  func twice() throws {
    let fixture = try SimulateFixture()
    var arguments = Self.arguments
    arguments[1] = "4000"
    let first = Process()
    first.executableURL = URL(fileURLWithPath: CommandRun.executable)
    first.arguments = ["simulate", "map.mrc", "--output", "set"] + arguments
    first.currentDirectoryURL = URL(fileURLWithPath: fixture.folder.path)
    first.standardError = FileHandle.nullDevice
    try first.run()
    // It is locked before it grows, for as long as its process lives; that is to live until the second has tried.
    let partial = fixture.folder["set.mrcs.partial"]
    while true {
      let size = (try? FileManager.default.attributesOfItem(atPath: partial))?[.size] as? Int ?? 0
      guard size == 0, first.isRunning else { break }
      usleep(500)
    }
    kill(first.processIdentifier, SIGSTOP)
    let second = try fixture.simulate("set", ["--resume"], arguments: arguments)
    #expect(second.status == 1 && second.standardError.contains("another process is writing it"))
    kill(first.processIdentifier, SIGKILL)
    first.waitUntilExit()
    #expect(fixture.folder.contents.contains("set.mrcs.partial"))
  }

  /// Kills runs until one has left a checkpoint.
  private func leaveUnfinished(_ output: String, in fixture: SimulateFixture) throws {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: CommandRun.executable)
    process.arguments =
      ["simulate", "map.mrc", "--output", output, "--checkpoint-interval", "0"] + Self.arguments
    process.currentDirectoryURL = URL(fileURLWithPath: fixture.folder.path)
    process.standardError = FileHandle.nullDevice
    try process.run()
    while !fixture.folder.contents.contains("\(output).mrcs.checkpoint"), process.isRunning { usleep(500) }
    kill(process.processIdentifier, SIGKILL)
    process.waitUntilExit()
    try #require(fixture.folder.contents.contains("\(output).mrcs.checkpoint"))
  }
}
