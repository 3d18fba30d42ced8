import ArgumentParser
import ExitPlane
import ExitPlaneIO

struct ProjectCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "project",
    abstract: "Project a map at many poses into a particle stack.",
    discussion: """
      Writes OUTPUT and, beside it, a STAR file that names each image and its pose. Poses come from a \
      RELION STAR file (3.0 or 3.1), are drawn at random, or are given as RELION's angles.

      Examples:
        exitplane project map.mrc --poses particles.star --output stack.mrcs
        exitplane project map.mrc --random-poses 1000 --seed 7 --output stack.mrcs --box 200
        exitplane project map.mrc --euler 0,90,0 --euler 30,60,-15 --output views.mrcs --sum
      """)

  @Argument(help: "The map: a cubic MRC volume.")
  var map: String

  @OptionGroup(title: "Poses")
  var poses: PoseOptions

  @Option(name: [.short, .long], help: "The stack to write, an .mrcs file.")
  var output: String

  @OptionGroup(title: "Images")
  var images: ImageOptions

  @OptionGroup(title: "Method")
  var method: SliceOptions

  @OptionGroup(title: "Running")
  var running: RunningOptions

  func run() throws {
    installInterruptHandler()
    switch running.precision {
    case .single: try run(Float.self)
    case .double: try run(Double.self)
    }
  }

  private func run<Scalar: GridScalar>(_: Scalar.Type) throws {
    let starPath = try pathBeside(output, withSuffix: "star", inputs: [map, poses.file].compactMap { $0 })
    let source = try MRCFile(path: map)
    let (volume, voxelSize) = try readMap(source, as: Scalar.self)
    let poseSource = try poses.load(pixelSizeInAngstroms: voxelSize)
    let plane = try ImageConfiguration(
      shape: images.shape(defaultSide: volume.columns), pixelSizeInAngstroms: voxelSize)
    let fourier = try FourierVoxelGridVolume(
      volume, padScale: method.padScale, griddingCorrection: !method.noGriddingCorrection,
      threads: running.threads)
    let plan = try FourierSliceExtraction(outputsIntegral: !images.sum, sliceGrid: method.sliceGrid)
      .makePlan(for: fourier, onto: plane)
    try writeParticles(
      plan, poses: poseSource, stackPath: output, starPath: starPath, threads: running.threads)
  }

  /// The map at the pixel size of the images.
  private func readMap<Scalar: GridScalar>(
    _ source: MRCFile, as _: Scalar.Type
  ) throws -> (RealVoxelGridVolume<Scalar>, Double) {
    let stated = try source.voxelSizeInAngstroms
    let wanted = try images.checkedPixelSize()
    guard let voxelSize = stated ?? wanted else {
      throw ExitPlaneError.file(
        map, at: .byte(28), found: "the header gives no voxel size", need: "state it with --pixel-size")
    }
    let volume = try source.readVolume(as: Scalar.self, voxelSizeInAngstroms: voxelSize)
    guard let wanted, abs(wanted - voxelSize) > 1e-4 * voxelSize else { return (volume, voxelSize) }
    guard images.rescale else {
      throw ExitPlaneError.mismatch(
        "--pixel-size is \(wanted) Å and the voxel size of \(map) is \(rounded(voxelSize, places: 4)) Å",
        "leave --pixel-size out, or add --rescale to resample the map")
    }
    return (try volume.rescaled(toVoxelSizeInAngstroms: wanted, threads: running.threads), wanted)
  }
}

/// Projects every pose of a source into a stack, and writes the STAR file beside it.
///
/// The stack is committed first: a STAR file never names images that are not there.
func writeParticles<Plan: RealImagePlan>(
  _ plan: Plan, poses: PoseSource, stackPath: String, starPath: String, threads: Int
) throws {
  let plane = plan.plane
  let stack = try MRCStackWriter(
    path: stackPath, shape: plane.shape, count: poses.count,
    pixelSizeInAngstroms: plane.pixelSizeInAngstroms)
  let star = try AtomicFile(path: starPath)
  let progress = ProgressBar(what: "projecting", count: poses.count)
  try plan.projectEach(
    count: poses.count, threads: threads, pose: { try poses.pose($0) },
    consume: { index, image in
      try stack.write(image, at: index)
      progress.advance()
    })
  progress.finish()
  try poses.writeSTAR(
    describing: ParticleStack(
      path: lastComponent(of: stackPath), imageSize: plane.shape.columns,
      pixelSizeInAngstroms: plane.pixelSizeInAngstroms), to: star)
  try stack.finish()
  try star.commit()
  if plane.shape.rows != plane.shape.columns {
    say("note: the images are \(plane.shape); RELION reads square ones only")
  }
  say("wrote \(poses.count) images of \(plane.shape) to \(stackPath), their poses to \(starPath)")
}
