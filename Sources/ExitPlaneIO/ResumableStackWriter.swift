import ExitPlane
import Synchronization

#if canImport(Darwin)
  import Darwin
#elseif canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Writes a stack of images that a killed run leaves behind so that the next can go on where it ended.
///
/// Images go to `NAME.partial`, which takes its name when complete; `NAME.checkpoint` says how many are safe: it
/// is written after they have reached the disk, so that it never promises what a power cut may take. The bytes of
/// the finished file depend on the images alone: not on threads, and not on how often it was interrupted.
///
/// - Memory: that of the images in hand; it does not grow with their number.
public final class ResumableStackWriter: StackWriter {
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
  /// How many images an earlier run has left: the first to be written now.
  public let firstImage: Int
  /// The stack was finished by an earlier run, which ended before the checkpoint was removed.
  public let isFinished: Bool

  private let parameters: RunParameters
  private let intervalInSeconds: Double
  private let file: AtomicFile
  private let storage: MRCPixelStorage
  private let state: Mutex<State>

  private struct State {
    var done: Int
    var total: MRCStatistics
    /// Of images beyond the first that is missing.
    var waiting: [Int: MRCStatistics] = [:]
    var isSaving = false
    var savedAt = ContinuousClock.now
    /// Until the next checkpoint.
    var wait: Double
  }

  /// Checkpoints come sooner at the start, and each wait is twice the last up to the interval asked for: a run that
  /// is killed in its first seconds has something to resume too.
  static func wait(after last: Double?, upTo interval: Double) -> Double {
    min(last.map { 2 * $0 } ?? 0.5, interval)
  }

  private var checkpointPath: String { file.target.checkpointPath }

  /// - Parameters:
  ///   - path: the file that comes of it.
  ///   - shape: of every image.
  ///   - count: the number of images, every one of which must be written.
  ///   - pixelSizeInAngstroms: of the images.
  ///   - mode: how pixels are stored.
  ///   - parameters: what the images depend on, for a later run to be held against.
  ///   - resumes: goes on where an earlier run ended, or begins where there was none.
  ///   - checkpointIntervalInSeconds: between checkpoints; what is lost by a kill at the most.
  ///   - reservesSpace: takes the disk space of the whole stack now, where the file system can.
  /// - Throws: `.invalidValue` as `MRCStackWriter`; `.mismatch` when an earlier run had other parameters, or is
  ///   there and is not to be resumed; `.unwritableFile` when another process is writing the file, it cannot be
  ///   created, or there is too little space.
  public init(
    path: String, shape: GridShape, count: Int, pixelSizeInAngstroms: Double, mode: MRCOutputMode = .float32,
    parameters: RunParameters, resumes: Bool, checkpointIntervalInSeconds: Double = 10,
    reservesSpace: Bool = true
  ) throws {
    try MRCStackWriter.validate(count: count, pixelSizeInAngstroms: pixelSizeInAngstroms)
    let file = try AtomicFile(path: path, temporary: .resumable)
    Self.keepUnfinishedRun(of: file)
    let checkpoint = try RunCheckpoint(contentsOf: file.target.checkpointPath)
    let byteCount = Self.byteCount(shape: shape, count: count, mode: mode)
    if let checkpoint {
      try Self.require(checkpoint, continuing: parameters, count: count, path: path, resumes: resumes)
    }
    let done = checkpoint?.imageCount ?? 0
    let isFinished =
      try done == count && file.presentByteCount == 0
      && Self.isStack(
        file.target,
        described: Self.header(
          shape: shape, count: count, pixelSizeInAngstroms: pixelSizeInAngstroms, mode: mode,
          statistics: checkpoint?.statistics ?? MRCStatistics()))
    if isFinished {
      file.discard()
    } else {
      let safe = done == 0 ? 0 : Self.byteCount(shape: shape, count: done, mode: mode)
      guard file.presentByteCount >= safe else {
        throw ExitPlaneError.file(
          "\(path).partial", kind: .malformedFile,
          found: "it has \(file.presentByteCount) bytes, where the checkpoint beside it promises \(safe)",
          need: "remove \(path).checkpoint and begin the run again")
      }
      // Without a checkpoint nothing that is there counts.
      try file.truncate(to: done == 0 ? 0 : byteCount)
      if reservesSpace { try file.reserve(byteCount: byteCount) }
    }
    self.path = path
    self.shape = shape
    self.count = count
    self.pixelSizeInAngstroms = pixelSizeInAngstroms
    self.mode = mode
    self.parameters = parameters
    self.isFinished = isFinished
    self.file = file
    firstImage = done
    intervalInSeconds = checkpointIntervalInSeconds
    storage = MRCPixelStorage(path: path, shape: shape, mode: mode, noun: "image") {
      try file.write($0, at: $1)
    }
    state = Mutex(
      State(
        done: done, total: checkpoint?.statistics ?? MRCStatistics(),
        wait: Self.wait(after: nil, upTo: checkpointIntervalInSeconds)))
  }

  /// Of a whole stack, header and all.
  public static func byteCount(shape: GridShape, count: Int, mode: MRCOutputMode) -> Int {
    MRCHeader.byteCount + count * shape.count * mode.mode.bytesPerSample
  }

