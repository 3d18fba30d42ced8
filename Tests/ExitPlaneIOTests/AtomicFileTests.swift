import ExitPlane
import Foundation
import Testing

@testable import ExitPlaneIO

@Suite("AtomicFile")
struct AtomicFileTests {
  private func write(_ text: String, to file: AtomicFile, at offset: Int = 0) throws {
    try Array(text.utf8).withUnsafeBytes { try file.write($0, at: offset) }
  }

  @Test("the target appears at the commit and not before, with nothing beside it")
  func commit() throws {
    let folder = try ScratchFolder()
    let file = try AtomicFile(path: folder("stack.mrcs"))
    try write("world", to: file, at: 6)
    try write("hello ", to: file)
    let during = try folder.entries
    #expect(during.count == 1)
    #expect(during[0].hasPrefix(".stack.mrcs.\(getpid())-"))
    #expect(during[0].hasSuffix(".partial"))
    try file.commit()
    #expect(try folder.entries == ["stack.mrcs"])
    #expect(try folder.read("stack.mrcs") == Array("hello world".utf8))
  }

  @Test("without a commit the old file stays and the temporary goes")
  func abandon() throws {
    let folder = try ScratchFolder()
    try folder.write([1, 2, 3], to: "a")
    do {
      let file = try AtomicFile(path: folder("a"))
      try write("new", to: file)
      #expect(try folder.entries.count == 2)
    }
    #expect(try folder.entries == ["a"])
    #expect(try folder.read("a") == [1, 2, 3])
    let file = try AtomicFile(path: folder("a"))
    file.discard()
    #expect(try folder.entries == ["a"])
    expectRefusal(.unwritableFile, saying: "committed or discarded") { try file.commit() }
    expectRefusal(.unwritableFile, saying: folder("a")) { try write("x", to: file) }
    #expect(try folder.read("a") == [1, 2, 3])
  }

  @Test("a whole file is replaced in one call, with the permissions any new file gets")
  func wholeFile() throws {
    let folder = try ScratchFolder()
    try folder.write([9, 9, 9, 9], to: "a")
    try writeFileAtomically(folder("a"), [1, 2])
    #expect(try folder.read("a") == [1, 2])
    try writeFileAtomically(folder("empty"), [])
    #expect(try folder.read("empty") == [])
    #expect(try folder.entries == ["a", "empty"])
    let plain = open(folder("plain"), O_CREAT | O_WRONLY, 0o666)
    close(plain)
    func permissions(_ name: String) throws -> Int? {
      try FileManager.default.attributesOfItem(atPath: folder(name))[.posixPermissions] as? Int
    }
    #expect(try permissions("a") == permissions("plain"))
  }

  @Test("under a shared name, what a killed process left is taken over and written anew")
  func shared() throws {
    let folder = try ScratchFolder()
    try folder.write(Array("left by a process that was killed".utf8), to: ".a.partial")
    let file = try AtomicFile(path: folder("a"), temporary: .shared)
    try write("new", to: file)
    try file.commit()
    #expect(try folder.entries == ["a"])
    #expect(try folder.read("a") == Array("new".utf8))
  }

  @Test("several threads write to their own places at once")
  func threads() async throws {
    let folder = try ScratchFolder()
    let file = try AtomicFile(path: folder("a"))
    let blockLength = 10_000
    try await withThrowingTaskGroup { group in
      for block in 0..<32 {
        group.addTask {
          try [UInt8](repeating: UInt8(block), count: blockLength).withUnsafeBytes {
            try file.write($0, at: block * blockLength)
          }
        }
      }
      try await group.waitForAll()
    }
    try file.commit()
    let expected = (0..<32).flatMap { [UInt8](repeating: UInt8($0), count: blockLength) }
    #expect(try folder.read("a") == expected)
  }

  @Test("two files for one target do not disturb each other; the last commit stays")
  func twoForOne() throws {
    let folder = try ScratchFolder()
    let first = try AtomicFile(path: folder("a"))
    let second = try AtomicFile(path: folder("a"))
    try write("first", to: first)
    try write("second", to: second)
    try second.commit()
    try first.commit()
    #expect(try folder.read("a") == Array("first".utf8))
    #expect(try folder.entries == ["a"])
  }

  @Test("a symbolic link stays one and the file it names is replaced")
  func symbolicLink() throws {
    let folder = try ScratchFolder()
    let elsewhere = try ScratchFolder()
    try elsewhere.write([0], to: "real")
    #expect(symlink(elsewhere("real"), folder("link")) == 0)
    try writeFileAtomically(folder("link"), [7])
    #expect(try elsewhere.read("real") == [7])
    #expect(try elsewhere.entries == ["real"])
    #expect(try FileManager.default.destinationOfSymbolicLink(atPath: folder("link")) == elsewhere("real"))
    #expect(symlink(folder("nowhere"), folder("dangling")) == 0)
    expectRefusal(.unwritableFile, saying: "symbolic link to nothing") {
      try AtomicFile(path: folder("dangling"))
    }
  }

  @Test("the longest name a folder takes works, and one longer is refused")
  func longNames() throws {
    let folder = try ScratchFolder()
    let name = String(repeating: "é", count: 127) + "x"
    try writeFileAtomically(folder(name), [1])
    #expect(try folder.entries == [name])
    expectRefusal(.unwritableFile, saying: "too long") { try writeFileAtomically(folder(name + "y"), [1]) }
    #expect(try folder.entries == [name])
  }

  // MARK: Refusals

