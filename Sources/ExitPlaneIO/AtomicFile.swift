import ExitPlane
import Synchronization

#if canImport(Darwin)
  import Darwin
#elseif canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// A file that appears under its name only when it is complete.
///
/// Bytes go to a temporary in the same folder, which `commit` renames over the target in one step: a reader sees
/// the old file or the whole new one, and a run that fails or is interrupted leaves the old one. Without `commit`
/// the temporary is removed when the last reference goes; a killed process (SIGKILL, power) leaves it behind.
///
/// A target that is a symbolic link is replaced where the link points, if this user or the superuser made it. A
/// file that is replaced leaves its permissions to the new one.
public final class AtomicFile: Sendable {
  /// What the bytes are written to.
  public enum Temporary: Sendable {
    /// A file of its own (`.NAME.PROCESS-RANDOM.partial`): of several who write the target, the last wins.
    case unique
    /// One for all who write the target (`.NAME.partial`), which one process at a time may have; what a killed one
    /// has left is written anew.
    case shared
    /// As `shared`, but in sight (`NAME.partial`), and what a killed process has left is still in it.
    case resumable
  }

  /// The target, as the caller named it.
  public let path: String
  let target: FileTarget
  /// What the temporary held when it was opened.
  let presentByteCount: Int

  private enum State: UInt8, AtomicRepresentable { case open, committed, discarded }

  private let temporaryPath: String
  private let descriptor: Descriptor
  /// Nil when the temporary is to outlive this process.
  private let entry: Mutex<TemporaryRegistry.Entry?>
  private let state = Atomic<State>(.open)

  /// Creates the temporary, or with a shared name takes over what a killed process left.
  ///
  /// - Throws: `.unwritableFile` when the folder is missing, is not a folder or may not be written, when the
  ///   target is a folder, a device or a file without write permission, or, with a shared name, when another
  ///   process is writing it.
  public init(path: String, temporary: Temporary = .unique) throws {
    let target = try FileTarget(path)
    let temporaryPath =
      switch temporary {
      case .unique: target.uniquePartialPath
      case .shared: target.hiddenPartialPath
      case .resumable: target.partialPath
      }
    var registered: TemporaryRegistry.Entry?
    descriptor = try TemporaryRegistry.withoutEnd {
      let descriptor =
        temporary == .unique
        ? try target.openNew(temporaryPath, namedByCaller: path)
        : try target.openShared(temporaryPath, namedByCaller: path)
      registered = TemporaryRegistry.add(temporaryPath)
      return descriptor
    }
    entry = Mutex(registered)
    self.path = path
    self.target = target
    self.temporaryPath = temporaryPath
    do {
      let status = try descriptor.status()
      if temporary == .shared, status.byteCount > 0 { try descriptor.truncate(to: 0) }
      presentByteCount = temporary == .resumable ? status.byteCount : 0
    } catch {
      presentByteCount = 0
      throw Self.unwritable(path, error)
    }
  }

  deinit { discard() }

  /// Writes all bytes at `offset`. Several threads may write at once to different places.
  ///
  /// - Throws: `.unwritableFile`, for a full disk as for any other cause.
  public func write(_ bytes: UnsafeRawBufferPointer, at offset: Int) throws {
    try requireOpen()
    do {
      try descriptor.write(bytes, at: offset)
    } catch {
      throw Self.unwritable(path, error)
    }
  }

  /// Takes bytes from the file's start on, each call's after the last's.
  public func makeSink() -> ByteSink {
    var offset = 0
    return { bytes in
      try self.write(bytes, at: offset)
      offset += bytes.count
    }
  }

  /// Takes the disk space for `byteCount` bytes now, where the file system can: a full disk shows before
  /// the work is done.
  ///
  /// - Throws: `.unwritableFile` when there is too little space.
  func reserve(byteCount: Int) throws {
    try requireOpen()
    do {
      try descriptor.reserve(byteCount: byteCount)
    } catch {
      throw Self.unwritable(path, error, while: "\(byteCount) bytes are needed")
    }
  }

