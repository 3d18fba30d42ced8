import RealModule

/// By how much a loss changes with what optics did to an image.
public struct OpticsCotangent: Hashable, Sendable, AdditiveArithmetic {
  /// Of the contrast transfer function; zero for models without optics.
  public var transfer: ContrastTransferFunction.Cotangent
  /// To the beam tilt in x and y, per milliradian; zero where the particle's aberrations are not differentiable.
  public var beamTiltInMilliradians: SIMD2<Double>

  /// Of a loss that no optics change.
  public static let zero = OpticsCotangent(transfer: .zero, beamTiltInMilliradians: SIMD2(0, 0))

  /// Of the sum of two losses.
  public static func + (a: Self, b: Self) -> Self {
    OpticsCotangent(
      transfer: a.transfer + b.transfer,
      beamTiltInMilliradians: a.beamTiltInMilliradians + b.beamTiltInMilliradians)
  }

  /// Of the difference of two losses.
  public static func - (a: Self, b: Self) -> Self {
    OpticsCotangent(
      transfer: a.transfer - b.transfer,
      beamTiltInMilliradians: a.beamTiltInMilliradians - b.beamTiltInMilliradians)
  }
}

/// The way back through what `ImageFormationPlan` makes of a projection's spectrum: from the cotangent of an image
/// without noise to that of the spectrum, and of the optics.
///
///     spectrum ─ CTF → ─ aberrations → ─ origin to the centre → ─ inverse FFT → ─ image model → ─ crop → image
///
/// Noise that is added changes nothing here.
struct ImageFormationTranspose<Scalar: GridScalar>: Sendable {
  let plane: ImageConfiguration
  let model: ImageModel
  let sign: ContrastTransferFunction.Sign
  private let toHalf: FFTPlan<Scalar>

  init(plane: ImageConfiguration, model: ImageModel, sign: ContrastTransferFunction.Sign) throws {
    try model.validate()
    self.plane = plane
    self.model = model
    self.sign = sign
    toHalf = try FFTPlan(.realToHalf(plane.paddedShape))
  }

  /// What one thread writes.
  final class Workspace {
    fileprivate let padded: AlignedBuffer<Scalar>
    fileprivate let scratch: AlignedBuffer<Scalar>
    fileprivate let factors: PhaseFactors<Scalar>

    init(_ plane: ImageConfiguration) throws {
      padded = try .image(plane.paddedShape)
      scratch = try .half(plane.paddedShape)
      factors = PhaseFactors(plane.paddedShape)
    }
  }

  /// A half spectrum of the padded shape that a projection gave, and where its cotangent goes.
  typealias Spectrum = (half: UnsafePointer<Scalar>, cotangent: UnsafeMutablePointer<Scalar>)

