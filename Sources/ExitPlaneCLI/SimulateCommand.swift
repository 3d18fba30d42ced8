import ArgumentParser
import ExitPlane
import ExitPlaneIO

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

struct SimulateCommand: PrecisionCommand, TalkingCommand {
  static let configuration = CommandConfiguration(
    commandName: "simulate",
    abstract: "Make a particle set of a map or a structure: optics, noise, a stack and its STAR file.",
    discussion: """
      Writes NAME.mrcs and NAME.star. The STAR file has an optics group, the true poses, defocus, micrograph names \
      and random subsets, as RELION reads them. Optics groups of the poses' file whose pixel sizes or boxes differ \
      have a stack each, NAME-group1.mrcs and so on; Docs/STAR.md says what becomes of every column. A particle's image depends on the arguments, the seed and its \
      number in the set alone, not on threads or shards.

      Big sets are split into shards (--shard 3/16, or by themselves in a Slurm job array), which write \
      NAME-03-of-16.mrcs and .star, and are put together by 'exitplane merge'. A run that was killed leaves \
      NAME.mrcs.partial and NAME.mrcs.checkpoint; with --resume it goes on where it ended, and leaves the bytes of \
      a run that was not killed.

      Examples:
        exitplane simulate map.mrc --random-poses 10000 --defocus 8000,20000 \\
          --snr 0.1 --output set
        exitplane simulate model.cif --box 128 --pixel-size 1.2 \\
          --poses poses.star --output set --shard 3/16
      """)

  @Argument(help: "The map (a cubic MRC volume) or the structure (PDB or mmCIF).")
  var input: String

  @OptionGroup(title: "Poses")
  var poses: PoseOptions

  @OptionGroup(title: "Optics")
  var optics: OpticsOptions

  @OptionGroup(title: "Image model")
  var imageModel: ImageModelOptions

  @OptionGroup(title: "Noise")
  var noise: NoiseOptions

  @Option(name: [.short, .long], help: "The name of the set to write, without a suffix.")
  var output: String

  @OptionGroup(title: "Particle sets")
  var set: ParticleSetOptions

  @OptionGroup(title: "Preview")
  var preview: PreviewOptions

  @OptionGroup
  var projection: ProjectionArguments

  @OptionGroup(title: "Running")
  var running: RunningOptions

  @OptionGroup(title: "Running")
  var talk: TalkOptions

