import ExitPlane
import Synchronization

/// Writes a stack of images of one shape, in any order and from several threads.
///
/// Disk space for the whole stack is taken at the start, each image goes straight to its own place, and
/// the file appears under its name in `finish`, or with the rest of its set; without it, nothing is left. The bytes
/// written depend on the images alone, never on the order or the number of threads.
///
/// - Memory: 32 bytes an image for its statistics (3 MB for 100,000 images), so that they can be joined
///   in the order of the images; besides, up to 160 KiB a call in progress.
public final class MRCStackWriter: StackWriter {
  /// The file's final name.
  public let path: String
  /// Of every image.
  public let shape: GridShape
  /// The number of images, all of which must be written.
  public let count: Int
  /// Of every image; stands in the header.
  public let pixelSizeInAngstroms: Double
  /// How pixels are stored.
  public let mode: MRCOutputMode

  private let file: AtomicFile
  private let storage: MRCPixelStorage
  /// Nil for images.
  private let placement: MRCPlacement?
  /// Of each image that is written; empty before.
  private let statistics: Mutex<[MRCStatistics]>

  /// - Parameters:
  ///   - path: the file; one that exists is replaced in `finish`.
  ///   - shape: of every image, or plane.
  ///   - count: the number of images, every one of which must be written.
  ///   - pixelSizeInAngstroms: of the images.
  ///   - mode: how samples are stored.
  ///   - isOfSet: a `ParticleSetOutput` will commit it, and nobody else may write it meanwhile.
  /// - Throws: `.invalidValue` for a count below 1 or beyond the format, or a pixel size that is not above
  ///   0 Å; `.unwritableFile` when the file cannot be created there or there is too little space; of a set,
  ///   `.mismatch` when a run that can be resumed has left it unfinished.
  public convenience init(
    path: String, shape: GridShape, count: Int, pixelSizeInAngstroms: Double,
    mode: MRCOutputMode = .float32, isOfSet: Bool = false
  ) throws {
    try self.init(
      path: path, shape: shape, count: count, pixelSizeInAngstroms: pixelSizeInAngstroms, mode: mode,
      placement: nil, isOfSet: isOfSet)
  }

  /// Writes a volume, plane by plane, as a stack is written image by image.
  ///
  /// - Parameters:
  ///   - path: the file; one that exists is replaced.
  ///   - depth: planes.
  ///   - shape: of every image, or plane.
  ///   - voxelSizeInAngstroms: the same on all axes.
  ///   - placement: what the header's `nstart` and `origin` say.
  ///   - mode: how samples are stored.
  /// - Throws: as for a stack.
  public convenience init(
    volumePath path: String, depth: Int, shape: GridShape, voxelSizeInAngstroms: Double,
    placement: MRCPlacement = MRCPlacement(), mode: MRCOutputMode = .float32
  ) throws {
    try self.init(
      path: path, shape: shape, count: depth, pixelSizeInAngstroms: voxelSizeInAngstroms, mode: mode,
      placement: placement, isOfSet: false)
  }

  private init(
    path: String, shape: GridShape, count: Int, pixelSizeInAngstroms: Double, mode: MRCOutputMode,
    placement: MRCPlacement?, isOfSet: Bool
  ) throws {
    try Self.validate(count: count, pixelSizeInAngstroms: pixelSizeInAngstroms)
    self.path = path
    self.shape = shape
    self.count = count
    self.pixelSizeInAngstroms = pixelSizeInAngstroms
    self.mode = mode
    self.placement = placement
    let file = try AtomicFile(path: path, temporary: isOfSet ? .resumable : .unique)
    if isOfSet {
      try ResumableStackWriter.requireNoUnfinishedRun(of: file)
      try file.truncate(to: 0)
    }
    self.file = file
    storage = MRCPixelStorage(
      path: path, shape: shape, mode: mode, noun: placement == nil ? "image" : "section"
    ) {
      try file.write($0, at: $1)
    }
    // Under 2⁶³: a shape has at most 2³⁰ pixels, a stack fewer than 2³¹ images, a sample at most 4 bytes.
    try file.reserve(byteCount: MRCHeader.byteCount + count * shape.count * mode.mode.bytesPerSample)
    guard memoryIsAvailable(byteCount: count * MemoryLayout<MRCStatistics>.stride) else {
      throw ExitPlaneError.invalid(
        "number of images", got: "\(count)", need: "fewer in this machine's memory")
    }
    statistics = Mutex(Array(repeating: MRCStatistics(), count: count))
  }

