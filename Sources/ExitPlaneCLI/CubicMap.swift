import ExitPlane
import ExitPlaneIO

/// - Throws: `.unsupported` for a map that is not cubic, with the command that makes one of it.
func requireCubic<Scalar>(_ map: RealVoxelGridVolume<Scalar>, from path: String) throws {
  guard !map.isCubic else { return }
  let side = max(map.depth, map.rows, map.columns)
  var stem = lastComponent(of: path)
  for suffix in [".gz", ".mrc", ".map", ".ccp4"] where stem.lowercased().hasSuffix(suffix) && stem != suffix {
    stem.removeLast(suffix.count)
  }
  throw ExitPlaneError(
    .unsupported,
    "\(path) is \(map.shapeDescription) voxels, and a cubic map is needed; this makes one: "
      + "exitplane resize \(shellQuoted(path)) --box \(side) --output \(shellQuoted("\(stem)-\(side).mrc"))")
}

/// A word as a shell takes it.
func shellQuoted(_ word: String) -> String {
  let isPlain = word.unicodeScalars.allSatisfy {
    $0.properties.isAlphabetic || ("0"..."9").contains($0) || "-_./+,:=@%".unicodeScalars.contains($0)
  }
  if isPlain, !word.isEmpty, word.first != "-" { return word }
  return "'" + word.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''") + "'"
}
