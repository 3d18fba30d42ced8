/// From half spectra to images and back: where the origin goes, what a shift does, how spectra become
/// exactly those of real images.
///
/// `half` is rows × (columns/2 + 1) complex numbers throughout, zero frequency in the corner.
struct ImageSynthesis<Scalar: GridScalar>: Sendable {
  let shape: GridShape
  private let toHalf: FFTPlan<Scalar>
  private let toImage: FFTPlan<Scalar>

  init(_ shape: GridShape) throws {
    self.shape = shape
    toHalf = try FFTPlan(.realToHalf(shape))
    toImage = try FFTPlan(.halfToReal(shape))
  }

  /// The half spectrum of an image whose origin is at its centre.
  func forward(
    _ image: UnsafeMutablePointer<Scalar>, into half: UnsafeMutablePointer<Scalar>,
    factors: PhaseFactors<Scalar>
  ) {
    toHalf.execute(image, half)
    factors.setCentreToOrigin()
    factors.multiply(half)
    shape.symmetrize(half)
  }

  /// The unnormalised inverse; `half` is overwritten.
  func inverse(_ half: UnsafeMutablePointer<Scalar>, _ image: UnsafeMutablePointer<Scalar>) {
    toImage.execute(half, image)
  }
}
