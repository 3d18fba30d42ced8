import ExitPlane

/// An MRC2014 map, image or stack of images, open for reading.
///
/// Opening costs the header and reading an image costs that image; a file compressed with gzip (told by its content,
/// not its name) is inflated whole. Several threads may read at once.
public final class MRCFile: Sendable {
  /// As it was given.
  public let path: String
  /// The first 1024 bytes, checked against the file's length.
  public let header: MRCHeader
  /// Whether it holds images, not a volume: by its name (.mrcs), else by its header.
  public let isStack: Bool
  /// Whether it is gzipped.
  public let isCompressed: Bool
  /// Rows (y) and columns (x) of an image, or of a volume's section.
  public let shape: GridShape
  /// Of samples that are read when asked for; nil for a compressed file.
  private let file: OpenFile?
  /// All bytes of a file that was compressed.
  private let inflated: MappedMemory?

  /// - Throws: `.unreadableFile` for a file that is missing, may not be read or is not a regular file;
  ///   `.malformedFile` for one that is no MRC file, or is longer or shorter than its header says;
  ///   `.unsupported` for a sample mode other than 0, 1, 2, 6 and 12, and for a stack of volumes.
  public init(path: String) throws {
    self.path = path
    let file = try OpenFile(path: path)
    guard file.byteCount > 0 else {
      throw ExitPlaneError.file(
        path, found: "it is empty", need: "an MRC file has \(MRCHeader.byteCount) bytes or more")
    }
    var start = [UInt8](repeating: 0, count: min(MRCHeader.byteCount, file.byteCount))
    try start.withUnsafeMutableBytes { try file.read(into: $0, at: 0) }
    isCompressed = MRCGzip.isGzip(start)
    if isCompressed {
      let contents = try MRCGzip.inflate(file)
      (header, inflated, self.file) = (contents.header, contents.memory, nil)
    } else {
      header = try start.withUnsafeBytes { try MRCHeader(parsing: $0, path: path) }
      (inflated, self.file) = (nil, file)
    }
    let (expected, actual) = (header.fileByteCount, inflated?.bytes.count ?? file.byteCount)
    guard expected == actual else {
      throw Self.wrongLength(
        path, expected: expected, actual: "\(actual)", isTruncated: expected > actual)
    }
    isStack = header.isStack(inFileNamed: path)
    shape = try GridShape(rows: header.count(along: .y), columns: header.count(along: .x))
    try requireSupportedLayout()
  }

  /// Images in a stack; a volume holds none unless it is a single section.
  public var imageCount: Int { isStack || header.sections == 1 ? header.sections : 0 }

  /// Samples along z: planes of a volume, images of a stack.
  public var depth: Int { header.count(along: .z) }

  /// The voxel size that holds along every axis (for images: x and y), or nil where the header does not
  /// give one.
  ///
  /// - Throws: `.malformedFile` for a size below 0 or not finite; `.unsupported` for a cell that is not
  ///   right-angled, or sizes that differ by more than one part in a thousand.
  public var voxelSizeInAngstroms: Double? {
    get throws {
      let sizes = header.voxelSizesInAngstroms
      let relevant = imageCount > 0 ? [sizes.x, sizes.y] : [sizes.x, sizes.y, sizes.z]
      if relevant.allSatisfy({ $0 == 0 }) { return nil }
      let listed = relevant.map { "\(Float($0))" }.joined(separator: " × ")
      guard relevant.allSatisfy({ $0.isFinite && $0 >= 0 }) else {
        throw ExitPlaneError.file(
          path, at: .byte(28), found: "the voxel size is \(listed) Å",
          need: "need cell edges and intervals that are finite and not below 0")
      }
      guard relevant.allSatisfy({ abs($0 - sizes.x) <= 1e-3 * sizes.x }) else {
        throw ExitPlaneError.file(
          path, at: .byte(28), kind: .unsupported, found: "the voxel size is \(listed) Å",
          need: "need the same along every axis, to one part in a thousand")
      }
      let angles = header.cellAnglesInDegrees
      guard imageCount > 0 || (0..<3).allSatisfy({ angles[$0] == 0 || abs(angles[$0] - 90) < 0.01 }) else {
        throw ExitPlaneError.file(
          path, at: .byte(52), kind: .unsupported,
          found: "the cell's angles are \(angles.x)°, \(angles.y)° and \(angles.z)°",
          need: "need 90° (or 0 for unset)")
      }
      return relevant.reduce(0, +) / Double(relevant.count)
    }
  }

