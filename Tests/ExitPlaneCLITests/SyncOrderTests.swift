import Foundation
import Oracles
import Testing

/// The order in which bytes and names reach the disk, as strace sees it: no crash is needed to find it wrong.
@Suite("exitplane and the order of writing, syncing and renaming")
struct SyncOrderTests {
  private static let strace: String? = program("strace").flatMap { strace in
    (try? output(of: strace, ["-f", "-o", "/dev/null", "true"], in: "/")) == nil ? nil : strace
  }

  /// The calls of a run, one a line: "fsync(4</tmp/…/set.mrcs.partial>) = 0".
  private func calls(_ arguments: [String], in folder: ScratchFolder) throws -> [String] {
    let log = NSTemporaryDirectory() + "exitplane-trace-\(UUID().uuidString)"
    defer { try? FileManager.default.removeItem(atPath: log) }
    try output(
      of: #require(Self.strace),
      ["-f", "-y", "-s", "0", "-o", log, "-e", "trace=pwrite64,fsync,rename", CommandRun.executable]
        + arguments,
      in: folder.path)
    return try String(contentsOfFile: log, encoding: .utf8).split(separator: "\n").compactMap { line in
      line.contains("= -1") ? nil : String(line.drop { $0 != " " }.drop { $0 == " " })
    }
  }

  /// Before each of its renames to a name, a file is synced after the last byte was written to it.
  private func expectSynced(_ working: String, before name: String, in calls: [String]) {
    let renames = calls.indices.filter {
      calls[$0].hasPrefix("rename(") && calls[$0].contains("/\(name)\") =")
    }
    #expect(!renames.isEmpty, "\(name)")
    for rename in renames {
      let earlier = calls[..<rename]
      let written = earlier.lastIndex { $0.hasPrefix("pwrite64(") && $0.contains("/\(working)>") }
      let synced = earlier.lastIndex { $0.hasPrefix("fsync(") && $0.contains("/\(working)>") }
      #expect(written != nil && synced != nil && (synced ?? 0) > (written ?? 0), "\(name): \(calls[rename])")
    }
  }

  @Test(
    "bytes are on the disk before a name or a checkpoint stands for them",
    .enabled(if: strace != nil, "strace is missing or may not trace"), arguments: ["project", "simulate"])
  func order(command: String) throws {
    let folder = try ScratchFolder()
    try folder.write("map.mrc", blobMap(8))
    let arguments =
      [command, "map.mrc", "--random-poses", "7", "--threads", "1", "--output"]
      + (command == "project" ? ["set.mrcs"] : ["set", "--checkpoint-interval", "0"])
    // The second time over an older pair.
    for isFirst in [true, false] {
      let calls = try calls(arguments, in: folder)
      expectSynced("set.mrcs.partial", before: "set.mrcs", in: calls)
      expectSynced(".set.star.partial", before: "set.star", in: calls)
      if command == "simulate" {
        // Each checkpoint counts images that were synced before it was even written.
        expectSynced("set.mrcs.partial", before: "set.mrcs.checkpoint", in: calls)
        expectSynced(".set.mrcs.checkpoint.partial", before: "set.mrcs.checkpoint", in: calls)
        let count = calls.count { $0.hasPrefix("rename(") && $0.contains("/set.mrcs.checkpoint\") =") }
        #expect(count >= 7)
      }
      func rename(to name: String) -> Int? {
        calls.lastIndex { $0.hasPrefix("rename(") && $0.contains("/\(name)\") =") }
      }
      let stack = try #require(rename(to: "set.mrcs"))
      #expect(try stack < #require(rename(to: "set.star")))
      guard !isFirst else { continue }
      let aside = try #require(rename(to: ".set.star.previous"))
      #expect(aside < stack)
      #expect(
        calls[aside..<stack].contains { $0.hasPrefix("fsync(") && $0.contains("<\(realPath(folder.path))>)") }
      )
    }
  }

  private func realPath(_ path: String) -> String {
    URL(fileURLWithPath: path).resolvingSymlinksInPath().path
  }
}
