/// An array of a reference folder: little-endian doubles in a file, complex numbers as real and imaginary parts in turn.
struct StoredArray: Decodable {
  /// Relative to the folder.
  let file: String
  let shape: [Int]
  let dtype: String

  var isComplex: Bool { dtype == "complex128" }
  /// Nil for a shape that is none, or of more bytes than can be counted.
  var scalarCount: Int? {
    var count = isComplex ? 2 : 1
    for length in shape {
      let (product, overflow) = count.multipliedReportingOverflow(by: length)
      guard !overflow, length >= 0 else { return nil }
      count = product
    }
    return count <= Int.max / 8 ? count : nil
  }
}

extension [Double] {
  /// As `StoredArray` has them; trailing bytes that make no number are left out.
  init(littleEndian bytes: [UInt8]) {
    self = (0..<bytes.count / 8).map { index in
      var pattern: UInt64 = 0
      for byte in (0..<8).reversed() { pattern = pattern << 8 | UInt64(bytes[8 * index + byte]) }
      return Double(bitPattern: pattern)
    }
  }

  var littleEndianBytes: [UInt8] {
    flatMap { value in (0..<8).map { UInt8(truncatingIfNeeded: value.bitPattern >> (8 * $0)) } }
  }
}
