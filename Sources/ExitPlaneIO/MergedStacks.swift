import ExitPlane

/// The stacks of sets that become one: all alike, so that one header describes all of their images.
public struct MergedStacks: Sendable {
  /// Each once, in the order of the images.
  public let paths: [String]
  public let shape: GridShape
  public let pixelSizeInAngstroms: Double
  /// Half precision for stacks in half precision, single for all others.
  public let mode: MRCOutputMode

  /// Reads the header of every stack.
  ///
  /// - Throws: `.mismatch` for stacks of different shapes, pixel sizes or sample modes, or an image that its stack
  ///   has not; `.malformedFile` for one without a pixel size; what opening a stack throws.
  public init(of merging: ParticleMerging) throws {
    var paths: [String] = []
    // By bytes: equal strings may have different ones.
    var imageCounts: [[UInt8]: Int] = [:]
    var first: (file: MRCFile, pixelSize: Double)?
    var current: (path: String, imageCount: Int) = ("", 0)
    try merging.forEachImage { _, path, index in
      if path != current.path, let count = imageCounts[Array(path.utf8)] {
        current = (path, count)
      } else if path != current.path {
        let file = try MRCFile(path: path)
        guard let pixelSize = try file.voxelSizeInAngstroms else {
          throw ExitPlaneError.file(
            path, at: .byte(28), found: "the header gives no pixel size",
            need: "merge stacks that state theirs")
        }
        if let first {
          try Self.requireAlike(file, pixelSize, first.file, first.pixelSize)
        } else {
          first = (file, pixelSize)
        }
        paths.append(path)
        imageCounts[Array(path.utf8)] = file.imageCount
        current = (path, file.imageCount)
      }
      guard index < current.imageCount else {
        throw ExitPlaneError.mismatch(
          "image \(index + 1) is asked of \(path), which has \(current.imageCount)",
          "merge sets with their own stacks")
      }
    }
    guard let first else {
      throw ExitPlaneError.mismatch("the sets to merge have no images", "name others")
    }
    self.paths = paths
    shape = first.file.shape
    pixelSizeInAngstroms = first.pixelSize
    mode = first.file.header.mode == .float16 ? .float16 : .float32
  }

  private static func requireAlike(
    _ file: MRCFile, _ pixelSize: Double, _ first: MRCFile, _ firstPixelSize: Double
  ) throws {
    func refuse(_ what: String, _ here: String, _ there: String) -> ExitPlaneError {
      .mismatch("\(file.path) has \(what) \(here) and \(first.path) \(there)", "merge sets of one run")
    }
    guard file.shape == first.shape else {
      throw refuse("images of", "\(file.shape)", "\(first.shape)")
    }
    guard pixelSize == firstPixelSize else {
      throw refuse("a pixel size of", "\(pixelSize) Å", "\(firstPixelSize) Å")
    }
    guard file.header.mode == first.header.mode else {
      throw refuse("samples of mode", "\(file.header.mode.rawValue)", "\(first.header.mode.rawValue)")
    }
  }
}
