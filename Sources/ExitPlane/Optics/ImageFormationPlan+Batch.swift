extension ImageFormationPlan {
  /// Makes many images, on several threads, in memory that does not grow with their number.
  ///
  /// - Parameters:
  ///   - count: how many images.
  ///   - threads: how many at the most; every image has the same bits on one as on many.
  ///   - particle: the particle of an index.
  ///   - consume: takes an image in the plane's `shape`, which holds until it returns. It is called from several
  ///     threads at once, in no order.
  public func imageEach(
    count: Int, threads: Int, particle: @Sendable (Int) throws -> ImagedParticle<Scalar>,
    consume: @Sendable (_ index: Int, _ image: UnsafeBufferPointer<Scalar>) throws -> Void
  ) throws {
    try Self.imageEach(
      by: [self], count: count, threads: threads, item: { (0, try particle($0)) }, consume: consume)
  }

  /// As above, by several plans: optics groups have planes of their own.
  ///
  /// - Parameters:
  ///   - plans: of the optics groups.
  ///   - count: how many images.
  ///   - threads: how many at the most; no bit depends on it.
  ///   - item: the particle of an index, and which of the plans makes its image.
  ///   - consume: takes an image in the plane's `shape`, which holds until it returns; called from several threads.
  public static func imageEach(
    by plans: [Self], count: Int, threads: Int,
    item: @Sendable (Int) throws -> (plan: Int, particle: ImagedParticle<Scalar>),
    consume: @Sendable (_ index: Int, _ image: UnsafeBufferPointer<Scalar>) throws -> Void
  ) throws {
    try parallelForEach(
      count: count, threads: threads, workspace: { plans.map { _ -> Workspace? in nil } },
      body: { index, workspaces in
        let (number, particle) = try item(index)
        // A plan that a thread never meets takes no memory on it.
        var workspace = try workspaces[number] ?? plans[number].makeWorkspace()
        let image = try plans[number].image(of: particle, using: &workspace)
        workspaces[number] = workspace
        try consume(index, UnsafeBufferPointer(image))
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
    try Self.signalVariance(
      by: [self], count: count, threads: threads, item: { (0, try particle($0)) })
  }

  /// As above, by several plans.
  public static func signalVariance(
    by plans: [Self], count: Int, threads: Int,
    item: @Sendable (Int) throws -> (plan: Int, particle: ImagedParticle<Scalar>)
  ) throws -> Double {
    guard count > 0 else {
      throw ExitPlaneError.invalid("number of images", got: "\(count)", need: "above 0")
    }
    let moments = try AlignedBuffer<SIMD3<Double>>(count: count, of: "moments of \(count) images")
    try parallelForEach(
      count: count, threads: threads, workspace: { plans.map { _ -> Workspace? in nil } },
      body: { index, workspaces in
        let (number, particle) = try item(index)
        var workspace = try workspaces[number] ?? plans[number].makeWorkspace()
        let image = try plans[number].noiselessImage(of: particle, using: &workspace)
        workspaces[number] = workspace
        let sums = sums(UnsafeBufferPointer(image))
        moments.pointer[index] = SIMD3(sums.x, sums.y, Double(image.count))
      })
    let total = moments.buffer.prefix(count).reduce(SIMD3(0, 0, 0), +)
    let mean = total.x / total.z
    return max(0, total.y / total.z - mean * mean)
  }
}
