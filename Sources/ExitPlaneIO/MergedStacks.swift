import ExitPlane

/// The stacks of sets that become one: of images that are all alike one, else one an optics group, as a run in one
/// piece names them.
public struct MergedStacks: Sendable {
  /// Those that are read, each once, in the order of the images.
  public let paths: [String]
  /// Those that are made; see `ParticleStacks`.
  public let stacks: [ParticleStacks.Stack]
  /// Half precision for stacks in half precision, single for all others.
  public let mode: MRCOutputMode
  /// Of each image which of `stacks` and which image of it, where there are several.
  private let places: [(stack: Int32, index: Int32)]

  /// Reads the header of every stack.
  ///
  /// - Parameters:
  ///   - merging: the sets.
  ///   - path: of the one stack that is made, or by which several are named.
  /// - Throws: `.mismatch` for stacks of different sample modes, or within an optics group of different shapes or pixel
  ///   sizes, and for an image that its stack has not; `.malformedFile` for one without a pixel size; what opening a
  ///   stack throws.
  public init(of merging: ParticleMerging, path: String) throws {
    var paths: [String] = []
    // By bytes: equal strings may have different ones.
    var known: [[UInt8]: MRCFile] = [:]
    var current: MRCFile?
    var first: MRCFile?
    var groups: [Int: (file: MRCFile, kind: ParticleStacks.Kind)] = [:]
    var groupOfImage: [Int] = []
    groupOfImage.reserveCapacity(merging.count)
    try merging.forEachImage { image in
      let file: MRCFile
      if let current, current.path == image.stackPath {
        file = current
      } else if let opened = known[Array(image.stackPath.utf8)] {
        file = opened
      } else {
        file = try Self.open(image)
        paths.append(image.stackPath)
        known[Array(image.stackPath.utf8)] = file
        if let first { try Self.requireSameMode(file, first) } else { first = file }
      }
      current = file
      if let group = groups[image.opticsGroup] {
        if group.file.path != file.path { try Self.requireAlike(file, group.file) }
      } else {
        groups[image.opticsGroup] = (
          file, .init(shape: file.shape, pixelSizeInAngstroms: try Self.pixelSize(of: file))
        )
      }
      groupOfImage.append(image.opticsGroup)
      guard image.index < file.imageCount else {
        throw ExitPlaneError.mismatch(
          "image \(image.index + 1) is asked of \(image.stackPath), which has \(file.imageCount)",
          "merge sets with their own stacks")
      }
    }
    guard let first, let kind = groups.values.first?.kind else {
      throw ExitPlaneError.mismatch("the sets to merge have no images", "name others")
    }
    self.paths = paths
    mode = first.header.mode == .float16 ? .float16 : .float32
    guard groups.values.contains(where: { $0.kind != kind }) else {
      stacks = [ParticleStacks.Stack(path: path, kind: kind, count: merging.count)]
      places = []
      return
    }
    var stacks: [ParticleStacks.Stack] = []
    var stackOfGroup: [Int: Int] = [:]
    places = groupOfImage.map { group in
      let stack = stackOfGroup[group] ?? stacks.count
      if stack == stacks.count {
        stackOfGroup[group] = stack
        stacks.append(
          ParticleStacks.Stack(
            path: ParticleStacks.path(path, ofGroup: group), kind: groups[group]?.kind ?? kind, count: 0))
      }
      stacks[stack].count += 1
      return (Int32(stack), Int32(stacks[stack].count - 1))
    }
    self.stacks = stacks
  }

  /// Where an image of the merged set goes, by its number from 0.
  public func place(of number: Int) -> (stack: Int, index: Int) {
    guard !places.isEmpty else { return (0, number) }
    return (Int(places[number].stack), Int(places[number].index))
  }

  private static func open(_ image: ParticleMerging.Image) throws -> MRCFile {
    do {
      return try MRCFile(path: image.stackPath)
    } catch let error as ExitPlaneError {
      throw ExitPlaneError(
        error.kind, "\(image.starPath) names a stack that cannot be merged: \(error.description)")
    }
  }

  private static func pixelSize(of file: MRCFile) throws -> Double {
    guard let pixelSize = try file.voxelSizeInAngstroms else {
      throw ExitPlaneError.file(
        file.path, at: .byte(28), found: "the header gives no pixel size",
        need: "merge stacks that state theirs")
    }
    return pixelSize
  }

  private static func refuse(
    _ file: MRCFile, _ other: MRCFile, _ what: String, _ here: String, _ there: String
  ) -> ExitPlaneError {
    .mismatch("\(file.path) has \(what) \(here) and \(other.path) \(there)", "merge sets of one run")
  }

  private static func requireAlike(_ file: MRCFile, _ first: MRCFile) throws {
    guard file.shape == first.shape else {
      throw refuse(file, first, "images of", "\(file.shape)", "\(first.shape)")
    }
    let (here, there) = (try pixelSize(of: file), try pixelSize(of: first))
    guard here == there else {
      throw refuse(file, first, "a pixel size of", "\(here) Å", "\(there) Å")
    }
  }

  private static func requireSameMode(_ file: MRCFile, _ first: MRCFile) throws {
    guard file.header.mode == first.header.mode else {
      throw refuse(
        file, first, "samples of mode", "\(file.header.mode.rawValue)", "\(first.header.mode.rawValue)")
    }
  }
}
