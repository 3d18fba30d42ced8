import Foundation
import Oracles
import Testing

/// A stack and its STAR file are of one run, whatever happens to it. System calls are followed and cut off by strace.
@Suite("exitplane keeps stacks and their STAR files together", .serialized)
struct PairTests {
  private static let canTrace: Bool = {
    guard let strace = program("strace") else { return false }
    return (try? output(of: strace, ["-f", "-o", "/dev/null", "true"], in: "/")) != nil
  }()

  /// Commands that write "set.mrcs" and "set.star" from what `prepare` makes; with seed 1 what stands there before.
  static let commands = ["project", "simulate", "merge"]

  private func script(_ command: String, seed: Int) -> [String] {
    let poses = ["map.mrc", "--random-poses", "6", "--seed", "\(seed)", "--threads", "1"]
    return switch command {
    case "project": ["project"] + poses + ["--output", "set.mrcs"]
    case "simulate": ["simulate"] + poses + ["--output", "set"]
    default: ["merge", "s\(seed)-1-of-2.star", "s\(seed)-2-of-2.star", "--output", "set"]
    }
  }

  private func prepare(_ command: String) throws -> ScratchFolder {
    let folder = try ScratchFolder()
    try folder.write("map.mrc", blobMap(8))
    guard command == "merge" else { return folder }
    for (seed, shard) in [(1, 1), (1, 2), (2, 1), (2, 2)] {
      let run = try CommandRun(
        [
          "simulate", "map.mrc", "--random-poses", "6", "--seed", "\(seed)", "--output", "s\(seed)",
          "--shard",
          "\(shard)/2",
        ], in: folder.path)
      #expect(run.status == 0, "\(run.standardError)")
    }
    return folder
  }

  private func pair(_ folder: ScratchFolder) -> [Data?] {
    ["set.mrcs", "set.star"].map { try? Data(contentsOf: URL(fileURLWithPath: folder[$0])) }
  }

  private func run(_ arguments: [String], in folder: ScratchFolder) throws {
    let run = try CommandRun(arguments, in: folder.path)
    #expect(run.status == 0, "\(run.standardError)")
  }

  /// Runs under strace, which does something at one of the calls of a name.
  ///
  /// - Returns: whether there was such a call.
  private func run(_ arguments: [String], injecting fault: String, at number: Int, in folder: ScratchFolder)
    throws
    -> Bool
  {
    let log = NSTemporaryDirectory() + "exitplane-trace-\(UUID().uuidString)"
    defer { try? FileManager.default.removeItem(atPath: log) }
    _ = try? output(
      of: #require(program("strace")),
      [
        "-f", "-o", log, "-e", "trace=rename,renameat,renameat2", "-e", "inject=\(fault):when=\(number)",
        CommandRun.executable,
      ] + arguments, in: folder.path)
    let text = try String(contentsOfFile: log, encoding: .utf8)
    return text.contains("INJECTED") || text.contains("killed by SIGKILL")
  }

  /// Runs the command over an older pair again and again, with a fault at its first rename, its second and so on.
  ///
  /// - Parameter body: looks at what is left of the old pair and the new one; false where the faults are at their end.
  private func withFault(
    _ fault: String, in command: String,
    _ body: (
      _ folder: ScratchFolder, _ number: Int, _ isInjected: Bool, _ old: [Data?], _ new: [Data?],
      _ left: [Data?]
    ) throws -> Bool
  ) throws {
    let folder = try prepare(command)
    try run(script(command, seed: 2), in: folder)
    let new = pair(folder)
    for number in 1...10 {
      for name in folder.contents where name.contains("set.") {
        try FileManager.default.removeItem(atPath: folder[name])
      }
      try run(script(command, seed: 1), in: folder)
      let old = pair(folder)
      #expect(old[0] != nil && old[0] != new[0] && old[1] != new[1])
      let isInjected = try run(
        script(command, seed: 2), injecting: "rename,renameat,renameat2:\(fault)", at: number, in: folder)
      guard try body(folder, number, isInjected, old, new, pair(folder)) else { return }
    }
    Issue.record("there was no end to the renames")
  }

