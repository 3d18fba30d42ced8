import ExitPlane
import Foundation

@testable import ExitPlaneIO

/// The document's text, as it would stand in a file.
func written(_ document: STARDocument) throws -> String {
  var bytes: [UInt8] = []
  try document.write { bytes.append(contentsOf: $0) }
  return String(decoding: bytes, as: UTF8.self)
}

func parsed(_ text: String) throws -> STARDocument {
  try STARDocument(parsing: Array(text.utf8), path: "particles.star")
}

/// What an error says; fails the caller's expectation with a word where there is none.
func message(of work: () throws -> Void) -> String {
  do {
    try work()
    return "no error"
  } catch let error as ExitPlaneError {
    return error.description
  } catch {
    return "another error: \(error)"
  }
}

/// A folder that is gone after `body`.
func withFolder<R>(_ body: (_ folder: String) throws -> R) throws -> R {
  let url = FileManager.default.temporaryDirectory.appendingPathComponent("star-\(UUID().uuidString)")
  try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
  defer { try? FileManager.default.removeItem(at: url) }
  return try body(url.path)
}

func save(_ bytes: some Sequence<UInt8>, _ path: String) throws {
  try Data(bytes).write(to: URL(fileURLWithPath: path))
}

extension [UInt8] {
  init(contentsOfFile path: String) throws {
    self = try [UInt8](Data(contentsOf: URL(fileURLWithPath: path)))
  }
}
