/// A volume whose transform can be sampled on a plane: `FourierVoxelGridVolume` (linear), `FourierVoxelSplineVolume`
/// (cubic) or `FourierVoxelWindowVolume` (exact to an accuracy).
public protocol FourierSliceVolume<Scalar>: ProjectableVolume where Layout == FourierSliceLayout {
  /// The precision of the samples.
  associatedtype Scalar: GridScalar
  /// What slices are taken of.
  var samples: FourierSamples<Scalar> { get }
  /// Frequencies an axis of the volume's own slices.
  var sliceSize: Int { get }
  /// Of the map that was transformed.
  var voxelSizeInAngstroms: Double { get }
  /// Whether an `InverseSincMask` fits the volume's interpolation.
  static var takesInverseSincMask: Bool { get }

  /// Carries a gradient from the stored samples back to the map's voxels: the transpose of what made this volume of
  /// the map. The gradient's sums are used up, and it is left zero, for another batch of images.
  ///
  /// - Parameters:
  ///   - gradient: sums on this volume's grid.
  ///   - threads: how many at the most; the result does not depend on it.
  /// - Returns: of a map of n voxels an axis `n × n × n`, row-major as the map was, in the loss's unit over that of
  ///   the map.
  /// - Throws: `.mismatch` for a gradient on another grid than the volume's; `.invalidValue` beyond memory.
  func voxelGradient(of gradient: FourierSamplesGradient<Scalar>, threads: Int) throws -> [Scalar]
}

/// What plans of slices are made for.
public struct FourierSliceLayout: Hashable, Sendable {
  /// Samples an axis of the transform.
  public let gridSize: Int
  /// Frequencies an axis of the volume's own slices.
  public let sliceSize: Int
  /// Of the map that was transformed.
  public let voxelSizeInAngstroms: Double
}

extension FourierSliceVolume {
  public var layout: FourierSliceLayout {
    FourierSliceLayout(
      gridSize: gridSize, sliceSize: sliceSize, voxelSizeInAngstroms: voxelSizeInAngstroms)
  }
  /// Samples an axis of the transform.
  public var gridSize: Int { samples.grid.size }
  /// The transform at zero frequency: the sum of the map's voxels.
  public var zeroFrequency: Double { samples.zeroFrequency }
  public var sliceSize: Int { gridSize }
  public static var takesInverseSincMask: Bool { false }

  /// Zeros, to sum gradients in.
  ///
  /// - Throws: `.invalidValue` beyond memory.
  public func makeGradient() throws -> FourierSamplesGradient<Scalar> {
    try FourierSamplesGradient(for: samples)
  }
}

/// - Throws: `.mismatch`.
func requireGradient<Scalar>(
  _ gradient: FourierSamplesGradient<Scalar>, of samples: FourierSamples<Scalar>
) throws {
  let (ours, theirs) = (samples.grid, gradient.grid)
  guard ours.size == theirs.size, ours.storage.count == theirs.storage.count,
    ours.rowStride == theirs.rowStride, ours.border.leading == theirs.border.leading
  else {
    throw ExitPlaneError.mismatch(
      "the gradient is on a grid of \(theirs.size)³", "the volume's of \(ours.size)³ has another form")
  }
}
