extension Projector where Plan: DifferentiablePlan {
  /// The way back of one projection: what a loss changes with the volume and the pose, from what it changes with the
  /// image.
  ///
  /// For many images `LeastSquares` does it without copies, on all processors.
  ///
  /// - Parameters:
  ///   - cotangent: `∂L/∂` of every pixel, in the plane's `shape`.
  ///   - pose: at which the image was projected.
  ///   - gradient: the volume's part is added to it; nil where it is not wanted.
  ///   - threads: how many at the most; no bit depends on it.
  /// - Returns: the pose's part.
  /// - Throws: `.mismatch` for a cotangent of another shape; `.invalidValue` beyond memory.
  public func pullBack(
    _ cotangent: RealImage<Plan.Scalar>, at pose: Pose, addingTo gradient: inout Plan.Gradient?,
    threads: Int = availableProcessors
  ) throws -> Pose.Cotangent {
    guard cotangent.shape == plane.shape else {
      throw ExitPlaneError.mismatch(
        "the cotangent is of \(cotangent.shape)", "the images are of \(plane.shape)")
    }
    var workspace = try plan.makeWorkspaceForPullBack(for: prepared)
    var trace = try plan.makeTrace(for: prepared)
    _ = plan.imageForPullBack(of: prepared, at: pose, using: &workspace)
    let padded = cotangent.resized(to: plane.paddedShape)
    let first = padded.values.withUnsafeBufferPointer { pixels in
      pixels.baseAddress.map {
        plan.trace(imageCotangent: $0, of: prepared, at: pose, into: &trace, using: &workspace)
      } ?? .zero
    }
    let rest = try plan.accumulate([trace], at: [pose], of: prepared, into: &gradient, threads: threads)
    return rest.reduce(first, +)
  }

  /// The way back of many projections, on several threads, in memory that does not grow with their number.
  ///
  /// - Parameters:
  ///   - poses: of the projections.
  ///   - gradient: the volume's part is added to it, image by image in their order; nil where it is not wanted.
  ///   - threads: how many at the most; no bit depends on it.
  ///   - cotangent: writes `∂L/∂` of the pixels of an image, in the plane's `shape`; called from several threads at once.
  /// - Returns: the poses' parts, in their order.
  /// - Throws: what `cotangent` throws; `.invalidValue` beyond memory.
  public func pullBack(
    at poses: [Pose], addingTo gradient: inout Plan.Gradient?, threads: Int = availableProcessors,
    cotangent: @Sendable (_ index: Int, _ pixels: UnsafeMutableBufferPointer<Plan.Scalar>) throws -> Void
  ) throws -> [Pose.Cotangent] {
    // As many images as keep the threads busy between one step and the next.
    let length = max(1, min(poses.count, 8 * max(1, threads)))
    var traces = try (0..<length).map { _ in try plan.makeTrace(for: prepared) }
    let scratch = Pool { try PullBackScratch(self) }
    var cotangents: [Pose.Cotangent] = []
    cotangents.reserveCapacity(poses.count)
    var first = 0
    while first < poses.count {
      let images = first..<min(poses.count, first + length)
      var found = [Pose.Cotangent](repeating: .zero, count: images.count)
      try traces.withUnsafeMutableBufferPointer { traces in
        try found.withUnsafeMutableBufferPointer { found in
          // Every index has a place of its own.
          nonisolated(unsafe) let (traces, found) = (traces, found)
          try parallelForEach(
            count: images.count, threads: threads, workspace: { try scratch.lend() },
            body: { place, scratch in
              let index = images.lowerBound + place
              try cotangent(index, scratch.pixels.buffer)
              found[place] = scratch.pullBack(at: poses[index], into: &traces[place])
            })
        }
      }
      scratch.takeBack()
      let rest = try plan.accumulate(
        traces[..<images.count], at: poses[images], of: prepared, into: &gradient, threads: threads)
      cotangents += zip(found, rest).map { $0 + $1 }
      first = images.upperBound
    }
    return cotangents
  }

  /// A gradient of zeros.
  ///
  /// - Throws: `.invalidValue` beyond memory.
  public func makeGradient() throws -> Plan.Gradient { try plan.makeGradient(for: prepared) }
}

/// What one thread needs to take images' cotangents back.
private final class PullBackScratch<Plan: DifferentiablePlan> {
  /// In the plane's `shape`.
  let pixels: AlignedBuffer<Plan.Scalar>
  private let padded: AlignedBuffer<Plan.Scalar>
  private let projector: Projector<Plan>
  private var workspace: Plan.Workspace

  init(_ projector: Projector<Plan>) throws {
    self.projector = projector
    workspace = try projector.plan.makeWorkspaceForPullBack(for: projector.prepared)
    pixels = try .image(projector.plane.shape)
    padded = try .image(projector.plane.paddedShape)
  }

  func pullBack(at pose: Pose, into trace: inout Plan.Trace) -> Pose.Cotangent {
    let (plan, plane) = (projector.plan, projector.plane)
    _ = plan.imageForPullBack(of: projector.prepared, at: pose, using: &workspace)
    cropOrPad(pixels.pointer, plane.shape, into: padded.pointer, plane.paddedShape)
    return plan.trace(
      imageCotangent: padded.pointer, of: projector.prepared, at: pose, into: &trace, using: &workspace)
  }
}
