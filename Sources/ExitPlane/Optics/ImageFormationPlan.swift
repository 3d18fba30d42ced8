/// A particle to make an image of.
public struct ImagedParticle<Scalar: GridScalar>: Sendable {
  /// The number by which noise knows the particle: of the whole set, whatever shard or batch makes the image.
  public var number: UInt64
  /// How it is turned and moved.
  public var pose: Pose
  /// Needed by the models that have optics; the voltage of the others is the plane's.
  public var transfer: ContrastTransferFunction?
  /// Of the particle's optics group, in the plane's padded shape.
  public var aberrations: AberrationFactors<Scalar>?

  /// A particle; the plan checks that it has the optics that its model needs.
  public init(
    number: UInt64, pose: Pose, transfer: ContrastTransferFunction? = nil,
    aberrations: AberrationFactors<Scalar>? = nil
  ) {
    self.number = number
    self.pose = pose
    self.transfer = transfer
    self.aberrations = aberrations
  }
}

/// From projections to images: optics, the image model and noise.
///
/// Immutable and shared by threads; what a thread writes is its own workspace.
public struct ImageFormationPlan<Projection: RealImageProjector>: Sendable {
  /// The precision of the projections.
  public typealias Scalar = Projection.Scalar

  /// What makes the projections.
  public let projection: Projection
  /// From projections to what a detector sees.
  public let model: ImageModel
  /// Of the contrast transfer functions.
  public let sign: ContrastTransferFunction.Sign
  /// What finished images get.
  public let noise: ImageNoise
  /// The numbers that noise is made of.
  public let random: PixelNoise
  private let toImage: FFTPlan<Scalar>
  /// Of coloured noise, for each entry of the half spectrum.
  private let noiseAmplitudes: [Scalar]

  /// The projections', and the images'.
  public var plane: ImageConfiguration { projection.plane }

  /// - Throws: `.invalidValue` for a dose, deviation or density out of range; `.mismatch` for counts drawn from
  ///   anything but electron counts.
  public init(
    _ projection: Projection, model: ImageModel = .linear, sign: ContrastTransferFunction.Sign = .relion,
    noise: ImageNoise = .none, seed: UInt64 = 0
  ) throws {
    try model.validate()
    try noise.validate()
    if case .electronCounts = model {
    } else if noise == .poisson {
      throw ExitPlaneError.mismatch(
        "Poisson noise is drawn from expected counts, which the image model does not give",
        "choose electron counts at a dose, or Gaussian noise")
    }
    self.projection = projection
    self.model = model
    self.sign = sign
    self.noise = noise
    random = PixelNoise(seed: seed)
    let plane = projection.plane
    toImage = try FFTPlan(.halfToReal(plane.paddedShape))
    if case .coloured(let spectrum) = noise {
      noiseAmplitudes = spectrum.amplitudes(
        shape: plane.paddedShape, pixelSizeInAngstroms: plane.pixelSizeInAngstroms, of: Scalar.self)
    } else {
      noiseAmplitudes = []
    }
  }

  /// What one thread writes.
  public struct Workspace {
    fileprivate var projection: Projection.Workspace
    fileprivate let factors: PhaseFactors<Scalar>
    fileprivate let padded: AlignedBuffer<Scalar>
    /// Where the padded shape is not the image's.
    fileprivate let cropped: AlignedBuffer<Scalar>?
    /// Where noise is made in Fourier space.
    fileprivate let noise: AlignedBuffer<Scalar>?
  }

  /// What one thread writes.
  ///
  /// - Throws: `.invalidValue` beyond memory.
  public func makeWorkspace() throws -> Workspace {
    let (padded, shape) = (plane.paddedShape, plane.shape)
    return Workspace(
      projection: try projection.makeWorkspace(), factors: PhaseFactors(padded),
      padded: try .image(padded), cropped: padded == shape ? nil : try .image(shape),
      noise: noiseAmplitudes.isEmpty ? nil : try .half(padded))
  }

  /// The image of a particle, in the plane's `shape`; it holds until the workspace's next use.
  ///
  /// - Throws: `.mismatch` for a particle without a contrast transfer function whose model needs one, or
  ///   aberrations of another shape or magnification.
  public func image(
    of particle: ImagedParticle<Scalar>, using workspace: inout Workspace
  ) throws -> UnsafeMutableBufferPointer<Scalar> {
    try image(of: particle, noise: noise, using: &workspace)
  }

  /// As `image`, without noise.
  public func noiselessImage(
    of particle: ImagedParticle<Scalar>, using workspace: inout Workspace
  ) throws -> UnsafeMutableBufferPointer<Scalar> {
    try image(of: particle, noise: .none, using: &workspace)
  }

