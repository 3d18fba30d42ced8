import CKernels

/// Projects a map by the defining sum, each voxel a point: `P̂(k) = h Σ_n v_n exp(−2πi k·(R r_n)_xy)`, with `r_n`
/// in voxels from the origin and `h` the voxel size, computed by nonuniform FFTs to an accuracy of choice.
///
/// No interpolation of the transform and no padding are involved: this is the exact projection that others
/// approximate. What falls outside the image wraps into it.
public struct RealVoxelProjection<Scalar: GridScalar>: VolumeIntegrator {
  public enum Algorithm: String, Sendable, Hashable, CaseIterable {
    /// By cost.
    case automatic
    /// The rotated voxels are spread onto the image's grid (type 1); zero voxels cost nothing.
    case spreading
    /// The image's frequencies are gathered from one oversampled transform of the map (type 2).
    case gathering
  }

  /// The relative RMS error for a map of white noise; see `NonuniformFFT2D`.
  public var accuracy: Double
  public var algorithm: Algorithm
  public var options: NonuniformFFTOptions

  public init(
    eps accuracy: Double = 1e-6, algorithm: Algorithm = .automatic,
    options: NonuniformFFTOptions = NonuniformFFTOptions()
  ) {
    self.accuracy = accuracy
    self.algorithm = algorithm
    self.options = options
  }

  /// - Throws: `.mismatch` for different voxel and pixel sizes, `.invalidValue` and `.unsupported` as
  ///   `NonuniformFFT2D` does.
  public func makePlan(
    for volume: RealVoxelGridVolume<Scalar>, onto plane: ImageConfiguration
  ) throws -> RealVoxelPlan<Scalar> {
    try requireSamePixelSize(volume: volume.voxelSizeInAngstroms, plane: plane)
    guard algorithm != .gathering else {
      throw ExitPlaneError(
        .unsupported, "gathering is not offered for real voxels; spreading gives the same images")
    }
    return try RealVoxelPlan(volume: volume, plane: plane, options: self)
  }
}

/// Spreads the voxels of a map, run by run of those that are not zero.
public struct RealVoxelPlan<Scalar: GridScalar>: RealImagePlan {
  public let plane: ImageConfiguration
  private let volume: RealVoxelGridVolume<Scalar>
  private let threads: Int
  private let grid: SpreadingGrid2D<Scalar>
  private let synthesis: ImageSynthesis<Scalar>
  /// In voxels, of a sphere about the origin that holds every voxel that is not zero.
  private let radius: Double
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
  private static func position(of index: Int, in volume: RealVoxelGridVolume<Scalar>) -> SIMD3<Double> {
    let row = index / volume.columns
    return SIMD3(
      Double(index % volume.columns - originOffset(volume.columns)),
      Double(row % volume.rows - originOffset(volume.rows)),
      Double(row / volume.rows - originOffset(volume.depth)))
  }

  init(
    volume: RealVoxelGridVolume<Scalar>, plane: ImageConfiguration, options: RealVoxelProjection<Scalar>
  ) throws {
    self.volume = volume
    self.plane = plane
    threads = options.options.threads
    let runs = Self.runs(of: volume)
    let voxels = runs.reduce(0) { $0 + $1.count }
    grid = try SpreadingGrid2D(
      modes: plane.paddedShape, accuracy: options.accuracy, options: options.options, points: voxels)
    synthesis = try ImageSynthesis(plane.paddedShape)
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

  /// What one projection writes.
  public final class Workspace {
    fileprivate let spreading: SpreadingGrid2D<Scalar>.Workspace
    fileprivate let half: AlignedBuffer<Scalar>
    fileprivate let image: AlignedBuffer<Scalar>

    fileprivate init(
      _ grid: SpreadingGrid2D<Scalar>, copies: Int, threads: Int, blockLength: Int
    ) throws {
      spreading = try SpreadingGrid2D<Scalar>.Workspace(
        grid, layout: .whole(copies: copies), points: 0, threads: threads, blockLength: blockLength)
      half = try .half(grid.modes)
      image = try .image(grid.modes)
    }
  }

  public func makeWorkspace() throws -> Workspace {
    // The kernel spreads four quarters of a block in turn. They should lie apart, whichever axis is seen
    // along the beam: some rows and a quarter of a row apart they do (12 ns a voxel become 9).
    let row = volume.columns
    let quarter = max(1, 1024 / row) * row + row / 4
    return try Workspace(grid, copies: shares.count, threads: threads, blockLength: 4 * quarter)
  }

  /// The projection's half spectrum times a factor, its phases referred to the pixel at `origin`.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  private func project(
    at pose: Pose, origin: SIMD2<Double>, scale: Double, _ workspace: Workspace
  ) {
    let shift = pose.shiftInAngstroms / plane.pixelSizeInAngstroms
    let (row0, row1, _) = pose.rotation.rows
    let start = origin + shift
    let spreading = workspace.spreading
    volume.values.withUnsafeBufferPointer { values in
      nonisolated(unsafe) let values = values
      grid.forEach(shares.count, spreading) { share, scratch in
        grid.clear(piece: share, spreading)
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
    let half = workspace.half.pointer
    grid.transform(
      spreading, scale: scale * volume.voxelSizeInAngstroms, reached: grid.rows(within: radius, of: start.y),
      into: half)
    synthesis.symmetrize(half)
    if shift != SIMD2(0, 0) { synthesis.zeroUnshiftable(half) }
  }

  public func spectrum(
    at pose: Pose, using workspace: inout Workspace
  ) -> UnsafeMutableBufferPointer<Scalar> {
    project(at: pose, origin: SIMD2(0, 0), scale: 1, workspace)
    return workspace.half.buffer
  }

  public func image(
    at pose: Pose, using workspace: inout Workspace
  ) -> UnsafeMutableBufferPointer<Scalar> {
    let shape = plane.paddedShape
    project(
      at: pose,
      origin: SIMD2(Double(originOffset(shape.columns)), Double(originOffset(shape.rows))),
      scale: 1 / Double(shape.count), workspace)
    synthesis.fft.inverse(workspace.half.pointer, workspace.image.pointer)
    return workspace.image.buffer
  }
}
