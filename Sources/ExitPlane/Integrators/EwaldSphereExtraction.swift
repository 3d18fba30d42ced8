import ComplexModule

/// To which side of the slice the Ewald sphere curves.
public enum EwaldHemisphere: String, Sendable, Hashable, CaseIterable {
  /// Towards +z, the beam's axis.
  case positive
  /// Towards −z: the same as a mirrored handedness seen from the other side.
  case negative
}

/// Projects through the Ewald sphere: the spectrum of the exit wave's first Born approximation is the volume's
/// transform on a sphere that touches the central slice, curved by the electrons' wavelength.
///
/// `P̂(k) = h · Û(Rᵀ (k_x, k_y, ± λ/(2h) · |k|²))`, k in cycles a pixel and h the pixel size: the sphere's
/// paraboloid, whose difference from it is of order `λ³ |q|⁴ / 8`. A curved slice of a real volume's transform is
/// not Hermitian, so the spectrum is full and the image complex.
public struct EwaldSphereExtraction<Volume: FourierSliceVolume>: VolumeIntegrator {
  /// To which side a surface is curved.
  public typealias Hemisphere = EwaldHemisphere

  /// Multiplies by the voxel size: the integral in physical units rather than a plain sum of voxels.
  public var outputsIntegral: Bool
  /// On which frequencies the surface is sampled.
  public var sliceGrid: SliceGrid
  /// To which side the surface is curved.
  public var hemisphere: Hemisphere
  /// For linear and cubic interpolation; a `FourierVoxelWindowVolume` is periodic and has no bounds.
  public var outOfBounds: OutOfBoundsMode<Volume.Scalar>
  /// As for `FourierSliceExtraction`.
  public var resamples: Bool
  /// Frequencies beyond the reciprocal of this, in the image's plane, are zero; nil for all of them.
  public var resolutionInAngstroms: Double?

  /// Options alone: `makePlan` checks them against a volume's layout and a plane.
  public init(
    outputsIntegral: Bool = true, sliceGrid: SliceGrid = .image, hemisphere: Hemisphere = .positive,
    outOfBounds: OutOfBoundsMode<Volume.Scalar> = .zero, resamples: Bool = false,
    resolutionInAngstroms: Double? = nil
  ) {
    self.outputsIntegral = outputsIntegral
    self.sliceGrid = sliceGrid
    self.hemisphere = hemisphere
    self.outOfBounds = outOfBounds
    self.resamples = resamples
    self.resolutionInAngstroms = resolutionInAngstroms
  }

  /// - Throws: `.mismatch` for pixel sizes that differ, unless they may; `.invalidValue` for a resolution that
  ///   is not above 0 Å; `.unsupported` for a plane of anisotropic magnification.
  public func makePlan(
    for layout: FourierSliceLayout, onto plane: ImageConfiguration
  ) throws -> EwaldSpherePlan<Volume> {
    try requireNoMagnification(plane)
    return try EwaldSpherePlan(layout: layout, plane: plane, options: self)
  }
}

/// Plan of `EwaldSphereExtraction`.
public struct EwaldSpherePlan<Volume: FourierSliceVolume>: ProjectionPlan {
  /// The precision of the volume.
  public typealias Scalar = Volume.Scalar
  public let plane: ImageConfiguration
  private let layout: FourierSliceLayout
  let geometry: SliceGeometry
  let curvature: Double
  let outOfBounds: OutOfBoundsMode<Scalar>
  private let sliceToImage: FFTPlan<Scalar>
  /// Of the padded shape, where that is not the slice's.
  private let imageToOutput: FFTPlan<Scalar>?

  init(
    layout: FourierSliceLayout, plane: ImageConfiguration, options: EwaldSphereExtraction<Volume>
  ) throws {
    self.layout = layout
    self.plane = plane
    outOfBounds = options.outOfBounds
    geometry = try SliceGeometry(
      layout, onto: plane, sliceGrid: options.sliceGrid, outputsIntegral: options.outputsIntegral,
      resamples: options.resamples, resolutionInAngstroms: options.resolutionInAngstroms)
    let bend = plane.wavelengthInAngstroms / (2 * plane.pixelSizeInAngstroms)
    curvature = options.hemisphere == .positive ? bend : -bend
    sliceToImage = try FFTPlan(.complexImage(geometry.shape, isForward: false))
    imageToOutput =
      geometry.shape == plane.paddedShape
      ? nil : try FFTPlan(.complexImage(plane.paddedShape, isForward: true))
  }

