import CKernels
import ComplexModule

/// On which frequencies a slice is taken.
public enum SliceGrid: String, Sendable, Hashable, CaseIterable {
  /// The image's own: what falls outside its box wraps into it (RELION's way, and the cheapest).
  case image
  /// The volume's `n × n`, cropped or padded to the image in real space (cryoJAX's way).
  case volume
}

/// Projects by the projection-slice theorem: a central slice of the volume's transform is the transform of
/// its projection.
///
/// `P̂(k) = h · Û(Rᵀ M k)`, with `Û` interpolated as the volume says, `h` the voxel size and `M` the plane's
/// magnification.
public struct FourierSliceExtraction<Volume: FourierSliceVolume>: VolumeIntegrator {
  /// Multiplies by the voxel size: the integral in physical units rather than a plain sum of voxels.
  public var outputsIntegral: Bool
  /// On which frequencies the slice is taken.
  public var sliceGrid: SliceGrid
  /// For linear and cubic interpolation; a `FourierVoxelWindowVolume` is periodic and has no bounds.
  public var outOfBounds: OutOfBoundsMode<Volume.Scalar>
  /// Divides the projection in real space; for linear interpolation.
  public var correctionMask: InverseSincMask?
  /// Whether the image may have another pixel size than the volume. The slice then is taken at the image's own
  /// frequencies, zero beyond the map's Nyquist on any of its axes, and scaled so that pixels hold what they
  /// would at the map's size: the image of the map rescaled in Fourier space, without that map.
  public var resamples: Bool
  /// Frequencies beyond the reciprocal of this are zero, and cost nothing; nil for all of them.
  public var resolutionInAngstroms: Double?

  /// Options alone: `makePlan` checks them against a volume's layout and a plane.
  public init(
    outputsIntegral: Bool = true, sliceGrid: SliceGrid = .image,
    outOfBounds: OutOfBoundsMode<Volume.Scalar> = .zero, correctionMask: InverseSincMask? = nil,
    resamples: Bool = false, resolutionInAngstroms: Double? = nil
  ) {
    self.outputsIntegral = outputsIntegral
    self.sliceGrid = sliceGrid
    self.outOfBounds = outOfBounds
    self.correctionMask = correctionMask
    self.resamples = resamples
    self.resolutionInAngstroms = resolutionInAngstroms
  }

  /// - Throws: `.mismatch` for pixel sizes that differ, unless they may; `.unsupported` for a correction mask on
  ///   anything but linear interpolation, or on a distorted plane; `.invalidValue` for a resolution that is not
  ///   above 0 Å.
  public func makePlan(
    for layout: FourierSliceLayout, onto plane: ImageConfiguration
  ) throws -> FourierSlicePlan<Volume> {
    guard correctionMask == nil || Volume.takesInverseSincMask else {
      throw ExitPlaneError(
        .unsupported,
        "an inverse sinc mask is for linear interpolation; other volumes need none or correct the map itself")
    }
    guard correctionMask == nil || plane.magnification.isNone else {
      throw ExitPlaneError(
        .unsupported,
        "an inverse sinc mask is for images without anisotropic magnification; correct the map itself instead"
      )
    }
    return try FourierSlicePlan(layout: layout, plane: plane, options: self)
  }
}

/// Plan of `FourierSliceExtraction`.
public struct FourierSlicePlan<Volume: FourierSliceVolume>: RealImagePlan {
  /// The precision of the volume.
  public typealias Scalar = Volume.Scalar
  public let plane: ImageConfiguration
  private let layout: FourierSliceLayout
  let geometry: SliceGeometry
  let outOfBounds: OutOfBoundsMode<Scalar>
  let finisher: ImageFinisher<Scalar>

  init(
    layout: FourierSliceLayout, plane: ImageConfiguration, options: FourierSliceExtraction<Volume>
  ) throws {
    self.layout = layout
    self.plane = plane
    outOfBounds = options.outOfBounds
    geometry = try SliceGeometry(
      layout, onto: plane, sliceGrid: options.sliceGrid, outputsIntegral: options.outputsIntegral,
      resamples: options.resamples, resolutionInAngstroms: options.resolutionInAngstroms)
    let (shape, box) = (geometry.shape, geometry.samplesPerCycle)
    finisher = try ImageFinisher(
      computed: shape, output: plane.paddedShape,
      mask: options.correctionMask.map { mask in
        SeparableMask(
          rows: mask.factors(length: shape.rows, boxSize: box, as: Scalar.self),
          columns: mask.factors(length: shape.columns, boxSize: box, as: Scalar.self))
      })
  }

  /// What one thread writes.
  public final class Workspace {
    let finish: ImageFinisher<Scalar>.Workspace
    let factors: PhaseFactors<Scalar>
    /// Where the way back is taken too.
    let kept: KeptSlice<Scalar>?

    init(_ finisher: ImageFinisher<Scalar>, keepsSlopes: Bool) throws {
      finish = try ImageFinisher<Scalar>.Workspace(finisher)
      factors = PhaseFactors(finisher.computed)
      kept = keepsSlopes ? try KeptSlice(finisher.computed) : nil
    }
  }

  public func prepare(_ volume: Volume, expectedPoses: Int?) throws -> Volume {
    try requireLayout(volume.layout, ofPlanFor: layout)
    return volume
  }

  public func makeWorkspace(for _: Volume) throws -> Workspace {
    try Workspace(finisher, keepsSlopes: false)
  }

  /// Samples the slice at a pose, shifted and scaled, as the transform of a real image.
  func extractSlice(
    of volume: Volume, at pose: Pose, fromCentre: Bool, scale: Double, _ workspace: Workspace
  ) {
    let shift = pose.shiftInAngstroms / plane.pixelSizeInAngstroms
    let half = workspace.finish.half.pointer
    workspace.factors.set(shiftInPixels: shift, fromCentre: fromCentre, scale: scale)
    let slicePlane = geometry.plane(at: pose.rotation, factors: workspace.factors)
    volume.samples.sample(slicePlane, outOfBounds: outOfBounds, into: half)
    volume.samples.sampleCorner(of: slicePlane, outOfBounds: outOfBounds, into: half)
    (half[0], half[1]) = (Scalar(volume.zeroFrequency * scale), 0)
    finisher.makeHermitian(half, isShifted: shift != SIMD2(0, 0))
  }

  public func image(
    of volume: Volume, at pose: Pose, using workspace: inout Workspace
  ) -> UnsafeMutableBufferPointer<Scalar> {
    extractSlice(
      of: volume, at: pose, fromCentre: true, scale: geometry.scale / Double(geometry.shape.count), workspace)
    return finisher.image(workspace.finish)
  }

  public func spectrum(
    of volume: Volume, at pose: Pose, using workspace: inout Workspace
  ) -> UnsafeMutableBufferPointer<Scalar> {
    if finisher.isDirect {
      extractSlice(of: volume, at: pose, fromCentre: false, scale: geometry.scale, workspace)
      return workspace.finish.half.buffer
    }
    let image = image(of: volume, at: pose, using: &workspace)
    return image.baseAddress.map { finisher.spectrum(ofImage: $0, workspace.finish) } ?? image
  }
}
