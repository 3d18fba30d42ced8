import CZlib
import ExitPlane

/// A file's name, size and checksum (CRC-32), by which a later run knows it again: "map.mrc, 65536 bytes, 1c291ca3".
///
/// - Throws: `.unreadableFile`.
public func fileFingerprint(_ path: String) throws -> String {
  let file = try OpenFile(path: path)
  var checksum = crc32_z(0, nil, 0)
  try file.forEachChunk {
    checksum = crc32_z(checksum, $0.baseAddress?.assumingMemoryBound(to: UInt8.self), $0.count)
  }
  let name = path.split(separator: "/").last ?? ""
  return "\(name), \(file.byteCount) bytes, \(String(checksum, radix: 16))"
}
