extension ImageFormationPlan {
  /// Makes many images, on several threads, in memory that does not grow with their number.
  ///
  /// - Parameters:
  ///   - threads: how many at the most; every image has the same bits on one as on many.
  ///   - particle: the particle of an index.
  ///   - consume: takes an image in the plane's `shape`, which holds until it returns. It is called from
  ///     several threads at once, in no order.
  public func imageEach(
    count: Int, threads: Int, particle: @Sendable (Int) throws -> ImagedParticle<Scalar>,
    consume: @Sendable (_ index: Int, _ image: UnsafeBufferPointer<Scalar>) throws -> Void
  ) throws {
    try parallelForEach(
      count: count, threads: threads, workspace: { try makeWorkspace() },
      body: { index, workspace in
        try consume(index, UnsafeBufferPointer(image(of: particle(index), using: &workspace)))
      })
  }

  /// The variance over all pixels of all `count` images without their noise: what a signal-to-noise ratio is of.
  ///
  /// It has the same bits on one thread as on many.
  ///
  /// - Throws: `.invalidValue` for a count below 1; what `image` throws.
  public func signalVariance(
    count: Int, threads: Int, particle: @Sendable (Int) throws -> ImagedParticle<Scalar>
  ) throws -> Double {
    guard count > 0 else {
      throw ExitPlaneError.invalid("number of images", got: "\(count)", need: "above 0")
    }
    let moments = try AlignedBuffer<SIMD2<Double>>(count: count, of: "moments of \(count) images")
    try parallelForEach(
      count: count, threads: threads, workspace: { try makeWorkspace() },
      body: { index, workspace in
        let image = try noiselessImage(of: particle(index), using: &workspace)
        moments.pointer[index] = sums(UnsafeBufferPointer(image))
      })
    let total = moments.buffer.prefix(count).reduce(SIMD2(0, 0), +)
    let pixels = Double(count) * Double(plane.shape.count)
    let mean = total.x / pixels
    return max(0, total.y / pixels - mean * mean)
  }
}
