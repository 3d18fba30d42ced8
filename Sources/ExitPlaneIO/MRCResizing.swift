import ExitPlane

/// A map or a stack of images in another box: cropped or padded about a sample, which becomes the new origin.
///
/// Samples are copied, never interpolated. A map stays where it was in its file's frame: `nstart` and `origin` move
/// with the first voxel. Images are read and written one at a time, and so are a map's planes where z is its slowest
/// axis; memory is that of one of them.
public struct MRCResizing {
  /// Which voxel of a map becomes the origin of the new box. Images are resized about their origin.
  public enum Centre: Hashable, Sendable {
    /// The origin as it is: sample `n / 2`.
    case origin
    /// The voxel nearest to the centre of mass of what is above a level.
    case mass(above: Double)
    /// The voxel nearest to a point `(x, y, z)` in ångströms, in the frame in which the header places the map.
    case position(SIMD3<Double>)
    /// The voxel nearest to a point `(x, y, z)` in voxels, from 0.
    case voxel(SIMD3<Double>)
  }

  /// What is beyond the input.
  public enum Fill: Hashable, Sendable {
    /// The same number everywhere.
    case value(Double)
    /// The mean of the outermost samples: of an image its own, of a map those on its faces.
    case edgeMean
  }

  /// The new box: its depth is 1 for images.
  public let depth: Int
  /// The new box's rows and columns.
  public let shape: GridShape
  /// The input's sample `(x, y, z)`, from 0, that becomes the origin.
  public let centre: SIMD3<Int>
  /// The input's, which stays.
  public let voxelSizeInAngstroms: Double

  private let file: MRCFile
  private let fill: Fill
  /// Of a map whose planes cannot be read one by one.
  private let whole: RealVoxelGridVolume<Float>?

  /// - Parameters:
  ///   - file: what is resized.
  ///   - depth: planes of the new map; leave it out for images.
  ///   - shape: rows and columns of the new box.
  ///   - centre: what becomes its origin.
  ///   - fill: what is beyond the input.
  ///   - voxelSize: used in place of the header's.
  /// - Throws: `.mismatch` for a depth or a centre for images; `.invalidValue` for a box or a voxel size that cannot be,
  ///   or a centre so far away that the new box would hold nothing of the map; `.malformedFile` without a voxel size,
  ///   or for samples that are not finite.
  public init(
    _ file: MRCFile, depth: Int? = nil, shape: GridShape, about centre: Centre = .origin,
    fill: Fill = .value(0), voxelSizeInAngstroms voxelSize: Double? = nil
  ) throws {
    if let voxelSize, !(voxelSize.isFinite && voxelSize > 0) {
      throw ExitPlaneError.invalid("voxel size", got: "\(voxelSize) Å", need: "finite and above 0 Å")
    }
    guard let size = try voxelSize ?? file.voxelSizeInAngstroms else {
      throw ExitPlaneError.file(
        file.path, at: .byte(28), found: "the header gives no voxel size", need: "state one in ångströms")
    }
    if case .value(let value) = fill, !(Float(value).isFinite) {
      throw ExitPlaneError.invalid("fill", got: "\(value)", need: "finite in single precision")
    }
    guard !file.isStack || (depth == nil && centre == .origin) else {
      throw ExitPlaneError.mismatch(
        "\(file.path) is a stack of images", "images are resized to 'rows,columns' about their origin")
    }
    let depth = file.isStack ? 1 : depth ?? file.depth
    guard (1...GridShape.largestAxis).contains(depth) else {
      throw ExitPlaneError.invalid(
        "number of planes", got: "\(depth)", need: "1 to \(GridShape.largestAxis)")
    }
    self.file = file
    self.depth = depth
    self.shape = shape
    self.fill = fill
    voxelSizeInAngstroms = size
    whole =
      file.isStack || file.hasPlanes
      ? nil : try file.readVolume(as: Float.self, voxelSizeInAngstroms: size)
    self.centre = try Self.voxel(of: centre, in: file, whole: whole, voxelSizeInAngstroms: size)
    try requireOverlap()
  }

  /// Writes the new map or stack, under its name only when complete; half precision stays half precision.
  ///
  /// - Parameters:
  ///   - path: of the new file.
  ///   - progress: called once a plane or an image is written.
  /// - Throws: `.malformedFile` for samples that are not finite; what writing throws.
  public func write(to path: String, progress: () -> Void = {}) throws {
    let mode: MRCOutputMode = file.header.mode == .float16 ? .float16 : .float32
    guard !file.isStack else { return try writeStack(to: path, mode: mode, progress) }
    let start = first
    let writer = try MRCStackWriter(
      volumePath: path, depth: depth, shape: shape, voxelSizeInAngstroms: voxelSizeInAngstroms,
      placement: file.header.placement.moved(by: start, voxelSizeInAngstroms: voxelSizeInAngstroms),
      mode: mode)
    let value = try fillOfMap()
    let empty = try RealImage(shape: shape, values: Array(repeating: value, count: shape.count))
    for z in 0..<depth {
      if (0..<file.depth).contains(start.z + z) {
        let plane = try Self.plane(start.z + z, of: file, whole: whole)
        try writer.write(plane.resized(to: shape, about: (centre.y, centre.x), fill: value), at: z)
      } else {
        try writer.write(empty, at: z)
      }
      progress()
    }
    try writer.finish()
  }

