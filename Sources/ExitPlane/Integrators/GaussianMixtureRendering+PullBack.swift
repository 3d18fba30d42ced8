extension GaussianMixtureRendering {
  /// The way back of `render`: by how much a loss changes with a mixture's numbers, from how much it changes with each
  /// voxel of the map that `render` makes of it.
  ///
  /// - Parameters:
  ///   - cotangent: `∂L/∂voxel`, in the shape and with the voxel size of the map.
  ///   - volume: the mixture that was rendered.
  ///   - parts: what is asked for; positions alone cost least.
  ///   - threads: how many the work is shared out to; the bits of the result do not depend on it.
  /// - Throws: `.invalidValue` for an accuracy outside 1e-15…0.1, and when there is no memory.
  public func pullBack(
    _ cotangent: RealVoxelGridVolume<Scalar>, of volume: GaussianMixtureVolume,
    parts: GaussianMixtureVolume.Gradient.Parts = .all, threads: Int = availableProcessors
  ) throws -> GaussianMixtureVolume.Gradient {
    try requireGaussianAccuracy(accuracy)
    let h = cotangent.voxelSizeInAngstroms
    let plane = try GridShape(rows: cotangent.rows, columns: cotangent.columns)
    let order = Self.byDepth(volume)
    let groups = try GaussianGroups<Scalar>(
      volume, pixelSizeInAngstroms: h, axes: 3, useErrorFunctions: useErrorFunctions, accuracy: accuracy,
      order: order)
    let sums = try GaussianSums(
      volume, parts, distortion: nil, groups: groups,
      options: .init(
        pixelSizeInAngstroms: h, axes: 3, useErrorFunctions: useErrorFunctions, accuracy: accuracy,
        order: order))
    // A block of planes at a time has margins: memory is little more than the map's.
    let block = min(cotangent.depth, 32)
    let planes = try (0..<block).map { _ in try GaussianCotangent<Scalar>(plane) }
    for first in stride(from: 0, to: cotangent.depth, by: block) {
      let range = first..<min(first + block, cotangent.depth)
      let looks = range.map { z in
        GaussianLook(
          cotangent: planes[z - first],
          view: Self.view(ofPlane: z, depth: cotangent.depth, plane, voxelSizeInAngstroms: h),
          rotation: .identity)
      }
      parallelForEach(
        count: looks.count, threads: threads, workspace: {},
        body: { index, _ in
          cotangent.values.withUnsafeBufferPointer { values in
            if let start = values.baseAddress {
              planes[index].copy(from: start + (first + index) * plane.count, plane)
            }
          }
        })
      _ = try sums.add(looks, threads: threads)
    }
    return sums.gradient()
  }
}
