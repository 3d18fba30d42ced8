import ExitPlane

#if canImport(Darwin)
  import Darwin
#elseif canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// A file that is written under `NAME.partial`, outlives a process that is killed, and takes its name when it is
/// complete; one process at a time may write it.
final class PartialFile: Sendable {
  /// The target, as the caller named it.
  let path: String
  /// Its real path.
  let targetPath: String
  /// Of what was there before; 0 where nothing was.
  let byteCount: Int

  private let folder: String
  private let descriptor: Descriptor
  private var partialPath: String { targetPath + ".partial" }

  /// Opens what is there, or creates it.
  ///
  /// - Throws: `.unwritableFile`, also where another process is writing the same file.
  init(path: String) throws {
    let target = try AtomicFile.resolve(path)
    let partialPath = "\(target.folder)/\(target.name).partial"
    self.path = path
    folder = target.folder
    targetPath = "\(target.folder)/\(target.name)"
    do {
      descriptor = try Self.open(partialPath)
      byteCount = try descriptor.status().byteCount
    } catch {
      guard error.code == EWOULDBLOCK else { throw AtomicFile.unwritable(path, error, in: target.folder) }
      throw ExitPlaneError.file(
        path, kind: .unwritableFile, found: "another process is writing it",
        need: "wait until it has ended, or name another output")
    }
  }

  private static func open(_ path: String) throws(SystemError) -> Descriptor {
    while true {
      let descriptor = try Descriptor(opening: path, flags: O_RDWR | O_CREAT | O_NOFOLLOW)
      guard descriptor.lock() else { throw SystemError(code: EWOULDBLOCK) }
      // Between opening and locking its owner may have finished and renamed it: then it is not ours to write.
      if descriptor.isFile(at: path) { return descriptor }
    }
  }

  /// Of the file under the target's name; 0 where there is none.
  var targetByteCount: Int { (try? FileStatus(of: targetPath))?.byteCount ?? 0 }

  /// Makes the file ready for `byteCount` bytes, of which the first `kept` stay as they are.
  func prepare(byteCount: Int, keeping kept: Int, reserves: Bool) throws {
    do {
      if self.byteCount > kept { try descriptor.truncate(to: kept) }
      if reserves { try descriptor.reserve(byteCount: byteCount) }
    } catch {
      throw AtomicFile.unwritable(path, error, while: "\(byteCount) bytes are needed")
    }
  }

  func write(_ bytes: UnsafeRawBufferPointer, at offset: Int) throws {
    do {
      try descriptor.write(bytes, at: offset)
    } catch {
      throw AtomicFile.unwritable(path, error)
    }
  }

  func synchronize() throws {
    do {
      try descriptor.synchronize()
    } catch {
      throw AtomicFile.unwritable(path, error)
    }
  }

  /// Puts the file, which is on the disk, under its name.
  func commit() throws {
    guard rename(partialPath, targetPath) == 0 else { throw AtomicFile.unwritable(path, .last) }
    // As in AtomicFile: what fails here costs durability across a power cut and nothing else.
    try? Descriptor(opening: folder, flags: O_RDONLY).synchronize()
  }

  func removePartial() { unlink(partialPath) }
}
