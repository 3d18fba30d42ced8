/// How `RealVoxelProjection` computes.
public enum RealVoxelAlgorithm: String, Sendable, Hashable, CaseIterable {
  /// By cost: what the poses expected take together, preparation included.
  case automatic
  /// The rotated voxels are spread onto the image's grid (type 1); zero voxels cost nothing. The time of a
  /// pose is the voxels'.
  case spreading
  /// The image's frequencies are gathered from one oversampled transform of the map (type 2), made
  /// once. The time of a pose is the pixels'.
  case gathering
}

/// Projects a map by the defining sum, each voxel a point: `P̂(k) = h Σ_n v_n exp(−2πi Mk·(R r_n)_xy)`, with `r_n`
/// in voxels from the origin and `h` the voxel size, computed by nonuniform FFTs to an accuracy of choice.
///
/// This is the exact projection that others approximate: no padding, no interpolation error beyond the accuracy.
/// What falls outside the image wraps into it.
public struct RealVoxelProjection<Scalar: GridScalar>: VolumeIntegrator {
  /// How it computes.
  public typealias Algorithm = RealVoxelAlgorithm

  /// The relative RMS error for a map of white noise; see `NonuniformFFT2D`.
  public var accuracy: Double
  /// By default the one that costs less for the poses expected.
  public var algorithm: Algorithm
  /// Gathering heeds the oversampling alone: its transforms are one gather on one thread, which sorts nothing.
  public var options: NonuniformFFTOptions
  /// How many poses a volume is prepared for, about, where that is not said; `project` and `integrate` on a volume
  /// prepare it for a single one.
  public var expectedPoses: Int
  /// Threads that a volume is prepared on; no result depends on it.
  public var preparationThreads: Int

  /// Options alone: `makePlan` checks them against a map's layout and a plane.
  public init(
    eps accuracy: Double = 1e-6, algorithm: Algorithm = .automatic,
    options: NonuniformFFTOptions = NonuniformFFTOptions(), expectedPoses: Int = 100,
    preparationThreads: Int = availableProcessors
  ) {
    self.accuracy = accuracy
    self.algorithm = algorithm
    self.options = options
    self.expectedPoses = expectedPoses
    self.preparationThreads = preparationThreads
  }

  /// - Throws: `.mismatch` for different voxel and pixel sizes.
  public func makePlan(
    for layout: RealVoxelGridVolume<Scalar>.Layout, onto plane: ImageConfiguration
  ) throws -> RealVoxelPlan<Scalar> {
    try requireSamePixelSize(volume: layout.voxelSizeInAngstroms, plane: plane)
    return try RealVoxelPlan(layout: layout, plane: plane, options: self)
  }
}

/// Plan of `RealVoxelProjection`.
public struct RealVoxelPlan<Scalar: GridScalar>: RealImagePlan {
  public let plane: ImageConfiguration
  let layout: RealVoxelGridVolume<Scalar>.Layout
  private let options: RealVoxelProjection<Scalar>
  let finisher: ImageFinisher<Scalar>

  init(
    layout: RealVoxelGridVolume<Scalar>.Layout, plane: ImageConfiguration,
    options: RealVoxelProjection<Scalar>
  ) throws {
    self.layout = layout
    self.plane = plane
    self.options = options
    finisher = try ImageFinisher(computed: plane.paddedShape, output: plane.paddedShape)
  }

  /// A map's runs of voxels, or its oversampled transform.
  public struct Prepared: Sendable {
    enum Method: Sendable {
      case spreading(RealVoxelSpreading<Scalar>)
      case gathering(RealVoxelGathering<Scalar>)
    }
    let method: Method

    /// What was chosen: spreading or gathering.
    public var algorithm: RealVoxelAlgorithm {
      switch method {
      case .spreading: .spreading
      case .gathering: .gathering
      }
    }
  }

