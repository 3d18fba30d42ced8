import CKernels

/// What an image's way back leaves of a map: the cotangent of the samples that voxels are spread on. A voxel's gradient
/// is interpolated from it.
public final class SpreadingTrace<Scalar: GridScalar>: Sendable {
  let periodic: SpreadingGrid2D<Scalar>.PeriodicGrid

  init(_ grid: SpreadingGrid2D<Scalar>) throws { periodic = try SpreadingGrid2D<Scalar>.PeriodicGrid(grid) }
}

extension RealVoxelSpreading {
  /// The transpose of `transform` up to the voxels. Zeros among them have gradients too, so all rows are reached.
  func transformTranspose(
    of half: UnsafePointer<Scalar>, scale: Double, _ spreading: SpreadingGrid2D<Scalar>.Workspace,
    into trace: SpreadingTrace<Scalar>
  ) {
    grid.transformTranspose(
      of: half, scale: scale * volume.voxelSizeInAngstroms, spreading, into: trace.periodic)
  }

  /// Adds what images leave of every voxel to the gradient, in the images' order; nil where only poses are wanted.
  ///
  /// A thread owns a plane of the map at a time: what is read and written of it stays in the nearer caches from image to
  /// image. The poses' sums are made plane by plane, whatever the threads.
  ///
  /// - Parameter fromCentre: whether phases are referred to the first pixel, by image.
  /// - Returns: the poses' cotangents.
  func accumulate(
    _ traces: ArraySlice<SpreadingTrace<Scalar>>, at poses: ArraySlice<Pose>, fromCentre: [Bool],
    into gradient: UnsafeMutablePointer<Scalar>?, threads: Int
  ) throws -> [Pose.Cotangent] {
    let (images, planes) = (traces.count, volume.depth)
    let sums = try AlignedBuffer<SIMD8<Double>>(
      count: planes * images, of: "the gradients of \(images) poses")
    nonisolated(unsafe) let gradient = gradient
    try parallelForEach(
      count: planes, threads: threads,
      workspace: { () throws in try RowScratch(self) },
      body: { plane, scratch in
        for (index, (trace, pose)) in zip(traces, poses).enumerated() {
          sums.pointer[plane * images + index] = addPlane(
            plane, trace.periodic, at: pose, fromCentre: fromCentre[index], to: gradient, scratch)
        }
      })
    let scale = grid.samplesToAPixel
    return poses.indices.map { index in
      let offset = index - poses.startIndex
      var s = SIMD8<Double>(repeating: 0)
      for plane in 0..<planes { s += sums.pointer[plane * images + offset] }
      return Pose.Cotangent(
        x: SIMD3(s[1], s[2], s[3]) * scale.x, y: SIMD3(s[5], s[6], s[7]) * scale.y, self.plane.magnification,
        shiftInAngstroms: SIMD2(s[0], s[4]) * scale / self.plane.pixelSizeInAngstroms)
    }
  }

  /// What one thread writes of as many rows of the map as it takes at a time.
  private final class RowScratch {
    let rowsAtATime: Int
    let points: AlignedBuffer<UInt8>
    let values: AlignedBuffer<Scalar>
    let alongX: AlignedBuffer<Scalar>
    let alongY: AlignedBuffer<Scalar>
    /// x of a row's voxels, from the origin.
    let x: [Double]

    init(_ method: RealVoxelSpreading) throws {
      let columns = method.volume.columns
      rowsAtATime = max(1, min(method.volume.rows, 1024 / columns))
      let (count, what) = (rowsAtATime * columns, "the gradient of a map")
      points = try AlignedBuffer(count: count * Scalar.pointBytes(in: .two), of: what)
      values = try AlignedBuffer(count: count, of: what)
      alongX = try AlignedBuffer(count: count, of: what)
      alongY = try AlignedBuffer(count: count, of: what)
      x = (0..<columns).map { Double($0 - originOffset(columns)) }
    }
  }

  /// - Returns: the sums of slopes by x in the image and of those times the voxels' x, y and z; then of slopes by y.
  private func addPlane(
    _ depth: Int, _ periodic: SpreadingGrid2D<Scalar>.PeriodicGrid, at pose: Pose, fromCentre: Bool,
    to gradient: UnsafeMutablePointer<Scalar>?, _ scratch: RowScratch
  ) -> SIMD8<Double> {
    let columns = volume.columns
    let axes = ImageAxes(pose.rotation, plane.magnification)
    let start = start(at: pose, fromCentre: fromCentre)
    var bins = periodic.geometry.bins
    var sums = SIMD8<Double>(repeating: 0)
    for from in stride(from: 0, to: volume.rows, by: scratch.rowsAtATime) {
      let rows = from..<min(from + scratch.rowsAtATime, volume.rows)
      volume.values.withUnsafeBufferPointer { values in
        for row in rows {
          let index = (depth * volume.rows + row) * columns
          let voxel = Self.position(of: index, in: volume)
          var source = grid.source(
            origin: start + SIMD2(dot(axes.x, voxel), dot(axes.y, voxel)), xRow: SIMD3(axes.x.x, 0, 0),
            yRow: SIMD3(axes.y.x, 0, 0))
          _ = Scalar.locatePoints(
            in: .two, of: &source, 0..<columns, width: grid.kernel.width, bins: &bins,
            strengths: values.baseAddress.map { $0 + index }, cursors: nil,
            into: scratch.points.pointer + (row - from) * columns * Scalar.pointBytes(in: .two))
        }
      }
      grid.kernel.withDescriptor {
        Scalar.interpolate(
          in: .two, at: scratch.points.pointer, count: rows.count * columns, window: $0,
          rowStride: periodic.geometry.pitch, grid: periodic.samples.pointer, values: scratch.values.pointer,
          slopes: [scratch.alongX.pointer, scratch.alongY.pointer])
      }
      for row in rows {
        let (index, first) = ((depth * volume.rows + row) * columns, (row - from) * columns)
        let voxel = Self.position(of: index, in: volume)
        var (alongX, alongY) = (SIMD4<Double>(repeating: 0), SIMD4<Double>(repeating: 0))
        Scalar.addMoments(
          of: scratch.alongX.pointer + first, x: scratch.x, y: nil, z: nil, count: columns, to: &alongX)
        Scalar.addMoments(
          of: scratch.alongY.pointer + first, x: scratch.x, y: nil, z: nil, count: columns, to: &alongY)
        sums += SIMD8(
          alongX.x, alongX.y, alongX.x * voxel.y, alongX.x * voxel.z, alongY.x, alongY.y, alongY.x * voxel.y,
          alongY.x * voxel.z)
        if let gradient { add(scratch.values.pointer + first, to: gradient + index, count: columns) }
      }
    }
    return sums
  }

  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  private func add(_ values: UnsafePointer<Scalar>, to sums: UnsafeMutablePointer<Scalar>, count: Int) {
    for i in 0..<count { sums[i] += values[i] }
  }
}
