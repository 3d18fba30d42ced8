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

  public init(
    useErrorFunctions: Bool = true, shape: GridShape? = nil, upsamplingFactor: Int = 1,
    nBatches: Int = 1, accuracy: Double = 1e-6, threadsPerImage: Int = 1
  ) {
    self.useErrorFunctions = useErrorFunctions
    self.shape = shape
    self.upsamplingFactor = upsamplingFactor
    self.nBatches = nBatches
    self.accuracy = accuracy
    self.threadsPerImage = threadsPerImage
  }

  /// - Throws: `.invalidValue` for an accuracy outside 1e-15…0.1, an upsampling factor outside 1…16 or one
  ///   that makes too large a plane, or a number of batches outside 1…positions.
  public func makePlan(
    for volume: GaussianMixtureVolume, onto plane: ImageConfiguration
  ) throws -> GaussianMixturePlan<Scalar> {
    let positions = volume.positionsInAngstroms.count
    guard (1...positions).contains(nBatches) else {
      throw ExitPlaneError.invalid(
        "number of batches", got: "\(nBatches)", need: "1 to \(positions), the number of positions")
    }
    guard (1...16).contains(upsamplingFactor) else {
      throw ExitPlaneError.invalid("upsampling factor", got: "\(upsamplingFactor)", need: "1 to 16")
    }
    try requireGaussianAccuracy(accuracy)
    return try GaussianMixturePlan(volume: volume, plane: plane, options: self)
  }
}

func requireGaussianAccuracy(_ accuracy: Double) throws {
  guard accuracy >= 1e-15, accuracy <= 0.1 else {
    throw ExitPlaneError.invalid("accuracy", got: "\(accuracy)", need: "1e-15 to 0.1")
  }
}

public struct GaussianMixturePlan<Scalar: GridScalar>: RealImagePlan {
  public let plane: ImageConfiguration
  private let volume: GaussianMixtureVolume
  /// Of a distorted plane.
  private let distortion: GaussianDistortion?
  private let groups: GaussianGroups<Scalar>
  /// The shape in which Gaussians are summed and its pixel size.
  private let computed: GridShape
  private let computedPixelSize: Double
  private let bands: Int
  private let output: ImageSynthesis<Scalar>
  /// The transforms that crop frequencies, where pixels are upsampled.
  private let cropping: (fine: ImageSynthesis<Scalar>, coarse: ImageSynthesis<Scalar>)?

  init(
    volume: GaussianMixtureVolume, plane: ImageConfiguration,
    options: GaussianMixtureProjection<Scalar>
  ) throws {
    self.volume = volume
    self.plane = plane
    let factor = options.upsamplingFactor
    let shape = options.shape ?? plane.paddedShape
    computed = try GridShape(rows: shape.rows * factor, columns: shape.columns * factor)
    computedPixelSize = plane.pixelSizeInAngstroms / Double(factor)
    bands = max(1, options.threadsPerImage)
    distortion =
      plane.magnification.isNone
      ? nil : try GaussianDistortion(volume, by: plane.magnification, accuracy: options.accuracy)
    groups = try GaussianGroups(
      distortion?.volume ?? volume, pixelSizeInAngstroms: computedPixelSize, axes: 2,
      useErrorFunctions: options.useErrorFunctions, accuracy: options.accuracy)
    output = try ImageSynthesis(plane.paddedShape)
    cropping =
      factor == 1
      ? nil
      : (
        try ImageSynthesis(computed),
        shape == plane.paddedShape ? output : try ImageSynthesis(shape)
      )
  }

  /// What one thread writes.
  public final class Workspace {
    fileprivate let canvas: GaussianCanvas<Scalar>
    fileprivate let output: Buffers
    /// Where a distorted image shows the Gaussians.
    fileprivate var positions: [SIMD3<Double>] = []
    fileprivate let cropping: (fine: Buffers, coarse: Buffers)?

    fileprivate struct Buffers {
      let image: AlignedBuffer<Scalar>
      let half: AlignedBuffer<Scalar>
      let factors: PhaseFactors<Scalar>

      init(_ shape: GridShape) throws {
        image = try .image(shape)
        half = try .half(shape)
        factors = PhaseFactors(shape)
      }
    }

