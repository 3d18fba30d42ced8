import ArgumentParser
import ExitPlane
import ExitPlaneIO

struct PoseOptions: ParsableArguments {
  @Option(name: .customLong("poses"), help: "A RELION STAR file of poses.")
  var file: String?

  @Option(
    name: .customLong("random-poses"), parsing: .unconditional,
    help: "Generate this many poses, at random over all rotations unless other options say otherwise.")
  var randomCount: Int?

  @Option(parsing: .unconditional, help: "The seed of everything that is random. (default: 0)")
  var seed: UInt64?

  @Option(
    name: .customLong("euler"), parsing: .unconditionalSingleValue,
    help: "RELION's angles 'rot,tilt,psi' in degrees; may be given several times.")
  var angles: [RelionAngles] = []

  @Option(
    help: """
      'axes': the six views along the map's axes, in the order +x, -x, +y, -y, +z, -z. The axis named points along \
      the beam; z runs along the image's y, and in the last two y does.
      """)
  var views: ViewsName?

  @OptionGroup(title: "Generated poses")
  var generation: PoseGenerationOptions

  mutating func validate() throws {
    let given = [file != nil, randomCount != nil, !angles.isEmpty, views != nil].count { $0 }
    guard given == 1 else {
      throw ValidationError(
        "give one of --poses FILE.star, --random-poses N, --euler rot,tilt,psi and --views axes")
    }
  }

  /// What an image is called beside its number.
  func name(_ index: Int) -> String? { views == nil ? nil : AxisView.allCases[index].rawValue }

  var chosenSeed: UInt64 { seed ?? 0 }

  /// - Parameter isRandom: whether anything is drawn at random.
  func uses(isRandom: Bool) -> [OptionUse] {
    [OptionUse("--seed", given: seed != nil, used: isRandom, for: "what is random")]
  }

  /// Whether poses depend on the seed.
  var areRandom: Bool { randomCount != nil && generation.areRandom }

  /// - Throws: `.mismatch` for options of pose generation where poses are not generated.
  func requireEffects() throws {
    try generation.uses(randomCount != nil).requireEffect(
      "these poses are given", remedy: "leave it out, or give --random-poses in place of them")
  }

  /// The STAR file, if poses come from one.
  func openFile() throws -> PoseFile? { try file.map { try PoseFile(path: $0) } }

  /// - Parameter pixelSizeInAngstroms: of the images, for origins in pixels that name no other.
  func load(_ file: PoseFile?, pixelSizeInAngstroms: Double?) throws -> PoseSource {
    if let file { return try PoseSource(file, pixelSizeInAngstroms: pixelSizeInAngstroms) }
    if let randomCount {
      return try PoseSource(randomCount: randomCount, generation: generation, seed: chosenSeed)
    }
    if views != nil { return .list(AxisView.allCases.map(\.pose)) }
    return .list(
      try angles.map {
        try $0.validate()
        return try Pose(relionRotInDegrees: $0.rot, tiltInDegrees: $0.tilt, psiInDegrees: $0.psi)
      })
  }
}

extension PoseOptions {
  /// What the poses depend on, for a later run to be held against.
  func describe(into parameters: inout RunParameters) throws {
    parameters.append("poses", try file.map { try fileFingerprint($0) } ?? "none from a file")
    parameters.append("angles", "\(angles.map { [$0.rot, $0.tilt, $0.psi] })")
    if let views { parameters.append("views", views.rawValue) }
    parameters.append("seed", chosenSeed)
    generation.describe(into: &parameters)
  }
}

enum ViewsName: String, ExpressibleByArgument, CaseIterable {
  case axes
}

/// Three angles as "rot,tilt,psi".
struct RelionAngles: ExpressibleByArgument {
  let rot, tilt, psi: Double

  init?(argument: String) {
    let parts = argument.split(separator: ",", omittingEmptySubsequences: false).map { Double($0) }
    guard parts.count == 3, let rot = parts[0], let tilt = parts[1], let psi = parts[2] else { return nil }
    (self.rot, self.tilt, self.psi) = (rot, tilt, psi)
  }

  /// - Throws: `.invalidValue` for angles that are not finite, or of so many turns that few digits are left.
  func validate() throws {
    guard [rot, tilt, psi].allSatisfy({ abs($0) <= 1e6 }) else {
      throw ExitPlaneError.invalid(
        "--euler", got: "\(rot),\(tilt),\(psi)", need: "three angles in degrees, within ±1000000°")
    }
  }
}

struct ImageOptions: ParsableArguments {
  @Option(
    parsing: .unconditional,
    help: """
      The images' side in pixels, or 'rows,columns'; the map's by default, of a structure that of the poses' file.
      """)
  var box: BoxArgument?

