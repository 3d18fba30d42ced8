/// Inserts images' half spectra into the grid of a Fourier volume, data and weights alike: the transpose of taking
/// slices, and nothing else.
///
/// The data of an entry and its weight go to the samples from which a slice interpolates that entry, with the same
/// weights of interpolation. Both sums are in the order of the images, so that no bit depends on the number of threads.
public struct SliceInsertion<Volume: FourierSliceVolume>: Sendable {
  /// The precision of the volume.
  public typealias Scalar = Volume.Scalar

  /// What the images are: entries are those of half spectra of its padded shape.
  public let plane: ImageConfiguration
  private let samples: FourierSamples<Scalar>
  private let geometry: SliceGeometry

  /// - Parameters:
  ///   - volume: whose grid and interpolation are taken; its numbers are not.
  ///   - plane: what the images are.
  ///   - resamples: whether images may have another pixel size than the volume.
  ///   - resolutionInAngstroms: entries beyond it are left out; nil for none.
  /// - Throws: `.mismatch` for pixel sizes that differ, unless they may; `.invalidValue` for a resolution not above 0 Å.
  public init(
    like volume: Volume, from plane: ImageConfiguration, resamples: Bool = false,
    resolutionInAngstroms: Double? = nil
  ) throws {
    self.plane = plane
    samples = volume.samples
    geometry = try SliceGeometry(
      volume.layout, onto: plane, sliceGrid: .image, outputsIntegral: false, resamples: resamples,
      resolutionInAngstroms: resolutionInAngstroms)
  }

  /// Sums of zeros.
  ///
  /// - Throws: `.invalidValue` beyond memory.
  public func makeSums() throws -> FourierSamplesGradient<Scalar> {
    try FourierSamplesGradient(for: samples)
  }

  /// Adds a batch of images.
  ///
  /// - Parameters:
  ///   - count: how many images.
  ///   - threads: how many at the most; no bit depends on it.
  ///   - data: is added to.
  ///   - weights: is added to, real numbers; nil where there are none.
  ///   - read: writes an image's half spectrum, `paddedShape.rows × (paddedShape.columns / 2 + 1)` complex numbers
  ///     with real and imaginary parts in turn and phases referred to the origin, and its weights, a real number an
  ///     entry; returns its pose, whose shift is undone. It is called from several threads at once.
  /// - Throws: what `read` throws; `.mismatch` for sums of another grid; `.invalidValue` beyond memory.
  public func insert(
    count: Int, threads: Int = availableProcessors, into data: FourierSamplesGradient<Scalar>,
    weights: FourierSamplesGradient<Scalar>? = nil,
    read:
      @Sendable (
        _ index: Int, _ data: UnsafeMutableBufferPointer<Scalar>,
        _ weights: UnsafeMutableBufferPointer<Scalar>
      ) throws -> Pose
  ) throws {
    for sums in [data, weights].compactMap({ $0 }) { try requireGradient(sums, of: samples) }
    let length = max(1, min(count, 8 * max(1, threads)))
    let shape = geometry.shape
    let entries = shape.rows * shape.spectrumColumns
    // An image's are written by the thread that reads it.
    nonisolated(unsafe) let slices = try (0..<length).map { _ in try SliceCotangent<Scalar>(shape) }
    nonisolated(unsafe) let weightSlices =
      weights == nil ? [] : try (0..<length).map { _ in try SliceCotangent<Scalar>(shape) }
    for first in stride(from: 0, to: count, by: length) {
      let images = first..<min(count, first + length)
      try parallelForEach(
        count: images.count, threads: threads,
        workspace: { () throws in
          (
            half: try AlignedBuffer<Scalar>.half(shape),
            weights: try AlignedBuffer<Scalar>(count: entries, of: "weights of \(shape)"),
            factors: PhaseFactors<Scalar>(shape)
          )
        },
        body: { place, scratch in
          let pose = try read(first + place, scratch.half.buffer, scratch.weights.buffer)
          let shift = pose.shiftInAngstroms / plane.pixelSizeInAngstroms
          scratch.factors.set(shiftInPixels: shift, fromCentre: false, scale: 1)
          take(scratch.half.pointer, scratch.factors, at: pose, into: slices[place])
          guard !weightSlices.isEmpty else { return }
          // Weights have no phases.
          scratch.factors.set(shiftInPixels: SIMD2(0, 0), fromCentre: false, scale: 1)
          let half = scratch.half.pointer
          for entry in 0..<entries {
            (half[2 * entry], half[2 * entry + 1]) = (scratch.weights.pointer[entry], 0)
          }
          take(half, scratch.factors, at: pose, into: weightSlices[place])
        })
      SliceCotangent.add(
        Array(slices[..<images.count]), of: samples, outOfBounds: .zero, to: data, threads: threads)
      if let weights {
        SliceCotangent.add(
          Array(weightSlices[..<images.count]), of: samples, outOfBounds: .zero, to: weights,
          threads: threads)
      }
    }
  }

  private func take(
    _ half: UnsafeMutablePointer<Scalar>, _ factors: PhaseFactors<Scalar>, at pose: Pose,
    into slice: SliceCotangent<Scalar>
  ) {
    geometry.shape.symmetrize(half)
    slice.take(half, factors: factors)
    slice.finish(on: geometry.plane(at: pose.rotation, factors: slice.factors), of: samples)
  }
}
