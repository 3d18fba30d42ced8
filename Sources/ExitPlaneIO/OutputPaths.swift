import ExitPlane

/// Refuses a run, before it has written anything, whose outputs would take each other's place or that of an input.
///
/// Files are told apart by what they are and not by how they are spelled: through symbolic links, hard links and
/// folders written in several ways; files that are not there yet by their folder and name. The names beside an
/// output that are used while it is made belong to it.
///
/// - Parameters:
///   - outputs: every path that the run will write.
///   - inputs: every path that it reads.
/// - Throws: `.mismatch` for two that are one file; `.unwritableFile` for an output that cannot be a file: an empty
///   path, one that ends in "/", a folder, a name that is only a suffix (".mrcs").
public func requireSeparateFiles(outputs: [String], inputs: [String]) throws {
  let targets = try outputs.map { path in
    try requireName(in: path)
    return (path: path, target: try FileTarget(path))
  }
  let read: [FileIdentity: String] = Dictionary(
    inputs.compactMap { path in
      (try? FileStatus(of: path, followsLinks: true)).map { (.present($0.identity), path) }
    }, uniquingKeysWith: { first, _ in first })

  var written: [FileIdentity: String] = [:]
  for (path, target) in targets {
    let identity = FileIdentity(target.path, in: target)
    if let input = read[identity] {
      throw ExitPlaneError.mismatch(
        "\(path) would be written over the input \(input)",
        "name another output (--output, or the option that names it)")
    }
    if let other = written.updateValue(path, forKey: identity) {
      throw ExitPlaneError.mismatch(
        sameBytes(path, other) ? "\(path) would be written twice" : "\(path) and \(other) are one file",
        "name an output of its own for each")
    }
  }
  for (path, target) in targets {
    for beside in [target.partialPath, target.hiddenPartialPath, target.previousPath, target.checkpointPath] {
      let identity = FileIdentity(beside, in: target)
      if let other = read[identity] ?? written[identity] {
        throw ExitPlaneError.mismatch(
          "\(other) has a name that is needed to make \(path)", "rename it, or name another output")
      }
    }
  }
}

/// What tells a file from others, whatever path leads to it.
private enum FileIdentity: Hashable {
  case present(FileStatus.Identity)
  case absent(folder: FileStatus.Identity?, name: [UInt8])

  /// Of a path in the folder of a target.
  init(_ path: String, in target: FileTarget) {
    if let status = try? FileStatus(of: path) {
      self = .present(status.identity)
    } else {
      let folder = try? FileStatus(of: target.folder.isEmpty ? "/" : target.folder, followsLinks: true)
      // Bytes: equal strings may have different ones.
      self = .absent(folder: folder?.identity, name: Array(path.utf8.dropFirst(target.folder.utf8.count + 1)))
    }
  }
}

private func sameBytes(_ a: String, _ b: String) -> Bool { a.utf8.elementsEqual(b.utf8) }

/// A name that is a suffix alone would be that of a hidden file, which nobody has asked for.
private func requireName(in path: String) throws {
  let name = path.split(separator: "/", omittingEmptySubsequences: false).last ?? ""
  guard ![".mrc", ".mrcs", ".map", ".star", ".png", ".pdb"].contains(name.lowercased()) else {
    throw ExitPlaneError.file(
      path, kind: .unwritableFile, found: "the name is only a suffix", need: "put a name before it")
  }
}
