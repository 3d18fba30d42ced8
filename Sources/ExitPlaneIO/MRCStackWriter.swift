import ExitPlane
import Synchronization

/// Writes a stack of images of one shape, in any order and from several threads.
///
/// Disk space for the whole stack is taken at the start, each image goes straight to its own place, and
/// the file appears under its name in `finish`; without it, nothing is left. The bytes written depend on
/// the images alone, never on the order or the number of threads.
///
/// - Memory: 32 bytes an image for its statistics (3 MB for 100,000 images), so that they can be joined
///   in the order of the images; besides, 96 KiB a call in progress.
public final class MRCStackWriter: Sendable {
  public let path: String
  public let shape: GridShape
  public let count: Int
  public let pixelSizeInAngstroms: Double
  public let mode: MRCOutputMode

  private let file: AtomicFile
  private let isVolume: Bool
  /// Of each image that is written; empty before.
  private let statistics: Mutex<[MRCStatistics]>

  /// - Parameters:
  ///   - path: the file; one that exists is replaced in `finish`.
  ///   - count: the number of images, every one of which must be written.
  /// - Throws: `.invalidValue` for a count below 1 or beyond the format, or a pixel size that is not above
  ///   0 Å; `.unwritableFile` when the file cannot be created there or there is too little space.
  public convenience init(
    path: String, shape: GridShape, count: Int, pixelSizeInAngstroms: Double,
    mode: MRCOutputMode = .float32
  ) throws {
    try self.init(
      path: path, shape: shape, count: count, pixelSizeInAngstroms: pixelSizeInAngstroms, mode: mode,
      isVolume: false)
  }

  fileprivate init(
    path: String, shape: GridShape, count: Int, pixelSizeInAngstroms: Double, mode: MRCOutputMode,
    isVolume: Bool
  ) throws {
    guard (1...Int(Int32.max)).contains(count) else {
      throw ExitPlaneError.invalid("number of images", got: "\(count)", need: "1 to \(Int32.max)")
    }
    // The cell's edges must also be above 0 and finite in the header's single precision.
    let longestEdge = Float(pixelSizeInAngstroms * Double(GridShape.largestAxis))
    guard pixelSizeInAngstroms > 0, Float(pixelSizeInAngstroms) > 0, longestEdge.isFinite else {
      throw ExitPlaneError.invalid(
        "pixel size", got: "\(pixelSizeInAngstroms) Å", need: "finite and above 0 Å")
    }
    self.path = path
    self.shape = shape
    self.count = count
    self.pixelSizeInAngstroms = pixelSizeInAngstroms
    self.mode = mode
    self.isVolume = isVolume
    let (dataByteCount, overflow) = (shape.count * mode.mode.bytesPerSample)
      .multipliedReportingOverflow(by: count)
    guard !overflow, dataByteCount <= Int.max - MRCHeader.byteCount else {
      throw ExitPlaneError.invalid(
        "stack of \(count) images of \(shape)", got: "over 2^63 bytes", need: "smaller")
    }
    file = try AtomicFile(path: path)
    try file.reserve(byteCount: MRCHeader.byteCount + dataByteCount)
    statistics = Mutex(Array(repeating: MRCStatistics(), count: count))
  }

  /// Writes image `index`, from 0: `shape.count` pixels, row-major.
  ///
  /// Several threads may write at once, each image once. Double precision is rounded to single on the
  /// way to either mode.
  ///
  /// - Throws: `.invalidValue` for an index out of range, a wrong number of pixels, an image written
  ///   before, or a pixel that is not finite in the file's mode; `.unwritableFile`. After an error the
  ///   stack cannot be finished.
  public func write<Scalar: GridScalar>(_ image: UnsafeBufferPointer<Scalar>, at index: Int) throws {
    guard (0..<count).contains(index) else {
      throw ExitPlaneError.invalid("number of an image, from 0,", got: "\(index)", need: "0 to \(count - 1)")
    }
    guard image.count == shape.count else {
      throw ExitPlaneError.invalid(
        "number of pixels of image \(index + 1)", got: "\(image.count)", need: "\(shape.count) for \(shape)")
    }
    let offset = MRCHeader.byteCount + index * shape.count * mode.mode.bytesPerSample
    let raw = UnsafeRawBufferPointer(image)
    let gathered =
      if Scalar.self == Float.self {
        try write(singles: raw.bindMemory(to: Float.self), offset: offset, index: index)
      } else {
        try write(doubles: raw.bindMemory(to: Double.self), offset: offset, index: index)
      }
    let isFirst = statistics.withLock {
      let isFirst = $0[index].count == 0
      $0[index] = gathered
      return isFirst
    }
    guard isFirst else {
      throw ExitPlaneError.invalid("image \(index + 1)", got: "written twice", need: "written once")
    }
  }

  /// Writes image `index`, from 0; as the method for a buffer of pixels.
  public func write<Scalar: GridScalar>(_ image: RealImage<Scalar>, at index: Int) throws {
    guard image.shape == shape else {
      throw ExitPlaneError.invalid("shape of image \(index + 1)", got: "\(image.shape)", need: "\(shape)")
    }
    try image.values.withUnsafeBufferPointer { try write($0, at: index) }
  }

