/// Cubic B-spline coefficients of the transform of a cubic map, for cubic interpolation.
///
/// As in `FourierVoxelGridVolume` one half is stored. With its natural boundaries the spline of a
/// Hermitian transform is itself Hermitian, given that an even grid holds both its planes at −n/2 and +n/2
/// (Docs/Decisions/0007).
public struct FourierVoxelSplineVolume<Scalar: GridScalar>: FourierSliceVolume {
  /// What makes coefficients of samples.
  public enum Prefilter: String, Sendable, Hashable, CaseIterable {
    /// The spline meets every sample of the transform; natural boundaries.
    case natural
    /// The samples themselves serve as coefficients, and the map is divided by `sinc⁴(x / gridSize)` on
    /// every axis first, which undoes the fall-off of the B-spline's own window.
    ///
    /// The prefilter alone would divide by `(2 + cos(2πx / gridSize)) / 3` and leave some fall-off: to one half at
    /// the edge of an unpadded box. Correction removes it, at the price of larger aliases from there: better
    /// from a padding of 1.5 on, and without padding for a map that leaves its box's edge empty
    /// (Docs/Accuracy.md).
    case griddingCorrected
  }

  /// Voxels an axis of the map.
  public let mapSize: Int
  /// Of the map.
  public let voxelSizeInAngstroms: Double
  /// How the samples became coefficients.
  public let prefilter: Prefilter
  /// Coefficients of the transform's `Int(mapSize · padScale)` samples an axis.
  public let samples: FourierSamples<Scalar>
  private let preparation: MapPreparation<Scalar>

  /// Transforms a map.
  ///
  /// - Parameters:
  ///   - map: cubic, of even or odd size.
  ///   - padScale: at least 1; the transform is that of the map in a box of `Int(size · padScale)`.
  ///   - prefilter: what makes coefficients of samples.
  ///   - filter: multiplies the transform, as a function of the radius in 1/Å.
  ///   - threads: how many at the most; the result does not depend on it.
  /// - Throws: `.unsupported` for a map that is not cubic, `.invalidValue` for padding below 1 or a grid
  ///   beyond memory.
  public init(
    _ map: RealVoxelGridVolume<Scalar>, padScale: Double = 1, prefilter: Prefilter = .natural,
    filter: (@Sendable (_ frequencyInInverseAngstroms: Double) -> Double)? = nil,
    threads: Int = availableProcessors
  ) throws {
    let size = try paddedGridSize(of: map, padScale: padScale)
    mapSize = map.columns
    voxelSizeInAngstroms = map.voxelSizeInAngstroms
    self.prefilter = prefilter
    let weights: [Scalar]? =
      prefilter == .griddingCorrected
      ? (0..<mapSize).map { i in
        let s = sinc(Double(i - originOffset(map.columns)) / Double(size))
        // The taps of an axis sum to 6.
        return Scalar(1 / (6 * s * s * s * s))
      } : nil
    preparation = MapPreparation(
      size: mapSize, voxelSizeInAngstroms: voxelSizeInAngstroms, axisWeights: weights, filter: filter)
    let (grid, sum) = try preparation.transform(map, gridSize: size, border: .cubicSpline, threads: threads)
    switch prefilter {
    case .natural: try grid.replaceByNaturalSpline(threads: threads)
    case .griddingCorrected: grid.mirrorLeadingColumns(reach: grid.half)
    }
    let reach = prefilter == .natural ? grid.half + 1 : grid.half
    samples = FourierSamples(
      grid: grid, interpolation: .cubic(reach: reach), window: try .cubicSpline(half: grid.half),
      zeroFrequency: sum)
  }

  public func voxelGradient(
    of gradient: FourierSamplesGradient<Scalar>, threads: Int = availableProcessors
  ) throws -> [Scalar] {
    try requireGradient(gradient, of: samples)
    switch prefilter {
    case .natural: try gradient.grid.foldNaturalSpline(threads: threads)
    case .griddingCorrected: gradient.grid.foldLeadingColumns(reach: gradient.grid.half)
    }
    return try preparation.voxelGradient(of: gradient, threads: threads)
  }
}

extension HermitianGrid.Border {
  /// One column for the tap below a point at x ≥ 0. The coefficients' own border is one sample wide; beyond
  /// three more, no tap meets one.
  fileprivate static var cubicSpline: Self { Self(leading: 1, margin: 4) }
}
