/// One image's part of an objective, on one thread.
final class ImageEvaluation<Plan: DifferentiablePlan> {
  typealias Scalar = Plan.Scalar
  typealias Objective = LeastSquares<Plan>

  /// The image, in the plane's `shape`.
  let pixels: AlignedBuffer<Scalar>
  private let objective: Objective
  private let prepared: Plan.Prepared
  private var workspace: Plan.Workspace
  /// Of the plane's shape.
  private let image: AlignedBuffer<Scalar>
  private let half: AlignedBuffer<Scalar>
  /// Of the padded shape: what is compared, and cotangents.
  private let paddedImage: AlignedBuffer<Scalar>
  private let paddedHalf: AlignedBuffer<Scalar>
  /// From the images' first pixels to their origins.
  private let factors: PhaseFactors<Scalar>
  /// Of the padded shape.
  private let paddedFactors: PhaseFactors<Scalar>

  init(_ objective: Objective, _ prepared: Plan.Prepared) throws {
    let (shape, padded) = (objective.plan.plane.shape, objective.plan.plane.paddedShape)
    self.objective = objective
    self.prepared = prepared
    workspace = try objective.plan.makeWorkspaceForPullBack(for: prepared)
    pixels = try .image(shape)
    image = try .image(shape)
    half = try .half(shape)
    paddedImage = try .image(padded)
    paddedHalf = try .half(padded)
    factors = PhaseFactors(shape)
    factors.setCentreToOrigin()
    paddedFactors = PhaseFactors(padded)
  }

  private var plan: Plan { objective.plan }
  private var shape: GridShape { objective.plan.plane.shape }
  private var paddedShape: GridShape { objective.plan.plane.paddedShape }

  func evaluate(
    _ observation: Objective.Observation, into trace: inout Plan.Trace
  ) throws -> Objective.Term {
    if observation.transfer != nil || observation.aberrations != nil {
      return try compareThroughOptics(observation, into: &trace)
    }
    if shape == paddedShape, plan.prefersSpectra { return compareSpectra(observation, into: &trace) }
    return compareImages(observation, into: &trace)
  }

  // MARK: Without optics

  private func compareImages(
    _ observation: Objective.Observation, into trace: inout Plan.Trace
  ) -> Objective.Term {
    var term = Objective.Term.zero
    let projected = plan.imageForPullBack(of: prepared, at: observation.pose, using: &workspace)
    guard let source = projected.baseAddress else { return term }
    cropOrPad(source, paddedShape, into: image.pointer, shape)
    (term.value, term.scale) = replaceImage(scale: observation.scale)
    cropOrPad(image.pointer, shape, into: paddedImage.pointer, paddedShape)
    term.pose = plan.trace(
      imageCotangent: paddedImage.pointer, of: prepared, at: observation.pose, into: &trace,
      using: &workspace)
    return term
  }

  /// Where images are compared by their spectra: of methods that compute those, it takes one transform less.
  private func compareSpectra(
    _ observation: Objective.Observation, into trace: inout Plan.Trace
  ) -> Objective.Term {
    var term = Objective.Term.zero
    let projected = plan.spectrumForPullBack(of: prepared, at: observation.pose, using: &workspace)
    guard let source = projected.baseAddress else { return term }
    (term.value, term.scale) = compare(source, scale: observation.scale)
    term.pose = plan.trace(
      spectrumCotangent: paddedHalf.pointer, of: prepared, at: observation.pose, into: &trace,
      using: &workspace)
    return term
  }

  // MARK: Through optics

  private func compareThroughOptics(
    _ observation: Objective.Observation, into trace: inout Plan.Trace
  ) throws -> Objective.Term {
    var term = Objective.Term.zero
    let projected = plan.spectrumForPullBack(of: prepared, at: observation.pose, using: &workspace)
    guard let source = projected.baseAddress else { return term }
    let optics = try LensTransform(
      observation.transfer, observation.aberrations, plane: plan.plane, sign: objective.sign)
    let seen = paddedHalf.pointer
    seen.update(from: source, count: paddedHalf.count)
    optics.apply(to: seen)
    if shape == paddedShape {
      (term.value, term.scale) = compare(seen, scale: observation.scale)
    } else {
      paddedFactors.set(shiftInPixels: SIMD2(0, 0), fromCentre: true, scale: 1 / Double(paddedShape.count))
      paddedFactors.multiply(seen)
      objective.paddedToImage.execute(seen, paddedImage.pointer)
      cropOrPad(paddedImage.pointer, paddedShape, into: image.pointer, shape)
      (term.value, term.scale) = replaceImage(scale: observation.scale)
      cropOrPad(image.pointer, shape, into: paddedImage.pointer, paddedShape)
      objective.paddedToHalf.execute(paddedImage.pointer, seen)
      paddedShape.scaleInnerColumns(seen, by: 2)
      paddedFactors.setCentreToOrigin(scale: 1 / Double(paddedShape.count))
      paddedFactors.multiply(seen)
    }
    term.optics = try optics.pullBack(seen, through: source, scratch: { try .half(paddedShape) })
    term.pose = plan.trace(
      spectrumCotangent: seen, of: prepared, at: observation.pose, into: &trace, using: &workspace)
    return term
  }

  // MARK: Residuals

  /// Replaces the image by its cotangent.
  private func replaceImage(scale: Double) -> (value: Double, scale: Double) {
    let (s, count) = (Scalar(scale), shape.count)
    guard !objective.weights.isEmpty else {
      return replaceByResidual(image.pointer, pixels.pointer, shape, scale: s, factor: s)
    }
    // The derivative to the scale needs the image; the weighted residual takes the data's place.
    subtract(image.pointer, times: s, from: pixels.pointer, count: count)
    let value = weighResidual(
      pixels.pointer, shape, weights: objective.weights, toHalf: objective.toHalf, toImage: objective.toImage,
      half: half.pointer)
    let slope = product(image.pointer, pixels.pointer, count: count)
    for pixel in 0..<count { image.pointer[pixel] = s * pixels.pointer[pixel] }
    return (value, slope)
  }

  /// The residual's spectrum; the spectrum's cotangent is then in `paddedHalf`.
  private func compare(
    _ spectrum: UnsafePointer<Scalar>, scale: Double
  ) -> (value: Double, scale: Double) {
    objective.toHalf.execute(pixels.pointer, half.pointer)
    return spectralResidual(
      spectrum, half.pointer, shape, scale: Scalar(scale), factors: factors, weights: objective.weights,
      into: paddedHalf.pointer)
  }
}

/// Replaces y by `s x − y`.
@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
private func subtract<Scalar: GridScalar>(
  _ x: UnsafePointer<Scalar>, times s: Scalar, from y: UnsafeMutablePointer<Scalar>, count: Int
) {
  for i in 0..<count { y[i] = s * x[i] - y[i] }
}

/// Σ x y, in double precision.
@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
private func product<Scalar: GridScalar>(
  _ x: UnsafePointer<Scalar>, _ y: UnsafePointer<Scalar>, count: Int
) -> Double {
  var sum = 0.0
  for i in 0..<count { sum += Double(x[i]) * Double(y[i]) }
  return sum
}
