import ExitPlane

#if canImport(Darwin)
  import Darwin
#elseif canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Where an output will stand: the real path of its folder, which stays right when the process changes its
/// working folder, and its name there.
struct FileTarget: Sendable {
  let folder: String
  let name: String
  /// What is there now, a regular file that may be written; nil where there is none.
  let present: FileStatus?

  var path: String { folder + "/" + name }

  /// Names beside the target: of what is being made, in sight and hidden; of what is being replaced; and of how far
  /// a run has come.
  var partialPath: String { path + ".partial" }
  var hiddenPartialPath: String { hiddenPath(suffix: ".partial") }
  var previousPath: String { hiddenPath(suffix: ".previous") }
  var checkpointPath: String { path + ".checkpoint" }

  /// Not to be guessed by another process.
  var uniquePartialPath: String {
    hiddenPath(suffix: ".\(getpid())-\(String(UInt64.random(in: 0 ... .max), radix: 36)).partial")
  }

  /// - Throws: `.unwritableFile` for what cannot be a file: an empty path, one that ends in a slash, a folder, a
  ///   device, a file without write permission, a folder that is missing, a symbolic link to nothing, or one that
  ///   somebody else made.
  init(_ path: String) throws {
    func refusal(_ found: String, _ need: String) -> ExitPlaneError {
      .file(path, kind: .unwritableFile, found: found, need: need)
    }
    guard !path.isEmpty, !path.utf8.contains(0), !path.hasSuffix("/") else {
      throw ExitPlaneError(
        .unwritableFile, "output path is \"\(path)\"; it must end in the name of a file")
    }
    let target = try Self.followingLinks(path)
    let status = try? FileStatus(of: target)
    if let status {
      switch status.kind {
      case .regular: break
      case .folder: throw refusal("it is a folder", "name a file in it")
      case .symbolicLink, .special: throw refusal("it is not a regular file", "name another file")
      }
      guard access(target, W_OK) == 0 else {
        throw refusal("it exists and may not be written", "change its permissions or name another file")
      }
    }
    let (parent, name) = Self.split(target)
    let folderStatus: FileStatus
    do throws(SystemError) {
      folderStatus = try FileStatus(of: parent, followsLinks: true)
    } catch {
      throw error.code == ENOENT
        ? refusal("there is no folder \(parent)", "create it first")
        : AtomicFile.unwritable(path, error, in: parent)
    }
    guard folderStatus.kind == .folder else {
      throw refusal("\(parent) is not a folder", "name a file in a folder")
    }
    // The root's real path alone ends in a slash. A folder whose real name is not text keeps the name it was given.
    let folder = Self.realPath(parent) ?? parent
    self.folder = folder.hasSuffix("/") ? String(folder.dropLast()) : folder
    self.name = name
    present = status
  }

  private static func split(_ path: String) -> (folder: String, name: String) {
    guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { return (".", path) }
    return (String(path[...slash]), String(path[path.utf8.index(after: slash)...]))
  }

  /// The path that a chain of symbolic links ends in; the path itself where it is none.
  ///
  /// In a folder to which others may write, a link that one of them made could lead anywhere this user may write:
  /// links are followed that this user or the superuser has made.
  private static func followingLinks(_ path: String) throws -> String {
    var current = path
    for _ in 0..<40 {
      guard let status = try? FileStatus(of: current) else {
        guard current == path else { break }
        return path
      }
      guard status.kind == .symbolicLink else { return current }
      guard status.owner == geteuid() || status.owner == 0 else {
        throw ExitPlaneError.file(
          path, kind: .unwritableFile, found: "it is a symbolic link that another user made",
          need: "remove it or name another file")
      }
      guard let next = linkDestination(current) else { break }
      current = next.hasPrefix("/") ? next : split(current).folder + "/" + next
    }
    throw ExitPlaneError.file(
      path, kind: .unwritableFile, found: "it is a symbolic link to nothing",
      need: "remove it or name another file")
  }

  private static func linkDestination(_ path: String) -> String? {
    withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(PATH_MAX) + 1) { buffer in
      guard let bytes = buffer.baseAddress else { return nil }
      let count = readlink(path, bytes, Int(PATH_MAX))
      guard count > 0 else { return nil }
      bytes[count] = 0
      return String(validatingCString: bytes)
    }
  }

  /// Nil for a path that leads to nothing, or whose real form is not text.
  private static func realPath(_ path: String) -> String? {
    guard let resolved = realpath(path, nil) else { return nil }
    defer { free(resolved) }
    return String(validatingCString: resolved)
  }

  private func hiddenPath(suffix: String) -> String {
    // File names end at 255 bytes on common file systems; a long target must not make another name longer than
    // that.
    var stem = name
    while stem.utf8.count + suffix.utf8.count > 254 { stem.removeLast() }
    return "\(folder)/.\(stem)\(suffix)"
  }
}