  /// Writes the header and puts the file under its name. To be called once, after every `write` has
  /// returned.
  ///
  /// - Throws: `.invalidValue` when an image was not written; `.unwritableFile`.
  public func finish() throws {
    let total = try statistics.withLock { parts in
      if let missing = parts.firstIndex(where: { $0.count == 0 }) {
        throw ExitPlaneError.invalid(
          "image \(missing + 1) of \(path)", got: "missing", need: "written before the file is finished")
      }
      return parts.reduce(into: MRCStatistics()) { $0.join($1) }
    }
    let header = MRCHeader(
      shape: shape, sections: count, isVolume: isVolume, voxelSizeInAngstroms: pixelSizeInAngstroms,
      mode: mode.mode, statistics: total)
    try header.encoded().withUnsafeBytes { try file.write($0, at: 0) }
    try file.commit()
  }

  // MARK: Pixels

  private static let chunk = 16384

  private func write(
    singles: UnsafeBufferPointer<Float>, offset: Int, index: Int
  ) throws -> MRCStatistics {
    if mode == .float32 {
      let statistics = MRCStatistics(singles)
      guard statistics.isFinite else { throw unstorable(singles, firstPixel: 0, index: index) }
      // The memory of every machine Swift runs on is little-endian, like the file.
      try file.write(UnsafeRawBufferPointer(singles), at: offset)
      return statistics
    }
    return try withUnsafeTemporaryAllocation(of: UInt16.self, capacity: Self.chunk) { halves in
      try withUnsafeTemporaryAllocation(of: Float.self, capacity: Self.chunk) { rounded in
        var total = MRCStatistics()
        for start in stride(from: 0, to: singles.count, by: Self.chunk) {
          let part = UnsafeBufferPointer(rebasing: singles[start..<min(start + Self.chunk, singles.count)])
          for (pixel, value) in part.enumerated() {
            let half = MRCHalf.half(value)
            halves[pixel] = half.littleEndian
            rounded[pixel] = MRCHalf.single(half)
          }
          // Of the values as stored: a header's extremes must be found in its data.
          let statistics = MRCStatistics(UnsafeBufferPointer(rebasing: rounded[..<part.count]))
          guard statistics.isFinite else { throw unstorable(part, firstPixel: start, index: index) }
          try file.write(
            UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(halves)[..<(part.count * 2)]),
            at: offset + start * 2)
          total.join(statistics)
        }
        return total
      }
    }
  }

  private func write(
    doubles: UnsafeBufferPointer<Double>, offset: Int, index: Int
  ) throws -> MRCStatistics {
    try withUnsafeTemporaryAllocation(of: Float.self, capacity: Self.chunk) { singles in
      var total = MRCStatistics()
      for start in stride(from: 0, to: doubles.count, by: Self.chunk) {
        let part = UnsafeBufferPointer(rebasing: doubles[start..<min(start + Self.chunk, doubles.count)])
        for (pixel, value) in part.enumerated() { singles[pixel] = Float(value) }
        total.join(
          try write(
            singles: UnsafeBufferPointer(rebasing: singles[..<part.count]),
            offset: offset + start * mode.mode.bytesPerSample, index: index))
      }
      return total
    }
  }

  /// What to say of the first pixel that the file's mode cannot hold.
  private func unstorable(
    _ pixels: UnsafeBufferPointer<Float>, firstPixel: Int, index: Int
  ) -> ExitPlaneError {
    let limit = mode == .float16 ? MRCHalf.overflowThreshold : .infinity
    let bad = pixels.firstIndex { !($0.magnitude < limit) } ?? 0
    let pixel = firstPixel + bad
    let what = isVolume ? "section" : "image"
    return .invalid(
      "\(what) \(index + 1) of \(path), pixel (y \(pixel / shape.columns), x \(pixel % shape.columns)),",
      got: "\(pixels[bad])",
      need: mode == .float16 ? "finite and within ±65504 for half precision" : "finite in single precision")
  }
}

/// Writes a map as an MRC volume (`ispg` 1, `mz` = `nz`), under its name only when complete.
///
/// - Throws: `.invalidValue` for a voxel that is not finite in the file's mode; `.unwritableFile`.
public func writeMRCVolume<Scalar: GridScalar>(
  _ path: String, _ volume: RealVoxelGridVolume<Scalar>, mode: MRCOutputMode = .float32
) throws {
  let shape = try GridShape(rows: volume.rows, columns: volume.columns)
  let writer = try MRCStackWriter(
    path: path, shape: shape, count: volume.depth, pixelSizeInAngstroms: volume.voxelSizeInAngstroms,
    mode: mode, isVolume: true)
  try volume.values.withUnsafeBufferPointer { values in
    for section in 0..<volume.depth {
      let start = section * shape.count
      try writer.write(UnsafeBufferPointer(rebasing: values[start..<start + shape.count]), at: section)
    }
  }
  try writer.finish()
}

/// Writes one image, as a stack of one.
///
/// - Throws: as `writeMRCVolume`.
public func writeMRCImage<Scalar: GridScalar>(
  _ path: String, _ image: RealImage<Scalar>, pixelSizeInAngstroms: Double, mode: MRCOutputMode = .float32
) throws {
  let writer = try MRCStackWriter(
    path: path, shape: image.shape, count: 1, pixelSizeInAngstroms: pixelSizeInAngstroms, mode: mode)
  try writer.write(image, at: 0)
  try writer.finish()
}
