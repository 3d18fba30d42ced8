import ArgumentParser
import ExitPlane
import ExitPlaneIO

struct ProjectCommand: PrecisionCommand, TalkingCommand {
  static let configuration = CommandConfiguration(
    commandName: "project",
    abstract: "Project a map or a structure at many poses into a particle stack.",
    discussion: """
      Writes OUTPUT and, beside it, a STAR file that names each image and its pose. Poses come from a \
      RELION STAR file (3.0 to 5), are drawn at random, are given as RELION's angles, or look along the axes. \
      Optics groups whose pixel sizes or boxes differ have a stack each, OUTPUT-group1.mrcs and so on. Docs/STAR.md \
      says what becomes of every column.

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
    func requireOutputs(_ stacks: [String]) throws {
      try requireSeparateFiles(
        outputs: stacks + [starPath, preview.preview].compactMap { $0 },
        inputs: [input, poses.file].compactMap { $0 })
    }
    try requireOutputs([output])
    let poseFile = try poses.openFile()
    let source = try projection.load(input, as: Scalar.self)
    var poseSource = try poses.load(poseFile, pixelSizeInAngstroms: projection.pixelSize(ofImagesOf: source))
    if let voltage { poseSource = try poseSource.overridingOptics(.init(voltageInKilovolts: voltage)) }
    try poseSource.reviewColumns(imagesHaveOptics: false)
    let groups = try projection.imageGroups(of: source, named: input, for: poseSource) {
      // Flat slices are the same at every voltage.
      (projection.slices.ewald ? $0?.voltageInKilovolts : nil) ?? voltage ?? 300
    }
    let stacks = groups.stacks(output, of: poseSource, rows: 0..<poseSource.count)
    try requireOutputs(stacks.stacks.map(\.path))
    let picture = try preview.open(for: groups.plane(ofKind: stacks.stacks[0].kind))
    let plans = try projection.makeProjectors(
      for: source, onto: groups.planes, poses: poseSource.count, threads: running.threads)
    try write(plans[0], plans, groups: groups, stacks: stacks, poses: poseSource, starPath: starPath)
    let shown = stacks.firstRows
    try picture?.write(
      of: stacks.stacks[0].path, pose: { try poseSource.pose(shown($0)) }, name: { poses.name(shown($0)) })
  }

  private func write<Plan: RealImageProjector>(
    _: Plan, _ plans: [any RealImageProjector<Plan.Scalar>], groups: ImageGroups, stacks: ParticleStacks,
    poses: PoseSource, starPath: String
  ) throws {
    try writeParticles(
      plansOfOneType(plans, Plan.self), groups: groups, stacks: stacks, poses: poses, starPath: starPath,
      mode: float16 ? .float16 : .float32, threads: running.threads)
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
}

/// Projects every pose of a source into its optics group's stack, and writes the STAR file beside them.
func writeParticles<Plan: RealImageProjector>(
  _ plans: [Plan], groups: ImageGroups, stacks: ParticleStacks, poses: PoseSource, starPath: String,
  mode: MRCOutputMode = .float32,
  threads: Int
) throws {
  let set = try ParticleSetOutput(starPath: starPath)
  let writers = try stacks.stacks.map { stack in
    try MRCStackWriter(
      path: stack.path, shape: stack.kind.shape, count: stack.count,
      pixelSizeInAngstroms: stack.kind.pixelSizeInAngstroms, mode: mode, isOfSet: true)
  }
  // Before the images: what is wrong with it shows before the work.
  try set.writeSTAR {
    try poses.writeSTAR(
      describing: stacks.pathOfGroup.enumerated().map { group, path in
        let plane = groups.plane(ofGroup: group)
        return try ParticleStack(
          path: path, imageSize: plane.shape.columns, pixelSizeInAngstroms: plane.pixelSizeInAngstroms,
          voltageInKilovolts: plane.voltageInKilovolts)
      }, to: $0)
  }
  let progress = ProgressBar(what: "projecting", count: poses.count)
  try Plan.projectEach(
    by: plans, count: poses.count, threads: threads,
    item: { (groups.plane(of: $0), try poses.pose($0)) },
    consume: { index, image in
      let place = stacks.place(of: index)
      try writers[place.stack].write(image, at: place.index)
      progress.advance()
    })
  progress.finish()
  try set.commit(writers)
  for stack in stacks.stacks where stack.kind.shape.rows != stack.kind.shape.columns {
    say("note: the images are \(stack.kind.shape); RELION reads square ones only")
  }
  say("wrote \(stacks.description), their poses to \(starPath)")
}