  private static func require(
    _ checkpoint: RunCheckpoint, continuing parameters: RunParameters, count: Int, path: String, resumes: Bool
  ) throws {
    guard resumes else {
      throw ExitPlaneError.mismatch(
        "\(path) was begun by a run that ended at image \(checkpoint.imageCount) of \(count)",
        "resume it (--resume), or remove \(path).partial and \(path).checkpoint to begin again")
    }
    let differences = parameters.differences(from: checkpoint.parameters)
    guard differences.isEmpty, checkpoint.imageCount <= count else {
      throw ExitPlaneError.mismatch(
        "\(path) was begun by another run: \(differences.joined(separator: ", "))",
        "resume it with the same arguments, or remove \(path).partial and \(path).checkpoint to begin again")
    }
  }

  /// Writes image `index`, from `firstImage`: `shape.count` pixels, row-major. Several threads may write at once,
  /// each image once; now and then one of them saves a checkpoint on its way.
  ///
  /// - Throws: `.invalidValue` for an index out of range, a wrong number of pixels, or a pixel that is not finite
  ///   in the file's mode; `.unwritableFile`.
  public func write(_ image: UnsafeBufferPointer<Float>, at index: Int) throws {
    guard (firstImage..<count).contains(index), image.count == shape.count else {
      throw ExitPlaneError.invalid(
        "image", got: "number \(index) of \(image.count) pixels",
        need: "one of \(firstImage) to \(count - 1), of \(shape.count) pixels")
    }
    let stored = try storage.store(image, at: index)
    let isDue = state.withLock { state in
      state.waiting[index] = stored
      while let next = state.waiting.removeValue(forKey: state.done) {
        state.total.join(next)
        state.done += 1
      }
      let elapsed = (ContinuousClock.now - state.savedAt) / .seconds(1)
      guard !state.isSaving, elapsed >= state.wait else { return false }
      state.isSaving = true
      state.wait = Self.wait(after: state.wait, upTo: intervalInSeconds)
      return true
    }
    if isDue {
      defer { state.withLock { ($0.isSaving, $0.savedAt) = (false, .now) } }
      try saveCheckpoint()
    }
  }

  /// Makes what is written so far safe: data first, then the checkpoint that counts it.
  ///
  /// - Throws: `.unwritableFile`.
  public func saveCheckpoint() throws {
    let (done, total) = state.withLock { ($0.done, $0.total) }
    guard done > 0, !isFinished else { return }
    try file.synchronize()
    let checkpoint = RunCheckpoint(parameters: parameters, imageCount: done, statistics: total)
    // A signal finds both files or neither.
    try checkpoint.save(to: checkpointPath) { file.keep() }
  }

  /// Writes the header and puts the stack under its name. To be called once, after every `write` has returned.
  /// The checkpoint stays until `removeCheckpoint`, when what belongs to the stack is written too.
  ///
  /// - Throws: `.invalidValue` when an image was not written; `.unwritableFile`.
  public func finish() throws {
    try complete()
    try takeName()
  }

  public func complete() throws {
    guard !isFinished else { return }
    let (done, total) = state.withLock { ($0.done, $0.total) }
    guard done == count else {
      throw ExitPlaneError.invalid(
        "image \(done + 1) of \(path)", got: "missing", need: "written before the file is finished")
    }
    let header = Self.header(
      shape: shape, count: count, pixelSizeInAngstroms: pixelSizeInAngstroms, mode: mode, statistics: total)
    try header.encoded().withUnsafeBytes { try file.write($0, at: 0) }
    try saveCheckpoint()
  }

  public func takeName() throws {
    guard !isFinished else { return }
    try file.takeName()
    file.target.synchronizeFolder()
  }

  private static func header(
    shape: GridShape, count: Int, pixelSizeInAngstroms: Double, mode: MRCOutputMode, statistics: MRCStatistics
  ) -> MRCHeader {
    MRCHeader(
      shape: shape, sections: count, isVolume: false, voxelSizeInAngstroms: pixelSizeInAngstroms,
      mode: mode.mode, statistics: statistics)
  }

  /// Whether the file under a name is the whole stack of this header, statistics and all: an older one may have its
  /// size.
  private static func isStack(_ target: FileTarget, described header: MRCHeader) throws -> Bool {
    guard target.present?.byteCount == header.fileByteCount else { return false }
    let file = try OpenFile(path: target.path)
    var start = [UInt8](repeating: 0, count: MRCHeader.byteCount)
    try start.withUnsafeMutableBytes { try file.read(into: $0, at: 0) }
    return start == header.encoded()
  }

  /// Ends the run: nothing is left beside its results.
  public func removeCheckpoint() { unlink(checkpointPath) }

  /// Ends a run that cannot be completed as it was begun: nothing of it is left in the way of another.
  public func abandon() {
    removeCheckpoint()
    file.remove()
  }

  /// Refuses to write over what an unfinished run has left.
  ///
  /// - Throws: `.mismatch`.
  static func requireNoUnfinishedRun(of file: AtomicFile) throws {
    guard keepUnfinishedRun(of: file) else { return }
    throw ExitPlaneError.mismatch(
      "\(file.path) was begun by a run of 'exitplane simulate' that has not ended",
      "resume that (--resume), or remove \(file.path).partial and \(file.path).checkpoint")
  }

  /// Whatever comes of it, what a run has left is not removed.
  @discardableResult
  private static func keepUnfinishedRun(of file: AtomicFile) -> Bool {
    guard (try? FileStatus(of: file.target.checkpointPath)) != nil else { return false }
    if file.presentByteCount > 0 { file.keep() }
    return true
  }
}
