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

  /// - Parameter threads: how many planes are computed at a time; the bits of the result do not depend on it.
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

    // By depth, so that what a plane needs is a range; ties by position make the order one and the same.
    let positions = volume.positionsInAngstroms
    let order = positions.indices.map { UInt32($0) }.sorted {
      let (a, b) = (positions[Int($0)].z, positions[Int($1)].z)
      return a != b ? a < b : $0 < $1
    }
    let groups = try GaussianGroups<Scalar>(
      volume, pixelSizeInAngstroms: h, axes: 3, useErrorFunctions: useErrorFunctions, accuracy: accuracy,
      order: order)

    let centre = Double(originOffset(depth))
    let axes = ep_gaussian_view(
      columnAxis: (1 / h, 0, 0, Double(originOffset(columns))),
      rowAxis: (0, 1 / h, 0, Double(originOffset(rows))), planeAxis: (0, 0, 1 / h, centre), plane: 0,
      hasPlane: 1)
    let values = try [Scalar](unsafeUninitializedCapacity: depth * plane.count) { buffer, initialized in
      guard let target = buffer.baseAddress else { return }
      // Planes do not overlap, so neither do the threads' writes.
      nonisolated(unsafe) let voxels = target
      try parallelForEach(
        count: depth, threads: threads, workspace: { try GaussianCanvas(plane, for: groups) }
      ) { z, canvas in
        var view = axes
        view.plane = Int32(z)
        canvas.draw(groups, at: positions, view: view) { group in
          // One voxel more than the reach, so that rounding cannot leave out what the kernel would add.
          let reach = Double(group.largestReach) + 1
          let height = { (atom: UInt32) in positions[Int(atom)].z / h + centre }
          let first = group.atoms.partitionPoint { height($0) >= Double(z) - reach }
          let end = group.atoms.partitionPoint { height($0) > Double(z) + reach }
          return first..<end
        }
        canvas.copy(to: voxels + z * plane.count, plane)
      }
      initialized = depth * plane.count
    }
    return try RealVoxelGridVolume(
      depth: depth, rows: rows, columns: columns, voxelSizeInAngstroms: h, values: values)
  }
}

extension [UInt32] {
  /// The first index from which on a condition holds that, once true, stays so; the end if it never does.
  fileprivate func partitionPoint(_ condition: (UInt32) -> Bool) -> Int {
    var (low, high) = (0, count)
    while low < high {
      let middle = low + (high - low) / 2
      if condition(self[middle]) { high = middle } else { low = middle + 1 }
    }
    return low
  }
}