  /// Cuts off what is beyond `byteCount` bytes, of what a killed process has left.
  func truncate(to byteCount: Int) throws {
    guard presentByteCount > byteCount else { return }
    do {
      try descriptor.truncate(to: byteCount)
    } catch {
      throw Self.unwritable(path, error)
    }
  }

  /// Lets the temporary outlive this process: from now on another can go on with it.
  func keep() {
    let kept = entry.withLock { entry in
      defer { entry = nil }
      return entry
    }
    if let kept { TemporaryRegistry.remove(kept) }
  }

  /// Puts the file under its name, its bytes and the name itself safely on the disk. To be called once,
  /// after every write has returned.
  ///
  /// - Throws: `.unwritableFile`; the temporary is then removed and the target is as it was.
  public func commit() throws {
    do {
      try synchronize()
      try takeName()
    } catch {
      discard()
      throw error
    }
    target.synchronizeFolder()
  }

  /// Writes the whole file at once and puts it under its name.
  ///
  /// - Throws: as `commit`.
  public func commit(_ bytes: [UInt8]) throws {
    try bytes.withUnsafeBytes { try write($0, at: 0) }
    try commit()
  }

  /// Waits until what was written is on the disk.
  ///
  /// - Throws: `.unwritableFile`.
  func synchronize() throws {
    try requireOpen()
    do {
      try descriptor.synchronize()
    } catch {
      throw Self.unwritable(path, error)
    }
  }

  /// Puts the file, whose bytes are on the disk, under its name in one step; `target.synchronizeFolder` then makes
  /// that safe.
  ///
  /// - Throws: `.unwritableFile`; the target is then as it was.
  func takeName() throws {
    try requireOpen()
    try TemporaryRegistry.withoutEnd {
      guard rename(temporaryPath, target.path) == 0 else { throw Self.unwritable(path, .last) }
      state.store(.committed, ordering: .sequentiallyConsistent)
      // Before a signal can come: another process may use the temporary's name from now on.
      keep()
    }
  }

  /// Removes the temporary, unless it is kept; the target stays as it was. Does nothing after `commit`.
  public func discard() {
    let isKept = entry.withLock { $0 == nil }
    let (first, _) = state.compareExchange(
      expected: .open, desired: .discarded, ordering: .sequentiallyConsistent)
    guard first, !isKept else { return }
    unlink(temporaryPath)
    keep()
  }

  /// Removes the temporary, kept or not.
  func remove() {
    let (first, _) = state.compareExchange(
      expected: .open, desired: .discarded, ordering: .sequentiallyConsistent)
    guard first else { return }
    unlink(temporaryPath)
    keep()
  }

  private func requireOpen() throws {
    guard state.load(ordering: .sequentiallyConsistent) == .open else {
      throw ExitPlaneError.file(
        path, kind: .unwritableFile, found: "the file is already committed or discarded",
        need: "create a new one")
    }
  }

  // MARK: Interrupts

  /// For the handler of a signal that is to end the process: removes the temporaries of every file not yet committed
  /// in it. Takes no lock and allocates nothing.
  ///
  /// - Returns: false while files take their names, which must not be cut in half; the process then gets the signal
  ///   again as soon as they have.
  public static func removeAllTemporaries(before signal: CInt) -> Bool {
    TemporaryRegistry.end(by: signal)
  }

  // MARK: Errors

  static func unwritable(
    _ path: String, _ error: SystemError, in folder: String? = nil, while purpose: String? = nil
  ) -> ExitPlaneError {
    let place = folder.map { "\($0): " } ?? ""
    let remedy =
      switch error.code {
      case ENOSPC, EDQUOT: "free some space or write to another disk"
      case EACCES, EPERM, EROFS: "write to a folder you may write to"
      default: "write to another folder"
      }
    let found = "cannot be written: " + place + error.clause + (purpose.map { ", \($0)" } ?? "")
    return .file(path, kind: .unwritableFile, found: found, need: remedy)
  }
}

/// Writes a whole file at once, under its name only when complete.
///
/// - Throws: as `AtomicFile`.
public func writeFileAtomically(_ path: String, _ bytes: [UInt8]) throws {
  try AtomicFile(path: path).commit(bytes)
}
