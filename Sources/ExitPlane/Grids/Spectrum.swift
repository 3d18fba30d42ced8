import ComplexModule

/// The transform of a real image without its redundant half: `rows × (columns / 2 + 1)`, row-major, zero
/// frequency in the corner, phases referred to the image's origin.
///
/// Columns 0 and Nyquist are conjugate-symmetric and self-conjugate entries real, exactly.
public struct HalfSpectrum<Scalar: GridScalar>: Sendable, Hashable {
  /// The shape of the image.
  public let shape: GridShape
  /// `shape.rows × shape.spectrumColumns`, row-major.
  public var values: [Complex<Scalar>]

  /// - Throws: `.invalidValue` when the number of values does not fit the shape.
  public init(shape: GridShape, values: [Complex<Scalar>]) throws {
    let count = shape.rows * shape.spectrumColumns
    guard values.count == count else {
      throw ExitPlaneError.invalid(
        "number of frequencies", got: "\(values.count)", need: "\(count) for an image of \(shape)")
    }
    self.init(shape: shape, unchecked: values)
  }

  init(shape: GridShape, unchecked values: [Complex<Scalar>]) {
    self.shape = shape
    self.values = values
  }

  /// The entry of a row and a column of the array, zero frequency at `[0, 0]`.
  public subscript(row: Int, column: Int) -> Complex<Scalar> {
    get { values[row * shape.spectrumColumns + column] }
    set { values[row * shape.spectrumColumns + column] = newValue }
  }
}
