import ExitPlane
import ExitPlaneIO

/// Where poses come from; generated ones are made when asked for, so that a million take no memory.
enum PoseSource: Sendable {
  case particles(ParticleSet)
  case generated(PoseGenerator, count: Int)
  case list([Pose])

  init(_ file: PoseFile, pixelSizeInAngstroms: Double?) throws {
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

  /// Writes the poses as the STAR file of stacks: what a file of particles said beside is kept.
  ///
  /// - Parameter stacks: by optics group; poses that come from no file are one.
  func writeSTAR(describing stacks: [ParticleStack], to sink: @escaping ByteSink) throws {
    switch self {
    case .particles(let particles):
      try particles.document(describing: stacks, rows: 0..<count, imagesHaveOptics: false).write(to: sink)
    case .generated, .list:
      guard let stack = stacks.first else { return }
      var writer = try ParticleSTARWriter(describing: stack, to: sink)
      for index in 0..<count { try writer.append(pose(index)) }
      try writer.finish()
    }
  }
}

/// A STAR file of poses, which may need the images' pixel size to be understood.
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
  func particles(pixelSizeInAngstroms: Double?) throws -> ParticleSet {
    switch found {
    case .success(let particles): return particles
    case .failure(let error):
      guard let pixelSizeInAngstroms,
        let particles = try? ParticleSet(document, pixelSizeInAngstroms: pixelSizeInAngstroms)
      else { throw error }
      return particles
    }
  }
}

extension PoseSource {
  /// Refuses particles of which no images are made, and says which of their columns the images' file will not have.
  ///
  /// - Throws: `.unsupported`.
  func reviewColumns(imagesHaveOptics: Bool) throws {
    guard let set = particleSet else { return }
    try set.requireImageable()
    let untrue = set.untrueColumns(imagesHaveOptics: imagesHaveOptics).map { "_\($0)" }
    guard !untrue.isEmpty else { return }
    let file = set.document.path.map { " of \($0)" } ?? ""
    say(
      "warning: \(untrue.joined(separator: ", "))\(file) would be untrue of the new images and "
        + "\(untrue.count == 1 ? "is" : "are") left out (Docs/STAR.md)")
  }
}
