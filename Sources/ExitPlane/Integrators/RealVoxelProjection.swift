/// Projects a map by the defining sum, each voxel a point: `P̂(k) = h Σ_n v_n exp(−2πi Mk·(R r_n)_xy)`, with `r_n`
/// in voxels from the origin and `h` the voxel size, computed by nonuniform FFTs to an accuracy of choice.
///
/// This is the exact projection that others approximate: no padding, no interpolation error beyond the accuracy.
/// What falls outside the image wraps into it.
public struct RealVoxelProjection<Scalar: GridScalar>: VolumeIntegrator {
  public enum Algorithm: String, Sendable, Hashable, CaseIterable {
    /// By cost: what `expectedPoses` take together, preparation included.
    case automatic
    /// The rotated voxels are spread onto the image's grid (type 1); zero voxels cost nothing. The time of a
    /// pose is the voxels'.
    case spreading
    /// The image's frequencies are gathered from one oversampled transform of the map (type 2), made with the
    /// plan. The time of a pose is the pixels'.
    case gathering
  }

  /// The relative RMS error for a map of white noise; see `NonuniformFFT2D`.
  public var accuracy: Double
  public var algorithm: Algorithm
  /// Gathering heeds the oversampling alone: its transforms are one gather on one thread, which sorts nothing.
  public var options: NonuniformFFTOptions
  /// How many poses a plan is made for, about; `project` and `integrate` on a volume make one for a single pose.
  public var expectedPoses: Int
  /// Threads that a plan is prepared on; no result depends on it.
  public var preparationThreads: Int

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

  /// - Throws: `.mismatch` for different voxel and pixel sizes, `.invalidValue` and `.unsupported` as
  ///   `NonuniformFFT2D` does; `.unsupported` for gathering from too large a map or with a window width.
  public func makePlan(
    for volume: RealVoxelGridVolume<Scalar>, onto plane: ImageConfiguration
  ) throws -> RealVoxelPlan<Scalar> {
    try requireSamePixelSize(volume: volume.voxelSizeInAngstroms, plane: plane)
    let spreading = try RealVoxelSpreading(
      volume: volume, plane: plane, accuracy: accuracy, options: options)
    let gathering: RealVoxelGatheringChoice<Scalar>?
    switch algorithm {
    case .spreading: gathering = nil
    case .gathering:
      gathering = try RealVoxelGatheringChoice(
        for: volume, accuracy: accuracy, options: options, poses: expectedPoses)
    case .automatic:
      let choice = try? RealVoxelGatheringChoice<Scalar>(
        for: volume, accuracy: accuracy, options: options, poses: expectedPoses)
      let limit = Double(max(expectedPoses, 1)) * spreading.cost
      gathering = choice.flatMap {
        $0.isEasilyHeld && $0.cost(poses: expectedPoses, onto: plane) < limit ? $0 : nil
      }
    }
    let method: RealVoxelPlan<Scalar>.Method =
      if let gathering {
        .gathering(
          try RealVoxelGathering(
            volume: volume, plane: plane, accuracy: accuracy, oversampling: gathering.oversampling,
            threads: preparationThreads))
      } else {
        .spreading(spreading)
      }
    return try RealVoxelPlan(plane: plane, method: method)
  }

  /// The projection's spectrum at a single pose, in the padded shape.
  public func integrate(
    _ volume: RealVoxelGridVolume<Scalar>, at pose: Pose, onto plane: ImageConfiguration
  ) throws -> HalfSpectrum<Scalar> {
    let plan = try forSinglePose.makePlan(for: volume, onto: plane)
    var workspace = try plan.makeWorkspace()
    return plan.integrate(at: pose, using: &workspace)
  }

  /// The projection at a single pose in real space, in the padded shape.
  public func project(
    _ volume: RealVoxelGridVolume<Scalar>, at pose: Pose, onto plane: ImageConfiguration
  ) throws -> RealImage<Scalar> {
    let plan = try forSinglePose.makePlan(for: volume, onto: plane)
    var workspace = try plan.makeWorkspace()
    return plan.project(at: pose, using: &workspace)
  }

  private var forSinglePose: RealVoxelProjection {
    var single = self
    single.expectedPoses = 1
    return single
  }
}

public struct RealVoxelPlan<Scalar: GridScalar>: RealImagePlan {
  enum Method: Sendable {
    case spreading(RealVoxelSpreading<Scalar>)
    case gathering(RealVoxelGathering<Scalar>)
  }

  public let plane: ImageConfiguration
  private let method: Method
  private let synthesis: ImageSynthesis<Scalar>

  init(plane: ImageConfiguration, method: Method) throws {
    self.plane = plane
    self.method = method
    synthesis = try ImageSynthesis(plane.paddedShape)
  }

  /// What was chosen: spreading or gathering.
  public var algorithm: RealVoxelProjection<Scalar>.Algorithm {
    switch method {
    case .spreading: .spreading
    case .gathering: .gathering
    }
  }

  /// What one projection writes.
  public final class Workspace {
    fileprivate let spreading: SpreadingGrid2D<Scalar>.Workspace?
    fileprivate let factors: PhaseFactors<Scalar>
    fileprivate let half: AlignedBuffer<Scalar>
    fileprivate let image: AlignedBuffer<Scalar>

    fileprivate init(_ plan: RealVoxelPlan) throws {
      let shape = plan.plane.paddedShape
      spreading = if case .spreading(let method) = plan.method { try method.makeWorkspace() } else { nil }
      factors = PhaseFactors(shape)
      half = try .half(shape)
      image = try .image(shape)
    }
  }

  public func makeWorkspace() throws -> Workspace { try Workspace(self) }

  /// The projection's half spectrum times a factor, its phases referred to the origin's pixel or to the first.
  private func transform(at pose: Pose, fromCentre: Bool, scale: Double, _ workspace: Workspace) {
    let half = workspace.half.pointer
    switch method {
    case .spreading(let method):
      guard let scratch = workspace.spreading else { return }
      method.transform(at: pose, fromCentre: fromCentre, scale: scale, scratch, into: half)
    case .gathering(let method):
      method.transform(
        at: pose, fromCentre: fromCentre, scale: scale, factors: workspace.factors, into: half)
    }
    synthesis.shape.symmetrize(half)
    if pose.shiftInAngstroms != SIMD2(0, 0) { synthesis.shape.zeroUnshiftable(half) }
  }

  public func spectrum(
    at pose: Pose, using workspace: inout Workspace
  ) -> UnsafeMutableBufferPointer<Scalar> {
    transform(at: pose, fromCentre: false, scale: 1, workspace)
    return workspace.half.buffer
  }

  public func image(
    at pose: Pose, using workspace: inout Workspace
  ) -> UnsafeMutableBufferPointer<Scalar> {
    transform(at: pose, fromCentre: true, scale: 1 / Double(plane.paddedShape.count), workspace)
    synthesis.inverse(workspace.half.pointer, workspace.image.pointer)
    return workspace.image.buffer
  }
}
