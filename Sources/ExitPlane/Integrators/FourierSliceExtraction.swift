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
    for volume: Volume, onto plane: ImageConfiguration
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
    return try FourierSlicePlan(volume: volume, plane: plane, options: self)
  }
}

public struct FourierSlicePlan<Volume: FourierSliceVolume>: RealImagePlan {
  public typealias Scalar = Volume.Scalar
  public let plane: ImageConfiguration
  private let volume: Volume
  private let geometry: SliceGeometry
  private let outOfBounds: OutOfBoundsMode<Scalar>
  /// The correction mask's factors.
  private let mask: (rows: [Scalar], columns: [Scalar])?
  /// Of the shape in which the slice is taken.
  private let slice: ImageSynthesis<Scalar>
  /// Of the padded shape, where that is another.
  private let output: ImageSynthesis<Scalar>

  init(volume: Volume, plane: ImageConfiguration, options: FourierSliceExtraction<Volume>) throws {
    self.volume = volume
    self.plane = plane
    outOfBounds = options.outOfBounds
    geometry = try SliceGeometry(
      volume, onto: plane, sliceGrid: options.sliceGrid, outputsIntegral: options.outputsIntegral,
      resamples: options.resamples, resolutionInAngstroms: options.resolutionInAngstroms)
    let (shape, padded) = (geometry.shape, plane.paddedShape)
    let box = geometry.samplesPerCycle
    mask = options.correctionMask.map { mask in
      (
        mask.factors(length: shape.rows, boxSize: box, as: Scalar.self),
        mask.factors(length: shape.columns, boxSize: box, as: Scalar.self)
      )
    }
    slice = try ImageSynthesis(shape)
    output = shape == padded ? slice : try ImageSynthesis(padded)
  }

  /// What one thread writes.
  public final class Workspace {
    fileprivate let half: AlignedBuffer<Scalar>
    fileprivate let image: AlignedBuffer<Scalar>
    fileprivate let factors: PhaseFactors<Scalar>
    /// Where the slice is not taken in the padded shape: the latter's image, spectrum and factors.
    fileprivate let output: Output?

    fileprivate struct Output {
      let half: AlignedBuffer<Scalar>
      let image: AlignedBuffer<Scalar>
      let factors: PhaseFactors<Scalar>
    }

    fileprivate init(slice: GridShape, output: GridShape) throws {
      half = try .half(slice)
      image = try .image(slice)
      factors = PhaseFactors(slice)
      self.output =
        slice == output
        ? nil : Output(half: try .half(output), image: try .image(output), factors: PhaseFactors(output))
    }
  }

  public func makeWorkspace() throws -> Workspace {
    try Workspace(slice: slice.shape, output: output.shape)
  }

  /// Samples the slice at a pose, shifted and scaled, as the transform of a real image.
  private func extractSlice(
    at pose: Pose, fromCentre: Bool, scale: Double, _ workspace: Workspace
  ) {
    let shift = pose.shiftInAngstroms / plane.pixelSizeInAngstroms
    let half = workspace.half.pointer
    workspace.factors.set(shiftInPixels: shift, fromCentre: fromCentre, scale: scale)
    let slicePlane = geometry.plane(at: pose.rotation, factors: workspace.factors)
    volume.samples.sample(slicePlane, outOfBounds: outOfBounds, into: half)
    volume.samples.sampleCorner(of: slicePlane, outOfBounds: outOfBounds, into: half)
    (half[0], half[1]) = (Scalar(volume.zeroFrequency * scale), 0)
    slice.shape.symmetrize(half)
    if shift != SIMD2(0, 0) { slice.shape.zeroUnshiftable(half) }
  }

  public func image(
    at pose: Pose, using workspace: inout Workspace
  ) -> UnsafeMutableBufferPointer<Scalar> {
    extractSlice(
      at: pose, fromCentre: true, scale: geometry.scale / Double(slice.shape.count), workspace)
    slice.inverse(workspace.half.pointer, workspace.image.pointer)
    if let mask { multiply(workspace.image.pointer, by: mask) }
    guard let output = workspace.output else { return workspace.image.buffer }
    cropOrPad(workspace.image.pointer, slice.shape, into: output.image.pointer, plane.paddedShape)
    return output.image.buffer
  }

  public func spectrum(
    at pose: Pose, using workspace: inout Workspace
  ) -> UnsafeMutableBufferPointer<Scalar> {
    if workspace.output == nil, mask == nil {
      extractSlice(at: pose, fromCentre: false, scale: geometry.scale, workspace)
      return workspace.half.buffer
    }
    let image = image(at: pose, using: &workspace)
    let (half, factors) =
      workspace.output.map { ($0.half, $0.factors) } ?? (workspace.half, workspace.factors)
    if let pixels = image.baseAddress { output.forward(pixels, into: half.pointer, factors: factors) }
    return half.buffer
  }

  private func multiply(
    _ image: UnsafeMutablePointer<Scalar>, by mask: (rows: [Scalar], columns: [Scalar])
  ) {
    for (row, factor) in mask.rows.enumerated() {
      let line = image + row * slice.shape.columns
      for (column, other) in mask.columns.enumerated() { line[column] *= factor * other }
    }
  }
}