  // MARK: Reading

  /// The whole map, its axes in the order `[z][y][x]` whatever their order in the file.
  ///
  /// A voxel size that is given is used in place of the header's.
  ///
  /// - Throws: `.mismatch` for a stack of images; `.invalidValue` for a voxel size that is not above 0 Å;
  ///   `.malformedFile` for a voxel that is not finite, or when neither the header nor the caller gives a
  ///   voxel size; what `voxelSizeInAngstroms` throws, unless the caller gives one.
  public func readVolume<Scalar: GridScalar>(
    as _: Scalar.Type = Scalar.self, voxelSizeInAngstroms voxelSize: Double? = nil
  ) throws -> RealVoxelGridVolume<Scalar> {
    guard !isStack else {
      throw ExitPlaneError.mismatch(
        "\(path) is a stack of \(header.sections) images",
        "give a volume (space group 1 at byte 88, not named .mrcs)")
    }
    if let voxelSize, !(voxelSize.isFinite && voxelSize > 0) {
      throw ExitPlaneError.invalid("voxel size", got: "\(voxelSize) Å", need: "finite and above 0 Å")
    }
    guard let size = try voxelSize ?? voxelSizeInAngstroms else {
      throw ExitPlaneError.file(
        path, at: .byte(28), found: "the header gives no voxel size", need: "state one in ångströms")
    }
    let values: [Scalar] = try read(sections: 0..<header.sections)
    do {
      return try RealVoxelGridVolume(
        depth: depth, rows: shape.rows, columns: shape.columns, voxelSizeInAngstroms: size, values: values)
    } catch let error as ExitPlaneError {
      throw ExitPlaneError(.malformedFile, "\(path): \(error)")
    }
  }

  /// Image `index` of a stack, from 0.
  ///
  /// - Throws: `.invalidValue` for an index out of range; `.mismatch` for a volume; `.malformedFile` for a
  ///   pixel that is not finite.
  public func readImage<Scalar: GridScalar>(
    _ index: Int, as _: Scalar.Type = Scalar.self
  ) throws -> RealImage<Scalar> {
    guard imageCount > 0 else {
      throw ExitPlaneError.mismatch(
        "\(path) is a volume of \(header.sections) sections",
        "give a stack (space group 0 at byte 88 and mz 1, or named .mrcs)")
    }
    guard (0..<imageCount).contains(index) else {
      throw ExitPlaneError.invalid(
        "number of an image of \(path), from 0,", got: "\(index)", need: "0 to \(imageCount - 1)")
    }
    let values: [Scalar] = try read(sections: index..<index + 1)
    if let bad = values.firstIndex(where: { !$0.isFinite }) {
      throw ExitPlaneError.file(
        path,
        found:
          "image \(index + 1), pixel (y \(bad / shape.columns), x \(bad % shape.columns)) is \(values[bad])",
        need: "need finite pixels")
    }
    return try RealImage(shape: shape, values: values)
  }

