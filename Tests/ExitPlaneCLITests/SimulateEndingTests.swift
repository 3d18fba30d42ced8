import Foundation
import Testing

/// What a run of `exitplane simulate` leaves, by the way it ends.
@Suite("exitplane simulate, at its end")
struct SimulateEndingTests {
  @Test("a finished set is left as it is by --resume, and is not taken for another run's")
  func finished() throws {
    let fixture = try SimulateFixture()
    for extra in [[], ["--shard", "2/3"]] {
      let name = extra.isEmpty ? "set" : "set-2-of-3"
      #expect(try fixture.simulate("set", extra).status == 0)
      let files = ["\(name).mrcs", "\(name).star"].map { fixture.folder[$0] }
      // A time that a file written anew would not have.
      for file in files {
        try FileManager.default.setAttributes(
          [.modificationDate: Date(timeIntervalSince1970: 1e9)], ofItemAtPath: file)
      }
      let again = try fixture.simulate("set", extra + ["--resume", "--threads", "1"])
      #expect(again.status == 0 && again.standardError.contains("nothing to do"), "\(again.standardError)")
      var other = SimulateFixture.arguments
      other[3] = "4"
      let refused = try fixture.simulate("set", extra + ["--resume"], arguments: other)
      #expect(
        refused.status == 1 && refused.standardError.contains("seed was 3 and is 4"),
        "\(refused.standardError)")
      for file in files {
        let date = try FileManager.default.attributesOfItem(atPath: file)[.modificationDate] as? Date
        #expect(date == Date(timeIntervalSince1970: 1e9))
      }
      #expect(try fixture.simulate("set", extra, arguments: other).status == 0)
    }
    // A merged set is one run's too.
    for shard in 1...2 { #expect(try fixture.simulate("set", ["--shard", "\(shard)/2"]).status == 0) }
    let merge = try CommandRun(
      ["merge", "set-1-of-2.star", "set-2-of-2.star", "--output", "set"], in: fixture.folder.path)
    #expect(merge.status == 0, "\(merge.standardError)")
    let merged = try fixture.simulate("set", ["--resume"])
    #expect(merged.status == 0 && merged.standardError.contains("nothing to do"), "\(merged.standardError)")
  }

  @Test("a run that cannot be completed as it was begun leaves nothing in the way of the corrected one")
  func hopeless() throws {
    let fixture = try SimulateFixture()
    // Pixels beyond what half precision holds, in some images of many.
    let arguments = [
      "--random-poses", "300", "--noise-std", "17000", "--threads", "2", "--checkpoint-interval", "0",
    ]
    let failed = try fixture.simulate("set", ["--float16"], arguments: arguments)
    #expect(failed.status == 1 && failed.standardError.contains("65504"), "\(failed.standardError)")
    #expect(fixture.folder.contents == ["map.mrc"])
    let corrected = try fixture.simulate("set", arguments: arguments)
    #expect(corrected.status == 0, "\(corrected.standardError)")
  }

  @Test(
    "an early interrupt leaves nothing, or what can be resumed", .timeLimit(.minutes(2)),
    arguments: [SIGINT, SIGTERM])
  func interrupted(number: Int32) throws {
    let fixture = try SimulateFixture()
    let arguments = ["--random-poses", "20000", "--noise-std", "1", "--box", "32", "--threads", "1"]
    for interval in ["10", "0"] {
      let process = Process()
      process.executableURL = URL(fileURLWithPath: CommandRun.executable)
      process.arguments =
        ["simulate", "map.mrc", "--output", "set", "--checkpoint-interval", interval] + arguments
      process.currentDirectoryURL = URL(fileURLWithPath: fixture.folder.path)
      process.standardError = FileHandle.nullDevice
      try process.run()
      let awaited = interval == "0" ? "set.mrcs.checkpoint" : "set.mrcs.partial"
      while !fixture.folder.contents.contains(awaited), process.isRunning { usleep(200) }
      kill(process.processIdentifier, number)
      process.waitUntilExit()
      #expect(process.terminationStatus == 128 + number)
      let left = fixture.folder.contents
      #expect(
        left == ["map.mrc"]
          || left == ["map.mrc", "set.mrcs.partial", "set.mrcs.checkpoint"])
      #expect(interval == "10" || left.count == 3)
      let resumed = try fixture.simulate("set", ["--resume"], arguments: arguments)
      #expect(resumed.status == 0, "\(resumed.standardError)")
      #expect(left.count == 1 || resumed.standardError.contains("resuming"), "\(resumed.standardError)")
      for name in ["set.mrcs", "set.star"] {
        try FileManager.default.removeItem(atPath: fixture.folder[name])
      }
    }
  }
}
