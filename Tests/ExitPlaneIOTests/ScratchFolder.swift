import ExitPlane
import Foundation
import Testing

/// An empty folder of a test's own, removed with all it holds when the test ends.
final class ScratchFolder: Sendable {
  let path: String

  init() throws {
    path = NSTemporaryDirectory() + "exitplane-test-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  func callAsFunction(_ name: String) -> String { path + "/" + name }

  /// Names of all entries, hidden ones too, sorted.
  var entries: [String] {
    get throws { try FileManager.default.contentsOfDirectory(atPath: path).sorted() }
  }

  @discardableResult
  func write(_ bytes: [UInt8], to name: String) throws -> String {
    try Data(bytes).write(to: URL(fileURLWithPath: self(name)))
    return self(name)
  }

  func read(_ name: String) throws -> [UInt8] {
    try [UInt8](Data(contentsOf: URL(fileURLWithPath: self(name))))
  }
}

/// Checks that `body` throws an `ExitPlaneError` of this kind whose sentence holds all these words.
func expectRefusal(
  _ kind: ExitPlaneError.Kind, saying words: String..., sourceLocation: SourceLocation = #_sourceLocation,
  _ body: () throws -> some Any
) {
  let error = #expect(throws: ExitPlaneError.self, sourceLocation: sourceLocation) { _ = try body() }
  guard let error else { return }
  #expect(error.kind == kind, "\(error)", sourceLocation: sourceLocation)
  for word in words {
    #expect(error.description.contains(word), sourceLocation: sourceLocation)
  }
  #expect(!error.description.contains("\n"), sourceLocation: sourceLocation)
}

/// A file system of 1 MiB, so that a test may fill it.
final class SmallDisk {
  static let isAvailable = (try? SmallDisk()) != nil
  static let need: Comment = "needs Linux and the right to mount a file system"

  let path: String
  private struct CannotMount: Error {}

  init() throws {
    path = NSTemporaryDirectory() + "exitplane-disk-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    #if os(Linux)
      guard mount("tmpfs", path, "tmpfs", 0, "size=1m") == 0 else {
        try? FileManager.default.removeItem(atPath: path)
        throw CannotMount()
      }
    #else
      throw CannotMount()
    #endif
  }

  deinit {
    #if os(Linux)
      umount2(path, Int32(MNT_DETACH))
    #endif
    try? FileManager.default.removeItem(atPath: path)
  }

  var entries: [String] { (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? ["?"] }
}
