import ExitPlane
import ExitPlaneIO

/// Where poses come from; generated ones are made when asked for, so that a million take no memory.
enum PoseSource: Sendable {
  case particles(ParticleSet)
  case generated(PoseGenerator, count: Int)
  case list([Pose])

  init(_ file: PoseFile, pixelSizeInAngstroms: Double) throws {
    self = .particles(try file.particles(pixelSizeInAngstroms: pixelSizeInAngstroms))
  }

  init(randomCount count: Int, generation: PoseGenerationOptions, seed: UInt64) throws {
    guard (1...100_000_000).contains(count) else {
      throw ExitPlaneError.invalid("--random-poses", got: "\(count)", need: "1 to 100000000")
    }
    self = .generated(try generation.generator(count: count, seed: seed), count: count)
  }

  var count: Int {
    switch self {
    case .particles(let particles): particles.count
    case .generated(_, let count): count
    case .list(let poses): poses.count
    }
  }

  /// What a STAR file says of the particles, where the poses come from one.
  var particleSet: ParticleSet? {
    if case .particles(let particles) = self { particles } else { nil }
  }

  /// - Throws: never yet; poses that are computed may one day.
  func pose(_ index: Int) throws -> Pose {
    switch self {
    case .particles(let particles): particles.poses[index]
    case .generated(let generator, _): generator.pose(index)
    case .list(let poses): poses[index]
    }
  }

  /// Writes the poses as the STAR file of a stack: what a file of particles said beside is kept.
  func writeSTAR(describing stack: ParticleStack, to sink: @escaping ByteSink) throws {
    switch self {
    case .particles(let particles):
      try particles.document(describing: stack).write(to: sink)
    case .generated, .list:
      var writer = try ParticleSTARWriter(describing: stack, to: sink)
      for index in 0..<count { try writer.append(pose(index)) }
      try writer.finish()
    }
  }
}

/// A STAR file of poses, which is asked for what it says of its images before poses are made of it.
struct PoseFile: Sendable {
  private let document: STARDocument
  /// Not to be had without a pixel size where origins are in pixels whose size the file does not say.
  private let found: Result<ParticleSet, ExitPlaneError>

  init(path: String) throws {
    document = try STARDocument(contentsOf: path)
    do {
      found = .success(try ParticleSet(document))
    } catch let error as ExitPlaneError where error.kind == .malformedFile {
      found = .failure(error)
    }
  }

  /// - Parameter pixelSizeInAngstroms: of the images, for origins in pixels that name no other.
  func particles(pixelSizeInAngstroms: Double) throws -> ParticleSet {
    switch found {
    case .success(let particles): return particles
    case .failure(let error):
      guard let particles = try? ParticleSet(document, pixelSizeInAngstroms: pixelSizeInAngstroms) else {
        throw error
      }
      return particles
    }
  }

  /// What it says of its images.
  var images: StatedImages {
    guard case .success(let particles) = found else {
      return StatedImages(lack: ", which the poses' file lacks")
    }
    return StatedImages(particles.opticsGroups)
  }
}

/// What a file of poses says of its images, where all its optics groups agree.
struct StatedImages: Sendable {
  var pixelSizeInAngstroms: Double?
  var side: Int?
  /// Why something is nil, to go on after its name.
  var lack = ""

  init(lack: String = "") { self.lack = lack }

  init(_ groups: [ParticleOpticsGroup]) {
    func common<Value: Equatable>(_ value: KeyPath<ParticleOpticsGroup, Value?>) -> Value? {
      let first = groups.first?[keyPath: value]
      return groups.allSatisfy { $0[keyPath: value] == first } ? first : nil
    }
    pixelSizeInAngstroms = common(\.pixelSizeInAngstroms)
    side = common(\.imageSize)
    lack =
      groups.count > 1
      ? ", which are not the same for all optics groups of the poses' file"
      : ", which the poses' file lacks"
  }
}
