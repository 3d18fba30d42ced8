import ExitPlane
import Foundation
import Testing

@testable import ExitPlaneIO

/// What others have put in the way, and what they may do with what is written.
@Suite("Outputs among other users")
struct FileTargetTests {
  private static let isSuperuser = geteuid() == 0
  private static let nobody: uid_t = 65534

  private func permissions(_ path: String) throws -> Int? {
    try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
  }

  @Test(
    "a file that is replaced leaves its permissions to the new one", arguments: [0o600, 0o640, 0o666, 0o700])
  func permissionsStay(mode: Int) throws {
    let folder = try ScratchFolder()
    for name in ["a", "set.star", "set.mrcs"] {
      try folder.write([1], to: name)
      chmod(folder(name), mode_t(mode))
    }
    let file = try AtomicFile(path: folder("a"))
    for name in try folder.entries where name.hasSuffix(".partial") {
      #expect(try permissions(folder(name)) == mode, "not even while it is written")
    }
    try file.commit([2])
    let set = try ParticleSetOutput(starPath: folder("set.star"))
    let stack = try MRCStackWriter(
      path: folder("set.mrcs"), shape: GridShape(square: 2), count: 1, pixelSizeInAngstroms: 1, isOfSet: true)
    try [Float](repeating: 0, count: 4).withUnsafeBufferPointer { try stack.write($0, at: 0) }
    try set.commit([stack])
    for name in ["a", "set.star", "set.mrcs"] { #expect(try permissions(folder(name)) == mode, "\(name)") }
  }

  @Test(
    "a link that another user made is not followed, nor one behind a link of one's own",
    .enabled(if: isSuperuser, "only a superuser can make files of others"))
  func foreignLinks() throws {
    let folder = try ScratchFolder()
    try folder.write([1], to: "victim")
    #expect(
      symlink("victim", folder("planted")) == 0 && lchown(folder("planted"), Self.nobody, Self.nobody) == 0)
    #expect(symlink("planted", folder("own")) == 0)
    for name in ["planted", "own"] {
      expectRefusal(.unwritableFile, saying: folder(name), "another user made") {
        try writeFileAtomically(folder(name), [2])
      }
    }
    #expect(try folder.read("victim") == [1])
    #expect(symlink("victim", folder("fine")) == 0)
    try writeFileAtomically(folder("fine"), [3])
    #expect(try folder.read("victim") == [3])
  }

  @Test(
    "a working file that another user made beforehand is not taken over",
    .enabled(if: isSuperuser, "only a superuser can make files of others"))
  func foreignWorkingFiles() throws {
    let folder = try ScratchFolder()
    for name in ["a.mrcs.partial", ".a.mrcs.partial"] {
      try folder.write([1], to: name)
      #expect(chown(folder(name), Self.nobody, Self.nobody) == 0)
    }
    for temporary in [AtomicFile.Temporary.shared, .resumable] {
      expectRefusal(.unwritableFile, saying: "a.mrcs.partial", "this user alone") {
        try AtomicFile(path: folder("a.mrcs"), temporary: temporary)
      }
    }
    #expect(try folder.read("a.mrcs.partial") == [1] && folder.read(".a.mrcs.partial") == [1])
    try AtomicFile(path: folder("a.mrcs")).commit([2])
  }

  @Test(
    "what is no file of one name is not written to as one", arguments: ["link", "hard", "pipe", "folder"])
  func otherWorkingFiles(kind: String) throws {
    let folder = try ScratchFolder()
    try folder.write([1], to: "victim")
    for name in ["a.mrcs.partial", ".a.mrcs.partial"] {
      let made =
        switch kind {
        case "link": symlink("victim", folder(name))
        case "hard": link(folder("victim"), folder(name))
        case "pipe": mkfifo(folder(name), 0o600)
        default: mkdir(folder(name), 0o700)
        }
      #expect(made == 0)
    }
    for temporary in [AtomicFile.Temporary.shared, .resumable] {
      expectRefusal(.unwritableFile, saying: "a.mrcs.partial", "in the way") {
        try AtomicFile(path: folder("a.mrcs"), temporary: temporary)
      }
    }
    #expect(try folder.read("victim") == [1])
  }

  @Test("a pipe or a folder in a checkpoint's place is an error, not a wait", arguments: [true, false])
  func checkpoints(isPipe: Bool) throws {
    let folder = try ScratchFolder()
    let path = folder("a.mrcs.checkpoint")
    #expect((isPipe ? mkfifo(path, 0o600) : mkdir(path, 0o700)) == 0)
    for resumes in [true, false] {
      expectRefusal(.unreadableFile, saying: "a.mrcs.checkpoint") {
        try ResumableStackWriter(
          path: folder("a.mrcs"), shape: GridShape(square: 2), count: 1, pixelSizeInAngstroms: 1,
          parameters: RunParameters(), resumes: resumes)
      }
    }
    #expect(try folder.entries == ["a.mrcs.checkpoint"])
  }
}