    fileprivate init(canvas: GaussianCanvas<Scalar>, output: GridShape, cropping: (GridShape, GridShape)?)
      throws
    {
      self.canvas = canvas
      self.output = try Buffers(output)
      self.cropping = try cropping.map { (try Buffers($0.0), try Buffers($0.1)) }
    }
  }

  public func makeWorkspace() throws -> Workspace {
    try Workspace(
      canvas: try GaussianCanvas(computed, for: groups, bandCount: bands), output: plane.paddedShape,
      cropping: cropping.map { ($0.fine.shape, $0.coarse.shape) })
  }

  public func image(
    at pose: Pose, using workspace: inout Workspace
  ) -> UnsafeMutableBufferPointer<Scalar> {
    draw(at: pose, workspace)
    let image = workspace.output.image
    guard let cropping, let buffers = workspace.cropping else {
      workspace.canvas.copy(to: image.pointer, plane.paddedShape)
      return image.buffer
    }
    let (fine, coarse) = buffers
    workspace.canvas.copy(to: fine.image.pointer, computed)
    cropping.fine.forward(fine.image.pointer, into: fine.half.pointer, factors: fine.factors)
    cropping.coarse.crop(fine.half.pointer, of: computed, into: coarse.half.pointer)
    coarse.factors.set(
      shiftInPixels: SIMD2(0, 0), fromCentre: true, scale: 1 / Double(computed.count))
    coarse.factors.multiply(coarse.half.pointer)
    cropping.coarse.inverse(coarse.half.pointer, coarse.image.pointer)
    cropOrPad(coarse.image.pointer, cropping.coarse.shape, into: image.pointer, plane.paddedShape)
    return image.buffer
  }

  public func spectrum(
    at pose: Pose, using workspace: inout Workspace
  ) -> UnsafeMutableBufferPointer<Scalar> {
    _ = image(at: pose, using: &workspace)
    let buffers = workspace.output
    output.forward(buffers.image.pointer, into: buffers.half.pointer, factors: buffers.factors)
    return buffers.half.buffer
  }

  private func draw(at pose: Pose, _ workspace: Workspace) {
    guard let distortion else {
      return workspace.canvas.draw(
        groups, at: volume.positionsInAngstroms, view: view(pose.rotation, pose.shiftInAngstroms))
    }
    distortion.positions(at: pose.rotation, into: &workspace.positions)
    workspace.canvas.draw(
      groups, at: workspace.positions, view: view(.identity, pose.shiftInAngstroms))
  }

  /// Positions to pixels: `(R r + t) / h + n / 2`.
  private func view(_ rotation: Rotation, _ shiftInAngstroms: SIMD2<Double>) -> ep_gaussian_view {
    let h = computedPixelSize
    let (x, y) = (rotation.rows.0 / h, rotation.rows.1 / h)
    let shift = shiftInAngstroms / h
    return ep_gaussian_view(
      columnAxis: (x.x, x.y, x.z, shift.x + Double(originOffset(computed.columns))),
      rowAxis: (y.x, y.y, y.z, shift.y + Double(originOffset(computed.rows))), planeAxis: (0, 0, 0, 0),
      plane: 0, hasPlane: 0)
  }
}

extension ImageSynthesis {
  /// Copies the frequencies of this shape out of a finer image's half spectrum.
  ///
  /// The Nyquist frequency of an even axis stands for both its signs: it receives their mean.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  func crop(
    _ fine: UnsafePointer<Scalar>, of fineShape: GridShape, into half: UnsafeMutablePointer<Scalar>
  ) {
    let width = 2 * shape.spectrumColumns
    let fineWidth = 2 * fineShape.spectrumColumns
    for row in 0..<shape.rows {
      let k = signedFrequency(row, of: shape.rows)
      let source = fine + (k < 0 ? k + fineShape.rows : k) * fineWidth
      (half + row * width).update(from: source, count: width)
      guard 2 * k == -shape.rows else { continue }
      let opposite = fine + -k * fineWidth
      for i in 0..<width { half[row * width + i] = (source[i] + opposite[i]) / 2 }
    }
    shape.symmetrize(half)
  }
}
