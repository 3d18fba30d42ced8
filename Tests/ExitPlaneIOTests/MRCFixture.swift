/// An MRC file put together byte by byte from the published table of the format, to hold against the
/// package's own reading and writing.
struct MRCFixture {
  var shape: (nx: Int32, ny: Int32, nz: Int32) = (4, 3, 2)
  var mode: Int32 = 2
  var start: (Int32, Int32, Int32) = (0, 0, 0)
  /// As many intervals as samples unless set.
  var intervals: (Int32, Int32, Int32)?
  /// Gives 1.5 Å with the default shape and intervals.
  var cell: (Float, Float, Float) = (6, 4.5, 3)
  var angles: (Float, Float, Float) = (90, 90, 90)
  var axes: (Int32, Int32, Int32) = (1, 2, 3)
  var spaceGroup: Int32 = 1
  var origin: (Float, Float, Float) = (0, 0, 0)
  var extendedHeader: [UInt8] = []
  var extendedHeaderByteCount: Int32?
  var imod: (stamp: Int32, flags: Int32) = (0, 0)
  var map = "MAP "
  /// By byte order unless set.
  var stamp: [UInt8]?
  var labels: [String] = []
  var isBigEndian = false

  var sampleCount: Int { Int(shape.nx) * Int(shape.ny) * Int(shape.nz) }

  var header: [UInt8] {
    var bytes = [UInt8](repeating: 0, count: 1024)
    func put(_ offset: Int, _ values: Int32...) {
      for (index, value) in values.enumerated() {
        bytes.replaceSubrange(offset + 4 * index..<offset + 4 * index + 4, with: stored(value))
      }
    }
    func put(_ offset: Int, _ values: (Float, Float, Float)) {
      put(offset, Int32(bitPattern: values.0.bitPattern), Int32(bitPattern: values.1.bitPattern))
      put(offset + 8, Int32(bitPattern: values.2.bitPattern))
    }
    let intervals = intervals ?? shape
    put(0, shape.nx, shape.ny, shape.nz, mode, start.0, start.1, start.2)
    put(28, intervals.0, intervals.1, intervals.2)
    put(40, cell)
    put(52, angles)
    put(64, axes.0, axes.1, axes.2)
    put(88, spaceGroup, extendedHeaderByteCount ?? Int32(extendedHeader.count))
    put(196, origin)
    put(152, imod.stamp, imod.flags)
    bytes.replaceSubrange(208..<212, with: map.utf8)
    bytes.replaceSubrange(212..<214, with: stamp ?? (isBigEndian ? [0x11, 0x11] : [0x44, 0x44]))
    put(220, Int32(labels.count))
    for (index, label) in labels.enumerated() {
      let start = 224 + 80 * index
      bytes.replaceSubrange(start..<start + label.utf8.count, with: label.utf8)
    }
    return bytes
  }

  /// A number's bytes in this file's order.
  func stored<Number: FixedWidthInteger>(_ value: Number) -> [UInt8] {
    withUnsafeBytes(of: isBigEndian ? value.bigEndian : value.littleEndian) { [UInt8]($0) }
  }

  func file(singles: [Float]) -> [UInt8] {
    header + extendedHeader + singles.flatMap { stored($0.bitPattern) }
  }

  func file<Number: FixedWidthInteger>(integers: [Number]) -> [UInt8] {
    header + extendedHeader + integers.flatMap(stored)
  }

  /// Samples 0, 1, 2, … in the file's order.
  var counting: [UInt8] { file(singles: (0..<sampleCount).map { Float($0) }) }
}

/// A gzip file in deflate's plainest form: blocks stored as they are (RFC 1951, 3.2.4, and RFC 1952).
func gzipStored(_ bytes: [UInt8]) -> [UInt8] {
  var output: [UInt8] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255]
  func append(_ value: UInt32) { output += (0..<4).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) } }
  let blocks = stride(from: 0, to: max(bytes.count, 1), by: 65535).map {
    bytes[$0..<min($0 + 65535, bytes.count)]
  }
  for (index, block) in blocks.enumerated() {
    output.append(index == blocks.count - 1 ? 1 : 0)
    let length = UInt16(block.count)
    output += [length, ~length].flatMap { [UInt8(truncatingIfNeeded: $0), UInt8($0 >> 8)] }
    output += block
  }
  var check: UInt32 = 0xffff_ffff
  for byte in bytes {
    check ^= UInt32(byte)
    for _ in 0..<8 { check = check >> 1 ^ (check & 1 == 1 ? 0xedb8_8320 : 0) }
  }
  append(~check)
  append(UInt32(bytes.count))
  return output
}
