import ArgumentParser
import ExitPlane
import ExitPlaneIO

struct ProjectCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "project",
    abstract: "Project a map or a structure at many poses into a particle stack.",
    discussion: """
      Writes OUTPUT and, beside it, a STAR file that names each image and its pose. Poses come from a \
      RELION STAR file (3.0 or 3.1), are drawn at random, or are given as RELION's angles.

      A map is projected by Fourier slices, a structure (PDB or mmCIF) as a sum of Gaussians. Pixels hold the \
      potential integrated along the beam, in Å⁻¹.

      Examples:
        exitplane project map.mrc --poses particles.star --output stack.mrcs
        exitplane project map.mrc --random-poses 1000 --seed 7 --output stack.mrcs --box 200
        exitplane project map.mrc --euler 0,90,0 --euler 30,60,-15 --output views.mrcs --sum
        exitplane project model.cif --random-poses 100 --box 128 --pixel-size 1.2 --output stack.mrcs
      """)

  @Argument(help: "The map (a cubic MRC volume) or the structure (PDB or mmCIF).")
  var input: String

  @OptionGroup(title: "Poses")
  var poses: PoseOptions

  @Option(name: [.short, .long], help: "The stack to write, an .mrcs file.")
  var output: String

  @OptionGroup(title: "Images")
  var images: ImageOptions

  @Option(
    help: """
      'fourier-slice' (the default for maps) or 'real-voxel' (nonuniform FFT of the voxels); 'gaussian' (the \
      default for structures) or 'fft-atom' (nonuniform FFT, one an element with its mean B-factor; periodic).
      """)
  var method: MethodName?

  @Option(
    help: """
      The relative error of exact interpolation (1e-3 by default) and of nonuniform FFTs (1e-6), or the part of \
      its peak down to which a Gaussian is computed (1e-6).
      """)
  var accuracy: Double?

  @OptionGroup(title: "Fourier slices of a map")
  var slices: SliceOptions

  @Option(
    help: """
      How --method real-voxel computes: 'spreading' (each pose costs the voxels), 'gathering' (the pixels, after \
      one transform of the map), or 'automatic', by the number of poses.
      """)
  var algorithm = AlgorithmName.automatic

  @OptionGroup(title: "Gaussians of a structure")
  var gaussians: GaussianOptions

  @OptionGroup(title: "Nonuniform FFTs of a structure")
  var fftAtoms: FFTAtomOptions

  @OptionGroup(title: "Atoms of a structure")
  var atoms: StructureArguments

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
    let starPath = try pathBeside(output, withSuffix: "star", inputs: [input, poses.file].compactMap { $0 })
    switch (InputKind(path: input), method) {
    case (.map, nil), (.map, .fourierSlice), (.map, .realVoxel):
      try projectMap(Scalar.self, starPath: starPath)
    case (.structure, nil), (.structure, .gaussian), (.structure, .fftAtom):
      try projectStructure(Scalar.self, starPath: starPath)
    case (.map, .some(let method)):
      throw ExitPlaneError.mismatch("\(input) is a map", "--method \(method.rawValue) projects a structure")
    case (.structure, .some(let method)):
      throw ExitPlaneError.mismatch(
        "\(input) is a structure", "make a map of it with exitplane render for --method \(method.rawValue)")
    case (.star, _):
      throw ExitPlaneError.mismatch("\(input) is a STAR file", "give a map or a structure to project")
    }
  }

  private func write<Plan: RealImagePlan>(_ plan: Plan, poses: PoseSource, starPath: String) throws {
    try writeParticles(plan, poses: poses, stackPath: output, starPath: starPath, threads: running.threads)
  }

  private func projectMap<Scalar: GridScalar>(_: Scalar.Type, starPath: String) throws {
    let (map, pixelSize) = try readMap(MRCFile(path: input), as: Scalar.self)
    let poseSource = try poses.load(pixelSizeInAngstroms: pixelSize)
    let extent = Double(map.columns) * map.voxelSizeInAngstroms
    let plane = try ImageConfiguration(
      shape: images.shape(defaultSide: max(1, Int((extent / pixelSize).rounded()))),
      pixelSizeInAngstroms: pixelSize)
    if method == .realVoxel {
      guard !images.sum, map.voxelSizeInAngstroms == pixelSize else {
        throw ValidationError("--sum and --rescale are for --method fourier-slice")
      }
      let integrator = RealVoxelProjection<Scalar>(
        eps: accuracy ?? 1e-6, algorithm: algorithm.value(), expectedPoses: poseSource.count,
        preparationThreads: running.threads)
      return try write(integrator.makePlan(for: map, onto: plane), poses: poseSource, starPath: starPath)
    }
    let padScale = slices.padScale(mapSize: map.columns)
    func project<Volume: FourierSliceVolume>(_ volume: Volume) throws where Volume.Scalar == Scalar {
      let integrator = FourierSliceExtraction<Volume>(
        outputsIntegral: !images.sum, sliceGrid: slices.sliceGrid,
        resamples: images.rescale && slices.resamples, resolutionInAngstroms: slices.resolution)
      try write(integrator.makePlan(for: volume, onto: plane), poses: poseSource, starPath: starPath)
    }
    switch slices.interpolation {
    case .linear:
      try project(
        FourierVoxelGridVolume(
          map, padScale: padScale, griddingCorrection: !slices.noGriddingCorrection, threads: running.threads)
      )
    case .cubic:
      try project(
        FourierVoxelSplineVolume(
          map, padScale: padScale, prefilter: slices.noGriddingCorrection ? .natural : .griddingCorrected,
          threads: running.threads))
    case .exact:
      try project(FourierVoxelWindowVolume(map, accuracy: accuracy ?? 1e-3, threads: running.threads))
    }
  }

  private func projectStructure<Scalar: GridScalar>(_: Scalar.Type, starPath: String) throws {
    guard let pixelSize = try images.checkedPixelSize(), images.box != nil else {
      throw ValidationError(
        "a structure needs --box and --pixel-size: 'exitplane info \(input)' suggests a box")
    }
    guard !images.sum, !images.rescale else {
      throw ValidationError("--sum and --rescale are for maps; \(input) is a structure")
    }
    let plane = try ImageConfiguration(shape: images.shape(defaultSide: 1), pixelSizeInAngstroms: pixelSize)
    let structure = try atoms.load(input)
    let mixture = try GaussianMixtureVolume(structure)
    let poseSource = try poses.load(pixelSizeInAngstroms: pixelSize)
    if let warning = mixture.warning(forImageOf: plane.shape, pixelSizeInAngstroms: pixelSize) {
      say("warning: \(warning)")
    }
    if method == .fftAtom {
      let integrator = FFTAtomProjection<Scalar>(
        antialias: !fftAtoms.noAntialias, upsampleFactor: fftAtoms.upsample, eps: accuracy ?? 1e-6)
      let volume = try IndependentAtomVolume(structure)
      return try write(integrator.makePlan(for: volume, onto: plane), poses: poseSource, starPath: starPath)
    }
    let integrator = GaussianMixtureProjection<Scalar>(
      useErrorFunctions: !gaussians.pointSampling, upsamplingFactor: gaussians.upsampling,
      accuracy: accuracy ?? 1e-6)
    try write(integrator.makePlan(for: mixture, onto: plane), poses: poseSource, starPath: starPath)
  }

  /// The map and the pixel size of the images, at which the map is unless slices will resample it.
  private func readMap<Scalar: GridScalar>(
    _ source: MRCFile, as _: Scalar.Type
  ) throws -> (RealVoxelGridVolume<Scalar>, Double) {
    let stated = try source.voxelSizeInAngstroms
    let wanted = try images.checkedPixelSize()
    guard let voxelSize = stated ?? wanted else {
      throw ExitPlaneError.file(
        input, at: .byte(28), found: "the header gives no voxel size", need: "state it with --pixel-size")
    }
    let volume = try source.readVolume(as: Scalar.self, voxelSizeInAngstroms: voxelSize)
    guard let wanted, abs(wanted - voxelSize) > 1e-4 * voxelSize else { return (volume, voxelSize) }
    guard images.rescale else {
      throw ExitPlaneError.mismatch(
        "--pixel-size is \(wanted) Å and the voxel size of \(input) is \(rounded(voxelSize, places: 4)) Å",
        "leave --pixel-size out, or add --rescale to resample the map")
    }
    if slices.resamples { return (volume, wanted) }
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
