extension RealImageProjector {
  /// Projects many poses, on several threads, in memory that does not grow with their number.
  ///
  /// - Parameters:
  ///   - count: how many poses.
  ///   - threads: how many at the most; every image has the same bits on one as on many.
  ///   - pose: the pose of an index.
  ///   - consume: takes an image in the plane's `shape`, which holds until it returns. It is called from
  ///     several threads at once, in no order.
  public func projectEach(
    count: Int, threads: Int, pose: @Sendable (Int) throws -> Pose,
    consume: @Sendable (_ index: Int, _ image: UnsafeBufferPointer<Scalar>) throws -> Void
  ) throws {
    try Self.projectEach(
      by: [self], count: count, threads: threads, item: { (0, try pose($0)) }, consume: consume)
  }

  /// As above, by several plans: optics groups have planes of their own.
  ///
  /// - Parameters:
  ///   - plans: what projects, each onto its plane.
  ///   - count: how many poses.
  ///   - threads: how many at the most; no bit depends on it.
  ///   - item: the pose of an index, and which of the plans projects at it.
  ///   - consume: takes an image in the plane's `shape`, which holds until it returns; called from several threads.
  public static func projectEach(
    by plans: [Self], count: Int, threads: Int, item: @Sendable (Int) throws -> (plan: Int, pose: Pose),
    consume: @Sendable (_ index: Int, _ image: UnsafeBufferPointer<Scalar>) throws -> Void
  ) throws {
    try parallelForEach(
      count: count, threads: threads,
      workspace: { plans.map { _ -> (Workspace, AlignedBuffer<Scalar>?)? in nil } },
      body: { index, workspaces in
        let (number, pose) = try item(index)
        let plan = plans[number]
        let (padded, shape) = (plan.plane.paddedShape, plan.plane.shape)
        // A plan that a thread never meets takes no memory on it.
        var scratch =
          try workspaces[number]
          ?? (plan.makeWorkspace(), padded == shape ? nil : AlignedBuffer<Scalar>.image(shape))
        let image = plan.image(at: pose, using: &scratch.0)
        workspaces[number] = scratch
        guard let cropped = scratch.1, let pixels = image.baseAddress else {
          return try consume(index, UnsafeBufferPointer(image))
        }
        cropOrPad(pixels, padded, into: cropped.pointer, shape)
        try consume(index, UnsafeBufferPointer(cropped.buffer))
      })
  }

  /// The images of a list of poses in the plane's `shape`, in their order.
  ///
  /// - Throws: `.invalidValue` beyond memory.
  public func images(at poses: [Pose], threads: Int = availableProcessors) throws -> [RealImage<Scalar>] {
    let shape = plane.shape
    let pixels = try AlignedBuffer<Scalar>(
      count: poses.count * shape.count, of: "\(poses.count) images of \(shape)")
    try projectEach(
      count: poses.count, threads: threads, pose: { poses[$0] },
      consume: { index, image in
        guard let source = image.baseAddress else { return }
        (pixels.pointer + index * shape.count).update(from: source, count: shape.count)
      })
    return poses.indices.map { index in
      RealImage(
        shape: shape,
        unchecked: Array(UnsafeBufferPointer(start: pixels.pointer + index * shape.count, count: shape.count))
      )
    }
  }
}
