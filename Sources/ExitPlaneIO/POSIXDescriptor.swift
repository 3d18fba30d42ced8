#if canImport(Darwin)
  import Darwin
#elseif canImport(Glibc)
  import CPOSIX
  import Glibc
#elseif canImport(Musl)
  import CPOSIX
  import Musl
#endif

/// The operating system's reason for refusing a call.
struct SystemError: Error, Hashable {
  let code: CInt

  /// Of the call made just before on this thread.
  static var last: SystemError { SystemError(code: errno) }

  /// A clause that completes "FILE: …".
  var clause: String {
    switch code {
    case ENOENT: "no such file or folder"
    case EACCES, EPERM: "permission denied"
    case ENOTDIR: "a part of the path is not a folder"
    case EISDIR: "it is a folder"
    case ENOSPC: "disk full"
    case EDQUOT: "disk quota used up"
    case EFBIG: "larger than files may be here"
    case EROFS: "the file system is read-only"
    case ENAMETOOLONG: "the name is too long"
    default: String(cString: strerror(code))
    }
  }
}

/// What a path or an open file turned out to be.
struct FileStatus {
  enum Kind { case regular, folder, symbolicLink, special }

  /// Tells a file from every other of the machine, whatever it is called.
  struct Identity: Hashable {
    let device: UInt64
    let number: UInt64
  }

  let kind: Kind
  let byteCount: Int
  let identity: Identity
  /// Who may read, write and execute it.
  let permissions: mode_t
  let owner: uid_t
  let group: gid_t
  /// How many names it has.
  let linkCount: Int

  private init(_ raw: stat) {
    kind =
      switch raw.st_mode & S_IFMT {
      case S_IFREG: .regular
      case S_IFDIR: .folder
      case S_IFLNK: .symbolicLink
      default: .special
      }
    byteCount = Int(raw.st_size)
    identity = Identity(
      device: UInt64(truncatingIfNeeded: raw.st_dev), number: UInt64(truncatingIfNeeded: raw.st_ino))
    permissions = raw.st_mode & 0o777
    owner = raw.st_uid
    group = raw.st_gid
    linkCount = Int(raw.st_nlink)
  }

  /// Of the path itself, unless it is to be of what a symbolic link leads to.
  init(of path: String, followsLinks: Bool = false) throws(SystemError) {
    var raw = stat()
    guard (followsLinks ? stat(path, &raw) : lstat(path, &raw)) == 0 else { throw .last }
    self.init(raw)
  }

  init(descriptor: CInt) throws(SystemError) {
    var raw = stat()
    guard fstat(descriptor, &raw) == 0 else { throw .last }
    self.init(raw)
  }
}

/// An open file, closed when this value ends.
struct Descriptor: ~Copyable, Sendable {
  private let raw: CInt

  /// `permissions` are those of a file this call creates, less what the process's umask removes.
  init(opening path: String, flags: CInt, permissions: mode_t = 0o666) throws(SystemError) {
    // A C string would end at a NUL inside the path and name another file.
    guard !path.utf8.contains(0) else { throw SystemError(code: EINVAL) }
    var opened: CInt
    repeat {
      opened = open(path, flags | O_CLOEXEC, permissions)
    } while opened < 0 && errno == EINTR
    guard opened >= 0 else { throw .last }
    raw = opened
  }

  deinit { _ = close(raw) }

  func status() throws(SystemError) -> FileStatus { try FileStatus(descriptor: raw) }

  /// Writes all bytes at `offset`, which moves no shared position: several threads may write at once.
  func write(_ bytes: UnsafeRawBufferPointer, at offset: Int) throws(SystemError) {
    guard let base = bytes.baseAddress else { return }
    // Darwin refuses more than 2³¹ − 1 bytes in one call, Linux cuts them short.
    let largestCall = 1 << 30
    var done = 0
    while done < bytes.count {
      let written = pwrite(raw, base + done, min(bytes.count - done, largestCall), off_t(offset + done))
      if written > 0 {
        done += written
      } else if written == 0 {
        throw SystemError(code: ENOSPC)
      } else if errno != EINTR {
        throw .last
      }
    }
  }

  /// Gives the file `byteCount` bytes of disk, so that later writes cannot run out of space; does
  /// nothing on a file system that cannot promise this.
  func reserve(byteCount: Int) throws(SystemError) {
    #if canImport(Darwin)
      var request = fstore_t(
        fst_flags: UInt32(F_ALLOCATEALL), fst_posmode: F_PEOFPOSMODE, fst_offset: 0,
        fst_length: off_t(byteCount), fst_bytesalloc: 0)
      let failed = fcntl(raw, F_PREALLOCATE, &request) == -1
    #else
      var failed: Bool
      repeat {
        failed = fallocate(raw, 0, 0, off_t(byteCount)) != 0
      } while failed && errno == EINTR
    #endif
    guard failed else { return }
    let error = SystemError.last
    switch error.code {
    case ENOSPC, EDQUOT, EFBIG, EIO: throw error
    default: return
    }
  }

  /// Cuts the file short, or lengthens it with zeros.
  func truncate(to byteCount: Int) throws(SystemError) {
    while ftruncate(raw, off_t(byteCount)) != 0 {
      guard errno == EINTR else { throw .last }
    }
  }

  /// Takes the file for this process alone, until it is closed; false where another process has it. On a
  /// file system without locks everyone may.
  func lock() -> Bool {
    flock(raw, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK
  }

  /// Whether a path leads to this very file.
  func isFile(at path: String) -> Bool {
    guard let own = try? status(), let other = try? FileStatus(of: path) else { return false }
    return own.identity == other.identity
  }

  /// Gives the file the permissions of one that it is to replace; nobody gets more than they had.
  func takePermissions(of old: FileStatus) throws(SystemError) {
    let new = try status()
    var permissions = old.permissions
    if new.group != old.group, fchown(raw, uid_t.max, old.group) != 0 {
      // Another group's members get no more than everyone does.
      permissions &= 0o707 | (permissions & 0o007) << 3
    }
    // Where all files have the same permissions, as on some removable disks, they cannot be set.
    guard new.permissions != permissions, fchmod(raw, permissions) != 0 else { return }
    throw .last
  }

  /// Waits until what was written is on the disk.
  func synchronize() throws(SystemError) {
    while fsync(raw) != 0 {
      guard errno == EINTR else { throw .last }
    }
  }

  /// Fills `destination` from the bytes at `offset`, which moves no shared position.
  ///
  /// - Returns: how many bytes there were; fewer than asked for at the file's end alone.
  func read(into destination: UnsafeMutableRawBufferPointer, at offset: Int) throws(SystemError) -> Int {
    guard let base = destination.baseAddress else { return 0 }
    // Darwin refuses more than 2³¹ − 1 bytes in one call, Linux cuts them short.
    let largestCall = 1 << 30
    var done = 0
    while done < destination.count {
      let count = pread(raw, base + done, min(destination.count - done, largestCall), off_t(offset + done))
      if count > 0 {
        done += count
      } else if count == 0 {
        break
      } else if errno != EINTR {
        throw .last
      }
    }
    return done
  }
}
