import ComplexModule

/// Everything about a projection that depends neither on the pose nor on the volume's numbers: geometry, tables, FFTs.
///
/// A plan is immutable and shared by threads; what a thread writes is its own workspace.
public protocol ProjectionPlan<Volume>: Sendable {
  /// What is projected.
  associatedtype Volume: ProjectableVolume
  /// A volume in the form that projecting takes: itself, or what is computed of it once.
  associatedtype Prepared: Sendable
  /// `HalfSpectrum`, or `FullSpectrum` of complex images.
  associatedtype Spectrum: Sendable
  /// `RealImage`, or `ComplexImage`.
  associatedtype Image: Sendable
  /// What one thread writes.
  associatedtype Workspace

  /// What the images are.
  var plane: ImageConfiguration { get }
  /// The volume in the form that projecting takes.
  ///
  /// - Parameters:
  ///   - volume: of the plan's layout.
  ///   - expectedPoses: how many poses will be projected, about; nil for what the integrator expects.
  /// - Throws: `.mismatch` for a volume of another layout than the plan's; `.invalidValue` beyond memory.
  func prepare(_ volume: Volume, expectedPoses: Int?) throws -> Prepared
  /// A workspace for one thread.
  ///
  /// - Throws: `.invalidValue` beyond memory.
  func makeWorkspace(for prepared: Prepared) throws -> Workspace
  /// The spectrum of the padded shape.
  func integrate(_ prepared: Prepared, at pose: Pose, using workspace: inout Workspace) -> Spectrum
  /// The image of the padded shape.
  func project(_ prepared: Prepared, at pose: Pose, using workspace: inout Workspace) -> Image
}

/// A plan whose projections are real images, as all but those on a curved surface are.
///
/// Buffers of a workspace are handed out instead of copied: they hold until the workspace's next use.
public protocol RealImagePlan<Scalar>: ProjectionPlan
where Spectrum == HalfSpectrum<Scalar>, Image == RealImage<Scalar> {
  /// The precision of images and spectra.
  associatedtype Scalar: GridScalar

  /// The half spectrum of the padded shape, real and imaginary parts in turn.
  func spectrum(
    of prepared: Prepared, at pose: Pose, using workspace: inout Workspace
  ) -> UnsafeMutableBufferPointer<Scalar>
  /// The image of the padded shape.
  func image(
    of prepared: Prepared, at pose: Pose, using workspace: inout Workspace
  ) -> UnsafeMutableBufferPointer<Scalar>
  /// The half spectra that a lens weighs by the sine and the cosine of its phase χ and adds to an image's; there is no
  /// second one where electrons are taken to scatter from a plane.
  func lensSpectra(
    of prepared: Prepared, at pose: Pose, wavelengthInAngstroms: Double, using workspace: inout Workspace
  ) -> (sine: UnsafeMutableBufferPointer<Scalar>, cosine: UnsafeMutableBufferPointer<Scalar>?)
}

extension RealImagePlan {
  public func lensSpectra(
    of prepared: Prepared, at pose: Pose, wavelengthInAngstroms: Double, using workspace: inout Workspace
  ) -> (sine: UnsafeMutableBufferPointer<Scalar>, cosine: UnsafeMutableBufferPointer<Scalar>?) {
    (spectrum(of: prepared, at: pose, using: &workspace), nil)
  }

  public func integrate(
    _ prepared: Prepared, at pose: Pose, using workspace: inout Workspace
  ) -> HalfSpectrum<Scalar> {
    HalfSpectrum(
      shape: plane.paddedShape,
      unchecked: spectrum(of: prepared, at: pose, using: &workspace).complexValues)
  }

  public func project(
    _ prepared: Prepared, at pose: Pose, using workspace: inout Workspace
  ) -> RealImage<Scalar> {
    RealImage(
      shape: plane.paddedShape, unchecked: Array(image(of: prepared, at: pose, using: &workspace)))
  }
}

/// - Throws: `.mismatch` for a volume of another layout than the plan was made for.
func requireLayout<Layout: Hashable>(_ layout: Layout, ofPlanFor expected: Layout) throws {
  guard layout == expected else {
    throw ExitPlaneError.mismatch(
      "the volume is \(layout) and the plan is for \(expected)", "make a plan for the volume's layout")
  }
}
