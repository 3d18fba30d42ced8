import CKernels

/// Sums over images of what a loss changes with a mixture's Gaussians, in the kernel's terms and order.
///
/// Positions are cut into chunks, whose number depends on theirs alone. A chunk belongs to one thread, which takes the
/// images in order; what a pose gathers is summed over the chunks in order. So no bit depends on the number of threads.
final class GaussianSums<Scalar: GridScalar>: @unchecked Sendable {
  let volume: GaussianMixtureVolume
  private let parts: GaussianMixtureVolume.Gradient.Parts?
  /// Those that images show, and where amplitudes are asked for those of amplitude 0.
  private let sets: [GaussianSumSet<Scalar>]
  private let chunks: Int

  /// How the Gaussians are computed.
  struct Options {
    let pixelSizeInAngstroms: Double
    let axes: Int
    let useErrorFunctions: Bool
    let accuracy: Double
    var magnification = AnisotropicMagnification.none
    var order: [UInt32]?
  }

  /// - Parameters:
  ///   - parts: what is summed of the Gaussians; nil where only what poses gather is wanted.
  ///   - distortion: as the volume is drawn, and `groups` as well.
  /// - Throws: `.invalidValue` when there is no memory.
  init(
    _ volume: GaussianMixtureVolume, _ parts: GaussianMixtureVolume.Gradient.Parts?,
    distortion: GaussianDistortion?, groups: GaussianGroups<Scalar>, options: Options
  ) throws {
    self.volume = volume
    self.parts = parts
    // Enough for a few threads' balance, each with enough atoms to be worth reading an image for.
    chunks = max(1, min(64, volume.positionsInAngstroms.count / 256))
    let shown = try GaussianSumSet(
      volume, distortion, groups, order: options.order, chunks: chunks, positions: parts != nil,
      others: parts == .all)
    guard parts == .all, volume.hasAmplitudeZero else {
      sets = [shown]
      return
    }
    let hidden =
      try distortion.map { _ in
        try GaussianDistortion(
          volume, by: options.magnification, accuracy: options.accuracy, ofAmplitudeZero: true)
      }
    sets = [
      shown,
      try GaussianSumSet(
        volume, hidden,
        GaussianGroups(
          hidden?.volume ?? volume, pixelSizeInAngstroms: options.pixelSizeInAngstroms, axes: options.axes,
          useErrorFunctions: options.useErrorFunctions, accuracy: options.accuracy, order: options.order,
          ofAmplitudeZero: true), order: options.order, chunks: chunks, positions: false, others: true),
    ]
  }

  /// Adds what the looks' cotangents give, in their order.
  ///
  /// - Returns: what each look's pixel coordinates gather.
  func add(_ looks: [GaussianLook<Scalar>], threads: Int) throws -> [GaussianLook<Scalar>.Sums] {
    guard let first = looks.first else { return [] }
    let sets = sets
    var partial = [GaussianLook<Scalar>.Sums](repeating: .init(), count: chunks * looks.count)
    try partial.withUnsafeMutableBufferPointer { buffer in
      guard let target = buffer.baseAddress else { return }
      // Every chunk writes its own.
      nonisolated(unsafe) let results = target
      try parallelForEach(
        count: chunks, threads: threads,
        workspace: {
          (
            scratch: sets.contains { !$0.isNarrow } ? try first.cotangent.makeScratch() : nil,
            positions: sets.map { _ in [SIMD3<Double>]() }
          )
        },
        body: { chunk, workspace in
          for (index, look) in looks.enumerated() {
            for (set, groups) in sets.enumerated() {
              groups.add(
                look, chunk: chunk, positions: &workspace.positions[set],
                scratch: workspace.scratch?.pointer, into: &results[chunk * looks.count + index])
            }
          }
        })
    }
    return looks.indices.map { look in
      var sum = GaussianLook<Scalar>.Sums()
      for chunk in 0..<chunks {
        sum.column += partial[chunk * looks.count + look].column
        sum.row += partial[chunk * looks.count + look].row
      }
      return sum
    }
  }

  /// The sums in the caller's terms and order.
  func gradient() -> GaussianMixtureVolume.Gradient {
    let count = volume.positionsInAngstroms.count
    let others = parts == .all ? count * volume.gaussiansPerPosition : 0
    var gradient = GaussianMixtureVolume.Gradient(
      positions: [SIMD3<Double>](repeating: SIMD3(0, 0, 0), count: count),
      amplitudes: [Double](repeating: 0, count: others), variances: [Double](repeating: 0, count: others))
    for set in sets { set.add(to: &gradient, of: volume) }
    return gradient
  }
}

extension GaussianMixtureVolume {
  /// Whether there are Gaussians that no image shows.
  fileprivate var hasAmplitudeZero: Bool {
    var found = false
    forEachPosition(in: positionsInAngstroms.indices) { _, amplitudes, _ in
      for a in amplitudes where a == 0 { found = true }
    }
    return found
  }
}