  private func image(
    of particle: ImagedParticle<Scalar>, noise: ImageNoise, using workspace: inout Workspace
  ) throws -> UnsafeMutableBufferPointer<Scalar> {
    let padded = try paddedImage(of: particle, noise: noise, using: &workspace)
    var image = UnsafeMutableBufferPointer(start: padded, count: plane.paddedShape.count)
    if let cropped = workspace.cropped {
      cropOrPad(padded, plane.paddedShape, into: cropped.pointer, plane.shape)
      image = cropped.buffer
    }
    guard let pixels = image.baseAddress else { return image }
    switch noise {
    case .white(let deviation):
      random.addNormals(
        to: pixels, count: image.count, standardDeviation: Scalar(deviation), particle: particle.number)
    case .poisson: random.drawCounts(pixels, count: image.count, particle: particle.number)
    case .none, .coloured: break
    }
    return image
  }

  private func paddedImage(
    of particle: ImagedParticle<Scalar>, noise: ImageNoise, using workspace: inout Workspace
  ) throws -> UnsafeMutablePointer<Scalar> {
    let shape = plane.paddedShape
    let image = workspace.padded.pointer
    var isColoured = false
    if case .coloured = noise { isColoured = true }
    if model == .projection, !isColoured {
      let projected = projection.image(at: particle.pose, using: &workspace.projection)
      if let pixels = projected.baseAddress { image.update(from: pixels, count: projected.count) }
      return image
    }
    let spectra =
      model.hasOptics
      ? projection.lensSpectra(
        at: particle.pose,
        wavelengthInAngstroms: particle.transfer?.wavelengthInAngstroms ?? plane.wavelengthInAngstroms,
        using: &workspace.projection)
      : (sine: projection.spectrum(at: particle.pose, using: &workspace.projection), cosine: nil)
    guard let half = spectra.sine.baseAddress else { return image }
    try applyOptics(particle, to: half, spectra.cosine?.baseAddress, workspace)
    let (slope, offset) = model.pixel(
      meanOfValues: Double(half[0]), pixelSizeInAngstroms: plane.pixelSizeInAngstroms)
    if isColoured, let made = workspace.noise {
      addColouredNoise(
        to: half, scale: 1 / (slope * Double(shape.count)), particle: particle.number, scratch: made.pointer)
    }
    toImage.execute(half, image)
    if slope != 1 || offset != 0 {
      scale(image, count: shape.count, by: Scalar(slope), adding: Scalar(offset))
    }
    return image
  }

  /// Optics, the inverse transform's factor and the phases that put the origin at the image's centre.
  ///
  /// - Parameter cosine: what goes with the cosine of the lens's phase, which is overwritten.
  private func applyOptics(
    _ particle: ImagedParticle<Scalar>, to half: UnsafeMutablePointer<Scalar>,
    _ cosine: UnsafeMutablePointer<Scalar>?, _ workspace: Workspace
  ) throws {
    let shape = plane.paddedShape
    let normalisation = 1 / Double(shape.count)
    // Of even sides the phases are signs, which the transfer function takes along for nothing.
    let areSigns = shape.rows % 2 == 0 && shape.columns % 2 == 0
    var scale = normalisation
    var isCentred = false
    if model.hasOptics {
      guard let transfer = particle.transfer else {
        throw ExitPlaneError.mismatch(
          "particle \(particle.number) has no contrast transfer function, which the image model needs",
          "give its defocus and voltage")
      }
      let aberrations = try checked(particle.aberrations)
      let factor =
        normalisation * model.factor(phasePerRescaledPotential: transfer.phasePerRescaledPotential)
      let offsets = aberrations?.phaseOffsets ?? []
      transfer.apply(
        to: half, plane, sign: sign, factor: factor, alternating: areSigns, phaseOffsets: offsets)
      if let cosine {
        transfer.cosine.apply(
          to: cosine, plane, sign: sign, factor: factor, alternating: areSigns, phaseOffsets: offsets)
        add(cosine, to: half, count: 2 * shape.rows * shape.spectrumColumns)
      }
      (scale, isCentred) = (1, areSigns)
      aberrations?.apply(to: half)
    } else {
      scale *= model.factor(
        phasePerRescaledPotential: ExitPlane.phasePerRescaledPotential(kilovolts: plane.voltageInKilovolts))
    }
    if !isCentred {
      workspace.factors.set(shiftInPixels: SIMD2(0, 0), fromCentre: true, scale: scale)
      workspace.factors.multiply(half)
    }
  }

  private func checked(_ aberrations: AberrationFactors<Scalar>?) throws -> AberrationFactors<Scalar>? {
    try aberrations?.check(fits: plane)
    return aberrations
  }

  /// Noise is given to the entries independently and then made the transform of a real image.
  private func addColouredNoise(
    to half: UnsafeMutablePointer<Scalar>, scale: Double, particle: UInt64,
    scratch: UnsafeMutablePointer<Scalar>
  ) {
    let count = 2 * noiseAmplitudes.count
    scratch.update(repeating: 0, count: count)
    random.addNormals(to: scratch, count: count, standardDeviation: Scalar(scale), particle: particle)
    multiplyPairs(scratch, by: noiseAmplitudes)
    plane.paddedShape.symmetrize(scratch)
    add(scratch, to: half, count: count)
  }
}
