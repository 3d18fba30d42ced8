/// Projects through the Ewald sphere onto the two real images of which a lens makes one.
///
/// A weak phase object scatters by the volume's transform on a sphere: `E(k) = h · Û(Rᵀ(k_x, k_y, ± λ|k|²/2h))`, k in
/// cycles a pixel and h the pixel size. The scattered wave and its conjugate interfere with the unscattered one, and
/// with the lens's phase χ the image's spectrum is
///
/// `½ [−i exp(iχ) E(k) + i exp(−iχ) E*(−k)] = sin χ · S(k) + cos χ · C(k)`,
///
/// `S = ½ [E(k) + E*(−k)]` and `C = −½ i [E(k) − E*(−k)]`, both of real images: the real and the imaginary part of the
/// complex image whose spectrum is E. Where the sphere is flat C is zero and S the projection. A point at height z
/// along the beam's axis, after the rotation, has the defocus `Δf ∓ z`: − on the positive hemisphere.
///
/// - Source: RELION's `CTF::getCTFP`, whose P and Q are the conjugates of the two factors, and its
///   `BackProjector::backproject2Dto3D`, which puts P's part on the positive hemisphere; D. J. DeRosier,
///   Ultramicroscopy 81 (2000) 83–98; M. Wolf et al., Ultramicroscopy 106 (2006) 376–382.
public struct EwaldSphereProjection<Volume: FourierSliceVolume>: VolumeIntegrator {
  /// To which side a surface is curved.
  public typealias Hemisphere = EwaldHemisphere

  /// Multiplies by the voxel size: the integral in physical units rather than a plain sum of voxels.
  public var outputsIntegral: Bool
  /// On which frequencies the surface is sampled.
  public var sliceGrid: SliceGrid
  /// To which side the surface is curved.
  public var hemisphere: Hemisphere
  /// As for `FourierSliceExtraction`.
  public var resamples: Bool
  /// Frequencies beyond the reciprocal of this, in the image's plane, are zero; nil for all of them.
  public var resolutionInAngstroms: Double?

  /// Options alone: `makePlan` checks them against a volume's layout and a plane.
  public init(
    outputsIntegral: Bool = true, sliceGrid: SliceGrid = .image, hemisphere: Hemisphere = .positive,
    resamples: Bool = false, resolutionInAngstroms: Double? = nil
  ) {
    self.outputsIntegral = outputsIntegral
    self.sliceGrid = sliceGrid
    self.hemisphere = hemisphere
    self.resamples = resamples
    self.resolutionInAngstroms = resolutionInAngstroms
  }

  /// - Throws: `.mismatch` for pixel sizes that differ, unless they may; `.invalidValue` for a resolution that
  ///   is not above 0 Å; `.unsupported` for a plane of anisotropic magnification.
  public func makePlan(
    for layout: FourierSliceLayout, onto plane: ImageConfiguration
  ) throws -> EwaldSphereProjectionPlan<Volume> {
    try requireNoMagnification(plane)
    return try EwaldSphereProjectionPlan(layout: layout, plane: plane, options: self)
  }
}

/// Plan of `EwaldSphereProjection`.
///
/// Without a lens its images are S: what an ideal phase plate would show in focus, at the plane's voltage.
public struct EwaldSphereProjectionPlan<Volume: FourierSliceVolume>: RealImagePlan {
  /// The precision of the volume.
  public typealias Scalar = Volume.Scalar
  public let plane: ImageConfiguration
  private let layout: FourierSliceLayout
  private let geometry: SliceGeometry
  private let hemisphere: EwaldHemisphere
  private let finisher: ImageFinisher<Scalar>

  init(
    layout: FourierSliceLayout, plane: ImageConfiguration, options: EwaldSphereProjection<Volume>
  ) throws {
    self.layout = layout
    self.plane = plane
    hemisphere = options.hemisphere
    geometry = try SliceGeometry(
      layout, onto: plane, sliceGrid: options.sliceGrid, outputsIntegral: options.outputsIntegral,
      resamples: options.resamples, resolutionInAngstroms: options.resolutionInAngstroms)
    finisher = try ImageFinisher(computed: geometry.shape, output: plane.paddedShape)
  }

  /// What one thread writes.
  public final class Workspace {
    fileprivate let sine: ImageFinisher<Scalar>.Workspace
    fileprivate let cosine: ImageFinisher<Scalar>.Workspace
    fileprivate let factors: PhaseFactors<Scalar>

    fileprivate init(_ finisher: ImageFinisher<Scalar>) throws {
      sine = try ImageFinisher<Scalar>.Workspace(finisher)
      cosine = try ImageFinisher<Scalar>.Workspace(finisher)
      factors = PhaseFactors(finisher.computed)
    }
  }