  /// Whether the input holds images, not a volume.
  public var isStack: Bool { file.isStack }

  /// The number of planes or images that are written.
  public var count: Int { file.isStack ? file.imageCount : depth }

  private func writeStack(to path: String, mode: MRCOutputMode, _ progress: () -> Void) throws {
    let writer = try MRCStackWriter(
      path: path, shape: shape, count: file.imageCount, pixelSizeInAngstroms: voxelSizeInAngstroms, mode: mode
    )
    for index in 0..<file.imageCount {
      let image = try file.readImage(index, as: Float.self)
      let value: Float
      switch fill {
      case .value(let given): value = Float(given)
      case .edgeMean:
        let rim = image.rimSum
        value = Float(rim.sum / Double(rim.count))
      }
      try writer.write(image.resized(to: shape, fill: value), at: index)
      progress()
    }
    try writer.finish()
  }

  // MARK: Places

  /// The input's sample that becomes the first of the new box; it may lie outside.
  private var first: SIMD3<Int> {
    SIMD3(
      centre.x - originOffset(shape.columns), centre.y - originOffset(shape.rows),
      centre.z - originOffset(depth))
  }

  private func requireOverlap() throws {
    guard !file.isStack else { return }
    for (axis, start, new, old) in [
      ("x", first.x, shape.columns, file.shape.columns), ("y", first.y, shape.rows, file.shape.rows),
      ("z", first.z, depth, file.depth),
    ] where start >= old || start + new <= 0 {
      let last = old - 1
      throw ExitPlaneError.mismatch(
        "the new box would hold nothing of \(file.path): along \(axis) it spans voxels \(start) to \(start + new - 1), "
          + "and the map 0 to \(last)",
        "move the centre into the map")
    }
  }

  private static func voxel(
    of centre: Centre, in file: MRCFile, whole: RealVoxelGridVolume<Float>?, voxelSizeInAngstroms size: Double
  ) throws -> SIMD3<Int> {
    let sizes = SIMD3(file.shape.columns, file.shape.rows, file.isStack ? 1 : file.depth)
    let exact: SIMD3<Double>
    switch centre {
    case .origin: return SIMD3(originOffset(sizes.x), originOffset(sizes.y), originOffset(sizes.z))
    case .voxel(let place): exact = place
    case .position(let place):
      exact = (place - file.header.placement.firstVoxelInAngstroms(voxelSizeInAngstroms: size)) / size
    case .mass(let level):
      var mass = CentreOfDensity(above: level)
      for z in 0..<file.depth { mass.add(try plane(z, of: file, whole: whole), z: z) }
      guard let found = mass.centre else {
        throw ExitPlaneError.mismatch(
          "nothing in \(file.path) is above \(level)", "give a level below its maximum")
      }
      exact = found
    }
    var result = SIMD3<Int>()
    for axis in 0..<3 {
      let nearest = exact[axis].rounded()
      // Far beyond any box; and what is not finite fails both.
      guard nearest > -1e6, nearest < 1e6 else {
        throw ExitPlaneError.mismatch(
          "the centre lies at voxel \(exact.x), \(exact.y), \(exact.z) of \(file.path)",
          "give one near the map, whose voxels are \(sizes.x) × \(sizes.y) × \(sizes.z) (x × y × z)")
      }
      result[axis] = Int(nearest)
    }
    return result
  }

  private static func plane(
    _ z: Int, of file: MRCFile, whole: RealVoxelGridVolume<Float>?
  ) throws -> RealImage<Float> {
    guard let whole else { return try file.readPlane(z, as: Float.self) }
    let count = file.shape.count
    return try RealImage(shape: file.shape, values: Array(whole.values[z * count..<(z + 1) * count]))
  }

  private func fillOfMap() throws -> Float {
    guard case .edgeMean = fill else {
      if case .value(let given) = fill { return Float(given) }
      return 0
    }
    var (sum, count) = (0.0, 0)
    for z in 0..<file.depth {
      let plane = try Self.plane(z, of: file, whole: whole)
      let isFace = z == 0 || z == file.depth - 1
      let part =
        isFace ? (sum: plane.values.reduce(0) { $0 + Double($1) }, count: plane.shape.count) : plane.rimSum
      sum += part.sum
      count += part.count
    }
    return Float(sum / Double(count))
  }
}
