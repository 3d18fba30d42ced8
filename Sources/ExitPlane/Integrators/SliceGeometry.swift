/// How the frequencies of a slice and of a volume's grid meet: what every kind of slice has in common.
struct SliceGeometry: Sendable {
  /// In which the slice is taken.
  let shape: GridShape
  /// Samples of the volume's grid from frequency 0 to 1 cycle a pixel.
  let samplesPerCycle: Double
  /// Whether frequencies beyond the volume's Nyquist are asked for, where there is nothing.
  let isBandLimited: Bool
  /// From the transform of the volume to that of the image.
  let scale: Double
  let magnification: AnisotropicMagnification
  let cutoff: RadialCutoff?

  /// - Parameters:
  ///   - resamples: whether the image may have another pixel size than the volume.
  ///   - resolution: in ångströms; nil for no cutoff.
  init(
    _ volume: FourierSliceLayout, onto plane: ImageConfiguration, sliceGrid: SliceGrid,
    outputsIntegral: Bool, resamples: Bool, resolutionInAngstroms resolution: Double?
  ) throws {
    let (voxel, pixel) = (volume.voxelSizeInAngstroms, plane.pixelSizeInAngstroms)
    var ratio = 1.0
    if resamples, !agree(voxel, pixel) {
      guard sliceGrid == .image else {
        throw ExitPlaneError.mismatch(
          "the image's pixel size is \(pixel) Å and the map's voxel size \(voxel) Å, and slices are to be taken on the volume's grid",
          "take them on the image's to have them resampled")
      }
      ratio = voxel / pixel
      guard ratio.isFinite, (1.0 / 64...64).contains(ratio) else {
        throw ExitPlaneError.invalid(
          "the map's voxel size over the image's pixel size", got: "\(ratio)", need: "1/64 to 64")
      }
    } else {
      try requireSamePixelSize(volume: voxel, plane: plane)
    }
    let shape = sliceGrid == .volume ? try GridShape(square: volume.sliceSize) : plane.paddedShape
    self.shape = shape
    samplesPerCycle = Double(volume.gridSize) * ratio
    isBandLimited = ratio != 1
    // A pixel's value is the density there. Summed over the pixels of an area, and hence in the spectrum, it
    // counts once a pixel: (voxel / pixel)² times as often as voxels do.
    scale = (outputsIntegral ? voxel : 1) * ratio * ratio
    magnification = plane.magnification
    cutoff = try resolution.map { try RadialCutoff(shape, on: plane, resolutionInAngstroms: $0) }
  }

  func plane<Scalar>(
    at rotation: Rotation, isFull: Bool = false, curvature: Double = 0, factors: PhaseFactors<Scalar>
  ) -> SlicePlane {
    SlicePlane(
      shape: shape, isFull: isFull, axes: ImageAxes(rotation, magnification),
      samplesPerCycle: samplesPerCycle,
      curvature: curvature, isBandLimited: isBandLimited, cutoff: cutoff, factors: factors)
  }

  /// The transpose of the derivative of `plane` to the rotation's matrix.
  func rotationCotangent(of plane: SlicePlane.Cotangent, curvature: Double = 0) -> RotationCotangent {
    plane.axes(shape: shape, samplesPerCycle: samplesPerCycle, curvature: curvature)
      .rotationRows(magnification)
  }
}

/// Whether two pixel sizes differ by no more than files round them.
private func agree(_ voxel: Double, _ pixel: Double) -> Bool { abs(voxel - pixel) <= 1e-4 * pixel }

/// - Throws: `.mismatch` when the two differ by more than files round them.
func requireSamePixelSize(volume: Double, plane: ImageConfiguration) throws {
  let pixel = plane.pixelSizeInAngstroms
  guard agree(volume, pixel) else {
    throw ExitPlaneError.mismatch(
      "the image's pixel size is \(pixel) Å and the map's voxel size \(volume) Å",
      "they must agree, or the map must be rescaled")
  }
}
