import ExitPlane

#if canImport(Darwin)
  import Darwin
#elseif canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// A regular file that is open for reading, at any place and from several threads at once.
///
/// It is read and not mapped: a mapped file that another process shortens ends the process that touches what is
/// gone.
final class OpenFile: Sendable {
  let path: String
  let byteCount: Int
  private let descriptor: Descriptor

  /// - Throws: `.unreadableFile` for a file that is missing, may not be read or is not a regular file.
  init(path: String) throws {
    self.path = path
    let status: FileStatus
    do {
      // Without O_NONBLOCK, opening a pipe would wait for someone to write to it.
      descriptor = try Descriptor(opening: path, flags: O_RDONLY | O_NONBLOCK)
      status = try descriptor.status()
    } catch {
      throw Self.unreadable(path, error)
    }
    byteCount = status.byteCount
    switch status.kind {
    case .regular: break
    case .folder:
      throw ExitPlaneError.file(
        path, kind: .unreadableFile, found: "it is a folder", need: "name a file in it")
    case .symbolicLink, .special:
      throw ExitPlaneError.file(
        path, kind: .unreadableFile, found: "it is not a regular file", need: "copy the data to a file first")
    }
  }

  /// Fills all of `destination` from the bytes at `offset`, which are within the file.
  ///
  /// - Throws: `.unreadableFile`, also where the file has become shorter.
  func read(into destination: UnsafeMutableRawBufferPointer, at offset: Int) throws {
    let count: Int
    do {
      count = try descriptor.read(into: destination, at: offset)
    } catch {
      throw Self.unreadable(path, error)
    }
    guard count == destination.count else {
      throw ExitPlaneError.file(
        path, kind: .unreadableFile,
        found: "it was cut to \(offset + count) bytes while it was read, and had \(byteCount)",
        need: "try again when no other program writes it")
    }
  }

  /// Hands the file over from its start, a chunk at a time.
  ///
  /// - Throws: as `read`; what `body` throws.
  func forEachChunk(_ body: (UnsafeRawBufferPointer) throws -> Void) throws {
    let chunk = 1 << 20
    try withUnsafeTemporaryAllocation(byteCount: min(chunk, max(1, byteCount)), alignment: 16) { buffer in
      for start in stride(from: 0, to: byteCount, by: chunk) {
        let part = UnsafeMutableRawBufferPointer(rebasing: buffer[..<min(chunk, byteCount - start)])
        try read(into: part, at: start)
        try body(UnsafeRawBufferPointer(part))
      }
    }
  }

  static func unreadable(_ path: String, _ error: SystemError) -> ExitPlaneError {
    .file(
      path, kind: .unreadableFile, found: "cannot be read: \(error.clause)",
      need: "check the path and its permissions")
  }
}