  func run<Scalar: GridScalar>(_: Scalar.Type) throws {
    try requireFiles([input, poses.file, noise.noiseModel])
    try requirePlausible()
    try poses.requireEffects()
    let shard = try set.currentShard()
    let name = try shard.name(of: setName(output))
    let (stackPath, starPath) = (name + ".mrcs", name + ".star")
    // The first shard alone has one.
    let previewPath = shard.number == 1 ? preview.preview : nil
    func requireOutputs(_ stacks: [String]) throws {
      try requireSeparateFiles(
        outputs: stacks + [starPath] + [previewPath].compactMap { $0 },
        inputs: [input, poses.file, noise.noiseModel].compactMap { $0 })
    }
    try requireOutputs([stackPath])
    let poseFile = try poses.openFile()
    let source = try projection.load(input, as: Scalar.self)
    let poseSource = try poses.load(poseFile, pixelSizeInAngstroms: projection.pixelSize(ofImagesOf: source))
      .overridingOptics(optics.override)
    // Functions have their own voltage; images without one alone have it from the plane.
    let takesVoltage = imageModel.imageModel == .exitPhase
    let groups = try projection.imageGroups(of: source, named: input, for: poseSource) {
      (takesVoltage ? $0?.voltageInKilovolts : nil) ?? optics.voltageInKilovolts
    }
    let particles = try makeParticles(poseSource, in: groups, as: Scalar.self)
    let model = try imageModel.model(hasTransferFunctions: particles.transfer != nil)
    try requireEffects(on: particles, model: model)
    try poseSource.reviewColumns(imagesHaveOptics: model.hasOptics)
    let range = try shard.range(of: particles.count)
    let stacks = groups.stacks(stackPath, of: poseSource, rows: range)
    try requireOutputs(stacks.stacks.map(\.path))
    // Opened before the long work begins: they say at once what is in the way, and take their room.
    let files = try ParticleSetOutput(starPath: starPath)
    let mode: MRCOutputMode = set.float16 ? .float16 : .float32
    let record = RunRecord(
      parameters: try parameters(of: particles.count, in: groups), shard: shard.inRecord)
    if set.resume {
      let made = stacks.stacks.map { stack in
        (
          stack.path,
          ResumableStackWriter.byteCount(shape: stack.kind.shape, count: stack.count, mode: mode)
        )
      }
      if try files.isFinished(as: record, stacks: made) {
        let names = (stacks.stacks.map(\.path) + [starPath]).joined(separator: " and ")
        return say("\(names) are finished: there is nothing to do")
      }
    }
    var parameters = record.parameters
    parameters.append("shard", shard)
    let writers = try stacks.stacks.map { stack in
      try ResumableStackWriter(
        path: stack.path, shape: stack.kind.shape, count: stack.count,
        pixelSizeInAngstroms: stack.kind.pixelSizeInAngstroms, mode: mode, parameters: parameters,
        resumes: set.resume, checkpointIntervalInSeconds: set.checkpointInterval)
    }
    let picture =
      previewPath == nil ? nil : try preview.open(for: groups.plane(ofKind: stacks.stacks[0].kind))
    try files.writeSTAR(record: record) {
      try particles.writeSTAR(
        range,
        describing: stacks.pathOfGroup.enumerated().map { group, path in
          try optics.stack(path: path, on: groups.plane(ofGroup: group))
        }, imagesHaveOptics: model.hasOptics, to: $0)
    }
    if set.resume { for writer in writers { sayWhatIsResumed(writer) } }
    var applied: [ImageNoise?] = [nil]
    if !writers.allSatisfy(\.isFinished) {
      let plans = try projection.makeProjectors(
        for: source, onto: groups.planes, poses: particles.count, threads: running.threads)
      applied = try makeImages(
        plans[0], plans, of: particles, in: range, groups: groups, stacks: stacks, model: model, into: writers
      )
    }
    try files.commit(writers)
    for writer in writers { writer.removeCheckpoint() }
    let shown = stacks.firstRows
    try picture?.write(
      of: writers[0].path, pose: { try particles.poses.pose(shown($0)) },
      transfer: particles.transfer.map { transfer in { transfer(shown($0)) } },
      name: { poses.name(shown($0)) })
    say("wrote \(stacks.description), what they show to \(starPath)")
    let noises = applied.map { noise.description(of: $0, on: groups.planes[0]) }
    let distinct = noises.indices.filter { noises.firstIndex(of: noises[$0]) == $0 }.map { noises[$0] }
    say("applied: \(description(of: particles, model: model)); \(distinct.joined(separator: ", "))")
  }

  private func sayWhatIsResumed(_ stack: ResumableStackWriter) {
    say(
      stack.firstImage > 0
        ? "resuming \(stack.path) at image \(stack.firstImage + 1) of \(stack.count)"
        : "beginning \(stack.path): there is nothing to resume")
  }