  @Test(
    "killed before any of its renames, over an older pair, a run never leaves a stack with another's STAR file",
    .enabled(if: canTrace, "strace is missing or may not trace"), arguments: commands)
  func killed(command: String) throws {
    try withFault("signal=KILL", in: command) { folder, number, isKilled, old, new, left in
      #expect(left[1] == nil || left == old || left == new, "\(command), rename \(number)")
      #expect(left[0] == old[0] || left[0] == new[0], "\(command), rename \(number)")
      guard isKilled else {
        #expect(left == new && number > 2)
        return false
      }
      // Nothing that is left is in the way of a run that makes it whole.
      try run(script(command, seed: 2) + (command == "simulate" ? ["--resume"] : []), in: folder)
      #expect(pair(folder) == new, "\(command), rename \(number)")
      #expect(Set(folder.contents.filter { $0.contains("set.") }) == ["set.mrcs", "set.star"])
      return true
    }
  }

  @Test(
    "a rename that fails leaves the older pair or the new stack alone",
    .enabled(if: canTrace, "strace is missing or may not trace"), arguments: commands)
  func failing(command: String) throws {
    try withFault("error=EIO", in: command) { _, number, hasFailed, old, new, left in
      #expect(left == old || left == new || left == [new[0], nil], "\(command), rename \(number)")
      if hasFailed { #expect(left != new, "\(command), rename \(number)") }
      return hasFailed
    }
  }

  @Test(
    "two runs at once: the second is refused, and the first's pair is whole", arguments: ["project", "merge"])
  func twice(command: String) throws {
    let folder = try prepare(command)
    try run(script(command, seed: 2), in: folder)
    let new = pair(folder)
    // Whoever has the STAR file's working file has the set, for as long as it is open.
    let path = folder[".set.star.partial"]
    let descriptor = open(path, O_RDWR | O_CREAT, 0o600)
    #expect(descriptor >= 0 && flock(descriptor, LOCK_EX | LOCK_NB) == 0)
    let second = try CommandRun(script(command, seed: 1), in: folder.path)
    #expect(second.status == 1 && second.standardError.contains("another process is writing it"))
    #expect(pair(folder) == new)
    close(descriptor)
    try run(script(command, seed: 1), in: folder)
    #expect(pair(folder)[1] != new[1])
  }

  @Test("what is wrong with a STAR file shows before the first image, and leaves nothing")
  func checkedFirst() throws {
    let folder = try prepare("project")
    for output in ["a' b\" c", "taken"] {
      if output == "taken" {
        try FileManager.default.createDirectory(
          atPath: folder["taken.star"], withIntermediateDirectories: false)
      }
      let before = folder.contents
      for command in [
        ["project", "map.mrc", "--output", "\(output).mrcs"], ["simulate", "map.mrc", "--output", output],
      ] {
        // So many that it would be seen if they were made.
        let run = try CommandRun(command + ["--random-poses", "3000000"], in: folder.path)
        #expect(run.status == 1, "\(run.standardError)")
        #expect(run.standardError.split(separator: "\n").count == 1, "\(run.standardError)")
        #expect(folder.contents == before)
      }
    }
  }

  @Test("merge on a full disk leaves the older pair", .enabled(if: canMountSmallDisk, "needs root and tmpfs"))
  func fullDisk() throws {
    let folder = try prepare("merge")
    let disk = folder["disk"]
    try FileManager.default.createDirectory(atPath: disk, withIntermediateDirectories: false)
    let mount = ["-t", "tmpfs", "-o", "size=16k", "exitplane-test", disk]
    try output(of: #require(program("mount")), mount, in: "/")
    defer { _ = try? ProgramRun(script: "umount \"$0\"", [disk]) }
    // Room for the stack, of 2560 bytes in one page, and none for its STAR file.
    try folder.write("disk/set.mrcs", "older stack")
    try folder.write("disk/set.star", "older STAR file")
    try folder.write("disk/filler", [UInt8](repeating: 0, count: 4096))
    let run = try CommandRun(
      ["merge", "s1-1-of-2.star", "s1-2-of-2.star", "--output", "disk/set"], in: folder.path)
    #expect(run.status == 1 && run.standardError.contains("disk full"), "\(run.standardError)")
    #expect(try String(contentsOfFile: folder["disk/set.mrcs"], encoding: .utf8) == "older stack")
    #expect(try String(contentsOfFile: folder["disk/set.star"], encoding: .utf8) == "older STAR file")
    #expect(
      try Set(FileManager.default.contentsOfDirectory(atPath: disk)) == ["set.mrcs", "set.star", "filler"])
  }
}
