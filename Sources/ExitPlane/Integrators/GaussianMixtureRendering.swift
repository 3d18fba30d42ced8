import CKernels

/// Computes the map of a Gaussian mixture: each voxel is the potential averaged over it, in Å⁻², so that a
/// projection of the map times the voxel size is the mixture's projection.
///
/// Planes are computed one by one, each on its own and kept in a cache, so that memory is the map's and
/// little more.
public struct GaussianMixtureRendering<Scalar: GridScalar>: Sendable {
  /// Averages over a voxel by error functions; otherwise takes the value at its centre.
  public var useErrorFunctions: Bool
  /// Each Gaussian is computed as far as this part of its peak.
  public var accuracy: Double

  /// Options alone: rendering checks them.
  public init(useErrorFunctions: Bool = true, accuracy: Double = 1e-6) {
    self.useErrorFunctions = useErrorFunctions
    self.accuracy = accuracy
  }

  /// A cubic map with the mixture's origin at voxel `(n / 2, n / 2, n / 2)`.
  public func render(
    _ volume: GaussianMixtureVolume, boxSize n: Int, voxelSizeInAngstroms: Double,
    threads: Int = availableProcessors
  ) throws -> RealVoxelGridVolume<Scalar> {
    try render(
      volume, depth: n, rows: n, columns: n, voxelSizeInAngstroms: voxelSizeInAngstroms, threads: threads)
  }

  /// - Parameters:
  ///   - volume: the Gaussians.
  ///   - depth: voxels along z.
  ///   - rows: voxels along y.
  ///   - columns: voxels along x.
  ///   - h: the map's voxel size.
  ///   - threads: how many planes are computed at a time; the bits of the result do not depend on it.
  /// - Throws: `.invalidValue` for a shape outside 1…`GridShape.largestAxis` or beyond memory, a voxel size not
  ///   above 0 Å or an accuracy outside 1e-15…0.1.
  public func render(
    _ volume: GaussianMixtureVolume, depth: Int, rows: Int, columns: Int, voxelSizeInAngstroms h: Double,
    threads: Int = availableProcessors
  ) throws -> RealVoxelGridVolume<Scalar> {
    try requireGaussianAccuracy(accuracy)
    try validatePositive("voxel size", h, unit: "Å")
    let plane = try GridShape(rows: rows, columns: columns)
    _ = try GridShape(rows: depth, columns: columns)
    try requireMemory(
      bytes: depth * plane.count * MemoryLayout<Scalar>.stride,
      for: "a map of \(depth) × \(rows) × \(columns)")

    let (order, positions) = (Self.byDepth(volume), volume.positionsInAngstroms)
    let groups = try GaussianGroups<Scalar>(
      volume, pixelSizeInAngstroms: h, axes: 3, useErrorFunctions: useErrorFunctions, accuracy: accuracy,
      order: order)
    let values = try [Scalar](unsafeUninitializedCapacity: depth * plane.count) { buffer, initialized in
      guard let target = buffer.baseAddress else { return }
      // Planes do not overlap, so neither do the threads' writes.
      nonisolated(unsafe) let voxels = target
      try parallelForEach(
        count: depth, threads: threads, workspace: { try GaussianCanvas(plane, for: groups) }
      ) { z, canvas in
        let view = Self.view(ofPlane: z, depth: depth, plane, voxelSizeInAngstroms: h)
        canvas.draw(groups, at: positions, view: view) { group in
          group.near(view, in: group.atoms.indices, at: positions)
        }
        canvas.copy(to: voxels + z * plane.count, plane)
      }
      initialized = depth * plane.count
    }
    return try RealVoxelGridVolume(
      depth: depth, rows: rows, columns: columns, voxelSizeInAngstroms: h, values: values)
  }

  /// The positions' order by depth, so that what a plane needs is a range; ties by position make it one and the same.
  static func byDepth(_ volume: GaussianMixtureVolume) -> [UInt32] {
    let positions = volume.positionsInAngstroms
    return positions.indices.map { UInt32($0) }.sorted {
      let (a, b) = (positions[Int($0)].z, positions[Int($1)].z)
      return a != b ? a < b : $0 < $1
    }
  }

  /// Positions to voxels of a plane.
  static func view(
    ofPlane z: Int, depth: Int, _ plane: GridShape, voxelSizeInAngstroms h: Double
  ) -> ep_gaussian_view {
    ep_gaussian_view(
      columnAxis: (1 / h, 0, 0, Double(originOffset(plane.columns))),
      rowAxis: (0, 1 / h, 0, Double(originOffset(plane.rows))),
      planeAxis: (0, 0, 1 / h, Double(originOffset(depth))), plane: Int32(z), hasPlane: 1)
  }
}
