/// A plan whose projections have a way back: from what a loss changes with an image's numbers to what it changes with
/// the volume's and the pose's.
///
/// Cotangents are `∂L/∂` of each number stored, real and imaginary parts as two (Docs/Conventions.md, Gradients). The
/// way back has two steps, so that sums over images are made in one order on any number of threads: each image leaves
/// a trace of two dimensions, and the traces of a block of images are then added to the volume's gradient, each thread
/// owning a part of it.
public protocol DifferentiablePlan: RealImagePlan {
  /// Sums of `∂L/∂volume` in the form that is cheapest to add to.
  associatedtype Gradient
  /// What an image leaves for `accumulate`.
  associatedtype Trace

  /// Whether the spectrum comes before the image: comparing images by their spectra then saves transforms.
  var prefersSpectra: Bool { get }
  /// A gradient of zeros.
  ///
  /// - Throws: `.invalidValue` beyond memory.
  func makeGradient(for prepared: Prepared) throws -> Gradient
  /// A trace for one image, to be written by `trace` again and again.
  ///
  /// - Throws: `.invalidValue` beyond memory.
  func makeTrace(for prepared: Prepared) throws -> Trace
  /// A workspace that the way back may be taken in.
  func makeWorkspaceForPullBack(for prepared: Prepared) throws -> Workspace
  /// As `image`; the workspace keeps what the way back needs.
  func imageForPullBack(
    of prepared: Prepared, at pose: Pose, using workspace: inout Workspace
  ) -> UnsafeMutableBufferPointer<Scalar>
  /// As `spectrum`; the workspace keeps what the way back needs.
  func spectrumForPullBack(
    of prepared: Prepared, at pose: Pose, using workspace: inout Workspace
  ) -> UnsafeMutableBufferPointer<Scalar>
  /// The way back from the image that `imageForPullBack` has just made: from the cotangent of the image of the padded
  /// shape to a trace, which is overwritten.
  ///
  /// - Returns: the part of the pose's cotangent that is found here.
  func trace(
    imageCotangent cotangent: UnsafePointer<Scalar>, of prepared: Prepared, at pose: Pose,
    into trace: inout Trace, using workspace: inout Workspace
  ) -> Pose.Cotangent
  /// The way back from the spectrum that `spectrumForPullBack` has just made.
  func trace(
    spectrumCotangent cotangent: UnsafePointer<Scalar>, of prepared: Prepared, at pose: Pose,
    into trace: inout Trace, using workspace: inout Workspace
  ) -> Pose.Cotangent
  /// Adds the contributions of a block of images to the gradient, in their order; nil where only the poses' parts are
  /// wanted.
  ///
  /// - Returns: the parts of the poses' cotangents that are found here.
  func accumulate(
    _ traces: ArraySlice<Trace>, at poses: ArraySlice<Pose>, of prepared: Prepared,
    into gradient: inout Gradient?, threads: Int
  ) throws -> [Pose.Cotangent]
}

extension DifferentiablePlan {
  public var prefersSpectra: Bool { false }

  public func makeWorkspaceForPullBack(for prepared: Prepared) throws -> Workspace {
    try makeWorkspace(for: prepared)
  }
}
