import CKernels
import ComplexModule

/// Projects a Gaussian mixture in real space, one window of pixels a Gaussian.
///
/// `P(x, y) = Σ a / (2πσ²) exp(−|(x, y) − (R r + t)_xy|² / 2σ²)`, at the centre of a pixel or averaged over
/// it. The cost grows with the number of positions, not with that times the number of pixels. What falls
/// outside the plane is lost; nothing wraps around. A distorted plane has `Mᵀ (R r)_xy` and `σ² MᵀM` of them.
public struct GaussianMixtureProjection<Scalar: GridScalar>: VolumeIntegrator {
  /// Averages over a pixel by error functions; otherwise takes the value at its centre.
  public var useErrorFunctions: Bool
  /// The shape of the plane that is computed, then cropped or padded to the padded shape; that shape itself
  /// if none is given.
  public var shape: GridShape?
  /// Pixels computed for each one of the plane, on both axes. The fine plane's transform is cropped to the
  /// plane's frequencies, densities preserved.
  public var upsamplingFactor: Int
  /// Into how many batches positions are divided, at most one a position. Memory does not grow with their
  /// number here whatever this is, and the result does not depend on it: it is there for callers that
  /// set it for other programs.
  public var nBatches: Int
  /// Each Gaussian is computed as far as this part of its peak; what that leaves out of its sum is less.
  public var accuracy: Double
  /// How many bands of one image are computed at a time; the bits of the result do not depend on it. One is
  /// best where there is a pose for every processor.
  public var threadsPerImage: Int
  /// What gradients hold; positions alone cost least. Images do not depend on it.
  public var gradientParts: GaussianMixtureVolume.Gradient.Parts

  /// Options alone: `makePlan` checks them against a plane.
  public init(
    useErrorFunctions: Bool = true, shape: GridShape? = nil, upsamplingFactor: Int = 1,
    nBatches: Int = 1, accuracy: Double = 1e-6, threadsPerImage: Int = 1,
    gradientParts: GaussianMixtureVolume.Gradient.Parts = .all
  ) {
    self.useErrorFunctions = useErrorFunctions
    self.shape = shape
    self.upsamplingFactor = upsamplingFactor
    self.nBatches = nBatches
    self.accuracy = accuracy
    self.threadsPerImage = threadsPerImage
    self.gradientParts = gradientParts
  }

  /// - Throws: `.invalidValue` for an accuracy outside 1e-15…0.1, an upsampling factor outside 1…16 or one
  ///   that makes too large a plane, or a number of batches outside 1…positions.
  public func makePlan(
    for layout: GaussianMixtureVolume.Layout, onto plane: ImageConfiguration
  ) throws -> GaussianMixturePlan<Scalar> {
    let positions = layout.positions
    guard (1...positions).contains(nBatches) else {
      throw ExitPlaneError.invalid(
        "number of batches", got: "\(nBatches)", need: "1 to \(positions), the number of positions")
    }
    guard (1...16).contains(upsamplingFactor) else {
      throw ExitPlaneError.invalid("upsampling factor", got: "\(upsamplingFactor)", need: "1 to 16")
    }
    try requireGaussianAccuracy(accuracy)
    return try GaussianMixturePlan(layout: layout, plane: plane, options: self)
  }
}

func requireGaussianAccuracy(_ accuracy: Double) throws {
  guard accuracy >= 1e-15, accuracy <= 0.1 else {
    throw ExitPlaneError.invalid("accuracy", got: "\(accuracy)", need: "1e-15 to 0.1")
  }
}

/// Plan of `GaussianMixtureProjection`.
public struct GaussianMixturePlan<Scalar: GridScalar>: RealImagePlan {
  public let plane: ImageConfiguration
  private let layout: GaussianMixtureVolume.Layout
  let useErrorFunctions: Bool
  let accuracy: Double
  let gradientParts: GaussianMixtureVolume.Gradient.Parts
  private let bands: Int
  /// The shape in which Gaussians are summed and its pixel size.
  let computed: GridShape
  let computedPixelSize: Double
  /// Of pixels of the plane's size.
  let finisher: ImageFinisher<Scalar>
  /// The transform that crops frequencies, where pixels are upsampled.
  let fine: ImageFinisher<Scalar>?

  init(
    layout: GaussianMixtureVolume.Layout, plane: ImageConfiguration,
    options: GaussianMixtureProjection<Scalar>
  ) throws {
    self.layout = layout
    self.plane = plane
    useErrorFunctions = options.useErrorFunctions
    accuracy = options.accuracy
    gradientParts = options.gradientParts
    bands = max(1, options.threadsPerImage)
    let factor = options.upsamplingFactor
    let shape = options.shape ?? plane.paddedShape
    computed = try GridShape(rows: shape.rows * factor, columns: shape.columns * factor)
    computedPixelSize = plane.pixelSizeInAngstroms / Double(factor)
    // Without upsampling pixels are copied to the padded shape, and its spectrum is all that is computed.
    finisher = try ImageFinisher(computed: factor == 1 ? plane.paddedShape : shape, output: plane.paddedShape)
    fine = factor == 1 ? nil : try ImageFinisher(computed: computed, output: computed)
  }

