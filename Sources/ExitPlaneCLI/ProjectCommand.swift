import ArgumentParser
import ExitPlane
import ExitPlaneIO

struct ProjectCommand: PrecisionCommand, TalkingCommand {
  static let configuration = CommandConfiguration(
    commandName: "project",
    abstract: "Project a map or a structure at many poses into a particle stack.",
    discussion: """
      Writes OUTPUT and, beside it, a STAR file that names each image and its pose. Poses come from a \
      RELION STAR file (3.0 or 3.1), are drawn at random, are given as RELION's angles, or look along the axes.

      A map is projected by Fourier slices, a structure (PDB or mmCIF) as a sum of Gaussians. Pixels hold the \
      potential integrated along the beam, in Å⁻¹.

      Examples:
        exitplane project map.mrc --poses particles.star --output stack.mrcs
        exitplane project map.mrc --random-poses 1000 --seed 7 --box 200 \\
          --output stack.mrcs
        exitplane project map.mrc --euler 0,90,0 --euler 30,60,-15 --sum \\
          --output views.mrcs
        exitplane project map.mrc --views axes --output axes.mrcs \\
          --preview axes.png
        exitplane project model.cif --random-poses 100 --box 128 \\
          --pixel-size 1.2 --output stack.mrcs
      """)

  @Argument(help: "The map (a cubic MRC volume) or the structure (PDB or mmCIF).")
  var input: String

  @OptionGroup(title: "Poses")
  var poses: PoseOptions

  @Option(name: [.short, .long], help: "The stack to write, an .mrcs file.")
  var output: String

  @Flag(help: "Store half-precision samples (MRC mode 12): half the disk, 11 bits.")
  var float16 = false

  @OptionGroup(title: "Preview")
  var preview: PreviewOptions

  @OptionGroup
  var projection: ProjectionArguments

  @Option(
    parsing: .unconditional,
    help: "The electrons' voltage in kV, for --ewald: 300, or that of the poses' file, by default.")
  var voltage: Double?

  @OptionGroup(title: "Running")
  var running: RunningOptions

  @OptionGroup(title: "Running")
  var talk: TalkOptions

  func run<Scalar: GridScalar>(_: Scalar.Type) throws {
    try requireFiles([input, poses.file])
    try poses.requireEffects()
    try poses.uses(isRandom: poses.areRandom).requireEffect("nothing here is drawn at random")
    try requireEffectsOfTheSphere()
    let starPath = try starPath(besideStack: output)
    try requireSeparateFiles(
      outputs: [output, starPath, preview.preview].compactMap { $0 },
      inputs: [input, poses.file].compactMap { $0 })
    let poseFile = try poses.openFile()
    let source = try projection.load(
      input, stated: poseFile?.images ?? StatedImages(), as: Scalar.self, threads: running.threads)
    var poseSource = try poses.load(poseFile, pixelSizeInAngstroms: source.pixelSizeInAngstroms)
    if let voltage { poseSource = try poseSource.overridingOptics(.init(voltageInKilovolts: voltage)) }
    let plane = try projection.plane(for: source, voltageInKilovolts: voltage(of: poseSource))
    let picture = try preview.open(for: plane)
    try writeParticles(
      projection.makePlan(for: source, onto: plane, poses: poseSource.count, threads: running.threads),
      poses: poseSource, stackPath: output, starPath: starPath, mode: float16 ? .float16 : .float32,
      threads: running.threads)
    try picture?.write(of: output, pose: poseSource.pose, name: poses.name)
  }
}

extension ProjectCommand {
  /// - Throws: `.mismatch` for options of the Ewald sphere that would have no effect.
  private func requireEffectsOfTheSphere() throws {
    try [OptionUse("--voltage", given: voltage != nil, used: projection.slices.ewald, for: "--ewald")]
      .requireEffect("electrons are taken to scatter to a plane, which is the same for all")
    try [
      OptionUse(
        "--reverse-curvature", given: projection.slices.reverseCurvature, used: false,
        for: "images with a CTF (exitplane simulate)")
    ].requireEffect("without one both curvatures show the same")
    if let voltage { try PlausibleRange.voltage.require(voltage) }
  }

  /// - Throws: `.mismatch` where the sphere needs one voltage and the poses' file has several.
  private func voltage(of poses: PoseSource) throws -> Double {
    let stated = Set((poses.particleSet?.opticsGroups ?? []).compactMap(\.voltageInKilovolts))
    guard stated.count > 1, projection.slices.ewald else { return voltage ?? stated.first ?? 300 }
    let listed = stated.sorted().map { "\($0)" }.joined(separator: ", ")
    throw ExitPlaneError.mismatch(
      "the poses' file has several voltages (\(listed) kV), and --ewald takes one", "say which with --voltage"
    )
  }
}

/// Projects every pose of a source into a stack, and writes the STAR file beside it.
func writeParticles<Plan: RealImagePlan>(
  _ plan: Plan, poses: PoseSource, stackPath: String, starPath: String, mode: MRCOutputMode = .float32,
  threads: Int
) throws {
  let plane = plan.plane
  let set = try ParticleSetOutput(starPath: starPath)
  let stack = try MRCStackWriter(
    path: stackPath, shape: plane.shape, count: poses.count,
    pixelSizeInAngstroms: plane.pixelSizeInAngstroms, mode: mode, isOfSet: true)
  // Before the images: what is wrong with it shows before the work.
  try set.writeSTAR {
    try poses.writeSTAR(
      describing: ParticleStack(
        path: lastComponent(of: stackPath), imageSize: plane.shape.columns,
        pixelSizeInAngstroms: plane.pixelSizeInAngstroms, voltageInKilovolts: plane.voltageInKilovolts),
      to: $0)
  }
  let progress = ProgressBar(what: "projecting", count: poses.count)
  try plan.projectEach(
    count: poses.count, threads: threads, pose: { try poses.pose($0) },
    consume: { index, image in
      try stack.write(image, at: index)
      progress.advance()
    })
  progress.finish()
  try set.commit([stack])
  if plane.shape.rows != plane.shape.columns {
    say("note: the images are \(plane.shape); RELION reads square ones only")
  }
  say("wrote \(poses.count) images of \(plane.shape) to \(stackPath), their poses to \(starPath)")
}
