import ExitPlane

#if canImport(Darwin)
  import Darwin
#elseif canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// An MRC2014 map, image or stack of images, open for reading.
///
/// The file is mapped into memory, so that opening costs its header and reading an image costs that
/// image; a file compressed with gzip (told by its content, not its name) is inflated whole. Several
/// threads may read at once. As with every mapped file, another process that shortens it meanwhile
/// ends this one.
public final class MRCFile: Sendable {
  public let path: String
  public let header: MRCHeader
  public let isStack: Bool
  public let isCompressed: Bool
  /// Rows (y) and columns (x) of an image, or of a volume's section.
  public let shape: GridShape
  private let memory: MappedMemory

  /// - Throws: `.unreadableFile` for a file that is missing, may not be read or is not a regular file;
  ///   `.malformedFile` for one that is no MRC file, or is longer or shorter than its header says;
  ///   `.unsupported` for a sample mode other than 0, 1, 2, 6 and 12, and for a stack of volumes.
  public init(path: String) throws {
    self.path = path
    let file = try Self.map(path)
    isCompressed = MRCGzip.isGzip(file.bytes)
    if isCompressed {
      (header, memory) = try MRCGzip.inflate(file.bytes, path: path)
    } else {
      header = try MRCHeader(parsing: file.bytes, path: path)
      memory = file
    }
    let (expected, actual) = (header.fileByteCount, memory.bytes.count)
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
  /// - Parameters:
  ///   - voxelSize: used in place of the header's.
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
    memory.expectSequentialReading()
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
    let bytes = UnsafeRawBufferPointer(
      rebasing: memory.bytes[start..<start + sections.count * sectionByteCount])
    let count = header.samplesPerSection * sections.count
    try requireMemory(for: count, of: Scalar.self)
    return Array(unsafeUninitializedCapacity: count) { values, initializedCount in
      MRCAxisOrder(header, sections: sections.count)
        .read(bytes, with: MRCDecoder(header), into: UnsafeMutableBufferPointer(rebasing: values[..<count]))
      initializedCount = count
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

  private static func map(_ path: String) throws -> MappedMemory {
    do {
      // Without O_NONBLOCK, opening a pipe would wait for someone to write to it.
      let descriptor = try Descriptor(opening: path, flags: O_RDONLY | O_NONBLOCK)
      let status = try descriptor.status()
      switch status.kind {
      case .regular: break
      case .folder:
        throw ExitPlaneError.file(
          path, kind: .unreadableFile, found: "it is a folder", need: "name a file in it")
      case .symbolicLink, .special:
        throw ExitPlaneError.file(
          path, kind: .unreadableFile, found: "it is not a regular file",
          need: "copy the data to a file first")
      }
      guard status.byteCount > 0 else {
        throw ExitPlaneError.file(
          path, found: "it is empty", need: "an MRC file has \(MRCHeader.byteCount) bytes or more")
      }
      return try descriptor.map(byteCount: status.byteCount)
    } catch let error as SystemError {
      throw ExitPlaneError.file(
        path, kind: .unreadableFile, found: "cannot be read: \(error.clause)",
        need: "check the path and its permissions")
    }
  }

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
