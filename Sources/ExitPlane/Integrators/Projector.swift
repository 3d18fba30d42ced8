/// Projections of one volume: a plan, and the volume prepared for it.
public struct Projector<Plan: ProjectionPlan>: Sendable {
  /// What neither the pose nor the volume's numbers change.
  public let plan: Plan
  /// The volume, in the form that the plan takes.
  public let prepared: Plan.Prepared

  /// - Parameters:
  ///   - plan: what projects.
  ///   - volume: of the plan's layout.
  ///   - expectedPoses: how many poses will be projected, about; nil for what the integrator expects.
  /// - Throws: what the plan's `prepare` throws.
  public init(_ plan: Plan, of volume: Plan.Volume, expectedPoses: Int? = nil) throws {
    self.init(plan, prepared: try plan.prepare(volume, expectedPoses: expectedPoses))
  }

  /// A volume that was prepared before, by a plan of the same options and layout.
  public init(_ plan: Plan, prepared: Plan.Prepared) {
    self.plan = plan
    self.prepared = prepared
  }

  public var plane: ImageConfiguration { plan.plane }

  public func makeWorkspace() throws -> Plan.Workspace { try plan.makeWorkspace(for: prepared) }

  /// The spectrum of the padded shape.
  public func integrate(at pose: Pose, using workspace: inout Plan.Workspace) -> Plan.Spectrum {
    plan.integrate(prepared, at: pose, using: &workspace)
  }

  /// The image of the padded shape.
  public func project(at pose: Pose, using workspace: inout Plan.Workspace) -> Plan.Image {
    plan.project(prepared, at: pose, using: &workspace)
  }
}

/// What makes real images of poses, whatever the method and the volume.
///
/// Buffers of a workspace are handed out instead of copied: they hold until the workspace's next use.
public protocol RealImageProjector<Scalar>: Sendable {
  /// The precision of images and spectra.
  associatedtype Scalar: GridScalar
  /// What one thread writes.
  associatedtype Workspace

  /// What the images are.
  var plane: ImageConfiguration { get }
  /// A workspace for one thread.
  ///
  /// - Throws: `.invalidValue` beyond memory.
  func makeWorkspace() throws -> Workspace
  /// The half spectrum of the padded shape, real and imaginary parts in turn.
  func spectrum(at pose: Pose, using workspace: inout Workspace) -> UnsafeMutableBufferPointer<Scalar>
  /// The image of the padded shape.
  func image(at pose: Pose, using workspace: inout Workspace) -> UnsafeMutableBufferPointer<Scalar>
  /// See `RealImagePlan`.
  func lensSpectra(
    at pose: Pose, wavelengthInAngstroms: Double, using workspace: inout Workspace
  ) -> (sine: UnsafeMutableBufferPointer<Scalar>, cosine: UnsafeMutableBufferPointer<Scalar>?)
}

extension Projector: RealImageProjector where Plan: RealImagePlan {
  /// The precision of the plan.
  public typealias Scalar = Plan.Scalar
  /// What one thread writes.
  public typealias Workspace = Plan.Workspace

  public func spectrum(
    at pose: Pose, using workspace: inout Plan.Workspace
  ) -> UnsafeMutableBufferPointer<Scalar> {
    plan.spectrum(of: prepared, at: pose, using: &workspace)
  }

  public func image(
    at pose: Pose, using workspace: inout Plan.Workspace
  ) -> UnsafeMutableBufferPointer<Scalar> {
    plan.image(of: prepared, at: pose, using: &workspace)
  }

  public func lensSpectra(
    at pose: Pose, wavelengthInAngstroms: Double, using workspace: inout Plan.Workspace
  ) -> (sine: UnsafeMutableBufferPointer<Scalar>, cosine: UnsafeMutableBufferPointer<Scalar>?) {
    plan.lensSpectra(
      of: prepared, at: pose, wavelengthInAngstroms: wavelengthInAngstroms, using: &workspace)
  }

  /// Without what lies beyond a resolution; see `ResolutionLimitedPlan`.
  ///
  /// - Throws: `.invalidValue` for a resolution that is not finite or not above 0 Å.
  public func limited(
    toResolutionInAngstroms resolution: Double
  ) throws -> Projector<ResolutionLimitedPlan<Plan>> {
    Projector<ResolutionLimitedPlan<Plan>>(
      try ResolutionLimitedPlan(plan, resolutionInAngstroms: resolution), prepared: prepared)
  }
}