  private func makeParticles<Scalar: GridScalar>(
    _ source: PoseSource, in groups: ImageGroups, as _: Scalar.Type
  ) throws -> SimulatedParticles<Scalar> {
    var transfer: (@Sendable (Int) -> ContrastTransferFunction)?
    var aberrations: (@Sendable (Int) -> AberrationFactors<Scalar>?)?
    if let known = source.particleSet {
      (transfer, aberrations) = try optics.optics(
        of: known, seed: poses.chosenSeed, particlesPerMicrograph: set.chosenParticlesPerMicrograph,
        in: groups, as: Scalar.self)
    } else if let generator = try optics.generator(
      seed: poses.chosenSeed, particlesPerMicrograph: set.chosenParticlesPerMicrograph)
    {
      transfer = { generator.transferFunction($0) }
      aberrations = try optics.aberrationFactors(on: groups.planes[0], as: Scalar.self)
    }
    return SimulatedParticles<Scalar>(
      poses: source, transfer: transfer, aberrations: aberrations,
      groupAberrations: try optics.aberrations(), name: try lastComponent(of: setName(output)),
      particlesPerMicrograph: set.chosenParticlesPerMicrograph)
  }

  /// Makes the images that are not there yet.
  ///
  /// - Returns: the noise of each plane.
  private func makeImages<Projection: RealImageProjector>(
    _: Projection, _ projections: [any RealImageProjector<Projection.Scalar>],
    of particles: SimulatedParticles<Projection.Scalar>, in range: Range<Int>, groups: ImageGroups,
    stacks: ParticleStacks, model: ImageModel, into writers: [ResumableStackWriter]
  ) throws -> [ImageNoise] {
    let projections = try plansOfOneType(projections, Projection.self)
    let noises = try noises(
      projections.map { try ImageFormationPlan($0, model: model, sign: imageModel.chosenSign) },
      of: particles,
      in: groups)
    let plans = try zip(projections, noises).map { projection, noise in
      try ImageFormationPlan(
        projection, model: model, sign: imageModel.chosenSign, noise: noise, seed: poses.chosenSeed)
    }
    // Of one stack, what is missing is its end; of several, what is missing of each.
    let first = writers.count == 1 ? range.lowerBound + writers[0].firstImage : range.upperBound
    let scattered =
      writers.count == 1
      ? []
      : range.filter {
        let place = stacks.place(of: $0)
        return place.index >= writers[place.stack].firstImage
      }
    let count = range.upperBound - first + scattered.count
    let row: @Sendable (Int) -> Int = { scattered.isEmpty ? first + $0 : scattered[$0] }
    let progress = ProgressBar(what: "simulating", count: count)
    do {
      try ImageFormationPlan.imageEach(
        by: plans, count: count, threads: running.threads,
        item: { (groups.plane(of: row($0)), try particles.particle(row($0))) },
        consume: { index, image in
          let place = stacks.place(of: row(index))
          try withSinglePrecision(image) { try writers[place.stack].write($0, at: place.index) }
          progress.advance()
        })
    } catch {
      progress.finish()
      switch (error as? ExitPlaneError)?.kind {
      case .invalidValue, .mismatch, .malformedFile, .unsupported:
        // It would come again: the run is to be begun with other arguments, and nothing is to be in its way.
        for writer in writers { writer.abandon() }
      case .unreadableFile, .unwritableFile, nil:
        // What is done is kept, where the disk still takes it.
        for writer in writers { try? writer.saveCheckpoint() }
      }
      throw error
    }
    progress.finish()
    return noises
  }

  /// The noise of each plane's images: of images of one kind, shape and pixel size, the same, by the variance of all
  /// of them in the whole set.
  private func noises<Projection: RealImageProjector>(
    _ plans: [ImageFormationPlan<Projection>], of particles: SimulatedParticles<Projection.Scalar>,
    in groups: ImageGroups
  ) throws -> [ImageNoise] {
    var ofKind: [ParticleStacks.Kind: ImageNoise] = [:]
    let kinds = groups.planes.map { ParticleStacks.Kind($0) }
    for (plane, kind) in zip(groups.planes, kinds) where ofKind[kind] == nil {
      let isOnly = kinds.allSatisfy { $0 == kind }
      ofKind[kind] = try noise.noise(on: plane) {
        let members =
          isOnly ? [] : (0..<particles.count).filter { kinds[groups.plane(of: $0)] == kind }
        let total = isOnly ? particles.count : members.count
        let sample = min(400, total)
        return try ImageFormationPlan.signalVariance(
          by: plans, count: sample, threads: running.threads,
          item: {
            let place = $0 * total / sample
            let index = isOnly ? place : members[place]
            return (groups.plane(of: index), try particles.particle(index))
          })
      }
    }
    return kinds.map { ofKind[$0] ?? .none }
  }

