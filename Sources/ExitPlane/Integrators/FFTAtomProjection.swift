import RealModule

/// Projects atoms in Fourier space: `P̂(q) = (1/h²) Σ_types f(|Mq|) Σ_n w_n exp(−2πi Mq·(R r_n)_xy)`, a nonuniform
/// FFT and a product with the scattering factor for each type, or for some that span the others to the accuracy.
///
/// The image is periodic: what falls outside it wraps around, and frequencies beyond its own are cut off
/// sharply, which shows as ringing where scattering factors reach beyond Nyquist (fine with B-factors or
/// pixels well below the resolution). Prefer `GaussianMixtureProjection` for sums of Gaussians: it computes in
/// real space without either, and costs less for few atoms. Prefer this for scattering factors that are no
/// sums of Gaussians, for very many atoms, or where the spectrum itself is the goal.
public struct FFTAtomProjection<Scalar: GridScalar>: VolumeIntegrator {
  /// Multiplies by `sinc(q_x h) sinc(q_y h)`: the average over a pixel rather than the value at its centre.
  public var antialias: Bool
  /// Computes on pixels smaller by this odd factor and averages blocks of them; 1 or nil for none.
  public var upsampleFactor: Int?
  /// The shape that is computed, then cropped or padded to the padded shape; that shape if nil.
  public var shape: GridShape?
  /// The relative RMS error of the transforms; see `NonuniformFFT2D`.
  public var accuracy: Double
  /// Of the nonuniform FFT.
  public var options: NonuniformFFTOptions
  /// Whether gradients include those to scattering factors, which take one more transform for each type of atom.
  public var differentiatesScatteringFactors = false

  /// Options alone: `makePlan` checks them against a plane.
  public init(
    antialias: Bool = true, upsampleFactor: Int? = nil, shape: GridShape? = nil, eps accuracy: Double = 1e-6,
    options: NonuniformFFTOptions = NonuniformFFTOptions()
  ) {
    self.antialias = antialias
    self.upsampleFactor = upsampleFactor
    self.shape = shape
    self.accuracy = accuracy
    self.options = options
  }

  /// - Throws: `.invalidValue` for an upsampling factor that is not odd or one that makes too large an image, and as
  ///   `NonuniformFFT2D` does.
  public func makePlan(
    for layout: IndependentAtomVolume.Layout, onto plane: ImageConfiguration
  ) throws -> FFTAtomPlan<Scalar> {
    let factor = upsampleFactor ?? 1
    guard factor >= 1, factor % 2 == 1 else {
      throw ExitPlaneError.invalid(
        "upsampling factor", got: "\(factor)", need: "odd and at least 1, so that blocks have a centre")
    }
    return try FFTAtomPlan(layout: layout, plane: plane, factor: factor, options: self)
  }
}

/// Plan of `FFTAtomProjection`.
public struct FFTAtomPlan<Scalar: GridScalar>: RealImagePlan {
  public let plane: ImageConfiguration
  private let layout: IndependentAtomVolume.Layout
  private let options: FFTAtomProjection<Scalar>
  /// Of the finer pixels.
  private let pixelSize: Double
  let finisher: ImageFinisher<Scalar>

  init(
    layout: IndependentAtomVolume.Layout, plane: ImageConfiguration, factor: Int,
    options: FFTAtomProjection<Scalar>
  ) throws {
    self.layout = layout
    self.plane = plane
    self.options = options
    let shape = options.shape ?? plane.paddedShape
    let (rows, tooTall) = shape.rows.multipliedReportingOverflow(by: factor)
    let (columns, tooWide) = shape.columns.multipliedReportingOverflow(by: factor)
    guard !tooTall, !tooWide else {
      throw ExitPlaneError.invalid("upsampling factor", got: "\(factor)", need: "a smaller one")
    }
    pixelSize = plane.pixelSizeInAngstroms / Double(factor)
    try WindowKernel<Scalar>.validate(tolerance: options.accuracy)
    finisher = try ImageFinisher(
      computed: GridShape(rows: rows, columns: columns), output: plane.paddedShape,
      blocks: factor == 1 ? nil : BlockAverage(shape: shape, factor: factor))
  }

  /// Atoms in the transforms that are made of them, and the grid for it.
  ///
  /// - Throws: `.invalidValue` for a scattering factor that is not finite, and as `NonuniformFFT2D` does.
  public func prepare(_ volume: IndependentAtomVolume, expectedPoses: Int?) throws -> FFTAtomSpectrum<Scalar>
  {
    try requireLayout(volume.layout, ofPlanFor: layout)
    return try FFTAtomSpectrum(
      of: volume, modes: finisher.computed, pixelSizeInAngstroms: pixelSize,
      magnification: plane.magnification, options: options)
  }

  /// What one projection writes.
  public final class Workspace {
    let spectrum: FFTAtomSpectrum<Scalar>.Workspace
    let finish: ImageFinisher<Scalar>.Workspace

    fileprivate init(_ plan: FFTAtomPlan, _ prepared: FFTAtomSpectrum<Scalar>) throws {
      spectrum = try FFTAtomSpectrum<Scalar>.Workspace(prepared)
      finish = try ImageFinisher<Scalar>.Workspace(plan.finisher)
    }
  }

  public func makeWorkspace(for prepared: FFTAtomSpectrum<Scalar>) throws -> Workspace {
    try Workspace(self, prepared)
  }

  /// The fine pixels' half spectrum times a factor, its phases referred to the pixel at `origin`.
  private func computeSpectrum(
    of atoms: FFTAtomSpectrum<Scalar>, at pose: Pose, origin: SIMD2<Double>, scale: Double,
    _ workspace: Workspace
  ) {
    let half = workspace.finish.half.pointer
    atoms.compute(at: pose, origin: origin, scale: scale, workspace.spectrum, into: half)
    finisher.makeHermitian(half, isShifted: pose.shiftInAngstroms != SIMD2(0, 0))
  }

  public func image(
    of atoms: FFTAtomSpectrum<Scalar>, at pose: Pose, using workspace: inout Workspace
  ) -> UnsafeMutableBufferPointer<Scalar> {
    let modes = finisher.computed
    computeSpectrum(
      of: atoms, at: pose,
      origin: SIMD2(Double(originOffset(modes.columns)), Double(originOffset(modes.rows))),
      scale: 1 / Double(modes.count), workspace)
    return finisher.image(workspace.finish)
  }

  public func spectrum(
    of atoms: FFTAtomSpectrum<Scalar>, at pose: Pose, using workspace: inout Workspace
  ) -> UnsafeMutableBufferPointer<Scalar> {
    guard !finisher.isDirect else {
      computeSpectrum(of: atoms, at: pose, origin: SIMD2(0, 0), scale: 1, workspace)
      return workspace.finish.half.buffer
    }
    let image = image(of: atoms, at: pose, using: &workspace)
    return image.baseAddress.map { finisher.spectrum(ofImage: $0, workspace.finish) } ?? image
  }
}
