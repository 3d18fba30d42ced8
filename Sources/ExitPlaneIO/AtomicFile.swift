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
/// Bytes go to a hidden temporary in the same folder (`.NAME.PROCESS-RANDOM.partial`), which `commit`
/// renames over the target in one step: a reader sees the old file or the whole new one, and a run
/// that fails or is interrupted leaves the old one. Without `commit` the temporary is removed when the
/// last reference goes; a killed process (SIGKILL, power) leaves it behind under its own name.
/// Where the caller sees to it that one process at a time writes the target, the temporary may have one
/// name for all (`.NAME.partial`), and the next run takes over what a killed one left.
///
/// A target that is a symbolic link is replaced where the link points.
public final class AtomicFile: Sendable {
  /// The target, as the caller named it.
  public let path: String

  private enum State: UInt8, AtomicRepresentable { case open, committed, discarded }

  private let folder: String
  private let targetPath: String
  private let temporaryPath: String
  private let descriptor: Descriptor
  private let entry: TemporaryRegistry.Entry
  private let state = Atomic<State>(.open)

  /// Whose the temporary's name is: one file's alone, or that of all who write the target, one at a time.
  public enum Temporary: Sendable { case unique, shared }

  /// Creates the temporary, or with a shared name takes over what a killed process left.
  ///
  /// - Throws: `.unwritableFile` when the folder is missing, is not a folder or may not be written, or
  ///   when the target is a folder, a device or a file without write permission.
  public init(path: String, temporary: Temporary = .unique) throws {
    let target = try Self.resolve(path)
    let name = Self.temporaryName(for: target.name, temporary)
    let temporaryPath = target.folder + "/" + name
    // Registered before it exists: a signal between the two then finds nothing to remove, where the
    // other order would leave a file.
    guard let entry = TemporaryRegistry.add(temporaryPath) else {
      throw Self.unwritable(path, SystemError(code: ENOMEM))
    }
    do {
      descriptor = try Descriptor(
        opening: temporaryPath,
        flags: O_RDWR | O_CREAT | O_NOFOLLOW | (temporary == .unique ? O_EXCL : O_TRUNC))
    } catch {
      TemporaryRegistry.remove(entry)
      throw Self.unwritable(path, error, in: target.folder)
    }
    self.path = path
    self.entry = entry
    self.temporaryPath = temporaryPath
    folder = target.folder
    targetPath = target.folder + "/" + target.name
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

  /// Takes the disk space for `byteCount` bytes now, where the file system can: a full disk shows before
  /// the work is done.
  ///
  /// - Throws: `.unwritableFile` when there is too little space.
  public func reserve(byteCount: Int) throws {
    try requireOpen()
    do {
      try descriptor.reserve(byteCount: byteCount)
    } catch {
      throw Self.unwritable(path, error, while: "\(byteCount) bytes are needed")
    }
  }

  /// Puts the file under its name, its bytes and the name itself safely on the disk. To be called once,
  /// after every write has returned.
  ///
  /// - Throws: `.unwritableFile`; the temporary is then removed and the target is as it was.
  public func commit() throws {
    try requireOpen()
    do {
      try descriptor.synchronize()
      guard rename(temporaryPath, targetPath) == 0 else { throw SystemError.last }
    } catch let error as SystemError {
      discard()
      throw Self.unwritable(path, error)
    }
    state.store(.committed, ordering: .sequentiallyConsistent)
    TemporaryRegistry.remove(entry)
    // The file is in place whatever happens here: a folder that may not be opened for reading, or a
    // file system that has no such call, costs durability across a power cut and nothing else.
    try? Descriptor(opening: folder, flags: O_RDONLY).synchronize()
  }

  /// Removes the temporary; the target stays as it was. Does nothing after `commit`.
  public func discard() {
    let (first, _) = state.compareExchange(
      expected: .open, desired: .discarded, ordering: .sequentiallyConsistent)
    guard first else { return }
    unlink(temporaryPath)
    TemporaryRegistry.remove(entry)
  }

  /// Removes the temporaries of every file not yet committed in this process. For a signal handler
  /// that ends the process: it takes no lock and allocates nothing.
  public static func removeAllTemporaries() {
    TemporaryRegistry.unlinkAll()
  }

  private func requireOpen() throws {
    guard state.load(ordering: .sequentiallyConsistent) == .open else {
      throw ExitPlaneError.file(
        path, kind: .unwritableFile, found: "the file is already committed or discarded",
        need: "create a new one")
    }
  }

  // MARK: Names

  /// Where the file will stand: the real path of its folder, which stays right when the process changes
  /// its working folder, and its name there.
  static func resolve(_ path: String) throws -> (folder: String, name: String) {
    func refusal(_ found: String, _ need: String) -> ExitPlaneError {
      .file(path, kind: .unwritableFile, found: found, need: need)
    }
    guard !path.isEmpty, !path.utf8.contains(0), !path.hasSuffix("/") else {
      throw ExitPlaneError(
        .unwritableFile, "output path is \"\(path)\"; it must end in the name of a file")
    }
    var target = path
    if let status = try? FileStatus(of: path), status.kind == .symbolicLink {
      guard let end = realPath(path) else {
        throw refusal("it is a symbolic link to nothing", "remove it or name another file")
      }
      target = end
    }
    if let status = try? FileStatus(of: target) {
      switch status.kind {
      case .regular: break
      case .folder: throw refusal("it is a folder", "name a file in it")
      case .symbolicLink, .special: throw refusal("it is not a regular file", "name another file")
      }
      guard access(target, W_OK) == 0 else {
        throw refusal("it exists and may not be written", "change its permissions or name another file")
      }
    }
    let slash = target.utf8.lastIndex(of: UInt8(ascii: "/"))
    let name = slash.map { String(target[target.utf8.index(after: $0)...]) } ?? target
    let parent = slash.map { String(target[...$0]) } ?? "."
    guard let folder = realPath(parent) else {
      let error = SystemError.last
      throw error.code == ENOENT
        ? refusal("there is no folder \(parent)", "create it first")
        : unwritable(path, error, in: parent)
    }
    guard let status = try? FileStatus(of: folder), status.kind == .folder else {
      throw refusal("\(parent) is not a folder", "name a file in a folder")
    }
    // The root's real path alone ends in a slash.
    return (folder == "/" ? "" : folder, name)
  }

  private static func realPath(_ path: String) -> String? {
    guard let resolved = realpath(path, nil) else { return nil }
    defer { free(resolved) }
    return String(cString: resolved)
  }

  /// Hidden, beside the target, and unless it is shared not to be guessed by another process.
  private static func temporaryName(for name: String, _ temporary: Temporary) -> String {
    let random = ".\(getpid())-\(String(UInt64.random(in: 0 ... .max), radix: 36))"
    let suffix = (temporary == .unique ? random : "") + ".partial"
    // File names end at 255 bytes on common file systems; a long target must not make its temporary
    // longer than that.
    var stem = name
    while stem.utf8.count + suffix.utf8.count > 254 { stem.removeLast() }
    return ".\(stem)\(suffix)"
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
  let file = try AtomicFile(path: path)
  try bytes.withUnsafeBytes { try file.write($0, at: 0) }
  try file.commit()
}
