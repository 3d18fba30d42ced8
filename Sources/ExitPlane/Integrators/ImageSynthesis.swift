/// From half spectra to images and back: where the origin goes, what a shift does, how spectra become
/// exactly those of real images.
///
/// `half` is rows × (columns/2 + 1) complex numbers throughout, zero frequency in the corner.
struct ImageSynthesis<Scalar: GridScalar>: Sendable {
  let shape: GridShape
  let fft: RealFFT2D<Scalar>

  init(_ shape: GridShape) throws {
    self.shape = shape
    fft = try RealFFT2D(shape)
  }

  /// The half spectrum of an image whose origin is at its centre.
  func forward(
    _ image: UnsafeMutablePointer<Scalar>, into half: UnsafeMutablePointer<Scalar>,
    factors: PhaseFactors<Scalar>
  ) {
    fft.forward(image, half)
    factors.setCentreToOrigin()
    factors.multiply(half)
    shape.symmetrize(half)
  }
}
