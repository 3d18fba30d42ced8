/// A method of integrating a volume along the beam onto the exit plane.
///
/// An integrator holds options alone. From them and a volume's layout it makes a plan, which serves any volume of that
/// layout; a plan and a volume together are a `Projector`, which serves any number of poses on any number of threads.
/// Sense of poses, units and shapes are one for all integrators (Docs/Conventions.md): spectra come in the
/// configuration's padded shape, images in its shape, and their values are the potential integrated along the beam
/// (volume in Å⁻², image in Å⁻¹).
public protocol VolumeIntegrator<Volume>: Sendable {
  /// What it integrates.
  associatedtype Volume
  /// What it makes for a layout and a plane.
  associatedtype Plan: ProjectionPlan where Plan.Volume == Volume

  /// A plan for any volume of the layout.
  ///
  /// - Throws: `.mismatch` or `.invalidValue` where the layout and the plane do not fit each other.
  func makePlan(for layout: Volume.Layout, onto plane: ImageConfiguration) throws -> Plan
}

extension VolumeIntegrator {
  /// A plan for the volume, and the volume.
  ///
  /// - Parameters:
  ///   - volume: what is projected.
  ///   - plane: what the images are.
  ///   - expectedPoses: how many poses will be projected, about; nil for what the integrator expects. Where a method
  ///     can compute in several ways, it takes the one that costs least for so many.
  /// - Throws: what `makePlan` and the plan's `prepare` throw.
  public func makeProjector(
    for volume: Volume, onto plane: ImageConfiguration, expectedPoses: Int? = nil
  ) throws -> Projector<Plan> {
    try Projector(makePlan(for: volume.layout, onto: plane), of: volume, expectedPoses: expectedPoses)
  }

  /// The projection's spectrum at a single pose, in the padded shape.
  public func integrate(
    _ volume: Volume, at pose: Pose, onto plane: ImageConfiguration
  ) throws -> Plan.Spectrum {
    let projector = try makeProjector(for: volume, onto: plane, expectedPoses: 1)
    var workspace = try projector.makeWorkspace()
    return projector.integrate(at: pose, using: &workspace)
  }

  /// The projection at a single pose in real space, in the padded shape.
  public func project(
    _ volume: Volume, at pose: Pose, onto plane: ImageConfiguration
  ) throws -> Plan.Image {
    let projector = try makeProjector(for: volume, onto: plane, expectedPoses: 1)
    var workspace = try projector.makeWorkspace()
    return projector.project(at: pose, using: &workspace)
  }
}