  /// - Parameters:
  ///   - cotangent: of the image, in the plane's shape.
  ///   - image: that image, without noise; read for electron counts alone.
  ///   - sine: the projection's spectrum.
  ///   - cosine: what goes with the cosine of the lens's phase, where the image was made with it.
  /// - Throws: `.mismatch` where `ImageFormationPlan` throws it for the particle.
  func pullBack(
    _ cotangent: UnsafePointer<Scalar>, ofImage image: UnsafePointer<Scalar>,
    of particle: ImagedParticle<Scalar>, through sine: Spectrum, cosine: Spectrum? = nil,
    using workspace: Workspace
  ) throws -> OpticsCotangent {
    let shape = plane.paddedShape
    let count = 2 * shape.rows * shape.spectrumColumns
    let h = plane.pixelSizeInAngstroms
    let transfer: ContrastTransferFunction? = model.hasOptics ? particle.transfer : nil
    if model.hasOptics, transfer == nil {
      throw ExitPlaneError.mismatch(
        "particle \(particle.number) has no contrast transfer function, which the image model needs",
        "give its defocus and voltage")
    }
    let aberrations: AberrationFactors<Scalar>? = model.hasOptics ? particle.aberrations : nil
    try aberrations?.check(fits: plane)
    let offsets = aberrations?.phaseOffsets ?? []
    let volts = transfer?.phasePerRescaledPotential
    let factor =
      model.factor(
        phasePerRescaledPotential: volts
          ?? phasePerRescaledPotential(kilovolts: plane.voltageInKilovolts)) / Double(shape.count)

    // From here on `half` is the cotangent of what the forward way has at the same place.
    let half = sine.cotangent
    var (slope, mean) = (1.0, 0.0)
    if case .electronCounts = model, let transfer {
      func atZero(_ function: ContrastTransferFunction) -> Double {
        sign.factor * function.scale * Double.sin(function.phaseAtZero - (offsets.first ?? 0))
      }
      mean = factor * Double(sine.half[0]) * atZero(transfer)
      if let cosine { mean += factor * Double(cosine.half[0]) * atZero(transfer.cosine) }
      (slope, _) = model.pixel(meanOfValues: mean, pixelSizeInAngstroms: h)
    } else {
      (slope, _) = model.pixel(meanOfValues: 0, pixelSizeInAngstroms: h)
    }
    cropOrPad(cotangent, plane.shape, into: workspace.padded.pointer, shape)
    toHalf.execute(workspace.padded.pointer, half)
    shape.scaleInnerColumns(half, by: 2)
    workspace.factors.setCentreToOrigin()
    workspace.factors.multiply(half)
    scale(half, count: count, by: Scalar(slope), adding: 0)
    half[0] += Scalar(model.meanCotangent(product: product(cotangent, image), meanOfValues: mean))

    guard let transfer else {
      scale(half, count: count, by: Scalar(factor), adding: 0)
      return .zero
    }
    var result = OpticsCotangent.zero
    if let aberrations {
      if aberrations.isDifferentiable {
        let imaged = workspace.scratch.pointer
        imaged.update(from: sine.half, count: count)
        transfer.apply(
          to: imaged, plane, sign: sign, factor: factor, alternating: false, phaseOffsets: offsets)
        result.beamTiltInMilliradians = aberrations.pullBackBeamTilt(half, through: imaged)
        if let cosine {
          imaged.update(from: cosine.half, count: count)
          transfer.cosine.apply(
            to: imaged, plane, sign: sign, factor: factor, alternating: false, phaseOffsets: offsets)
          result.beamTiltInMilliradians += aberrations.pullBackBeamTilt(half, through: imaged)
        }
      }
      aberrations.pullBack(half)
    }
    if let cosine {
      cosine.cotangent.update(from: half, count: count)
      result.transfer += transfer.cosine.pullBack(
        cosine.cotangent, through: cosine.half, plane, sign: sign, factor: factor, phaseOffsets: offsets)
    }
    result.transfer += transfer.pullBack(
      half, through: sine.half, plane, sign: sign, factor: factor, phaseOffsets: offsets)
    return result
  }

  /// Σ g P over the image, in double precision, where the model needs it.
  private func product(_ cotangent: UnsafePointer<Scalar>, _ image: UnsafePointer<Scalar>) -> Double {
    guard case .electronCounts = model else { return 0 }
    var sum = 0.0
    for pixel in 0..<plane.shape.count { sum += Double(cotangent[pixel]) * Double(image[pixel]) }
    return sum
  }
}

extension ContrastTransferFunction {
  /// Multiplies a half spectrum of the plane's padded shape, by the kernel where it can.
  func apply<Scalar: GridScalar>(
    to half: UnsafeMutablePointer<Scalar>, _ plane: ImageConfiguration, sign: Sign, factor: Double,
    alternating: Bool, phaseOffsets: [Double]
  ) {
    if plane.magnification.isNone, phaseOffsets.isEmpty {
      apply(
        to: half, shape: plane.paddedShape, pixelSizeInAngstroms: plane.pixelSizeInAngstroms, sign: sign,
        factor: factor, alternating: alternating)
    } else {
      apply(
        to: half, shape: plane.paddedShape, pixelSizeInAngstroms: plane.pixelSizeInAngstroms, sign: sign,
        factor: factor, alternating: alternating, magnification: plane.magnification,
        phaseOffsets: phaseOffsets)
    }
  }

  /// The way back through that, without alternating signs.
  func pullBack<Scalar: GridScalar>(
    _ cotangent: UnsafeMutablePointer<Scalar>, through half: UnsafePointer<Scalar>,
    _ plane: ImageConfiguration, sign: Sign, factor: Double, phaseOffsets: [Double]
  ) -> Cotangent {
    if plane.magnification.isNone, phaseOffsets.isEmpty {
      pullBack(
        cotangent, through: half, shape: plane.paddedShape, pixelSizeInAngstroms: plane.pixelSizeInAngstroms,
        sign: sign, factor: factor)
    } else {
      pullBack(
        cotangent, through: half, shape: plane.paddedShape, pixelSizeInAngstroms: plane.pixelSizeInAngstroms,
        sign: sign, factor: factor, alternating: false, magnification: plane.magnification,
        phaseOffsets: phaseOffsets)
    }
  }
}