  @Test("a target that cannot be a file is refused at the start")
  func impossibleTargets() throws {
    let folder = try ScratchFolder()
    try folder.write([1], to: "file")
    #expect(mkfifo(folder("pipe"), 0o600) == 0)
    expectRefusal(.unwritableFile, saying: "there is no folder", folder("none")) {
      try AtomicFile(path: folder("none/a.mrcs"))
    }
    expectRefusal(.unwritableFile, saying: "not a folder", folder("file/a.mrcs")) {
      try AtomicFile(path: folder("file/a.mrcs"))
    }
    expectRefusal(.unwritableFile, saying: "part of the path is not a folder") {
      try AtomicFile(path: folder("file/b/a.mrcs"))
    }
    expectRefusal(.unwritableFile, saying: "it is a folder") { try AtomicFile(path: folder.path) }
    expectRefusal(.unwritableFile, saying: "name of a file") { try AtomicFile(path: folder.path + "/") }
    expectRefusal(.unwritableFile, saying: "name of a file") { try AtomicFile(path: "") }
    expectRefusal(.unwritableFile, saying: "name of a file") { try AtomicFile(path: folder("a\0b")) }
    expectRefusal(.unwritableFile, saying: "not a regular file") { try AtomicFile(path: folder("pipe")) }
    // A superuser's rename would put a plain file in the device's place.
    expectRefusal(.unwritableFile, saying: "not a regular file") { try AtomicFile(path: "/dev/null") }
    #expect(try folder.entries == ["file", "pipe"])
  }

  @Test(
    "a folder that takes no files is refused, for a superuser too",
    .enabled(if: FileManager.default.fileExists(atPath: "/proc/self"), "needs /proc"))
  func foldersWithoutFiles() {
    expectRefusal(.unwritableFile, saying: "/proc/out.mrcs", "cannot be written") {
      try AtomicFile(path: "/proc/out.mrcs")
    }
  }

  @Test(
    "folders and files without write permission are refused",
    .enabled(if: geteuid() != 0, "permissions do not bind a superuser"))
  func permissions() throws {
    let folder = try ScratchFolder()
    try folder.write([1], to: "protected")
    chmod(folder("protected"), 0o444)
    expectRefusal(.unwritableFile, saying: "may not be written") { try AtomicFile(path: folder("protected")) }
    chmod(folder.path, 0o555)
    defer { chmod(folder.path, 0o755) }
    expectRefusal(.unwritableFile, saying: "permission denied") { try AtomicFile(path: folder("new")) }
  }

  @Test(
    "a full disk is an error that says so and leaves nothing",
    .enabled(if: SmallDisk.isAvailable, SmallDisk.need))
  func fullDisk() throws {
    let disk = try SmallDisk()
    let path = disk.path + "/out.mrcs"
    do {
      let file = try AtomicFile(path: path)
      expectRefusal(.unwritableFile, saying: path, "disk full", "2097152 bytes") {
        try file.reserve(byteCount: 2 << 20)
      }
    }
    #expect(disk.entries == [])
    expectRefusal(.unwritableFile, saying: path, "disk full") {
      try writeFileAtomically(path, [UInt8](repeating: 1, count: 2 << 20))
    }
    #expect(disk.entries == [])
    let file = try AtomicFile(path: path)
    try file.reserve(byteCount: 1 << 19)
    try write("fits", to: file)
    try file.commit()
    #expect(disk.entries == ["out.mrcs"])
  }

  @Test(
    "a device that is always full gives the same error",
    .enabled(if: FileManager.default.fileExists(atPath: "/dev/full"), "needs /dev/full"))
  func fullDevice() throws {
    let descriptor = try Descriptor(opening: "/dev/full", flags: O_WRONLY)
    #expect(throws: SystemError(code: ENOSPC)) {
      try [1, 2, 3].withUnsafeBytes { try descriptor.write($0, at: 0) }
    }
    #expect(SystemError(code: ENOSPC).clause == "disk full")
  }

  // MARK: Interrupts

  @Test("a signal handler removes every temporary of its process")
  func signalHandler() async throws {
    let folder = try ScratchFolder()
    try folder.write([1], to: "done")
    await #expect(processExitsWith: .exitCode(7)) { [path = folder.path as String] in
      let done = try AtomicFile(path: path + "/done")
      try done.commit()
      let files = try (0..<20).map { try AtomicFile(path: path + "/out\($0)") }
      files[3].discard()
      signal(SIGTERM) { number in
        if AtomicFile.removeAllTemporaries(before: number) { _exit(7) }
      }
      // To the process: the threads that tasks run on hold signals back.
      kill(getpid(), SIGTERM)
      sleep(10)
      withExtendedLifetime(files) {}
    }
    #expect(try folder.entries == ["done"])
  }

  @Test("a temporary that was removed cannot be committed")
  func commitAfterRemoval() async throws {
    let folder = try ScratchFolder()
    await #expect(processExitsWith: .success) { [path = folder.path as String] in
      let file = try AtomicFile(path: path + "/out")
      unlink(path + "/" + (try FileManager.default.contentsOfDirectory(atPath: path)[0]))
      expectRefusal(.unwritableFile, saying: "no such file") { try file.commit() }
    }
    #expect(try folder.entries == [])
  }

  @Test("the registry gives slots back and survives use from many threads")
  func registry() async throws {
    let folder = try ScratchFolder()
    await withTaskGroup { group in
      for task in 0..<16 {
        group.addTask { [path = folder.path as String] in
          for round in 0..<50 {
            let file = try? AtomicFile(path: path + "/\(task)-\(round)")
            #expect(file != nil)
          }
        }
      }
    }
    #expect(try folder.entries == [])
  }
}
