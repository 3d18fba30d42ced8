import ExitPlane

extension MRCHeader {
  /// Reads a header in either byte order.
  ///
  /// The machine stamp tells the order. Where it is missing, or the mode and shape make sense only the
  /// other way round, mode and shape decide.
  ///
  /// - Parameters:
  ///   - bytes: at least 1024.
  ///   - path: named in errors.
  /// - Throws: `.malformedFile` for what is not an MRC header or contradicts itself; `.unsupported` for a
  ///   mode that is not read.
  public init(parsing bytes: UnsafeRawBufferPointer, path: String) throws {
    guard bytes.count >= Self.byteCount else {
      throw ExitPlaneError.file(
        path, found: "it has \(bytes.count) bytes", need: "an MRC file has \(Self.byteCount) or more")
    }
    guard let words = HeaderWords(bytes) else {
      throw ExitPlaneError.file(
        path, found: "it is not an MRC file: its first words are no image shape and mode",
        need: "give an MRC2014 map or stack")
    }
    func count(_ word: Int, _ name: String, limit: Int) throws -> Int {
      let value = Int(words.integer(word))
      guard (1...limit).contains(value) else {
        throw ExitPlaneError.file(
          path, at: .byte(word * 4), found: "\(name) is \(value)", need: "need 1 to \(limit)")
      }
      return value
    }
    columns = try count(0, "nx", limit: GridShape.largestAxis)
    rows = try count(1, "ny", limit: GridShape.largestAxis)
    sections = try count(2, "nz", limit: Int(Int32.max))
    guard let mode = MRCMode(rawValue: words.integer(3)) else {
      throw ExitPlaneError.file(
        path, at: .byte(12), kind: .unsupported, found: "mode is \(words.integer(3))",
        need: "need 0, 1, 2, 6 or 12 (8- or 16-bit integers, single or half precision)")
    }
    self.mode = mode
    starts = SIMD3(words.integer(4), words.integer(5), words.integer(6))
    intervals = SIMD3(words.integer(7), words.integer(8), words.integer(9))
    cellInAngstroms = SIMD3(words.real(10), words.real(11), words.real(12))
    cellAnglesInDegrees = SIMD3(words.real(13), words.real(14), words.real(15))
    (columnAxis, rowAxis, sectionAxis) = try Self.axes(
      words.integer(16), words.integer(17), words.integer(18), path: path)
    minimum = words.real(19)
    maximum = words.real(20)
    mean = words.real(21)
    spaceGroup = words.integer(22)
    extendedHeaderByteCount = Int(words.integer(23))
    guard extendedHeaderByteCount >= 0 else {
      throw ExitPlaneError.file(
        path, at: .byte(92), found: "the extended header has \(extendedHeaderByteCount) bytes",
        need: "need 0 or more")
    }
    // IMOD's stamp "IMOD" is a number in the file's byte order; bit 0 of its flags marks signed bytes.
    hasUnsignedBytes = mode == .int8 && words.integer(38) == 0x444f_4d49 && words.integer(39) & 1 == 0
    originInAngstroms = SIMD3(words.real(49), words.real(50), words.real(51))
    standardDeviation = words.real(54)
    isBigEndian = words.isBigEndian
    labels = (0..<min(max(Int(words.integer(55)), 0), 10)).map { index in
      let start = 224 + 80 * index
      return Self.label(bytes[start..<start + 80])
    }
  }

  private static func axes(
    _ column: Int32, _ row: Int32, _ section: Int32, path: String
  ) throws -> (Axis, Axis, Axis) {
    // Left unset by some old programs, which mean the usual order.
    if (column, row, section) == (0, 0, 0) { return (.x, .y, .z) }
    guard let columnAxis = Axis(rawValue: column), let rowAxis = Axis(rawValue: row),
      let sectionAxis = Axis(rawValue: section), Set([columnAxis, rowAxis, sectionAxis]).count == 3
    else {
      throw ExitPlaneError.file(
        path, at: .byte(64), found: "the axis order is \(column), \(row), \(section)",
        need: "need 1, 2 and 3, each once")
    }
    return (columnAxis, rowAxis, sectionAxis)
  }

  /// Printable ASCII, other bytes as "?": a label may end on a terminal.
  private static func label(_ bytes: Slice<UnsafeRawBufferPointer>) -> String {
    let text = bytes.prefix { $0 != 0 }.map { (0x20...0x7e).contains($0) ? $0 : UInt8(ascii: "?") }
    let end = text.lastIndex { $0 != UInt8(ascii: " ") }.map { $0 + 1 } ?? 0
    return String(decoding: text[..<end], as: UTF8.self)
  }
}

/// The 256 words of a header, in the byte order found.
private struct HeaderWords {
  let bytes: UnsafeRawBufferPointer
  let isBigEndian: Bool

  /// Nil when the bytes make no sense in either order and claim not to be MRC.
  init?(_ bytes: UnsafeRawBufferPointer) {
    self.bytes = bytes
    let stamp = (bytes[212], bytes[213])
    let saysBig = stamp == (0x11, 0x11)
    let saysLittle = stamp == (0x44, 0x44) || stamp == (0x44, 0x41)
    if Self.isPlausible(bytes, bigEndian: saysBig) {
      isBigEndian = saysBig
    } else if Self.isPlausible(bytes, bigEndian: !saysBig) {
      isBigEndian = !saysBig
    } else if saysBig || saysLittle || bytes[208..<212].elementsEqual("MAP ".utf8) {
      isBigEndian = saysBig
    } else {
      return nil
    }
  }

  /// Small numbers look huge with their bytes reversed, so one order at most passes for a real file.
  private static func isPlausible(_ bytes: UnsafeRawBufferPointer, bigEndian: Bool) -> Bool {
    func word(_ index: Int) -> Int { Int(Self.integer(bytes, index, bigEndian: bigEndian)) }
    return (1...GridShape.largestAxis).contains(word(0)) && (1...GridShape.largestAxis).contains(word(1))
      && word(2) >= 1 && (0...127).contains(word(3)) && (16...18).allSatisfy { (0...3).contains(word($0)) }
  }

  private static func integer(_ bytes: UnsafeRawBufferPointer, _ word: Int, bigEndian: Bool) -> Int32 {
    let raw = bytes.loadUnaligned(fromByteOffset: word * 4, as: Int32.self)
    return bigEndian ? Int32(bigEndian: raw) : Int32(littleEndian: raw)
  }

  func integer(_ word: Int) -> Int32 { Self.integer(bytes, word, bigEndian: isBigEndian) }
  func real(_ word: Int) -> Float { Float(bitPattern: UInt32(bitPattern: integer(word))) }
}
