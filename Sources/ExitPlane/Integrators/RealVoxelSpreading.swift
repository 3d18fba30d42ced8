import CKernels

/// Spreads the voxels of a map, run by run of those that are not zero.
struct RealVoxelSpreading<Scalar: GridScalar>: Sendable {
  let plane: ImageConfiguration
  let volume: RealVoxelGridVolume<Scalar>
  private let threads: Int
  let grid: SpreadingGrid2D<Scalar>
  /// In voxels, of a sphere about the origin that holds every voxel that is not zero.
  private let radius: Double
  /// Voxels that are spread.
  let voxelCount: Int
  /// The runs of each copy of the grid.
  private let shares: [[Run]]

  /// Voxels along x, of which the first and the last are not zero.
  private struct Run {
    /// In `values`.
    let first: Int
    let count: Int
    var last: Int { first + count - 1 }
  }

  /// From the origin, in voxels.
  @inline(__always)
  static func position(of index: Int, in volume: RealVoxelGridVolume<Scalar>) -> SIMD3<Double> {
    let row = index / volume.columns
    return SIMD3(
      Double(index % volume.columns - originOffset(volume.columns)),
      Double(row % volume.rows - originOffset(volume.rows)),
      Double(row / volume.rows - originOffset(volume.depth)))
  }

  init(
    volume: RealVoxelGridVolume<Scalar>, plane: ImageConfiguration, accuracy: Double,
    options: NonuniformFFTOptions
  ) throws {
    self.volume = volume
    self.plane = plane
    threads = options.threads
    let runs = Self.runs(of: volume)
    let voxels = runs.reduce(0) { $0 + $1.count }
    voxelCount = voxels
    grid = try SpreadingGrid2D(
      modes: plane.paddedShape, accuracy: accuracy, options: options, points: voxels)
    radius = runs.reduce(0) { radius, run in
      let (first, last) = (Self.position(of: run.first, in: volume), Self.position(of: run.last, in: volume))
      return max(radius, dot(first, first).squareRoot(), dot(last, last).squareRoot())
    }
    // Neighbouring voxels meet the grid nearby, so they need no sorting.
    guard case .whole(let copies) = grid.layout(forPoints: voxels, sorting: .never) else {
      shares = [runs]
      return
    }
    var shares = [[Run]](repeating: [], count: copies)
    var before = 0
    for run in runs {
      shares[before * copies / max(voxels, 1)].append(run)
      before += run.count
    }
    self.shares = shares
  }

  /// The runs of a map, each within a row; zeros fewer than eight in a row are kept, being cheaper than a new
  /// run.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  private static func runs(of volume: RealVoxelGridVolume<Scalar>) -> [Run] {
    let bridged = 8
    var runs: [Run] = []
    volume.values.withUnsafeBufferPointer { values in
      for row in 0..<(volume.depth * volume.rows) {
        var open: (first: Int, last: Int)?
        for index in (row * volume.columns)..<((row + 1) * volume.columns) where values[index] != 0 {
          if let run = open, index - run.last > bridged {
            runs.append(Run(first: run.first, count: run.last - run.first + 1))
            open = nil
          }
          open = (open?.first ?? index, index)
        }
        if let run = open { runs.append(Run(first: run.first, count: run.last - run.first + 1)) }
      }
    }
    return runs
  }

  /// Nanoseconds a pose on one core, roughly.
  var cost: Double { grid.cost(points: voxelCount) }

  /// What one transform writes, apart from its result.
  func makeWorkspace() throws -> SpreadingGrid2D<Scalar>.Workspace {
    // The kernel spreads four quarters of a block in turn. They should lie apart, whichever axis is seen
    // along the beam: some rows and a quarter of a row apart they do (12 ns a voxel become 9).
    let row = volume.columns
    let quarter = max(1, 1024 / row) * row + row / 4
    return try SpreadingGrid2D<Scalar>.Workspace(
      grid, layout: .whole(copies: shares.count), points: 0, threads: threads,
      blockLength: 4 * quarter)
  }

  /// The plain sum times a factor, its phases referred to the origin's pixel or,
  /// with `fromCentre`, to the first; nothing is averaged.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  func transform(
    at pose: Pose, fromCentre: Bool, scale: Double, _ spreading: SpreadingGrid2D<Scalar>.Workspace,
    into half: UnsafeMutablePointer<Scalar>
  ) {
    let axes = ImageAxes(pose.rotation, plane.magnification)
    let (row0, row1) = (axes.x, axes.y)
    let start = start(at: pose, fromCentre: fromCentre)
    volume.values.withUnsafeBufferPointer { values in
      nonisolated(unsafe) let values = values
      grid.forEach(shares.count, spreading) { share, scratch in
        var collector = PointCollector(grid, spreading, scratch, piece: share)
        for run in shares[share] {
          let voxel = Self.position(of: run.first, in: volume)
          collector.add(
            grid.source(
              origin: start + SIMD2(dot(row0, voxel), dot(row1, voxel)), xRow: SIMD3(row0.x, 0, 0),
              yRow: SIMD3(row1.x, 0, 0)),
            strengths: values.baseAddress.map { $0 + run.first }, count: run.count)
        }
        collector.finish()
      }
    }
    grid.transform(
      spreading, scale: scale * volume.voxelSizeInAngstroms,
      reached: grid.rows(within: radius * plane.magnification.stretches.most, of: start.y),
      into: half)
  }

  /// Where the volume's origin is seen, in pixels from the origin's or, with `fromCentre`, from the first.
  func start(at pose: Pose, fromCentre: Bool) -> SIMD2<Double> {
    let shape = plane.paddedShape
    let origin =
      fromCentre ? SIMD2(Double(originOffset(shape.columns)), Double(originOffset(shape.rows))) : SIMD2(0, 0)
    return origin + pose.shiftInAngstroms / plane.pixelSizeInAngstroms
  }
}
