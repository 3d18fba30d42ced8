extension FourierSlicePlan: DifferentiablePlan {
  /// Sums on the volume's grid, which `FourierSliceVolume.voxelGradient` carries to the map.
  public typealias Gradient = FourierSamplesGradient<Scalar>

  /// The cotangent of the values that were sampled, and on which plane.
  public struct Trace {
    fileprivate let cotangent: SliceCotangent<Scalar>
  }

  public var prefersSpectra: Bool { finisher.isDirect }

  public func makeGradient(for volume: Volume) throws -> FourierSamplesGradient<Scalar> {
    try volume.makeGradient()
  }

  public func makeTrace(for _: Volume) throws -> Trace {
    Trace(cotangent: try SliceCotangent(geometry.shape))
  }

  public func makeWorkspaceForPullBack(for _: Volume) throws -> Workspace {
    try Workspace(finisher, keepsSlopes: true)
  }

  public func imageForPullBack(
    of volume: Volume, at pose: Pose, using workspace: inout Workspace
  ) -> UnsafeMutableBufferPointer<Scalar> {
    extractSliceWithSlopes(
      of: volume, at: pose, fromCentre: true, scale: geometry.scale / Double(geometry.shape.count), workspace)
    return finisher.image(workspace.finish)
  }

  public func spectrumForPullBack(
    of volume: Volume, at pose: Pose, using workspace: inout Workspace
  ) -> UnsafeMutableBufferPointer<Scalar> {
    if finisher.isDirect {
      extractSliceWithSlopes(of: volume, at: pose, fromCentre: false, scale: geometry.scale, workspace)
      return workspace.finish.half.buffer
    }
    let image = imageForPullBack(of: volume, at: pose, using: &workspace)
    return image.baseAddress.map { finisher.spectrum(ofImage: $0, workspace.finish) } ?? image
  }

  public func trace(
    imageCotangent cotangent: UnsafePointer<Scalar>, of volume: Volume, at pose: Pose,
    into trace: inout Trace, using workspace: inout Workspace
  ) -> Pose.Cotangent {
    finisher.pullBackImage(cotangent, isShifted: isShifted(pose), workspace.finish)
    return take(workspace.finish.half.pointer, of: volume, at: pose, into: trace, workspace)
  }

  public func trace(
    spectrumCotangent cotangent: UnsafePointer<Scalar>, of volume: Volume, at pose: Pose,
    into trace: inout Trace, using workspace: inout Workspace
  ) -> Pose.Cotangent {
    guard finisher.isDirect else {
      return self.trace(
        imageCotangent: finisher.pullBackSpectrum(cotangent, workspace.finish), of: volume, at: pose,
        into: &trace, using: &workspace)
    }
    let half = workspace.finish.half
    half.pointer.update(from: cotangent, count: half.count)
    finisher.makeHermitian(half.pointer, isShifted: isShifted(pose))
    return take(half.pointer, of: volume, at: pose, into: trace, workspace)
  }

  public func accumulate(
    _ traces: ArraySlice<Trace>, at poses: ArraySlice<Pose>, of volume: Volume,
    into gradient: inout FourierSamplesGradient<Scalar>?, threads: Int
  ) throws -> [Pose.Cotangent] {
    if let gradient {
      try requireGradient(gradient, of: volume.samples)
      SliceCotangent.add(
        traces.map(\.cotangent), of: volume.samples, outOfBounds: outOfBounds, to: gradient, threads: threads)
    }
    return Array(repeating: .zero, count: traces.count)
  }

  // MARK: One slice

  private func isShifted(_ pose: Pose) -> Bool { pose.shiftInAngstroms != SIMD2(0, 0) }

  private func extractSliceWithSlopes(
    of volume: Volume, at pose: Pose, fromCentre: Bool, scale: Double, _ workspace: Workspace
  ) {
    guard let kept = workspace.kept else {
      return extractSlice(of: volume, at: pose, fromCentre: fromCentre, scale: scale, workspace)
    }
    let shift = pose.shiftInAngstroms / plane.pixelSizeInAngstroms
    let half = workspace.finish.half
    workspace.factors.set(shiftInPixels: shift, fromCentre: fromCentre, scale: scale)
    let nyquist = workspace.factors.takeNyquistCosine(shiftInPixels: shift.x)
    let slicePlane = geometry.plane(at: pose.rotation, factors: workspace.factors)
    volume.samples.sampleWithSlopes(
      slicePlane, outOfBounds: outOfBounds, into: kept.values.pointer, slopes: kept.slopes)
    volume.samples.sampleCornerWithSlopes(
      of: slicePlane, outOfBounds: outOfBounds, into: kept.values.pointer, slopes: kept.slopes)
    half.pointer.update(from: kept.values.pointer, count: half.count)
    if let nyquist { geometry.shape.scaleNyquistColumn(half.pointer, by: nyquist.cosine) }
    (half.pointer[0], half.pointer[1]) = (Scalar(volume.zeroFrequency * scale), 0)
    finisher.makeHermitian(half.pointer, isShifted: shift != SIMD2(0, 0))
  }

  /// From the cotangent of the Hermitian spectrum to the pose's and the trace.
  private func take(
    _ half: UnsafeMutablePointer<Scalar>, of volume: Volume, at pose: Pose, into trace: Trace,
    _ workspace: Workspace
  ) -> Pose.Cotangent {
    guard let kept = workspace.kept else { return .zero }
    let cotangent = trace.cotangent
    cotangent.take(half, factors: workspace.factors)
    let shift = pose.shiftInAngstroms / plane.pixelSizeInAngstroms
    let perPixel = cotangent.shiftCotangent(
      of: kept.values.pointer,
      nyquist: workspace.factors.nyquistCosine(shiftInPixels: shift.x).map {
        .cosine($0.cosine, slope: $0.slope)
      }
        ?? .none)
    let slicePlane = geometry.plane(at: pose.rotation, factors: cotangent.factors)
    let rotation = geometry.rotationCotangent(
      of: kept.slopes.planeCotangent(of: cotangent.half.pointer, on: slicePlane))
    cotangent.finish(on: slicePlane, of: volume.samples)
    return Pose.Cotangent(
      rotationMatrix: rotation.rows, shiftInAngstroms: perPixel / plane.pixelSizeInAngstroms)
  }
}