  /// What one thread writes.
  public final class Workspace {
    fileprivate let slice: AlignedBuffer<Scalar>
    fileprivate let factors: PhaseFactors<Scalar>
    /// Where the slice is not taken in the padded shape.
    fileprivate let output: (values: AlignedBuffer<Scalar>, factors: PhaseFactors<Scalar>)?

    fileprivate init(slice: GridShape, output: GridShape) throws {
      func buffer(_ shape: GridShape) throws -> AlignedBuffer<Scalar> {
        try AlignedBuffer(count: 2 * shape.count, of: "a complex image of \(shape)")
      }
      self.slice = try buffer(slice)
      factors = PhaseFactors(slice, isFull: true)
      self.output = slice == output ? nil : (try buffer(output), PhaseFactors(output, isFull: true))
    }
  }

  public func prepare(_ volume: Volume, expectedPoses: Int?) throws -> Volume {
    try requireLayout(volume.layout, ofPlanFor: layout)
    return volume
  }

  public func makeWorkspace(for _: Volume) throws -> Workspace {
    try Workspace(slice: geometry.shape, output: plane.paddedShape)
  }

  private func extractSlice(
    of volume: Volume, at pose: Pose, fromCentre: Bool, scale: Double, _ workspace: Workspace
  ) {
    workspace.factors.set(
      shiftInPixels: pose.shiftInAngstroms / plane.pixelSizeInAngstroms, fromCentre: fromCentre,
      scale: scale)
    let surface = geometry.plane(
      at: pose.rotation, isFull: true, curvature: curvature, factors: workspace.factors)
    volume.samples.sample(surface, outOfBounds: outOfBounds, into: workspace.slice.pointer)
    workspace.slice.pointer[0] = Scalar(volume.zeroFrequency * scale)
    workspace.slice.pointer[1] = 0
  }

  /// The full spectrum of the padded shape, real and imaginary parts in turn; it holds until the workspace's
  /// next use.
  public func spectrum(
    of volume: Volume, at pose: Pose, using workspace: inout Workspace
  ) -> UnsafeMutableBufferPointer<Scalar> {
    guard let output = workspace.output, let imageToOutput else {
      extractSlice(of: volume, at: pose, fromCentre: false, scale: geometry.scale, workspace)
      return workspace.slice.buffer
    }
    _ = image(of: volume, at: pose, using: &workspace)
    imageToOutput.execute(output.values.pointer)
    output.factors.setCentreToOrigin()
    output.factors.multiply(output.values.pointer)
    return output.values.buffer
  }

  /// The complex image of the padded shape, real and imaginary parts in turn; it holds until the workspace's
  /// next use.
  public func image(
    of volume: Volume, at pose: Pose, using workspace: inout Workspace
  ) -> UnsafeMutableBufferPointer<Scalar> {
    extractSlice(
      of: volume, at: pose, fromCentre: true, scale: geometry.scale / Double(geometry.shape.count), workspace)
    sliceToImage.execute(workspace.slice.pointer)
    guard let output = workspace.output else { return workspace.slice.buffer }
    cropOrPad(
      workspace.slice.pointer, geometry.shape, into: output.values.pointer, plane.paddedShape, components: 2)
    return output.values.buffer
  }

  public func integrate(
    _ volume: Volume, at pose: Pose, using workspace: inout Workspace
  ) -> FullSpectrum<Scalar> {
    FullSpectrum(
      shape: plane.paddedShape, unchecked: spectrum(of: volume, at: pose, using: &workspace).complexValues)
  }

  public func project(
    _ volume: Volume, at pose: Pose, using workspace: inout Workspace
  ) -> ComplexImage<Scalar> {
    ComplexImage(
      shape: plane.paddedShape, unchecked: image(of: volume, at: pose, using: &workspace).complexValues)
  }
}

/// - Throws: `.unsupported`.
func requireNoMagnification(_ plane: ImageConfiguration) throws {
  guard plane.magnification.isNone else {
    throw ExitPlaneError(
      .unsupported,
      "the Ewald sphere is not offered with anisotropic magnification, which makes an ellipsoid of it: leave rlnMagMat "
        + "or the Ewald sphere out")
  }
}