  @Option(
    parsing: .unconditional,
    help: """
      The images' pixel size in Å: the map's, unless --rescale is given; of a structure that of the poses' file by \
      default.
      """)
  var pixelSize: Double?

  @Option(
    parsing: .unconditional, help: "The map's voxel size in Å, in place of the one that its header has.")
  var voxelSize: Double?

  @Flag(
    help: """
      Allow pixel sizes that are not the map's, by --pixel-size or of the optics groups of the poses' file, and the \
      groups' boxes: the map, or with cubic and exact interpolation each slice of it, is resampled in Fourier space.
      """)
  var rescale = false

  @Flag(help: "Plain sums of voxels (RELION's scale) instead of integrals in Å.")
  var sum = false

  func shape(defaultSide: Int) throws -> GridShape {
    guard let box else { return try GridShape(square: defaultSide) }
    do {
      return try GridShape(rows: box.rows, columns: box.columns)
    } catch let error as ExitPlaneError {
      throw ExitPlaneError(error.kind, "--box: \(error)")
    }
  }

  func checkedPixelSize() throws -> Double? { try Self.checked("--pixel-size", pixelSize) }
  func checkedVoxelSize() throws -> Double? { try Self.checked("--voxel-size", voxelSize) }

  private static func checked(_ option: String, _ size: Double?) throws -> Double? {
    if let size { try PlausibleRange.pixelSize(option).require(size) }
    return size
  }
}

/// "N" or "rows,columns".
struct BoxArgument: ExpressibleByArgument {
  let rows, columns: Int

  init?(argument: String) {
    let parts = argument.split(separator: ",", omittingEmptySubsequences: false).map { Int($0) }
    guard (1...2).contains(parts.count), let rows = parts.first ?? nil, let columns = parts.last ?? nil
    else { return nil }
    (self.rows, self.columns) = (rows, columns)
  }
}

extension Projecting.Method: ExpressibleByArgument {}
extension Projecting.Interpolation: ExpressibleByArgument {}
extension SliceGrid: ExpressibleByArgument {}
extension RealVoxelAlgorithm: ExpressibleByArgument {}

struct FFTAtomOptions: ParsableArguments {
  @Option(
    parsing: .unconditional,
    help: "Compute on a grid this many times finer, an odd number, then average blocks of pixels.")
  var upsample: Int?

  @Flag(help: "Leave out the filter that averages over pixels.")
  var noAntialias = false
}

struct GaussianOptions: ParsableArguments {
  @Flag(help: "Take the potential at pixel centres instead of its mean over pixels.")
  var pointSampling = false

  @Option(
    parsing: .unconditional,
    help: "Compute on a grid this many times finer, then crop it in Fourier space. (default: 1)")
  var upsampling: Int?
}

struct SliceOptions: ParsableArguments {
  @Option(
    help: """
      How the transform is interpolated: 'exact' (the default), to the accuracy asked for, 'linear', or 'cubic' \
      (B-splines).
      """)
  var interpolation: Projecting.Interpolation?

  @Option(
    parsing: .unconditional,
    help: """
      Zero-padding of the map before its transform for linear and cubic interpolation, as a factor of its side. By \
      default 2; linear interpolation takes 4 or 3 where that keeps the padded side within 384.
      """)
  var padScale: Double?

  @Flag(
    help: """
      Leave out the division of the map that undoes the interpolation's fall-off; cubic interpolation then \
      solves for spline coefficients, as cryoJAX does.
      """)
  var noGriddingCorrection = false

  @Option(
    help: """
      Frequencies of a slice: 'image' (the default), the image's own, as RELION; or 'volume', the padded map's, \
      cropped in real space, as cryoJAX.
      """)
  var sliceGrid: SliceGrid?

  @Flag(
    help: """
      Scatter to the Ewald sphere instead of a plane: with the CTF on both halves of the wave, as RELION has it; \
      without a CTF, what an ideal phase plate shows in focus.
      """)
  var ewald = false

  @Flag(
    help: """
      Curve the Ewald sphere to the other side, as RELION's --reverse_curvature: what lies at height z along the beam is \
      seen at the defocus plus z, without this minus z.
      """)
  var reverseCurvature = false

  mutating func validate() throws {
    if reverseCurvature, !ewald { throw ValidationError("--reverse-curvature needs --ewald") }
  }
}

struct RunningOptions: ParsableArguments {
  @Option(help: "The precision: single or double.")
  var precision = Precision.single

  @Option(parsing: .unconditional, help: "Threads to use; the images do not depend on it.")
  var threads = availableProcessors

  mutating func validate() throws {
    guard (1...1024).contains(threads) else {
      throw ValidationError("--threads is \(threads); it must be 1 to 1024")
    }
  }
}
