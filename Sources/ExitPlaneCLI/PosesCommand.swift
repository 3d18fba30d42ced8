import ArgumentParser
import ExitPlane
import ExitPlaneIO

struct PosesCommand: TalkingCommand {
  static let configuration = CommandConfiguration(
    commandName: "poses",
    abstract: "Generate poses and optics of particles as a RELION STAR file.",
    discussion: """
      Rotations are drawn uniformly, or lie evenly (--even), or gather about preferred directions of view \
      (--preferred: von Mises-Fisher); with --symmetry within one asymmetric unit. Every particle is a function of the \
      seed and its number alone.

      Particles may be parted into micrographs (--particles-per-micrograph), with a defocus for each \
      (--defocus-spread) and places in them (--micrograph-size), and into optics groups, which take turns by their \
      shares: whole micrographs where there are any, or else particles. A group is given by what differs from the \
      options that all share, as key=value with commas between; keys are name, share, pixel-size, box, voltage, cs, \
      amplitude-contrast, defocus, astigmatism, phase-shift, ctf-b-factor and beam-tilt, two numbers with a colon \
      between them.

      Examples:
        exitplane poses --count 1000 --pixel-size 1.2 --box 128 --output poses.star
        exitplane poses --count 5000 --even --symmetry D7 --defocus 8000,20000 \\
          --pixel-size 1.2 --box 128 --output poses.star
        exitplane poses --count 500 --preferred 0,90,20 --preferred 0,0,50,0.3 \\
          --shifts 4 --pixel-size 1 --box 200 --output side_views.star
        exitplane poses --count 900 --pixel-size 1 --box 200 \\
          --particles-per-micrograph 30 --micrograph-size 4096,4096 \\
          --defocus 8000,20000 --defocus-spread 150 \\
          --optics-group voltage=300 \\
          --optics-group voltage=200,share=2,beam-tilt=0.3:-0.1 \\
          --output two_microscopes.star
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

  @OptionGroup(title: "Optics groups and micrographs")
  var parting: PartingOptions

  @Option(parsing: .unconditional, help: "The seed of everything that is random. (default: 0)")
  var seed: UInt64?

  @OptionGroup
  var talk: TalkOptions

  func run() throws {
    guard (1...100_000_000).contains(count) else {
      throw ExitPlaneError.invalid("--count", got: "\(count)", need: "1 to 100000000")
    }
    let groups = try parting.groups(
      OpticsGroupSettings(pixelSize: pixelSize, box: box, optics: optics), particles: count)
    try requireEffects(in: groups)
    let poses = try generation.generator(count: count, seed: seed ?? 0)
    let functions = try groups.compactMap {
      try $0.optics.generator(seed: seed ?? 0, particlesPerMicrograph: parting.particlesPerMicrograph)
    }
    let places = try parting.micrographSize.map { size in
      try groups.map { try ParticlePlaces(micrographSize: size.values, boxSize: $0.box, seed: seed ?? 0) }
    }
    let shares = try OpticsGroupShares(groups.map(\.share))
    try requireSeparateFiles(outputs: [output], inputs: [])
    let file = try AtomicFile(path: output, temporary: .shared)
    var writer = try ParticleRowWriter(
      describing: groups.map { try $0.described(inStack: lastComponent(of: output)) },
      columns: .init(
        micrographNames: parting.particlesPerMicrograph != nil, transferFunctions: !functions.isEmpty,
        coordinates: places != nil), to: file.makeSink())
    let name = try lastComponent(of: setName(output))
    for index in 0..<count {
      let micrograph = parting.particlesPerMicrograph.map { index / $0 }
      let group = shares.group(of: micrograph ?? index)
      try writer.append(
        .init(
          pose: poses.pose(index), micrographName: micrograph.map { micrographName($0 + 1, ofSet: name) },
          coordinates: places?[group].place(index),
          transfer: functions.isEmpty ? nil : functions[group].transferFunction(index), opticsGroup: group + 1
        ))
    }
    try writer.finish()
    try file.commit()
    let parts = groups.count > 1 ? " in \(groups.count) optics groups" : ""
    say("wrote \(count) poses\(functions.isEmpty ? "" : " with defoci")\(parts) to \(output)")
  }

  /// - Throws: `.mismatch` for options that would have no effect, or groups of which some alone have defoci.
  private func requireEffects(in groups: [OpticsGroupSettings]) throws {
    let hasDefoci = groups[0].optics.defocus != nil
    for (index, group) in groups.enumerated() {
      try PlausibleRange.pixelSize("--pixel-size").require(group.pixelSize)
      guard (1...GridShape.largestAxis).contains(group.box) else {
        throw ExitPlaneError.invalid("--box", got: "\(group.box)", need: "1 to \(GridShape.largestAxis)")
      }
      try group.optics.requirePlausible()
      guard (group.optics.defocus != nil) == hasDefoci else {
        throw ExitPlaneError.mismatch(
          "of optics groups \(hasDefoci ? 1 : index + 1) and \(hasDefoci ? index + 1 : 1) the first alone has a defocus",
          "give --defocus, which is for all, or a defocus to each group")
      }
      guard group.optics.astigmatism == nil || hasDefoci else {
        throw ExitPlaneError.mismatch("an optics group has an astigmatism and no defocus", "give --defocus")
      }
      try group.optics.uses(hasTransferFunctions: hasDefoci).requireEffect(
        "without --defocus particles have none")
    }
    try [
      OptionUse("--defocus-spread", given: optics.defocusSpread != nil, used: hasDefoci, for: "defoci")
    ].requireEffect("there are none", remedy: "give --defocus")
    try [
      ("--defocus-spread", optics.defocusSpread != nil), ("--micrograph-size", parting.micrographSize != nil),
    ].map {
      OptionUse($0, given: $1, used: parting.particlesPerMicrograph != nil, for: "particles in micrographs")
    }.requireEffect("there are none", remedy: "give --particles-per-micrograph")
    let isRandom =
      generation.areRandom || groups.contains { $0.optics.areRandom } || parting.micrographSize != nil
    try [OptionUse("--seed", given: seed != nil, used: isRandom, for: "what is random")]
      .requireEffect("nothing is: orientations are even, without shifts and a range of defoci")
  }
}

struct PartingOptions: ParsableArguments {
  @Option(
    name: .customLong("optics-group"), parsing: .unconditionalSingleValue,
    help: ArgumentHelp(
      "An optics group, as 'voltage=200,share=2'; may be given several times.", valueName: "key=value,..."))
  var opticsGroups: [OpticsGroupArgument] = []

  @Option(
    parsing: .unconditional,
    help: "Part the particles into micrographs of so many, and name these (rlnMicrographName).")
  var particlesPerMicrograph: Int?

  @Option(
    parsing: .unconditional,
    help: """
      The micrographs' 'columns,rows' in pixels: each particle gets a place (rlnCoordinateX, rlnCoordinateY) at which \
      its box is within, at random; boxes may overlap.
      """)
  var micrographSize: SizeArgument?

  mutating func validate() throws {
    if let particlesPerMicrograph, !(1...1_000_000).contains(particlesPerMicrograph) {
      throw ValidationError(
        "--particles-per-micrograph is \(particlesPerMicrograph); it must be 1 to 1000000")
    }
  }

  /// Those given, or the one that the options make.
  ///
  /// - Throws: `.mismatch` for more groups than there are particles or micrographs.
  func groups(_ shared: OpticsGroupSettings, particles: Int) throws -> [OpticsGroupSettings] {
    guard !opticsGroups.isEmpty else { return [shared] }
    let parts = particlesPerMicrograph.map { (particles - 1) / $0 + 1 } ?? particles
    guard opticsGroups.count <= min(parts, 10_000) else {
      throw ExitPlaneError.mismatch(
        "\(opticsGroups.count) optics groups are given for \(parts) \(particlesPerMicrograph == nil ? "particles" : "micrographs")",
        "give fewer")
    }
    let optics = shared.optics
    try [
      ("voltage", optics.voltage != nil), ("cs", optics.cs != nil),
      ("amplitude-contrast", optics.amplitudeContrast != nil), ("defocus", optics.defocus != nil),
      ("astigmatism", optics.astigmatism != nil), ("phase-shift", optics.phaseShift != nil),
      ("ctf-b-factor", optics.bFactor != nil), ("beam-tilt", optics.beamTilt != nil),
    ].map { key, isGiven in
      OptionUse(
        "--\(key)", given: isGiven, used: !opticsGroups.allSatisfy { $0.has(key) },
        for: "optics groups that do not say their own")
    }.requireEffect("all of them do")
    return try opticsGroups.map { try $0.settings(shared) }
  }
}

extension OpticsGroupSettings {
  /// As a STAR file has to describe it.
  func described(inStack path: String) throws -> ParticleRowWriter.Group {
    try ParticleRowWriter.Group(
      stack: ParticleStack(
        path: path, imageSize: box, pixelSizeInAngstroms: pixelSize,
        voltageInKilovolts: optics.voltageInKilovolts,
        sphericalAberrationInMillimetres: optics.sphericalAberrationInMillimetres,
        amplitudeContrast: optics.chosenAmplitudeContrast), name: name, aberrations: optics.aberrations())
  }
}

/// "columns,rows".
struct SizeArgument: ExpressibleByArgument {
  let values: SIMD2<Int>

  init?(argument: String) {
    let numbers = argument.split(separator: ",", omittingEmptySubsequences: false).map { Int($0) }
    guard numbers.count == 2, let columns = numbers[0], let rows = numbers[1] else { return nil }
    values = SIMD2(columns, rows)
  }
}
