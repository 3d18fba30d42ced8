/// Sums of `∂L/∂` of a map's voxels over images: `[z][y][x]`, zeros among the voxels included.
public final class RealVoxelGradient<Scalar: GridScalar>: @unchecked Sendable {
  private let layout: RealVoxelGridVolume<Scalar>.Layout
  let voxels: AlignedBuffer<Scalar>
  /// Where images are gathered: sums on the map's transform, until they are carried back to voxels.
  let samples: FourierSamplesGradient<Scalar>?
  private let transform: FourierVoxelWindowVolume<Scalar>?

  init(
    _ layout: RealVoxelGridVolume<Scalar>.Layout, gatheredFrom transform: FourierVoxelWindowVolume<Scalar>?
  ) throws {
    self.layout = layout
    self.transform = transform
    voxels = try AlignedBuffer(
      count: layout.depth * layout.rows * layout.columns, of: "the gradient of a map")
    samples = try transform?.makeGradient()
  }

  /// The sums as a map of the volume's shape.
  ///
  /// - Parameter threads: how many at the most; no bit depends on it.
  /// - Throws: `.invalidValue` where a sum is not finite, or beyond memory.
  public func volume(threads: Int = availableProcessors) throws -> RealVoxelGridVolume<Scalar> {
    try RealVoxelGridVolume(
      depth: layout.depth, rows: layout.rows, columns: layout.columns,
      voxelSizeInAngstroms: layout.voxelSizeInAngstroms, values: values(threads: threads))
  }

  /// The sums in the volume's shape, row-major, whether they are finite or not.
  ///
  /// - Parameter threads: how many at the most; no bit depends on it.
  /// - Throws: `.invalidValue` beyond memory.
  public func values(threads: Int = availableProcessors) throws -> [Scalar] {
    if let transform, let samples {
      add(try transform.voxelGradient(of: samples, threads: threads))
    }
    return Array(voxels.buffer)
  }

  /// Adds the part of a cube that the map has in it.
  private func add(_ cube: [Scalar]) {
    let (first, size) = layout.placeInCube
    for z in 0..<layout.depth {
      for y in 0..<layout.rows {
        let source = ((z + first.x) * size + y + first.y) * size + first.z
        let target = voxels.pointer + (z * layout.rows + y) * layout.columns
        for x in 0..<layout.columns { target[x] += cube[source + x] }
      }
    }
  }
}

/// What `RealVoxelPlan.trace` leaves of an image.
public struct RealVoxelTrace<Scalar: GridScalar> {
  enum Method {
    /// The transposed grid, and whether its phases are referred to the first pixel.
    case spreading(SpreadingTrace<Scalar>, isFromCentre: Bool)
    case gathering(SliceCotangent<Scalar>)
  }
  var method: Method
}

extension RealVoxelPlan: DifferentiablePlan {
  public func makeGradient(for prepared: Prepared) throws -> RealVoxelGradient<Scalar> {
    if case .gathering(let method) = prepared.method {
      return try RealVoxelGradient(layout, gatheredFrom: method.transform)
    }
    return try RealVoxelGradient(layout, gatheredFrom: nil)
  }

  public func makeTrace(for prepared: Prepared) throws -> RealVoxelTrace<Scalar> {
    switch prepared.method {
    case .spreading(let method):
      RealVoxelTrace(method: .spreading(try SpreadingTrace(method.grid), isFromCentre: true))
    case .gathering: RealVoxelTrace(method: .gathering(try SliceCotangent(plane.paddedShape)))
    }
  }

  public func makeWorkspaceForPullBack(for prepared: Prepared) throws -> Workspace {
    try Workspace(self, prepared, keepsSlopes: true)
  }

  public var prefersSpectra: Bool { true }

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
    into trace: inout RealVoxelTrace<Scalar>, using workspace: inout Workspace
  ) -> Pose.Cotangent {
    finisher.pullBackImage(cotangent, isShifted: pose.shiftInAngstroms != SIMD2(0, 0), workspace.finish)
    return transformTranspose(
      prepared, at: pose, fromCentre: true, scale: 1 / Double(plane.paddedShape.count), workspace,
      into: &trace)
  }

  public func trace(
    spectrumCotangent cotangent: UnsafePointer<Scalar>, of prepared: Prepared, at pose: Pose,
    into trace: inout RealVoxelTrace<Scalar>, using workspace: inout Workspace
  ) -> Pose.Cotangent {
    let half = workspace.finish.half
    half.pointer.update(from: cotangent, count: half.count)
    finisher.makeHermitian(half.pointer, isShifted: pose.shiftInAngstroms != SIMD2(0, 0))
    return transformTranspose(prepared, at: pose, fromCentre: false, scale: 1, workspace, into: &trace)
  }

  private func transformTranspose(
    _ prepared: Prepared, at pose: Pose, fromCentre: Bool, scale: Double, _ workspace: Workspace,
    into trace: inout RealVoxelTrace<Scalar>
  ) -> Pose.Cotangent {
    let half = workspace.finish.half.pointer
    switch (prepared.method, trace.method) {
    case (.spreading(let method), .spreading(let grid, _)):
      if let spreading = workspace.spreading {
        method.transformTranspose(of: half, scale: scale, spreading, into: grid)
        trace.method = .spreading(grid, isFromCentre: fromCentre)
      }
    case (.gathering(let method), .gathering(let cotangent)):
      if let kept = workspace.kept {
        return method.pullBack(half, at: pose, factors: workspace.factors, kept: kept, into: cotangent)
      }
    default: break
    }
    return .zero
  }

  public func accumulate(
    _ traces: ArraySlice<RealVoxelTrace<Scalar>>, at poses: ArraySlice<Pose>, of prepared: Prepared,
    into gradient: inout RealVoxelGradient<Scalar>?, threads: Int
  ) throws -> [Pose.Cotangent] {
    switch prepared.method {
    case .spreading(let method):
      let grids: [(SpreadingTrace<Scalar>, Bool)] = traces.compactMap {
        if case .spreading(let grid, let isFromCentre) = $0.method { (grid, isFromCentre) } else { nil }
      }
      return try method.accumulate(
        ArraySlice(grids.map(\.0)), at: poses, fromCentre: grids.map(\.1), into: gradient?.voxels.pointer,
        threads: threads)
    case .gathering(let method):
      if let samples = gradient?.samples {
        SliceCotangent.add(
          traces.compactMap { if case .gathering(let cotangent) = $0.method { cotangent } else { nil } },
          of: method.transform.samples, outOfBounds: .zero, to: samples, threads: threads)
      }
      return Array(repeating: .zero, count: traces.count)
    }
  }
}
