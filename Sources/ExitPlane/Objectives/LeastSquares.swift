import RealModule

/// How far images are from projections, `L = Σ ½ Σ w |s A P − y|²`, and what changes it.
///
/// P is the projection at an image's pose, A its optics, s its scale and y the image. Without a noise spectrum the
/// weights are 1 and the inner sum is over pixels. With one, it is over frequencies and the weights are the noise's
/// inverse variances, so that −L is the log-likelihood of Gaussian noise but for `logNormalizer` an image.
///
/// Images are streamed: memory is one gradient and a few images a thread, however many there are. Sums over images are
/// made in their order, so that no bit depends on the number of threads.
public struct LeastSquares<Plan: DifferentiablePlan>: Sendable {
  /// The precision of the plan.
  public typealias Scalar = Plan.Scalar

  /// What projects the volume, forth and back.
  public let plan: Plan
  /// What `½ Σ log(2π σ²)` over the pixels of an image is: with the value of L the negative log-likelihood. 0 without a
  /// noise spectrum.
  public let logNormalizer: Double
  let sign: ContrastTransferFunction.Sign
  /// Of every entry of the half spectrum of `plane.shape`; empty without a noise spectrum.
  let weights: [Scalar]
  let toHalf: FFTPlan<Scalar>
  let toImage: FFTPlan<Scalar>
  /// Of the padded shape.
  let paddedToHalf: FFTPlan<Scalar>
  let paddedToImage: FFTPlan<Scalar>

  /// - Parameters:
  ///   - plan: what projects the volume, forth and back.
  ///   - noise: the power of the noise; nil for weights of 1.
  ///   - sign: of the contrast transfer functions.
  /// - Throws: `.invalidValue` for a noise density of 0 at some frequency, or beyond memory.
  public init(
    _ plan: Plan, noise: NoiseSpectrum? = nil, sign: ContrastTransferFunction.Sign = .relion
  ) throws {
    self.plan = plan
    self.sign = sign
    let (shape, padded) = (plan.plane.shape, plan.plane.paddedShape)
    toHalf = try FFTPlan(.realToHalf(shape))
    toImage = try FFTPlan(.halfToReal(shape))
    paddedToHalf = shape == padded ? toHalf : try FFTPlan(.realToHalf(padded))
    paddedToImage = shape == padded ? toImage : try FFTPlan(.halfToReal(padded))
    guard let noise else {
      (weights, logNormalizer) = ([], 0)
      return
    }
    let densities = plan.plane.frequencyGrid().map { noise.density(at: Double.hypot($0.x, $0.y)) }
    if let wrong = densities.first(where: { !($0 > 0 && $0.isFinite) }) {
      throw ExitPlaneError.invalid("noise density", got: "\(wrong)", need: "finite and above 0")
    }
    weights = densities.map { Scalar(1 / $0) }
    var sum = 0.0
    for (index, density) in densities.enumerated() {
      sum += shape.multiplicity(ofColumn: index % shape.spectrumColumns) * Double.log(2 * .pi * density) / 2
    }
    logNormalizer = sum
  }

  /// What an image is compared with.
  public struct Observation: Sendable {
    /// Of the particle that the image shows.
    public var pose: Pose
    /// s.
    public var scale: Double
    /// A; nil for the projection itself.
    public var transfer: ContrastTransferFunction?
    /// Of A too; in the plane's padded shape.
    public var aberrations: AberrationFactors<Scalar>?

    /// - Parameters:
    ///   - pose: of the particle that the image shows.
    ///   - scale: s.
    ///   - transfer: A; nil for the projection itself.
    ///   - aberrations: made with `isDifferentiable` where derivatives to the beam tilt are wanted.
    public init(
      pose: Pose, scale: Double = 1, transfer: ContrastTransferFunction? = nil,
      aberrations: AberrationFactors<Scalar>? = nil
    ) {
      self.pose = pose
      self.scale = scale
      self.transfer = transfer
      self.aberrations = aberrations
    }
  }

  /// An image's part of L and its derivatives.
  public struct Term: Sendable {
    /// The image's part of L.
    public var value: Double
    /// `∂L/∂` of the rotation and the shift.
    public var pose: Pose.Cotangent
    /// `∂L/∂s`.
    public var scale: Double
    /// Zero where the observation has no optics.
    public var optics: OpticsCotangent

    static var zero: Term { Term(value: 0, pose: .zero, scale: 0, optics: .zero) }
  }

  /// L and what it changes with, over a batch.
  ///
  /// - Parameters:
  ///   - prepared: the volume.
  ///   - count: how many images.
  ///   - threads: how many at the most; no bit depends on it.
  ///   - gradient: is added to; nil where the volume's part is not wanted.
  ///   - observe: writes the pixels of an image, `plane.shape` row-major, and says what it is compared with; called
  ///     from several threads at once.
  /// - Returns: the images' parts, in their order; L is the sum of their values.
  /// - Throws: what `observe` throws; `.invalidValue` beyond memory.
  public func evaluate(
    _ prepared: Plan.Prepared, count: Int, threads: Int = availableProcessors,
    addingTo gradient: inout Plan.Gradient?,
    observe: @Sendable (_ index: Int, _ pixels: UnsafeMutableBufferPointer<Scalar>) throws -> Observation
  ) throws -> [Term] {
    // As many images as keep the threads busy between one step and the next.
    let length = max(1, min(count, 8 * max(1, threads)))
    let block = try ImageBlock(self, prepared, length: length, threads: threads)
    var terms: [Term] = []
    terms.reserveCapacity(count)
    var first = 0
    while first < count {
      let images = first..<min(count, first + length)
      terms += try block.evaluate(images, addingTo: &gradient, observe: observe)
      first = images.upperBound
    }
    return terms
  }
}

extension GridShape {
  /// How many entries of the full spectrum an entry of the half stands for.
  func multiplicity(ofColumn column: Int) -> Double { column == 0 || 2 * column == columns ? 1 : 2 }
}
