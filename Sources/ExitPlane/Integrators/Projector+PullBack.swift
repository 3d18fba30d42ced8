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

  /// A gradient of zeros.
  ///
  /// - Throws: `.invalidValue` beyond memory.
  public func makeGradient() throws -> Plan.Gradient { try plan.makeGradient(for: prepared) }
}
