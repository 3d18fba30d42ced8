/// What is cut off has no way back; all else goes through the base's.
extension ResolutionLimitedPlan: DifferentiablePlan where Base: DifferentiablePlan {
  public typealias Gradient = Base.Gradient
  public typealias Trace = Base.Trace

  public var prefersSpectra: Bool { true }

  public func makeGradient(for prepared: Base.Prepared) throws -> Base.Gradient {
    try base.makeGradient(for: prepared)
  }

  public func makeTrace(for prepared: Base.Prepared) throws -> Base.Trace {
    try base.makeTrace(for: prepared)
  }

  public func makeWorkspaceForPullBack(for prepared: Base.Prepared) throws -> Workspace {
    Workspace(
      base: try base.makeWorkspaceForPullBack(for: prepared), image: try .image(plane.paddedShape),
      factors: PhaseFactors(plane.paddedShape), cotangent: try .half(plane.paddedShape))
  }

  public func spectrumForPullBack(
    of prepared: Base.Prepared, at pose: Pose, using workspace: inout Workspace
  ) -> UnsafeMutableBufferPointer<Scalar> {
    let half = base.spectrumForPullBack(of: prepared, at: pose, using: &workspace.base)
    if let entries = half.baseAddress { cutoff.zeroBeyond(entries, plane.paddedShape) }
    return half
  }

  public func imageForPullBack(
    of prepared: Base.Prepared, at pose: Pose, using workspace: inout Workspace
  ) -> UnsafeMutableBufferPointer<Scalar> {
    image(ofSpectrum: spectrumForPullBack(of: prepared, at: pose, using: &workspace), workspace)
  }

  public func trace(
    spectrumCotangent cotangent: UnsafePointer<Scalar>, of prepared: Base.Prepared, at pose: Pose,
    into trace: inout Base.Trace, using workspace: inout Workspace
  ) -> Pose.Cotangent {
    guard let half = workspace.cotangent else { return .zero }
    half.pointer.update(from: cotangent, count: half.count)
    cutoff.zeroBeyond(half.pointer, plane.paddedShape)
    return base.trace(
      spectrumCotangent: half.pointer, of: prepared, at: pose, into: &trace, using: &workspace.base)
  }

  public func trace(
    imageCotangent cotangent: UnsafePointer<Scalar>, of prepared: Base.Prepared, at pose: Pose,
    into trace: inout Base.Trace, using workspace: inout Workspace
  ) -> Pose.Cotangent {
    guard let half = workspace.cotangent else { return .zero }
    let shape = plane.paddedShape
    workspace.image.pointer.update(from: cotangent, count: shape.count)
    toHalf.execute(workspace.image.pointer, half.pointer)
    shape.scaleInnerColumns(half.pointer, by: 2)
    workspace.factors.setCentreToOrigin(scale: 1 / Double(shape.count))
    workspace.factors.multiply(half.pointer)
    return self.trace(
      spectrumCotangent: half.pointer, of: prepared, at: pose, into: &trace, using: &workspace)
  }

  public func accumulate(
    _ traces: ArraySlice<Base.Trace>, at poses: ArraySlice<Pose>, of prepared: Base.Prepared,
    into gradient: inout Base.Gradient?, threads: Int
  ) throws -> [Pose.Cotangent] {
    try base.accumulate(traces, at: poses, of: prepared, into: &gradient, threads: threads)
  }
}