  /// The samples of consecutive sections with x fastest, then y, then z.
  func read<Scalar: GridScalar>(sections: Range<Int>) throws -> [Scalar] {
    let sectionByteCount = header.samplesPerSection * header.mode.bytesPerSample
    let start = header.dataOffset + sections.lowerBound * sectionByteCount
    let count = header.samplesPerSection * sections.count
    try requireMemory(for: count, of: Scalar.self)
    return try Array(unsafeUninitializedCapacity: count) { values, initializedCount in
      let values = UnsafeMutableBufferPointer(rebasing: values[..<count])
      let order = MRCAxisOrder(header, sections: sections.count)
      let decoder = MRCDecoder(header)
      if let inflated {
        let bytes = inflated.bytes[start..<start + sections.count * sectionByteCount]
        order.read(
          UnsafeRawBufferPointer(rebasing: bytes), ofSections: 0..<sections.count, with: decoder, into: values
        )
      } else if order.isKept, decoder.keepsBytes(as: Scalar.self) {
        try file?.read(into: UnsafeMutableRawBufferPointer(values), at: start)
      } else {
        try read(at: start, order, with: decoder, sectionByteCount: sectionByteCount, into: values)
      }
      initializedCount = count
    }
  }

  /// Reads and decodes a few sections at a time, which stay in the processor's caches in between.
  private func read<Scalar: GridScalar>(
    at start: Int, _ order: MRCAxisOrder, with decoder: MRCDecoder, sectionByteCount: Int,
    into values: UnsafeMutableBufferPointer<Scalar>
  ) throws {
    let slab = order.slab(sectionByteCount: sectionByteCount)
    let memory: MappedMemory
    do {
      memory = try MappedMemory(zeroed: slab * sectionByteCount)
    } catch {
      throw ExitPlaneError.file(
        path, kind: .unreadableFile, found: "\(slab * sectionByteCount) bytes to read it in: \(error.clause)",
        need: "free some memory")
    }
    for first in stride(from: 0, to: order.sectionCount, by: slab) {
      let sections = first..<min(first + slab, order.sectionCount)
      let bytes = UnsafeMutableRawBufferPointer(
        rebasing: memory.mutableBytes[..<(sections.count * sectionByteCount)])
      try file?.read(into: bytes, at: start + first * sectionByteCount)
      order.read(UnsafeRawBufferPointer(bytes), ofSections: sections, with: decoder, into: values)
    }
  }

  private func requireMemory<Scalar: GridScalar>(for count: Int, of _: Scalar.Type) throws {
    let (byteCount, overflow) = count.multipliedReportingOverflow(by: MemoryLayout<Scalar>.stride)
    guard !overflow, memoryIsAvailable(byteCount: byteCount) else {
      throw ExitPlaneError.file(
        path, kind: .unreadableFile,
        found: "its \(count) samples do not fit in memory in \(Scalar.precisionName) precision",
        need: "use a machine with more memory or a smaller file")
    }
  }

  // MARK: Opening

  static func wrongLength(
    _ path: String, expected: Int, actual: String, isTruncated: Bool
  ) -> ExitPlaneError {
    .file(
      path, found: "it has \(actual) bytes of data and header where its header describes \(expected)",
      need: isTruncated ? "it is truncated or its header is damaged" : "its header is damaged or not its own")
  }

  private func requireSupportedLayout() throws {
    if isStack {
      guard header.sectionAxis == .z else {
        throw ExitPlaneError.file(
          path, at: .byte(72), kind: .unsupported,
          found: "the images of this stack lie along axis \(header.sectionAxis.rawValue)",
          need: "need axis 3 (maps)")
      }
    } else {
      guard !(401...630).contains(header.spaceGroup) else {
        throw ExitPlaneError.file(
          path, at: .byte(88), kind: .unsupported,
          found: "space group \(header.spaceGroup) marks a stack of volumes",
          need: "give one volume (space group 1) or a stack of images (0)")
      }
      guard header.sections <= GridShape.largestAxis else {
        throw ExitPlaneError.file(
          path, at: .byte(8), found: "nz is \(header.sections) for a volume",
          need: "need 1 to \(GridShape.largestAxis)")
      }
    }
  }
}
