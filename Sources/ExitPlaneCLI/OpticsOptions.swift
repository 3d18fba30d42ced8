import ArgumentParser
import ExitPlane

/// The microscope, and the defocus of generated particles.
struct OpticsOptions: ParsableArguments {
  @Option(parsing: .unconditional, help: "The microscope's voltage in kV. (default: 300)")
  var voltage: Double?

  @Option(parsing: .unconditional, help: "Its spherical aberration in mm. (default: 2.7)")
  var cs: Double?

  @Option(
    parsing: .unconditional,
    help: "The part of the contrast that is amplitude contrast, 0 to 1. (default: 0.1)")
  var amplitudeContrast: Double?

  @Option(
    parsing: .unconditional,
    help: "Underfocus in Å, as 'least,most' or one number; every particle has its own.")
  var defocus: RangeArgument?

  @Option(
    parsing: .unconditional,
    help: "Difference between the two defoci in Å, as 'least,most' or one number; its angle is random.")
  var astigmatism: RangeArgument?

  @Option(
    parsing: .unconditional,
    help: """
      One defocus and astigmatism a micrograph, and particles that differ from it by this standard deviation in Å, 0 \
      for none; without this every particle has its own.
      """)
  var defocusSpread: Double?

  @Option(parsing: .unconditional, help: "The phase shift of a phase plate, in degrees. (default: 0)")
  var phaseShift: Double?

  @Option(
    name: .customLong("ctf-b-factor"), parsing: .unconditional,
    help: "The B-factor of the CTF's envelope exp(−B q²/4), in Å². (default: 0)")
  var bFactor: Double?

  @Option(parsing: .unconditional, help: "Beam tilt in mrad, as 'x,y'.")
  var beamTilt: PairArgument?

  mutating func validate() throws {
    if astigmatism != nil, defocus == nil {
      throw ValidationError("--astigmatism needs --defocus")
    }
  }

  var voltageInKilovolts: Double { voltage ?? 300 }
  var sphericalAberrationInMillimetres: Double { cs ?? 2.7 }
  var chosenAmplitudeContrast: Double { amplitudeContrast ?? 0.1 }

  /// Whether defoci, or the angles of their astigmatism, differ by chance.
  var areRandom: Bool {
    guard let defocus else { return false }
    return defocus.range.lowerBound < defocus.range.upperBound || (astigmatism?.range.upperBound ?? 0) > 0
      || (defocusSpread ?? 0) > 0
  }

  /// What a contrast transfer function alone uses.
  ///
  /// - Parameter hasTransferFunctions: whether particles have one.
  func uses(hasTransferFunctions: Bool) -> [OptionUse] {
    [("--phase-shift", phaseShift != nil), ("--ctf-b-factor", bFactor != nil)].map {
      OptionUse($0, given: $1, used: hasTransferFunctions, for: "contrast transfer functions")
    }
  }

  /// Everything but the defocus.
  func baseTransferFunction() throws -> ContrastTransferFunction {
    try ContrastTransferFunction(
      defocusUInAngstroms: 0, voltageInKilovolts: voltageInKilovolts,
      sphericalAberrationInMillimetres: sphericalAberrationInMillimetres,
      amplitudeContrast: chosenAmplitudeContrast, phaseShiftInDegrees: phaseShift ?? 0,
      bFactorInSquareAngstroms: bFactor ?? 0)
  }

  /// Nil without `--defocus`.
  ///
  /// - Parameter particlesPerMicrograph: for `--defocus-spread`.
  func generator(seed: UInt64, particlesPerMicrograph: Int?) throws -> DefocusGenerator? {
    let base = try baseTransferFunction()
    guard let defocus else { return nil }
    let micrographs = try defocusSpread.map {
      try DefocusGenerator.Micrographs(
        particlesPerMicrograph: particlesPerMicrograph ?? 1, spreadInAngstroms: $0)
    }
    return try DefocusGenerator(
      base: base, defocusInAngstroms: defocus.range, astigmatismInAngstroms: astigmatism?.range ?? 0...0,
      micrographs: micrographs, seed: seed)
  }

  func aberrations() throws -> AntisymmetricAberrations {
    try AntisymmetricAberrations(beamTiltInMilliradians: beamTilt?.values ?? SIMD2(0, 0))
  }
}

/// "least,most", or one number for both.
struct RangeArgument: ExpressibleByArgument {
  let range: ClosedRange<Double>

  init?(argument: String) {
    let numbers = argument.split(separator: ",", omittingEmptySubsequences: false).map { Double($0) }
    guard (1...2).contains(numbers.count), let least = numbers.first ?? nil, let most = numbers.last ?? nil,
      least.isFinite, most.isFinite, least <= most
    else { return nil }
    range = least...most
  }
}

/// "x,y".
struct PairArgument: ExpressibleByArgument {
  let values: SIMD2<Double>

  init?(argument: String) {
    let numbers = argument.split(separator: ",", omittingEmptySubsequences: false).map { Double($0) }
    guard numbers.count == 2, let x = numbers[0], let y = numbers[1], x.isFinite, y.isFinite else {
      return nil
    }
    values = SIMD2(x, y)
  }
}
