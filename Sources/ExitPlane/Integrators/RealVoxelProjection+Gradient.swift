/// Sums of `∂L/∂` of a map's voxels over images: `[z][y][x]`, zeros among the voxels included.
public final class RealVoxelGradient<Scalar: GridScalar>: @unchecked Sendable {
  let voxels: AlignedBuffer<Scalar>
  private let layout: RealVoxelGridVolume<Scalar>.Layout

  init(_ layout: RealVoxelGridVolume<Scalar>.Layout) throws {
    self.layout = layout
    voxels = try AlignedBuffer(
      count: layout.depth * layout.rows * layout.columns, of: "the gradient of a map")
  }

  /// The sums as a map of the volume's shape.
  ///
  /// - Throws: `.invalidValue` where a sum is not finite.
  public func volume() throws -> RealVoxelGridVolume<Scalar> {
    try RealVoxelGridVolume(
      depth: layout.depth, rows: layout.rows, columns: layout.columns,
      voxelSizeInAngstroms: layout.voxelSizeInAngstroms, values: Array(voxels.buffer))
  }
}

/// What `RealVoxelPlan.trace` leaves, and where its phases are referred to.
public struct RealVoxelImageTrace<Scalar: GridScalar>: Sendable {
  let grid: RealVoxelTrace<Scalar>
  var isFromCentre = true
}

extension RealVoxelPlan: DifferentiablePlan {
  public func makeGradient(for prepared: Prepared) throws -> RealVoxelGradient<Scalar> {
    try RealVoxelGradient(layout)
  }

  public func makeTrace(for prepared: Prepared) throws -> RealVoxelImageTrace<Scalar> {
    try RealVoxelImageTrace(grid: RealVoxelTrace(prepared.spreading.grid))
  }

  public func imageForPullBack(
    of prepared: Prepared, at pose: Pose, using workspace: inout Workspace
  ) -> UnsafeMutableBufferPointer<Scalar> {
    image(of: prepared, at: pose, using: &workspace)
  }

  public func spectrumForPullBack(
    of prepared: Prepared, at pose: Pose, using workspace: inout Workspace
  ) -> UnsafeMutableBufferPointer<Scalar> {
    spectrum(of: prepared, at: pose, using: &workspace)
  }

  public func trace(
    imageCotangent cotangent: UnsafePointer<Scalar>, of prepared: Prepared, at pose: Pose,
    into trace: inout RealVoxelImageTrace<Scalar>, using workspace: inout Workspace
  ) -> Pose.Cotangent {
    finisher.pullBackImage(cotangent, isShifted: pose.shiftInAngstroms != SIMD2(0, 0), workspace.finish)
    trace.isFromCentre = true
    transformTranspose(prepared, scale: 1 / Double(plane.paddedShape.count), workspace, into: trace)
    return .zero
  }

  public func trace(
    spectrumCotangent cotangent: UnsafePointer<Scalar>, of prepared: Prepared, at pose: Pose,
    into trace: inout RealVoxelImageTrace<Scalar>, using workspace: inout Workspace
  ) -> Pose.Cotangent {
    let half = workspace.finish.half
    half.pointer.update(from: cotangent, count: half.count)
    finisher.makeHermitian(half.pointer, isShifted: pose.shiftInAngstroms != SIMD2(0, 0))
    trace.isFromCentre = false
    transformTranspose(prepared, scale: 1, workspace, into: trace)
    return .zero
  }

  private func transformTranspose(
    _ prepared: Prepared, scale: Double, _ workspace: Workspace, into trace: RealVoxelImageTrace<Scalar>
  ) {
    prepared.spreading.transformTranspose(
      of: workspace.finish.half.pointer, scale: scale, workspace.spreading, into: trace.grid)
  }

  public func accumulate(
    _ traces: ArraySlice<RealVoxelImageTrace<Scalar>>, at poses: ArraySlice<Pose>, of prepared: Prepared,
    into gradient: inout RealVoxelGradient<Scalar>?, threads: Int
  ) throws -> [Pose.Cotangent] {
    try prepared.spreading.accumulate(
      ArraySlice(traces.map(\.grid)), at: poses, fromCentre: traces.map(\.isFromCentre),
      into: gradient?.voxels.pointer, threads: threads)
  }
}
