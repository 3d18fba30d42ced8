import ExitPlane

extension MRCHeader {
  /// A header for what this package writes: axes x, y, z, a right-angled cell that gives every axis the
  /// same voxel size, no extended header.
  ///
  /// - Parameters:
  ///   - shape: of an image, or of a volume's section.
  ///   - isVolume: sections are a volume's planes (`ispg` 1, `mz` = `nz`) or images (`ispg` 0, `mz` 1).
  ///   - placement: `nstart` and `origin`, which are 0 unless they are given.
  init(
    shape: GridShape, sections: Int, isVolume: Bool, voxelSizeInAngstroms: Double, mode: MRCMode,
    statistics: MRCStatistics, placement: MRCPlacement = MRCPlacement()
  ) {
    columns = shape.columns
    rows = shape.rows
    self.sections = sections
    self.mode = mode
    hasUnsignedBytes = false
    starts = placement.starts
    originInAngstroms = placement.originInAngstroms
    intervals = SIMD3(Int32(shape.columns), Int32(shape.rows), isVolume ? Int32(sections) : 1)
    cellInAngstroms = SIMD3<Float>(SIMD3<Double>(intervals) * voxelSizeInAngstroms)
    cellAnglesInDegrees = SIMD3(repeating: 90)
    (columnAxis, rowAxis, sectionAxis) = (.x, .y, .z)
    minimum = statistics.minimum
    maximum = statistics.maximum
    mean = Float(statistics.mean)
    standardDeviation = Float(statistics.standardDeviation)
    spaceGroup = isVolume ? 1 : 0
    extendedHeaderByteCount = 0
    isBigEndian = false
    // No date: the same command writes the same bytes.
    labels = ["ExitPlane"]
  }

  /// The 1024 bytes of this header, little-endian.
  ///
  /// For a file whose samples follow at once, little-endian and signed: an extended header, a byte order
  /// and IMOD's flags that this value was read with are not kept.
  func encoded() -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: Self.byteCount)
    func put(_ word: Int, _ values: Int32...) {
      for (index, value) in values.enumerated() {
        withUnsafeBytes(of: value.littleEndian) {
          bytes.replaceSubrange((word + index) * 4..<(word + index + 1) * 4, with: $0)
        }
      }
    }
    func put(_ word: Int, _ values: SIMD3<Float>) {
      put(word, values.x.wordBits, values.y.wordBits, values.z.wordBits)
    }
    put(0, Int32(columns), Int32(rows), Int32(sections), mode.rawValue)
    put(4, starts.x, starts.y, starts.z)
    put(7, intervals.x, intervals.y, intervals.z)
    put(10, cellInAngstroms)
    put(13, cellAnglesInDegrees)
    put(16, columnAxis.rawValue, rowAxis.rawValue, sectionAxis.rawValue)
    put(19, SIMD3(minimum, maximum, mean))
    put(22, spaceGroup)
    put(27, 20141)
    put(49, originInAngstroms)
    bytes.replaceSubrange(208..<212, with: "MAP ".utf8)
    bytes.replaceSubrange(212..<214, with: [0x44, 0x44])
    put(54, standardDeviation.wordBits, Int32(labels.count))
    for (index, label) in labels.enumerated() {
      let start = 224 + 80 * index
      bytes.replaceSubrange(start..<start + 80, with: repeatElement(UInt8(ascii: " "), count: 80))
      bytes.replaceSubrange(start..<start + min(label.utf8.count, 80), with: label.utf8.prefix(80))
    }
    return bytes
  }
}

extension Float {
  fileprivate var wordBits: Int32 { Int32(bitPattern: bitPattern) }
}