  /// Spreads or gathers, as the options say; by cost where they leave it open.
  ///
  /// - Throws: `.invalidValue` and `.unsupported` as `NonuniformFFT2D` does; `.unsupported` for gathering from too
  ///   large a map or with a window width.
  public func prepare(_ volume: RealVoxelGridVolume<Scalar>, expectedPoses: Int?) throws -> Prepared {
    try requireLayout(volume.layout, ofPlanFor: layout)
    let poses = expectedPoses ?? options.expectedPoses
    let spreading = try RealVoxelSpreading(
      volume: volume, plane: plane, accuracy: options.accuracy, options: options.options)
    let gathering: RealVoxelGatheringChoice<Scalar>?
    switch options.algorithm {
    case .spreading: gathering = nil
    case .gathering:
      gathering = try RealVoxelGatheringChoice(
        for: volume, accuracy: options.accuracy, options: options.options, poses: poses)
    case .automatic:
      let choice = try? RealVoxelGatheringChoice<Scalar>(
        for: volume, accuracy: options.accuracy, options: options.options, poses: poses)
      let limit = Double(max(poses, 1)) * spreading.cost
      gathering = choice.flatMap {
        $0.isEasilyHeld && $0.cost(poses: poses, onto: plane) < limit ? $0 : nil
      }
    }
    guard let gathering else { return Prepared(method: .spreading(spreading)) }
    return Prepared(
      method: .gathering(
        try RealVoxelGathering(
          volume: volume, plane: plane, accuracy: options.accuracy, oversampling: gathering.oversampling,
          threads: options.preparationThreads)))
  }

  /// What one projection writes.
  public final class Workspace {
    let spreading: SpreadingGrid2D<Scalar>.Workspace?
    let factors: PhaseFactors<Scalar>
    let finish: ImageFinisher<Scalar>.Workspace
    /// Of gathering, where the way back is taken too.
    let kept: KeptSlice<Scalar>?

    init(_ plan: RealVoxelPlan, _ prepared: Prepared, keepsSlopes: Bool) throws {
      switch prepared.method {
      case .spreading(let method): (spreading, kept) = (try method.makeWorkspace(), nil)
      case .gathering:
        (spreading, kept) = (nil, keepsSlopes ? try KeptSlice(plan.plane.paddedShape) : nil)
      }
      factors = PhaseFactors(plan.plane.paddedShape)
      finish = try ImageFinisher<Scalar>.Workspace(plan.finisher)
    }
  }

  public func makeWorkspace(for prepared: Prepared) throws -> Workspace {
    try Workspace(self, prepared, keepsSlopes: false)
  }

  /// The projection's half spectrum times a factor, its phases referred to the origin's pixel or to the first.
  private func transform(
    _ prepared: Prepared, at pose: Pose, fromCentre: Bool, scale: Double, _ workspace: Workspace
  ) {
    let half = workspace.finish.half.pointer
    switch prepared.method {
    case .spreading(let method):
      guard let scratch = workspace.spreading else { return }
      method.transform(at: pose, fromCentre: fromCentre, scale: scale, scratch, into: half)
    case .gathering(let method):
      if let kept = workspace.kept {
        method.transformWithSlopes(
          at: pose, fromCentre: fromCentre, scale: scale, factors: workspace.factors, keeping: kept,
          into: half)
      } else {
        method.transform(
          at: pose, fromCentre: fromCentre, scale: scale, factors: workspace.factors, into: half)
      }
    }
    finisher.makeHermitian(half, isShifted: pose.shiftInAngstroms != SIMD2(0, 0))
  }

  public func spectrum(
    of prepared: Prepared, at pose: Pose, using workspace: inout Workspace
  ) -> UnsafeMutableBufferPointer<Scalar> {
    transform(prepared, at: pose, fromCentre: false, scale: 1, workspace)
    return workspace.finish.half.buffer
  }

  public func image(
    of prepared: Prepared, at pose: Pose, using workspace: inout Workspace
  ) -> UnsafeMutableBufferPointer<Scalar> {
    transform(prepared, at: pose, fromCentre: true, scale: 1 / Double(plane.paddedShape.count), workspace)
    return finisher.image(workspace.finish)
  }
}