  /// All that the bytes of the set depend on; shards agree in it.
  private func parameters(of count: Int, in groups: ImageGroups) throws -> RunParameters {
    var parameters = RunParameters()
    parameters.append("version", ExitPlaneCommand.configuration.version)
    parameters.append("processor", InstructionSet.arithmetic)
    parameters.append("input", try fileFingerprint(input))
    try poses.describe(into: &parameters)
    parameters.append(imageCount: count)
    parameters.append("name", try lastComponent(of: setName(output)))
    let kinds = groups.kinds
    parameters.append("image shape", kinds.map { "\($0.shape)" }.joined(separator: ", "))
    let sizes = kinds.map { plainNumber($0.pixelSizeInAngstroms) }
    parameters.append("pixel size", sizes.joined(separator: ", "))
    parameters.append("precision", running.precision.rawValue)
    parameters.append("half precision samples", set.float16)
    parameters.append("particles per micrograph", set.chosenParticlesPerMicrograph)
    try projection.describe(into: &parameters)
    optics.describe(into: &parameters)
    imageModel.describe(into: &parameters)
    try noise.describe(into: &parameters)
    return parameters
  }
}

/// The pixels in the precision of a file.
private func withSinglePrecision<Scalar: GridScalar>(
  _ image: UnsafeBufferPointer<Scalar>, _ body: (UnsafeBufferPointer<Float>) throws -> Void
) throws {
  let raw = UnsafeRawBufferPointer(image)
  if Scalar.self == Float.self { return try body(raw.bindMemory(to: Float.self)) }
  let doubles = raw.bindMemory(to: Double.self)
  try withUnsafeTemporaryAllocation(of: Float.self, capacity: doubles.count) { singles in
    for index in 0..<doubles.count { singles.initializeElement(at: index, to: Float(doubles[index])) }
    try body(UnsafeBufferPointer(singles))
  }
}

struct ParticleSetOptions: ParsableArguments {
  @Flag(help: "Store half-precision samples (MRC mode 12): half the disk, 11 bits.")
  var float16 = false

  @Option(
    parsing: .unconditional,
    help: "Particles that share an rlnMicrographName, where the poses' file names none. (default: 100)")
  var particlesPerMicrograph: Int?

  var chosenParticlesPerMicrograph: Int { particlesPerMicrograph ?? 100 }

  @Option(
    help: """
      Make a part of the set alone: 'I/N', I from 1. By default the whole; in a Slurm job array the task's part.
      """)
  var shard: Shard?

  @Flag(help: "Go on where a killed run of the same arguments ended; begin where there was none.")
  var resume = false

  @Option(parsing: .unconditional, help: "Seconds between checkpoints: what a killed run loses at the most.")
  var checkpointInterval = 10.0

  mutating func validate() throws {
    guard (1...1_000_000).contains(chosenParticlesPerMicrograph) else {
      throw ValidationError(
        "--particles-per-micrograph is \(chosenParticlesPerMicrograph); it must be 1 to 1000000")
    }
    guard checkpointInterval >= 0 else {
      throw ValidationError("--checkpoint-interval is \(checkpointInterval); it must be 0 or more")
    }
  }

  func currentShard() throws -> Shard {
    if let shard { return shard }
    var environment: [String: String] = [:]
    for name in ["ID", "COUNT", "MIN", "STEP"].map({ "SLURM_ARRAY_TASK_\($0)" }) {
      if let value = getenv(name) { environment[name] = String(cString: value) }
    }
    return try Shard(slurm: environment) ?? .whole
  }
}
