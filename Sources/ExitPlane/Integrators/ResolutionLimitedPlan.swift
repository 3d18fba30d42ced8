import RealModule

/// Leaves out of another plan's projections everything beyond a resolution: the sharp edge in Fourier space that
/// Fourier slices cut for themselves, where it costs nothing.
///
/// The edge is that of the spectrum in the padded shape, so it holds for every method alike; an image made in real
/// space pays one transform more.
public struct ResolutionLimitedPlan<Base: RealImagePlan>: RealImagePlan {
  /// The precision of the plan that is limited.
  public typealias Scalar = Base.Scalar

  /// The plan that is limited.
  public let base: Base
  public var plane: ImageConfiguration { base.plane }
  let cutoff: RadialCutoff
  let toImage: FFTPlan<Scalar>
  let toHalf: FFTPlan<Scalar>

  /// - Parameters:
  ///   - base: the plan that is limited.
  ///   - resolution: frequencies beyond its reciprocal are zero; that frequency itself is kept.
  /// - Throws: `.invalidValue` for a resolution that is not finite or not above 0 Å.
  public init(_ base: Base, resolutionInAngstroms resolution: Double) throws {
    self.base = base
    let plane = base.plane
    cutoff = try RadialCutoff(plane.paddedShape, on: plane, resolutionInAngstroms: resolution)
    toImage = try FFTPlan(.halfToReal(plane.paddedShape))
    toHalf = try FFTPlan(.realToHalf(plane.paddedShape))
  }

  /// What one thread writes.
  public struct Workspace {
    var base: Base.Workspace
    let image: AlignedBuffer<Scalar>
    let factors: PhaseFactors<Scalar>
    /// Where the way back is taken too.
    var cotangent: AlignedBuffer<Scalar>?
  }

  public func prepare(_ volume: Base.Volume, expectedPoses: Int?) throws -> Base.Prepared {
    try base.prepare(volume, expectedPoses: expectedPoses)
  }

  public func makeWorkspace(for prepared: Base.Prepared) throws -> Workspace {
    Workspace(
      base: try base.makeWorkspace(for: prepared), image: try .image(plane.paddedShape),
      factors: PhaseFactors(plane.paddedShape), cotangent: nil)
  }

  public func spectrum(
    of prepared: Base.Prepared, at pose: Pose, using workspace: inout Workspace
  ) -> UnsafeMutableBufferPointer<Scalar> {
    let half = base.spectrum(of: prepared, at: pose, using: &workspace.base)
    if let entries = half.baseAddress { cutoff.zeroBeyond(entries, plane.paddedShape) }
    return half
  }

  public func lensSpectra(
    of prepared: Base.Prepared, at pose: Pose, wavelengthInAngstroms: Double,
    using workspace: inout Workspace
  ) -> (sine: UnsafeMutableBufferPointer<Scalar>, cosine: UnsafeMutableBufferPointer<Scalar>?) {
    let spectra = base.lensSpectra(
      of: prepared, at: pose, wavelengthInAngstroms: wavelengthInAngstroms, using: &workspace.base)
    for half in [spectra.sine, spectra.cosine] {
      if let entries = half?.baseAddress { cutoff.zeroBeyond(entries, plane.paddedShape) }
    }
    return spectra
  }

  public func image(
    of prepared: Base.Prepared, at pose: Pose, using workspace: inout Workspace
  ) -> UnsafeMutableBufferPointer<Scalar> {
    image(ofSpectrum: spectrum(of: prepared, at: pose, using: &workspace), workspace)
  }

  /// The image of a spectrum, which is overwritten.
  func image(
    ofSpectrum half: UnsafeMutableBufferPointer<Scalar>, _ workspace: Workspace
  ) -> UnsafeMutableBufferPointer<Scalar> {
    if let half = half.baseAddress {
      workspace.factors.set(
        shiftInPixels: SIMD2(0, 0), fromCentre: true, scale: 1 / Double(plane.paddedShape.count))
      workspace.factors.multiply(half)
      toImage.execute(half, workspace.image.pointer)
    }
    return workspace.image.buffer
  }
}

extension RadialCutoff {
  /// - Throws: `.invalidValue` for a resolution that is not finite or not above 0 Å.
  init(_ shape: GridShape, on plane: ImageConfiguration, resolutionInAngstroms resolution: Double) throws {
    try validatePositive("resolution", resolution, unit: "Å")
    try self.init(shape, radius: plane.pixelSizeInAngstroms / resolution)
  }

  /// Makes what lies beyond the radius of a half spectrum, real and imaginary parts in turn, zero.
  func zeroBeyond<Scalar: GridScalar>(_ half: UnsafeMutablePointer<Scalar>, _ shape: GridShape) {
    for row in 0..<shape.rows {
      let kept = Int(columnsOfRow.pointer[row])
      (half + 2 * (row * shape.spectrumColumns + kept)).update(
        repeating: 0, count: 2 * (shape.spectrumColumns - kept))
    }
  }
}

extension ImageConfiguration {
  /// The finest resolution that the images' frequencies reach, in their spectrum's corners: leaving out what lies
  /// beyond it, or a finer one, leaves out nothing.
  public var finestResolutionInAngstroms: Double {
    func highest(_ length: Int) -> Double { Double(length / 2) / Double(length) }
    let radius = Double.hypot(highest(paddedShape.rows), highest(paddedShape.columns))
    return radius == 0 ? .infinity : pixelSizeInAngstroms / radius
  }
}
