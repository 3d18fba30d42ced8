/// What a lens does to a projection's half spectrum of the padded shape, and its way back: contrast transfer, then
/// antisymmetric aberrations.
struct LensTransform<Scalar: GridScalar> {
  private let transfer: ContrastTransferFunction?
  private let aberrations: AberrationFactors<Scalar>?
  private let plane: ImageConfiguration
  private let sign: ContrastTransferFunction.Sign

  /// - Throws: `.mismatch` for aberrations of another shape or magnification than the plane's.
  init(
    _ transfer: ContrastTransferFunction?, _ aberrations: AberrationFactors<Scalar>?,
    plane: ImageConfiguration, sign: ContrastTransferFunction.Sign
  ) throws {
    try aberrations?.check(fits: plane)
    self.transfer = transfer
    self.aberrations = aberrations
    self.plane = plane
    self.sign = sign
  }

  private var phaseOffsets: [Double] { aberrations?.phaseOffsets ?? [] }

  func apply(to half: UnsafeMutablePointer<Scalar>) {
    transfer?.apply(to: half, plane, sign: sign, factor: 1, alternating: false, phaseOffsets: phaseOffsets)
    aberrations?.apply(to: half)
  }

  /// Replaces the cotangent of the result by that of the spectrum.
  ///
  /// - Parameters:
  ///   - half: what `apply` was given.
  ///   - makeScratch: gives room for a half spectrum.
  func pullBack(
    _ cotangent: UnsafeMutablePointer<Scalar>, through half: UnsafePointer<Scalar>,
    scratch makeScratch: () throws -> AlignedBuffer<Scalar>
  ) rethrows -> OpticsCotangent {
    var result = OpticsCotangent.zero
    if let aberrations {
      if aberrations.isDifferentiable {
        let imaged = try makeScratch()
        imaged.pointer.update(from: half, count: imaged.count)
        transfer?.apply(
          to: imaged.pointer, plane, sign: sign, factor: 1, alternating: false, phaseOffsets: phaseOffsets)
        result.beamTiltInMilliradians = aberrations.pullBackBeamTilt(cotangent, through: imaged.pointer)
      }
      aberrations.pullBack(cotangent)
    }
    if let transfer {
      result.transfer = transfer.pullBack(
        cotangent, through: half, plane, sign: sign, factor: 1, phaseOffsets: phaseOffsets)
    }
    return result
  }
}
