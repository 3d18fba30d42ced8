import ExitPlane

#if canImport(Darwin)
  import Darwin
#elseif canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

extension FileTarget {
  /// Creates a file beside the target that nobody else has.
  ///
  /// - Throws: `.unwritableFile`.
  func openNew(_ path: String, namedByCaller name: String) throws -> Descriptor {
    do {
      let descriptor = try Descriptor(
        opening: path, flags: O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW,
        permissions: present?.permissions ?? 0o666)
      if let present {
        do {
          try descriptor.takePermissions(of: present)
        } catch {
          unlink(path)
          throw error
        }
      }
      return descriptor
    } catch let error as SystemError {
      throw AtomicFile.unwritable(name, error, in: folder)
    }
  }

  /// Opens a file beside the target that has one name for all who write the target, one process at a time; what
  /// a process that was killed has left is taken over.
  ///
  /// It is locked for as long as it is open: the system drops the lock with its owner, however that dies.
  ///
  /// - Throws: `.unwritableFile` where another process has it, or where it is not this user's own file and nobody
  ///   else's: whoever put it there could write to it, or have this process write to another file of its own.
  func openShared(_ path: String, namedByCaller name: String) throws -> Descriptor {
    while true {
      do {
        let descriptor = try Descriptor(
          opening: path, flags: O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK,
          permissions: present?.permissions ?? 0o666)
        let status = try descriptor.status()
        guard status.kind == .regular, status.owner == geteuid(), status.linkCount <= 1 else {
          throw foreign(path)
        }
        guard descriptor.lock() else {
          throw ExitPlaneError.file(
            name, kind: .unwritableFile, found: "another process is writing it",
            need: "wait until it has ended, or name another output")
        }
        // Between opening and locking its owner may have finished and renamed it: then it is not ours to write.
        guard descriptor.isFile(at: path) else { continue }
        if let present { try descriptor.takePermissions(of: present) }
        return descriptor
      } catch let error as SystemError {
        throw error.code == ELOOP || error.code == EISDIR || error.code == ENXIO
          ? foreign(path) : AtomicFile.unwritable(name, error, in: folder)
      }
    }
  }

  private func foreign(_ path: String) -> ExitPlaneError {
    .file(
      path, kind: .unwritableFile, found: "it is in the way, and is not a file of this user alone",
      need: "remove it, or name another output")
  }

  /// Waits until the names in the folder are on the disk.
  ///
  /// The files are in place whatever happens here: a folder that may not be opened for reading, or a file system
  /// that has no such call, costs durability across a power cut and nothing else.
  func synchronizeFolder() {
    try? Descriptor(opening: folder, flags: O_RDONLY).synchronize()
  }
}
