import ArgumentParser
import ExitPlane
import ExitPlaneIO

/// How poses are generated: what the commands that can generate them have in common.
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

  @Option(
    help: """
      The object's symmetry by RELION's name: C1 to C99, D1 to D99, T, O, I or I1 to I4. Of the orientations that \
      show the same, one is taken: all lie in one asymmetric unit, at random, evenly, or as preferred.
      """)
  var symmetry: String?

  @Option(parsing: .unconditional, help: "The standard deviation of shifts along x and y, in Å.")
  var shifts: Double?

  @Option(
    parsing: .unconditional,
    help: "The largest shift, in Å: uniform from minus this to this, along x and y independently.")
  var shiftRange: Double?

  mutating func validate() throws {
    if even, !preferred.isEmpty { throw ValidationError("give --even or --preferred, not both") }
    if shifts != nil, shiftRange != nil { throw ValidationError("give --shifts or --shift-range, not both") }
  }

  /// Whether poses depend on the seed.
  var areRandom: Bool { !even || (shifts ?? shiftRange ?? 0) != 0 }

  /// - Parameter isUsed: whether poses are generated.
  func uses(_ isUsed: Bool) -> [OptionUse] {
    [
      ("--even", even), ("--preferred", !preferred.isEmpty), ("--symmetry", symmetry != nil),
      ("--shifts", shifts != nil), ("--shift-range", shiftRange != nil),
    ].map { OptionUse($0, given: $1, used: isUsed, for: "generated poses") }
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
      orientations: orientations, shifts: shiftsOfPoses,
      symmetry: symmetry.map { try SymmetryGroup($0) } ?? .none,
      seed: seed)
  }

  private var shiftsOfPoses: PoseGenerator.Shifts {
    if let shiftRange { return .uniform(largestInAngstroms: shiftRange) }
    guard let shifts, shifts != 0 else { return .none }
    return .gaussian(standardDeviationInAngstroms: shifts)
  }

  /// What the poses depend on beside seed and number, for a later run to be held against.
  func describe(into parameters: inout RunParameters) {
    if even { parameters.append("even orientations", true) }
    if !preferred.isEmpty {
      parameters.append("preferred directions", preferred.map(\.description).joined(separator: "; "))
    }
    if let symmetry { parameters.append("symmetry", symmetry.uppercased()) }
    if let shifts { parameters.append("deviation of shifts", shifts) }
    if let shiftRange { parameters.append("largest shift", shiftRange) }
  }
}

/// "rot,tilt,kappa" or "rot,tilt,kappa,weight".
struct PreferredArgument: ExpressibleByArgument, CustomStringConvertible {
  private let numbers: [Double]

  init?(argument: String) {
    let parts = argument.split(separator: ",", omittingEmptySubsequences: false)
    let numbers = parts.compactMap { Double($0) }
    guard (3...4).contains(parts.count), numbers.count == parts.count else { return nil }
    self.numbers = numbers
  }

  var description: String { numbers.map { "\($0)" }.joined(separator: ",") }

  func direction() throws -> PreferredDirection {
    try PreferredDirection(
      rotInDegrees: numbers[0], tiltInDegrees: numbers[1], concentration: numbers[2],
      weight: numbers.count == 4 ? numbers[3] : 1)
  }
}
