/// What was done to a map before and after its transform: what the way back from the transform needs to know.
struct MapPreparation<Scalar: GridScalar>: Sendable {
  /// Voxels an axis.
  let size: Int
  let voxelSizeInAngstroms: Double
  /// Multiplied the voxels, a factor an axis.
  let axisWeights: [Scalar]?
  /// Multiplied the transform, as a function of the radius in 1/Å.
  let filter: (@Sendable (Double) -> Double)?

  /// The transform of a map, filtered, and its value at zero frequency without the weights.
  func transform(
    _ map: RealVoxelGridVolume<Scalar>, gridSize: Int, border: HermitianGrid<Scalar>.Border, threads: Int
  ) throws -> (grid: HermitianGrid<Scalar>, zeroFrequency: Double) {
    let grid = try HermitianGrid.transform(
      of: map, size: gridSize, border: border, axisWeights: axisWeights, threads: threads)
    var sum = Scalar.sum(map.values)
    if let filter {
      grid.multiply(by: filter, voxelSizeInAngstroms: voxelSizeInAngstroms, threads: threads)
      sum *= filter(0)
    }
    return (grid, sum)
  }

  /// The transpose of `transform`; the gradient's sums are used up, and it is left zero.
  func voxelGradient(of gradient: FourierSamplesGradient<Scalar>, threads: Int) throws -> [Scalar] {
    let grid = gradient.grid
    if let filter { grid.multiply(by: filter, voxelSizeInAngstroms: voxelSizeInAngstroms, threads: threads) }
    let voxels = try grid.transformTransposed(
      mapSize: size, axisWeights: axisWeights, constant: gradient.zeroFrequency * (filter?(0) ?? 1),
      threads: threads)
    gradient.reset(threads: threads)
    return voxels
  }
}
