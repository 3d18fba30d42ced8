import CKernels
import ComplexModule

/// A volume whose transform can be sampled on a plane.
public protocol FourierSliceVolume<Scalar>: Sendable {
  associatedtype Scalar: GridScalar
  /// Samples an axis of the transform.
  var gridSize: Int { get }
  /// Frequencies an axis of the volume's own slices.
  var sliceSize: Int { get }
  var voxelSizeInAngstroms: Double { get }
  /// The transform at zero frequency.
  var zeroFrequency: Double { get }
  /// Samples the transform; see `ep_slice_plane`. For this module alone.
  func _sample(
    _ plane: SlicePlane, outOfBounds: OutOfBoundsMode<Scalar>, into half: UnsafeMutablePointer<Scalar>)
}

extension FourierSliceVolume {
  public var sliceSize: Int { gridSize }
}

/// The value of an interpolation neighbour outside the grid.
public enum OutOfBoundsMode<Scalar: GridScalar>: Sendable, Hashable {
  /// A value of its own (SciPy's `grid-constant`).
  case fill(Complex<Scalar>)
  /// The nearest sample on the edge (SciPy's `nearest`).
  case clip
  /// The sample a period away (SciPy's `grid-wrap`).
  case wrap

  public static var zero: OutOfBoundsMode { .fill(.zero) }
}

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
/// `P̂(k) = h · Û(Rᵀ k)`, with `Û` interpolated as the volume says and `h` the voxel size.
public struct FourierSliceExtraction<Volume: FourierSliceVolume>: VolumeIntegrator {
  /// Multiplies by the voxel size: the integral in physical units rather than a plain sum of voxels.
  public var outputsIntegral: Bool
  public var sliceGrid: SliceGrid
  public var outOfBounds: OutOfBoundsMode<Volume.Scalar>

  public init(
    outputsIntegral: Bool = true, sliceGrid: SliceGrid = .image,
    outOfBounds: OutOfBoundsMode<Volume.Scalar> = .zero
  ) {
    self.outputsIntegral = outputsIntegral
    self.sliceGrid = sliceGrid
    self.outOfBounds = outOfBounds
  }

  public func makePlan(
    for volume: Volume, onto plane: ImageConfiguration
  ) throws -> FourierSlicePlan<Volume> {
    try requireSamePixelSize(volume: volume.voxelSizeInAngstroms, plane: plane)
    return try FourierSlicePlan(volume: volume, plane: plane, options: self)
  }
}

/// - Throws: `.mismatch` when the two differ by more than files round them.
func requireSamePixelSize(volume: Double, plane: ImageConfiguration) throws {
  let pixel = plane.pixelSizeInAngstroms
  guard abs(volume - pixel) <= 1e-4 * pixel else {
    throw ExitPlaneError.mismatch(
      "the image's pixel size is \(pixel) Å and the map's voxel size \(volume) Å",
      "they must agree, or the map must be rescaled")
  }
}

public struct FourierSlicePlan<Volume: FourierSliceVolume>: RealImagePlan {
  public typealias Scalar = Volume.Scalar
  public let plane: ImageConfiguration
  private let volume: Volume
  private let options: FourierSliceExtraction<Volume>
  /// Of the shape in which the slice is taken.
  private let slice: ImageSynthesis<Scalar>
  /// Of the padded shape, where that is another.
  private let output: ImageSynthesis<Scalar>

  init(volume: Volume, plane: ImageConfiguration, options: FourierSliceExtraction<Volume>) throws {
    self.volume = volume
    self.plane = plane
    self.options = options
    let padded = plane.paddedShape
    let sliceShape =
      options.sliceGrid == .volume ? try GridShape(square: volume.sliceSize) : padded
    slice = try ImageSynthesis(sliceShape)
    output = sliceShape == padded ? slice : try ImageSynthesis(padded)
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

  private var voxelFactor: Double { options.outputsIntegral ? volume.voxelSizeInAngstroms : 1 }

  /// Samples the slice at a pose, shifted and scaled, as the transform of a real image.
  private func extractSlice(
    at pose: Pose, fromCentre: Bool, scale: Double, _ workspace: Workspace
  ) {
    let shift = pose.shiftInAngstroms / plane.pixelSizeInAngstroms
    let half = workspace.half.pointer
    workspace.factors.set(shiftInPixels: shift, fromCentre: fromCentre, scale: scale)
    let slicePlane = SlicePlane(
      shape: slice.shape, rotation: pose.rotation,
      samplesPerCycle: Double(volume.gridSize), factors: workspace.factors)
    volume._sample(slicePlane, outOfBounds: options.outOfBounds, into: half)
    (half[0], half[1]) = (Scalar(volume.zeroFrequency * scale), 0)
    slice.symmetrize(half)
    if shift != SIMD2(0, 0) { slice.zeroUnshiftable(half) }
  }

  public func image(
    at pose: Pose, using workspace: inout Workspace
  ) -> UnsafeMutableBufferPointer<Scalar> {
    extractSlice(
      at: pose, fromCentre: true, scale: voxelFactor / Double(slice.shape.count), workspace)
    slice.fft.inverse(workspace.half.pointer, workspace.image.pointer)
    guard let output = workspace.output else { return workspace.image.buffer }
    Scalar._kernels.cropOrPad(
      workspace.image.pointer, slice.shape, output.image.pointer, plane.paddedShape)
    return output.image.buffer
  }

  public func spectrum(
    at pose: Pose, using workspace: inout Workspace
  ) -> UnsafeMutableBufferPointer<Scalar> {
    guard let output = workspace.output else {
      extractSlice(at: pose, fromCentre: false, scale: voxelFactor, workspace)
      return workspace.half.buffer
    }
    _ = image(at: pose, using: &workspace)
    self.output.forward(output.image.pointer, into: output.half.pointer, factors: output.factors)
    return output.half.buffer
  }
}
