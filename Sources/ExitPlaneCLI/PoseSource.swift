import ExitPlane
import ExitPlaneIO

/// Where poses come from; random ones are made when asked for, so that a million take no memory.
enum PoseSource: Sendable {
  case particles(ParticleSet)
  case random(count: Int, seed: UInt64)
  case list([Pose])

  init(starFile path: String, pixelSizeInAngstroms: Double) throws {
    let document = try STARDocument(contentsOf: path)
    do {
      self = .particles(try ParticleSet(document))
    } catch let error as ExitPlaneError where error.kind == .malformedFile {
      // Origins in pixels of a file that gives no pixel size are in those of the images.
      guard let particles = try? ParticleSet(document, pixelSizeInAngstroms: pixelSizeInAngstroms) else {
        throw error
      }
      self = .particles(particles)
    }
  }

  init(randomCount count: Int, seed: UInt64) throws {
    guard (1...100_000_000).contains(count) else {
      throw ExitPlaneError.invalid("--random-poses", got: "\(count)", need: "1 to 100000000")
    }
    self = .random(count: count, seed: seed)
  }

  var count: Int {
    switch self {
    case .particles(let particles): particles.count
    case .random(let count, _): count
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
    case .random(_, let seed): Pose(rotation: .random(seed: seed, index: index))
    case .list(let poses): poses[index]
    }
  }

  /// Writes the poses as the STAR file of a stack: what a file of particles said beside is kept.
  func writeSTAR(describing stack: ParticleStack, to sink: @escaping ByteSink) throws {
    switch self {
    case .particles(let particles):
      try particles.document(describing: stack).write(to: sink)
    case .random, .list:
      var writer = try ParticleSTARWriter(describing: stack, to: sink)
      for index in 0..<count { try writer.append(pose(index)) }
      try writer.finish()
    }
  }
}
