extension GaussianMixturePlan: DifferentiablePlan {
  /// Sums of what losses change with the Gaussians.
  public struct Gradient: Sendable {
    let sums: GaussianSums<Scalar>

    /// The sums in the caller's order; of what the integrator's `gradientParts` asks for.
    public func values() -> GaussianMixtureVolume.Gradient { sums.gradient() }
  }

  /// What a loss changes with the pixels on which Gaussians are summed.
  public struct Trace: Sendable {
    let cotangent: GaussianCotangent<Scalar>
  }

  public func makeGradient(for prepared: Prepared) throws -> Gradient {
    Gradient(sums: try makeSums(for: prepared, gradientParts))
  }

  private func makeSums(
    for prepared: Prepared, _ parts: GaussianMixtureVolume.Gradient.Parts?
  ) throws -> GaussianSums<Scalar> {
    try GaussianSums(
      prepared.volume, parts, distortion: prepared.distortion, groups: prepared.groups,
      options: .init(
        pixelSizeInAngstroms: computedPixelSize, axes: 2, useErrorFunctions: useErrorFunctions,
        accuracy: accuracy, magnification: plane.magnification))
  }

  public func makeTrace(for prepared: Prepared) throws -> Trace {
    Trace(cotangent: try GaussianCotangent(computed))
  }

  public func imageForPullBack(
    of prepared: Prepared, at pose: Pose, using workspace: inout Workspace
  ) -> UnsafeMutableBufferPointer<Scalar> {
    image(of: prepared, at: pose, using: &workspace)
  }

  public func spectrumForPullBack(
    of prepared: Prepared, at pose: Pose, using workspace: inout Workspace
  ) -> UnsafeMutableBufferPointer<Scalar> {
    spectrum(of: prepared, at: pose, using: &workspace)
  }

  public func trace(
    imageCotangent cotangent: UnsafePointer<Scalar>, of prepared: Prepared, at pose: Pose,
    into trace: inout Trace, using workspace: inout Workspace
  ) -> Pose.Cotangent {
    guard let fine, let buffers = workspace.fine else {
      trace.cotangent.copy(from: cotangent, plane.paddedShape)
      return .zero
    }
    let half = workspace.finish.half.pointer
    finisher.pullBackImage(cotangent, isShifted: false, workspace.finish)
    workspace.factors.setCentreToOrigin(scale: 1 / Double(computed.count))
    workspace.factors.multiply(half)
    finisher.computed.pullBackCroppedFrequencies(half, into: buffers.half.pointer, of: computed)
    trace.cotangent.copy(from: fine.pullBackSpectrum(buffers.half.pointer, buffers), computed)
    return .zero
  }

  public func trace(
    spectrumCotangent cotangent: UnsafePointer<Scalar>, of prepared: Prepared, at pose: Pose,
    into trace: inout Trace, using workspace: inout Workspace
  ) -> Pose.Cotangent {
    self.trace(
      imageCotangent: finisher.pullBackSpectrum(cotangent, workspace.finish), of: prepared, at: pose,
      into: &trace, using: &workspace)
  }

  public func accumulate(
    _ traces: ArraySlice<Trace>, at poses: ArraySlice<Pose>, of prepared: Prepared,
    into gradient: inout Gradient?, threads: Int
  ) throws -> [Pose.Cotangent] {
    let looks = zip(traces, poses).map { trace, pose in
      GaussianLook(
        cotangent: trace.cotangent,
        view: view(prepared.distortion == nil ? pose.rotation : .identity, pose.shiftInAngstroms),
        rotation: pose.rotation)
    }
    let sums = try gradient?.sums ?? makeSums(for: prepared, nil)
    return try sums.add(looks, threads: threads).map(poseCotangent)
  }

  /// Pixel coordinates are `(x·r + t) / h`, with x and y the rotation's rows, magnified where the image is distorted.
  private func poseCotangent(_ sums: GaussianLook<Scalar>.Sums) -> Pose.Cotangent {
    let h = computedPixelSize
    let x = SIMD3(sums.column[0], sums.column[1], sums.column[2]) / h
    let y = SIMD3(sums.row[0], sums.row[1], sums.row[2]) / h
    let (m0, m1) = (plane.magnification.firstRow, plane.magnification.secondRow)
    return Pose.Cotangent(
      rotationMatrix: (m0.x * x + m0.y * y, m1.x * x + m1.y * y, SIMD3(0, 0, 0)),
      shiftInAngstroms: SIMD2(sums.column[3], sums.row[3]) / h)
  }
}
