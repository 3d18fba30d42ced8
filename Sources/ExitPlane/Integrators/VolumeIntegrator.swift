import ComplexModule

/// A method of integrating a volume along the beam onto the exit plane.
///
/// An integrator holds options alone; what it computes from is prepared once in a plan, which then serves
/// any number of poses on any number of threads. Sense of poses, units and shapes are one for all
/// integrators (Docs/Conventions.md): spectra and images come in the configuration's padded shape, their
/// values are the potential integrated along the beam (volume in Å⁻², image in Å⁻¹).
public protocol VolumeIntegrator<Volume>: Sendable {
  associatedtype Volume: Sendable
  associatedtype Plan: ProjectionPlan

  /// - Throws: `.mismatch` or `.invalidValue` where the volume and the plane do not fit each other.
  func makePlan(for volume: Volume, onto plane: ImageConfiguration) throws -> Plan
}

extension VolumeIntegrator {
  /// The projection's spectrum, in the padded shape.
  public func integrate(
    _ volume: Volume, at pose: Pose, onto plane: ImageConfiguration
  ) throws -> Plan.Spectrum {
    let plan = try makePlan(for: volume, onto: plane)
    var workspace = try plan.makeWorkspace()
    return plan.integrate(at: pose, using: &workspace)
  }

  /// The projection in real space, in the padded shape.
  public func project(
    _ volume: Volume, at pose: Pose, onto plane: ImageConfiguration
  ) throws -> Plan.Image {
    let plan = try makePlan(for: volume, onto: plane)
    var workspace = try plan.makeWorkspace()
    return plan.project(at: pose, using: &workspace)
  }
}

/// Everything about a projection that does not depend on the pose.
///
/// A plan is immutable and shared by threads; what a thread writes is its own workspace.
public protocol ProjectionPlan: Sendable {
  associatedtype Spectrum: Sendable
  associatedtype Image: Sendable
  associatedtype Workspace

  var plane: ImageConfiguration { get }
  func makeWorkspace() throws -> Workspace
  func integrate(at pose: Pose, using workspace: inout Workspace) -> Spectrum
  func project(at pose: Pose, using workspace: inout Workspace) -> Image
}

/// A plan whose projections are real images, as all but those on a curved surface are.
///
/// Buffers of a workspace are handed out instead of copied: they hold until the workspace's next use.
public protocol RealImagePlan<Scalar>: ProjectionPlan
where Spectrum == HalfSpectrum<Scalar>, Image == RealImage<Scalar> {
  associatedtype Scalar: GridScalar

  /// The half spectrum of the padded shape, real and imaginary parts in turn.
  func spectrum(at pose: Pose, using workspace: inout Workspace) -> UnsafeMutableBufferPointer<Scalar>
  /// The image of the padded shape.
  func image(at pose: Pose, using workspace: inout Workspace) -> UnsafeMutableBufferPointer<Scalar>
  /// The half spectra that a lens weighs by the sine and the cosine of its phase χ and adds to an image's; there is no
  /// second one where electrons are taken to scatter from a plane.
  func lensSpectra(
    at pose: Pose, wavelengthInAngstroms: Double, using workspace: inout Workspace
  ) -> (sine: UnsafeMutableBufferPointer<Scalar>, cosine: UnsafeMutableBufferPointer<Scalar>?)
}

extension RealImagePlan {
  public func lensSpectra(
    at pose: Pose, wavelengthInAngstroms: Double, using workspace: inout Workspace
  ) -> (sine: UnsafeMutableBufferPointer<Scalar>, cosine: UnsafeMutableBufferPointer<Scalar>?) {
    (spectrum(at: pose, using: &workspace), nil)
  }

  public func integrate(at pose: Pose, using workspace: inout Workspace) -> HalfSpectrum<Scalar> {
    HalfSpectrum(shape: plane.paddedShape, unchecked: spectrum(at: pose, using: &workspace).complexValues)
  }

  public func project(at pose: Pose, using workspace: inout Workspace) -> RealImage<Scalar> {
    RealImage(
      shape: plane.paddedShape, unchecked: Array(image(at: pose, using: &workspace)))
  }
}
