extension RealImagePlan {
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
    let (padded, shape) = (plane.paddedShape, plane.shape)
    try parallelForEach(
      count: count, threads: threads,
      workspace: {
        (try makeWorkspace(), padded == shape ? nil : try AlignedBuffer<Scalar>.image(shape))
      },
      body: { index, scratch in
        let image = self.image(at: try pose(index), using: &scratch.0)
        guard let cropped = scratch.1, let pixels = image.baseAddress else {
          return try consume(index, UnsafeBufferPointer(image))
        }
        Scalar._kernels.cropOrPad(pixels, padded, cropped.pointer, shape)
        try consume(index, UnsafeBufferPointer(cropped.buffer))
      })
  }

  /// The images of a list of poses, in their order.
  public func project(_ poses: [Pose], threads: Int = availableProcessors) throws -> [RealImage<Scalar>] {
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
        unchecked: Array(UnsafeBufferPointer(start: pixels.pointer + index * shape.count, count: shape.count)))
    }
  }
}
