import RealModule

/// Smooths images for the eye: amplitudes at a frequency `q` are multiplied by `exp(−ln 2 (q d)²)`, one half at the
/// resolution `d`. A Gaussian in real space too: nothing rings, and the mean is kept.
public struct LowPassFilter<Scalar: GridScalar>: Sendable {
  /// Of the images it is for.
  public let shape: GridShape
  private let toHalf: FFTPlan<Scalar>
  private let toImage: FFTPlan<Scalar>
  /// Of every row, and of every column of the half spectrum: their product is the filter.
  private let rowWeights: [Scalar]
  private let columnWeights: [Scalar]

  /// - Throws: `.invalidValue` for a pixel size or a resolution that is not above 0 Å, and for a resolution beyond the
  ///   image's longer side, which would leave nothing but the mean.
  public init(shape: GridShape, pixelSizeInAngstroms size: Double, resolutionInAngstroms resolution: Double)
    throws
  {
    try validatePositive("pixel size", size, unit: "Å")
    try validatePositive("resolution of a low-pass filter", resolution, unit: "Å")
    let side = Double(max(shape.rows, shape.columns)) * size
    guard resolution <= side else {
      throw ExitPlaneError.invalid(
        "resolution of a low-pass filter", got: "\(resolution) Å", need: "at most the image's side, \(side) Å"
      )
    }
    self.shape = shape
    toHalf = try FFTPlan(.realToHalf(shape))
    toImage = try FFTPlan(.halfToReal(shape))
    func weight(_ frequency: Int, _ length: Int) -> Scalar {
      let part = Double(frequency) / (Double(length) * size) * resolution
      return Scalar(Double.exp(-Double.log(2) * part * part))
    }
    rowWeights = (0..<shape.rows).map { weight(signedFrequency($0, of: shape.rows), shape.rows) }
    columnWeights = (0..<shape.spectrumColumns).map { weight($0, shape.columns) }
  }

  /// - Throws: `.mismatch` for an image of another shape; `.invalidValue` beyond memory.
  public func applied(to image: RealImage<Scalar>) throws -> RealImage<Scalar> {
    guard image.shape == shape else {
      throw ExitPlaneError.mismatch("the image is of \(image.shape)", "the filter is made for \(shape)")
    }
    let real = try AlignedBuffer<Scalar>.image(shape)
    let half = try AlignedBuffer<Scalar>.half(shape)
    for pixel in 0..<shape.count { real.pointer[pixel] = image.values[pixel] }
    toHalf.execute(real.pointer, half.pointer)
    let scale = 1 / Scalar(shape.count)
    for row in 0..<shape.rows {
      for column in 0..<shape.spectrumColumns {
        let weight = rowWeights[row] * columnWeights[column] * scale
        let entry = 2 * (row * shape.spectrumColumns + column)
        half.pointer[entry] *= weight
        half.pointer[entry + 1] *= weight
      }
    }
    toImage.execute(half.pointer, real.pointer)
    return try RealImage(
      shape: shape, values: Array(UnsafeBufferPointer(start: real.pointer, count: shape.count)))
  }
}