  public func prepare(_ volume: Volume, expectedPoses: Int?) throws -> Volume {
    try requireLayout(volume.layout, ofPlanFor: layout)
    return volume
  }

  public func makeWorkspace(for _: Volume) throws -> Workspace { try Workspace(finisher) }

  public func image(
    of volume: Volume, at pose: Pose, using workspace: inout Workspace
  ) -> UnsafeMutableBufferPointer<Scalar> {
    extractSlices(
      of: volume, at: pose, wavelengthInAngstroms: plane.wavelengthInAngstroms, fromCentre: true,
      scale: geometry.scale / Double(geometry.shape.count), workspace)
    return finisher.image(workspace.sine)
  }

  public func spectrum(
    of volume: Volume, at pose: Pose, using workspace: inout Workspace
  ) -> UnsafeMutableBufferPointer<Scalar> {
    lensSpectra(
      of: volume, at: pose, wavelengthInAngstroms: plane.wavelengthInAngstroms, using: &workspace
    ).sine
  }

  public func lensSpectra(
    of volume: Volume, at pose: Pose, wavelengthInAngstroms wavelength: Double,
    using workspace: inout Workspace
  ) -> (sine: UnsafeMutableBufferPointer<Scalar>, cosine: UnsafeMutableBufferPointer<Scalar>?) {
    if finisher.isDirect {
      extractSlices(
        of: volume, at: pose, wavelengthInAngstroms: wavelength, fromCentre: false, scale: geometry.scale,
        workspace)
      return (workspace.sine.half.buffer, workspace.cosine.half.buffer)
    }
    extractSlices(
      of: volume, at: pose, wavelengthInAngstroms: wavelength, fromCentre: true,
      scale: geometry.scale / Double(geometry.shape.count), workspace)
    func spectrum(_ part: ImageFinisher<Scalar>.Workspace) -> UnsafeMutableBufferPointer<Scalar> {
      let image = finisher.image(part)
      return image.baseAddress.map { finisher.spectrum(ofImage: $0, part) } ?? image
    }
    return (spectrum(workspace.sine), spectrum(workspace.cosine))
  }

  /// The half spectra S and C at a pose, shifted and scaled.
  ///
  /// `E*(−k)` is what the volume's transform, a real one's, has on the other hemisphere: both are sampled, so that
  /// every frequency of the half is treated as a flat slice treats it.
  private func extractSlices(
    of volume: Volume, at pose: Pose, wavelengthInAngstroms wavelength: Double, fromCentre: Bool,
    scale: Double,
    _ workspace: Workspace
  ) {
    let shift = pose.shiftInAngstroms / plane.pixelSizeInAngstroms
    let (sine, cosine) = (workspace.sine.half.pointer, workspace.cosine.half.pointer)
    workspace.factors.set(shiftInPixels: shift, fromCentre: fromCentre, scale: scale)
    let bend = (hemisphere == .positive ? wavelength : -wavelength) / (2 * plane.pixelSizeInAngstroms)
    func surface(_ curvature: Double) -> SlicePlane {
      geometry.plane(at: pose.rotation, curvature: curvature, factors: workspace.factors)
    }
    let (near, far) = (surface(bend), surface(-bend))
    volume.samples.sample(near, outOfBounds: .zero, into: sine)
    volume.samples.sample(far, outOfBounds: .zero, into: cosine)
    separate(sine, cosine, count: geometry.shape.rows * geometry.shape.spectrumColumns)
    if let a = volume.samples.corner(of: near, outOfBounds: .zero),
      let b = volume.samples.corner(of: far, outOfBounds: .zero)
    {
      let index = 2 * geometry.shape.cornerIndex
      sine[index] = (a.real + b.real) / 2
      cosine[index] = (a.imaginary - b.imaginary) / 2
    }
    (sine[0], sine[1]) = (Scalar(volume.zeroFrequency * scale), 0)
    (cosine[0], cosine[1]) = (0, 0)
    for half in [sine, cosine] { finisher.makeHermitian(half, isShifted: shift != SIMD2(0, 0)) }
  }
}

/// Replaces a and b, complex numbers with real and imaginary parts in turn, by `½ (a + b)` and `−½ i (a − b)`.
@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
private func separate<Scalar: GridScalar>(
  _ a: UnsafeMutablePointer<Scalar>, _ b: UnsafeMutablePointer<Scalar>, count: Int
) {
  for index in 0..<count {
    let (aRe, aIm) = (a[2 &* index], a[2 &* index &+ 1])
    let (bRe, bIm) = (b[2 &* index], b[2 &* index &+ 1])
    (a[2 &* index], a[2 &* index &+ 1]) = ((aRe + bRe) / 2, (aIm + bIm) / 2)
    (b[2 &* index], b[2 &* index &+ 1]) = ((aIm - bIm) / 2, (bRe - aRe) / 2)
  }
}
