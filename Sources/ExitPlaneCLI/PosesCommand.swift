import ArgumentParser
import ExitPlane
import ExitPlaneIO

struct PosesCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "poses",
    abstract: "Generate poses and optics of particles as a RELION STAR file.",
    discussion: """
      Rotations are drawn uniformly, or lie evenly (--even), or gather about preferred directions of view \
      (--preferred: von Mises-Fisher). Every particle is a function of the seed and its number alone.

      Examples:
        exitplane poses --count 1000 --pixel-size 1.2 --box 128 --output poses.star
        exitplane poses --count 5000 --even --defocus 8000,20000 \\
          --pixel-size 1.2 --box 128 --output poses.star
        exitplane poses --count 500 --preferred 0,90,20 --preferred 0,0,50,0.3 \\
          --shifts 4 --pixel-size 1 --box 200 --output side_views.star
      """)

  @Option(parsing: .unconditional, help: "How many particles.")
  var count: Int

  @Option(parsing: .unconditional, help: "The pixel size of their images, in Å.")
  var pixelSize: Double

  @Option(parsing: .unconditional, help: "The side of their images, in pixels.")
  var box: Int

  @Option(name: [.short, .long], help: "The STAR file to write.")
  var output: String

  @OptionGroup(title: "Orientations and shifts")
  var generation: PoseGenerationOptions

  @OptionGroup(title: "Optics")
  var optics: OpticsOptions

  @Option(parsing: .unconditional, help: "The seed of everything that is random. (default: 0)")
  var seed: UInt64?

  func run() throws {
    installInterruptHandler()
    guard (1...100_000_000).contains(count) else {
      throw ExitPlaneError.invalid("--count", got: "\(count)", need: "1 to 100000000")
    }
    try PlausibleRange.pixelSize("--pixel-size").require(pixelSize)
    guard (1...GridShape.largestAxis).contains(box) else {
      throw ExitPlaneError.invalid("--box", got: "\(box)", need: "1 to \(GridShape.largestAxis)")
    }
    try optics.requirePlausible()
    try optics.uses(hasTransferFunctions: optics.defocus != nil)
      .requireEffect("without --defocus particles have none")
    let isRandom = !generation.even || generation.shifts != 0 || optics.areRandom
    try [OptionUse("--seed", given: seed != nil, used: isRandom, for: "what is random")]
      .requireEffect("nothing is: orientations are even, without shifts and a range of defoci")
    let poses = try generation.generator(count: count, seed: seed ?? 0)
    let functions = try optics.generator(seed: seed ?? 0)
    let stack = try ParticleStack(
      path: lastComponent(of: output), imageSize: box, pixelSizeInAngstroms: pixelSize,
      voltageInKilovolts: optics.voltageInKilovolts,
      sphericalAberrationInMillimetres: optics.sphericalAberrationInMillimetres,
      amplitudeContrast: optics.chosenAmplitudeContrast)
    try requireSeparateFiles(outputs: [output], inputs: [])
    let file = try AtomicFile(path: output, temporary: .shared)
    var writer = try ParticleRowWriter(
      describing: stack, columns: .init(transferFunctions: functions != nil),
      aberrations: optics.aberrations(), to: file.makeSink())
    for index in 0..<count {
      try writer.append(.init(pose: poses.pose(index), transfer: functions?.transferFunction(index)))
    }
    try writer.finish()
    try file.commit()
    say("wrote \(count) poses\(functions == nil ? "" : " with defoci") to \(output)")
  }
}

struct PoseGenerationOptions: ParsableArguments {
  @Flag(help: "Cover all rotations evenly instead of at random.")
  var even = false

  @Option(
    parsing: .unconditionalSingleValue,
    help: """
      A preferred direction of view 'rot,tilt,kappa' or 'rot,tilt,kappa,weight': RELION's angles in degrees, the \
      concentration (views spread over about 57°/√kappa) and how often. May be given several times.
      """)
  var preferred: [PreferredArgument] = []

  @Option(parsing: .unconditional, help: "The standard deviation of shifts along x and y, in Å.")
  var shifts = 0.0

  mutating func validate() throws {
    if even, !preferred.isEmpty { throw ValidationError("give --even or --preferred, not both") }
  }

  func generator(count: Int, seed: UInt64) throws -> PoseGenerator {
    let orientations: PoseGenerator.Orientations =
      if even {
        .even(count: count)
      } else if preferred.isEmpty {
        .uniform
      } else {
        .preferred(try preferred.map { try $0.direction() })
      }
    return try PoseGenerator(
      orientations: orientations,
      shifts: shifts == 0 ? .none : .gaussian(standardDeviationInAngstroms: shifts), seed: seed)
  }
}

/// "rot,tilt,kappa" or "rot,tilt,kappa,weight".
struct PreferredArgument: ExpressibleByArgument {
  private let numbers: [Double]

  init?(argument: String) {
    let parts = argument.split(separator: ",", omittingEmptySubsequences: false)
    let numbers = parts.compactMap { Double($0) }
    guard (3...4).contains(parts.count), numbers.count == parts.count else { return nil }
    self.numbers = numbers
  }

  func direction() throws -> PreferredDirection {
    try PreferredDirection(
      rotInDegrees: numbers[0], tiltInDegrees: numbers[1], concentration: numbers[2],
      weight: numbers.count == 4 ? numbers[3] : 1)
  }
}
