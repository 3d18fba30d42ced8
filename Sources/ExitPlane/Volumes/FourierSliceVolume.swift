/// A volume whose transform can be sampled on a plane: `FourierVoxelGridVolume` (linear), `FourierVoxelSplineVolume`
/// (cubic) or `FourierVoxelWindowVolume` (exact to an accuracy).
public protocol FourierSliceVolume<Scalar>: ProjectableVolume where Layout == FourierSliceLayout {
  associatedtype Scalar: GridScalar
  /// What slices are taken of.
  var samples: FourierSamples<Scalar> { get }
  /// Frequencies an axis of the volume's own slices.
  var sliceSize: Int { get }
  /// Of the map that was transformed.
  var voxelSizeInAngstroms: Double { get }
  /// Whether an `InverseSincMask` fits the volume's interpolation.
  static var takesInverseSincMask: Bool { get }
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
}