  /// A mixture as the plan's pixels see it.
  public struct Prepared: Sendable {
    let volume: GaussianMixtureVolume
    /// Of a distorted plane.
    let distortion: GaussianDistortion?
    let groups: GaussianGroups<Scalar>
  }

  public func prepare(_ volume: GaussianMixtureVolume, expectedPoses: Int?) throws -> Prepared {
    try requireLayout(volume.layout, ofPlanFor: layout)
    let distortion =
      plane.magnification.isNone
      ? nil : try GaussianDistortion(volume, by: plane.magnification, accuracy: accuracy)
    return Prepared(
      volume: volume, distortion: distortion,
      groups: try GaussianGroups(
        distortion?.volume ?? volume, pixelSizeInAngstroms: computedPixelSize, axes: 2,
        useErrorFunctions: useErrorFunctions, accuracy: accuracy))
  }

  /// What one thread writes.
  public final class Workspace {
    let canvas: GaussianCanvas<Scalar>
    let finish: ImageFinisher<Scalar>.Workspace
    /// Where a distorted image shows the Gaussians.
    var positions: [SIMD3<Double>] = []
    /// Where pixels are upsampled.
    let fine: ImageFinisher<Scalar>.Workspace?
    let factors: PhaseFactors<Scalar>

    fileprivate init(_ plan: GaussianMixturePlan, _ prepared: Prepared) throws {
      canvas = try GaussianCanvas(plan.computed, for: prepared.groups, bandCount: plan.bands)
      finish = try ImageFinisher<Scalar>.Workspace(plan.finisher)
      fine = try plan.fine.map { try ImageFinisher<Scalar>.Workspace($0) }
      factors = PhaseFactors(plan.finisher.computed)
    }
  }

  public func makeWorkspace(for prepared: Prepared) throws -> Workspace { try Workspace(self, prepared) }

  public func image(
    of prepared: Prepared, at pose: Pose, using workspace: inout Workspace
  ) -> UnsafeMutableBufferPointer<Scalar> {
    draw(prepared, at: pose, workspace)
    guard let fine, let buffers = workspace.fine else {
      let image = workspace.finish.outputImage
      workspace.canvas.copy(to: image.pointer, plane.paddedShape)
      return image.buffer
    }
    workspace.canvas.copy(to: buffers.image.pointer, computed)
    let half = fine.spectrum(ofImage: buffers.image.pointer, buffers)
    if let half = half.baseAddress {
      finisher.computed.cropFrequencies(half, of: computed, into: workspace.finish.half.pointer)
    }
    workspace.factors.set(
      shiftInPixels: SIMD2(0, 0), fromCentre: true, scale: 1 / Double(computed.count))
    workspace.factors.multiply(workspace.finish.half.pointer)
    return finisher.image(workspace.finish)
  }

  public func spectrum(
    of prepared: Prepared, at pose: Pose, using workspace: inout Workspace
  ) -> UnsafeMutableBufferPointer<Scalar> {
    let image = image(of: prepared, at: pose, using: &workspace)
    return image.baseAddress.map { finisher.spectrum(ofImage: $0, workspace.finish) } ?? image
  }

  private func draw(_ prepared: Prepared, at pose: Pose, _ workspace: Workspace) {
    guard let distortion = prepared.distortion else {
      return workspace.canvas.draw(
        prepared.groups, at: prepared.volume.positionsInAngstroms,
        view: view(pose.rotation, pose.shiftInAngstroms))
    }
    distortion.positions(at: pose.rotation, into: &workspace.positions)
    workspace.canvas.draw(
      prepared.groups, at: workspace.positions, view: view(.identity, pose.shiftInAngstroms))
  }

  /// Positions to pixels: `(R r + t) / h + n / 2`.
  func view(_ rotation: Rotation, _ shiftInAngstroms: SIMD2<Double>) -> ep_gaussian_view {
    let h = computedPixelSize
    let (x, y) = (rotation.rows.0 / h, rotation.rows.1 / h)
    let shift = shiftInAngstroms / h
    return ep_gaussian_view(
      columnAxis: (x.x, x.y, x.z, shift.x + Double(originOffset(computed.columns))),
      rowAxis: (y.x, y.y, y.z, shift.y + Double(originOffset(computed.rows))), planeAxis: (0, 0, 0, 0),
      plane: 0, hasPlane: 0)
  }
}
