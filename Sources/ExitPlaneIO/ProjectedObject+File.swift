import ExitPlane

/// What a file's name says it holds.
public enum InputKind: Sendable {
  /// An MRC file, or what is not known.
  case map
  /// PDB or mmCIF.
  case structure
  /// A STAR file, which is no object to project.
  case star

  /// A structure's name ends in pdb, ent, cif or mmcif, a STAR file's in star, with or without gz; all else is a map.
  public init(path: String) {
    var name = lastComponent(of: path).lowercased()
    if name.hasSuffix(".gz") { name.removeLast(3) }
    let suffix = name.split(separator: ".").last.map(String.init)
    self =
      switch suffix {
      case "pdb", "ent", "cif", "mmcif": .structure
      case "star": .star
      default: .map
      }
  }
}

extension ProjectedObject {
  /// Reads a map (MRC) or a structure (PDB or mmCIF), as its name says.
  ///
  /// - Parameters:
  ///   - path: of a map or a structure.
  ///   - voxelSizeInAngstroms: of a map whose header has none, or another.
  /// - Throws: `.mismatch` for a STAR file; `.malformedFile` and `.unreadableFile` as the readers do.
  public init(contentsOf path: String, voxelSizeInAngstroms: Double? = nil) throws {
    switch InputKind(path: path) {
    case .map:
      let file = try MRCFile(path: path)
      guard let voxelSize = try voxelSizeInAngstroms ?? file.voxelSizeInAngstroms else {
        throw ExitPlaneError.file(
          path, at: .byte(28), found: "the header gives no voxel size", need: "state it")
      }
      self = .map(try file.readVolume(as: Scalar.self, voxelSizeInAngstroms: voxelSize))
    case .structure: self = .structure(try AtomicStructure(contentsOf: path))
    case .star:
      throw ExitPlaneError.mismatch("\(path) is a STAR file", "give a map or a structure to project")
    }
  }
}

extension RealImageProjector {
  /// Projects poses to a stack of images and a STAR file beside it that names each with its pose.
  ///
  /// Both take their names together when they are whole.
  ///
  /// - Parameters:
  ///   - poses: one an image, in the order of the stack.
  ///   - path: of the stack, an .mrcs file; the STAR file has its name with .star.
  ///   - mode: how pixels are stored.
  ///   - threads: how many at the most; no byte depends on it.
  /// - Throws: `.mismatch` for a path that ends in .star; `.unwritableFile`.
  public func writeParticles(
    at poses: [Pose], to path: String, mode: MRCOutputMode = .float32, threads: Int = availableProcessors
  ) throws {
    let set = try ParticleSetOutput(starPath: try starPath(besideStack: path))
    let stack = try MRCStackWriter(
      path: path, shape: plane.shape, count: poses.count, pixelSizeInAngstroms: plane.pixelSizeInAngstroms,
      mode: mode, isOfSet: true)
    try set.writeSTAR { sink in
      var star = try ParticleSTARWriter(
        describing: ParticleStack(
          path: path, imageSize: plane.shape.columns, pixelSizeInAngstroms: plane.pixelSizeInAngstroms,
          voltageInKilovolts: plane.voltageInKilovolts), to: sink)
      for pose in poses { try star.append(pose) }
      try star.finish()
    }
    try projectEach(
      count: poses.count, threads: threads, pose: { poses[$0] },
      consume: { index, image in try stack.write(image, at: index) })
    try set.commit([stack])
  }
}

/// The name of the STAR file of a stack.
///
/// - Throws: `.mismatch` for a stack that ends in .star.
public func starPath(besideStack path: String) throws -> String {
  let name = lastComponent(of: path)
  let stem = name.lastIndex(of: ".").map { name[..<$0] }.flatMap { $0.isEmpty ? nil : String($0) } ?? name
  let beside = String(path.dropLast(name.count)) + stem + ".star"
  guard path != beside else {
    throw ExitPlaneError.mismatch(
      "the stack \(path) and its STAR file would have one name", "end --output in .mrcs")
  }
  return beside
}

/// The last part of a path.
public func lastComponent(of path: String) -> String {
  path.split(separator: "/").last.map(String.init) ?? path
}
