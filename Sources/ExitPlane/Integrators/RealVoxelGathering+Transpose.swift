/// The way back of gathering: that of exact slices.
extension RealVoxelGathering {
  /// As `transform`, and keeps what the way back needs.
  func transformWithSlopes(
    at pose: Pose, fromCentre: Bool, scale: Double, factors: PhaseFactors<Scalar>,
    keeping kept: KeptSlice<Scalar>,
    into half: UnsafeMutablePointer<Scalar>
  ) {
    let values = kept.values
    let (slice, origin) = prepareSlice(at: pose, fromCentre: fromCentre, scale: scale, factors)
    transform.samples.sampleWithSlopes(slice, outOfBounds: .zero, into: values.pointer, slopes: kept.slopes)
    (values.pointer[0], values.pointer[1]) = (origin, 0)
    transform.samples.sampleCornerWithSlopes(
      of: slice, outOfBounds: .zero, into: values.pointer, slopes: kept.slopes)
    half.update(from: values.pointer, count: values.count)
  }

  /// From the cotangent of what `transformWithSlopes` made to the pose's, and to what is added to the gradient.
  func pullBack(
    _ half: UnsafePointer<Scalar>, at pose: Pose, factors: PhaseFactors<Scalar>, kept: KeptSlice<Scalar>,
    into cotangent: SliceCotangent<Scalar>
  ) -> Pose.Cotangent {
    cotangent.take(half, factors: factors)
    let perPixel = cotangent.shiftCotangent(of: kept.values.pointer, nyquist: .frequency)
    let slice = geometry.plane(at: pose.rotation, factors: cotangent.factors)
    let rotation = geometry.rotationCotangent(
      of: kept.slopes.planeCotangent(of: cotangent.half.pointer, on: slice))
    cotangent.finish(on: slice, of: transform.samples)
    return Pose.Cotangent(
      rotationMatrix: rotation.rows, shiftInAngstroms: perPixel / plane.pixelSizeInAngstroms)
  }
}
