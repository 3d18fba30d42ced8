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
  public let voxelSizeInAngstroms: Double
  public let prefilter: Prefilter
  /// Coefficients of the transform's `Int(mapSize · padScale)` samples an axis.
  public let samples: FourierSamples<Scalar>

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
    let grid = try HermitianGrid.transform(
      of: map, size: size, border: .cubicSpline, axisWeights: weights, threads: threads)
    var sum = Scalar.sum(map.values)
    if let filter {
      try grid.multiply(by: filter, voxelSizeInAngstroms: voxelSizeInAngstroms, threads: threads)
      sum *= filter(0)
    }
    switch prefilter {
    case .natural: try grid.replaceByNaturalSpline(threads: threads)
    case .griddingCorrected: grid.mirrorLeadingColumns(reach: grid.half)
    }
    let reach = prefilter == .natural ? grid.half + 1 : grid.half
    samples = FourierSamples(
      grid: grid, interpolation: .cubic(reach: reach), window: try .cubicSpline(half: grid.half),
      zeroFrequency: sum)
  }
}

extension HermitianGrid.Border {
  /// One column for the tap below a point at x ≥ 0. The coefficients' own border is one sample wide; beyond
  /// three more, no tap meets one.
  fileprivate static var cubicSpline: Self { Self(leading: 1, margin: 4) }
}

extension HermitianGrid {
  /// Replaces the samples by the coefficients of their natural cubic spline, which fill the border to
  /// `half + 1` and the column below x = 0.
  fileprivate func replaceByNaturalSpline(threads: Int) throws {
    let spline = NaturalSpline<Scalar>(count: 2 * half + 1)
    let reach = half + 1
    parallelForEach(
      count: 2 * half + 1, threads: threads, workspace: { () },
      body: { plane, _ in
        solveRows(spline, first: index(x: 0, y: -half, z: plane - half), stride: 2 * rowStride)
      })
    parallelForEach(
      count: 2 * reach + 1, threads: threads, workspace: { () },
      body: { row, _ in
        solveRows(spline, first: index(x: 0, y: row - reach, z: -half), stride: 2 * planeStride)
      })
    try parallelForEach(
      count: reach + 1, threads: threads,
      workspace: { try AlignedBuffer<Scalar>(count: 2 * (2 * reach + 1), of: "a line of the spline") },
      body: { z, line in
        for y in (z == 0 ? 0 : -reach)...reach { solveLine(spline, y: y, z: z, line: line.pointer) }
      })
  }

  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  private func solveRows(_ spline: NaturalSpline<Scalar>, first: Int, stride: Int) {
    spline.solve(storage.pointer + first, stride: stride, width: 2 * (half + 1))
  }

  /// Solves along x for the rows (y, z) and (−y, −z), which hold one whole line between them.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  private func solveLine(
    _ spline: NaturalSpline<Scalar>, y: Int, z: Int, line: UnsafeMutablePointer<Scalar>
  ) {
    let reach = half + 1
    let origin = line + 2 * reach
    let (row, opposite) = (
      storage.pointer + index(x: 0, y: y, z: z), storage.pointer + index(x: 0, y: -y, z: -z)
    )
    for x in 0...half {
      (origin[-2 &* x], origin[-2 &* x &+ 1]) = (opposite[2 &* x], -opposite[2 &* x &+ 1])
      (origin[2 &* x], origin[2 &* x &+ 1]) = (row[2 &* x], row[2 &* x &+ 1])
    }
    spline.solve(origin - 2 * half, stride: 2, width: 2)
    if y == 0, z == 0 {
      // This row is its own opposite; rounding must not tell its halves apart.
      origin[1] = 0
      for x in 1...reach { (origin[-2 * x], origin[-2 * x + 1]) = (origin[2 * x], -origin[2 * x + 1]) }
    }
    for x in -border.leading...reach {
      (row[2 &* x], row[2 &* x &+ 1]) = (origin[2 &* x], origin[2 &* x &+ 1])
      (opposite[2 &* x], opposite[2 &* x &+ 1]) = (origin[-2 &* x], -origin[-2 &* x &+ 1])
    }
  }
}