  /// - Throws: `.invalidValue` for what no header can state.
  static func validate(count: Int, pixelSizeInAngstroms: Double) throws {
    guard (1...Int(Int32.max)).contains(count) else {
      throw ExitPlaneError.invalid("number of images", got: "\(count)", need: "1 to \(Int32.max)")
    }
    // The cell's edges must also be above 0 and finite in the header's single precision.
    let longestEdge = Float(pixelSizeInAngstroms * Double(GridShape.largestAxis))
    guard pixelSizeInAngstroms > 0, Float(pixelSizeInAngstroms) > 0, longestEdge.isFinite else {
      throw ExitPlaneError.invalid(
        "pixel size", got: "\(pixelSizeInAngstroms) Å", need: "finite and above 0 Å")
    }
  }

  /// Writes image `index`, from 0: `shape.count` pixels, row-major.
  ///
  /// Several threads may write at once, each image once. Double precision is rounded to single on the
  /// way to either mode.
  ///
  /// - Throws: `.invalidValue` for an index out of range, a wrong number of pixels, an image written
  ///   before, or a pixel that is not finite in the file's mode; `.unwritableFile`. An image that was
  ///   refused counts as missing.
  public func write<Scalar: GridScalar>(_ image: UnsafeBufferPointer<Scalar>, at index: Int) throws {
    guard (0..<count).contains(index) else {
      throw ExitPlaneError.invalid("number of an image, from 0,", got: "\(index)", need: "0 to \(count - 1)")
    }
    guard image.count == shape.count else {
      throw ExitPlaneError.invalid(
        "number of pixels of image \(index + 1)", got: "\(image.count)", need: "\(shape.count) for \(shape)")
    }
    let stored = try storage.store(image, at: index)
    let isFirst = statistics.withLock {
      let isFirst = $0[index].count == 0
      $0[index] = isFirst ? stored : MRCStatistics()
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
    try complete()
    try takeName()
  }

  public func complete() throws {
    let total = try statistics.withLock { parts in
      if let missing = parts.firstIndex(where: { $0.count == 0 }) {
        throw ExitPlaneError.invalid(
          "image \(missing + 1) of \(path)", got: "missing", need: "written before the file is finished")
      }
      return parts.reduce(into: MRCStatistics()) { $0.join($1) }
    }
    let header = MRCHeader(
      shape: shape, sections: count, isVolume: placement != nil, voxelSizeInAngstroms: pixelSizeInAngstroms,
      mode: mode.mode, statistics: total, placement: placement ?? MRCPlacement())
    try header.encoded().withUnsafeBytes { try file.write($0, at: 0) }
    try file.synchronize()
  }

  public func takeName() throws {
    try file.takeName()
    file.target.synchronizeFolder()
  }
}

/// Writes a map as an MRC volume (`ispg` 1, `mz` = `nz`), under its name only when complete.
///
/// - Parameters:
///   - path: the file; one that exists is replaced.
///   - volume: the map.
///   - placement: what the header's `nstart` and `origin` say.
///   - mode: how samples are stored.
/// - Throws: `.invalidValue` for a voxel that is not finite in the file's mode; `.unwritableFile`.
public func writeMRCVolume<Scalar: GridScalar>(
  _ path: String, _ volume: RealVoxelGridVolume<Scalar>, placement: MRCPlacement = MRCPlacement(),
  mode: MRCOutputMode = .float32
) throws {
  let shape = try GridShape(rows: volume.rows, columns: volume.columns)
  let writer = try MRCStackWriter(
    volumePath: path, depth: volume.depth, shape: shape, voxelSizeInAngstroms: volume.voxelSizeInAngstroms,
    placement: placement, mode: mode)
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
