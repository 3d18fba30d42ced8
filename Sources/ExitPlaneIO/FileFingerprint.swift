import CZlib
import ExitPlane

#if canImport(Darwin)
  import Darwin
#elseif canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// A file's name, size and checksum (CRC-32), by which a later run knows it again: "map.mrc, 65536 bytes, 1c291ca3".
///
/// - Throws: `.unreadableFile`.
public func fileFingerprint(_ path: String) throws -> String {
  do {
    let descriptor = try Descriptor(opening: path, flags: O_RDONLY)
    let status = try descriptor.status()
    guard status.kind == .regular else { throw SystemError(code: EINVAL) }
    var checksum = crc32_z(0, nil, 0)
    if status.byteCount > 0 {
      let memory = try descriptor.map(byteCount: status.byteCount)
      memory.expectSequentialReading()
      checksum = withExtendedLifetime(memory) {
        crc32_z(checksum, memory.bytes.baseAddress?.assumingMemoryBound(to: UInt8.self), memory.bytes.count)
      }
    }
    let name = path.split(separator: "/").last ?? ""
    return "\(name), \(status.byteCount) bytes, \(String(checksum, radix: 16))"
  } catch let error as SystemError {
    throw ExitPlaneError.file(
      path, kind: .unreadableFile, found: "cannot be read: \(error.clause)",
      need: "name a file that can be read")
  }
}
