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
      and random subsets, as RELION reads them. A particle's image depends on the arguments, the seed and its \
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
    try requireSeparateFiles(
      outputs: [stackPath, starPath] + [previewPath].compactMap { $0 },
      inputs: [input, poses.file, noise.noiseModel].compactMap { $0 })
    let poseFile = try poses.openFile()
    let source = try projection.load(
      input, stated: poseFile?.images ?? StatedImages(), as: Scalar.self, threads: running.threads)
    let poseSource = try poses.load(poseFile, pixelSizeInAngstroms: source.pixelSizeInAngstroms)
      .overridingOptics(optics.override)
    let plane = try projection.plane(for: source, voltageInKilovolts: voltage(of: poseSource))
    let particles = try makeParticles(poseSource, on: plane, as: Scalar.self)
    let model = try imageModel.model(hasTransferFunctions: particles.transfer != nil)
    try requireEffects(on: particles, model: model)
    let range = try shard.range(of: particles.count)
    // Opened before the long work begins: they say at once what is in the way, and take their room.
    let files = try ParticleSetOutput(starPath: starPath)
    let mode: MRCOutputMode = set.float16 ? .float16 : .float32
    let record = RunRecord(
      parameters: try parameters(of: particles.count, on: plane), shard: shard.inRecord)
    if set.resume {
      let byteCount = ResumableStackWriter.byteCount(shape: plane.shape, count: range.count, mode: mode)
      if try files.isFinished(as: record, stacks: [(stackPath, byteCount)]) {
        return say("\(stackPath) and \(starPath) are finished: there is nothing to do")
      }
    }
    var parameters = record.parameters
    parameters.append("shard", shard)
    let stack = try ResumableStackWriter(
      path: stackPath, shape: plane.shape, count: range.count,
      pixelSizeInAngstroms: plane.pixelSizeInAngstroms, mode: mode, parameters: parameters,
      resumes: set.resume, checkpointIntervalInSeconds: set.checkpointInterval)
    let picture = previewPath == nil ? nil : try preview.open(for: plane)
    try files.writeSTAR(record: record) {
      try particles.writeSTAR(
        range, describing: optics.stack(path: lastComponent(of: stack.path), on: plane), to: $0)
    }
    if set.resume {
      say(
        stack.firstImage > 0
          ? "resuming \(stack.path) at image \(stack.firstImage + 1) of \(stack.count)"
          : "beginning \(stack.path): there is nothing to resume")
    }
    var applied: ImageNoise?
    if !stack.isFinished {
      let plan = try projection.makePlan(
        for: source, onto: plane, poses: particles.count, threads: running.threads)
      applied = try makeImages(plan, of: particles, in: range, model: model, into: stack)
    }
    try files.commit([stack])
    stack.removeCheckpoint()
    try picture?.write(
      of: stack.path, pose: particles.poses.pose, transfer: particles.transfer, name: poses.name)
    say("wrote \(range.count) images of \(plane.shape) to \(stack.path), what they show to \(starPath)")
    say("applied: \(description(of: particles, model: model)); \(noise.description(of: applied, on: plane))")
  }

  private func makeParticles<Scalar: GridScalar>(
    _ source: PoseSource, on plane: ImageConfiguration, as _: Scalar.Type
  ) throws -> SimulatedParticles<Scalar> {
    var transfer: (@Sendable (Int) -> ContrastTransferFunction)?
    var aberrations: (@Sendable (Int) -> AberrationFactors<Scalar>?)?
    if let known = source.particleSet {
      (transfer, aberrations) = try optics.optics(
        of: known, seed: poses.chosenSeed, particlesPerMicrograph: set.chosenParticlesPerMicrograph,
        on: plane,
        as: Scalar.self)
    } else if let generator = try optics.generator(
      seed: poses.chosenSeed, particlesPerMicrograph: set.chosenParticlesPerMicrograph)
    {
      transfer = { generator.transferFunction($0) }
      aberrations = try optics.aberrationFactors(on: plane, as: Scalar.self)
    }
    return SimulatedParticles<Scalar>(
      poses: source, transfer: transfer, aberrations: aberrations,
      groupAberrations: try optics.aberrations(), name: try lastComponent(of: setName(output)),
      particlesPerMicrograph: set.chosenParticlesPerMicrograph)
  }

  private func makeImages<Projection: RealImagePlan>(
    _ projection: Projection, of particles: SimulatedParticles<Projection.Scalar>, in range: Range<Int>,
    model: ImageModel, into stack: ResumableStackWriter
  ) throws -> ImageNoise {
    let plane = projection.plane
    let noise = try noise.noise(on: plane) {
      let sample = min(400, particles.count)
      return try ImageFormationPlan(projection, model: model, sign: imageModel.chosenSign).signalVariance(
        count: sample, threads: running.threads,
        particle: { try particles.particle($0 * particles.count / sample) })
    }
    let plan = try ImageFormationPlan(
      projection, model: model, sign: imageModel.chosenSign, noise: noise, seed: poses.chosenSeed)
    let first = stack.firstImage
    let progress = ProgressBar(what: "simulating", count: range.count - first)
    do {
      try plan.imageEach(
        count: range.count - first, threads: running.threads,
        particle: { try particles.particle(range.lowerBound + first + $0) },
        consume: { index, image in
          try withSinglePrecision(image) { try stack.write($0, at: first + index) }
          progress.advance()
        })
    } catch {
      progress.finish()
      switch (error as? ExitPlaneError)?.kind {
      case .invalidValue, .mismatch, .malformedFile, .unsupported:
        // It would come again: the run is to be begun with other arguments, and nothing is to be in its way.
        stack.abandon()
      case .unreadableFile, .unwritableFile, nil:
        // What is done is kept, where the disk still takes it.
        try? stack.saveCheckpoint()
      }
      throw error
    }
    progress.finish()
    return noise
  }

  /// All that the bytes of the set depend on; shards agree in it.
  private func parameters(of count: Int, on plane: ImageConfiguration) throws -> RunParameters {
    var parameters = RunParameters()
    parameters.append("version", ExitPlaneCommand.configuration.version)
    parameters.append("processor", InstructionSet.arithmetic)
    parameters.append("input", try fileFingerprint(input))
    try poses.describe(into: &parameters)
    parameters.append(imageCount: count)
    parameters.append("name", try lastComponent(of: setName(output)))
    parameters.append("image shape", plane.shape)
    parameters.append("pixel size", plane.pixelSizeInAngstroms)
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
