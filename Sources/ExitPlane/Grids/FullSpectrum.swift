import ComplexModule

/// The transform of a complex image: `rows × columns`, row-major, zero frequency in the corner, the Nyquist
/// frequency of an even axis negative, phases referred to the image's origin.
public struct FullSpectrum<Scalar: GridScalar>: Sendable, Hashable {
  /// The shape of the image, and of the spectrum.
  public let shape: GridShape
  /// `shape.rows × shape.columns`, row-major.
  public var values: [Complex<Scalar>]

  /// - Throws: `.invalidValue` when the number of values is not `shape.count`.
  public init(shape: GridShape, values: [Complex<Scalar>]) throws {
    guard values.count == shape.count else {
      throw ExitPlaneError.invalid(
        "number of frequencies", got: "\(values.count)", need: "\(shape.count) for \(shape)")
    }
    self.init(shape: shape, unchecked: values)
  }

  init(shape: GridShape, unchecked values: [Complex<Scalar>]) {
    self.shape = shape
    self.values = values
  }

  /// The entry of a row and a column of the array, zero frequency at `[0, 0]`.
  public subscript(row: Int, column: Int) -> Complex<Scalar> {
    get { values[row * shape.columns + column] }
    set { values[row * shape.columns + column] = newValue }
  }
}

/// A complex image, row-major, with the origin at `(rows / 2, columns / 2)`.
public struct ComplexImage<Scalar: GridScalar>: Sendable, Hashable {
  /// The number of rows and columns.
  public let shape: GridShape
  /// `shape.rows × shape.columns`, row-major.
  public var values: [Complex<Scalar>]

  /// - Throws: `.invalidValue` when the number of values is not `shape.count`.
  public init(shape: GridShape, values: [Complex<Scalar>]) throws {
    guard values.count == shape.count else {
      throw ExitPlaneError.invalid(
        "number of pixels", got: "\(values.count)", need: "\(shape.count) for \(shape)")
    }
    self.init(shape: shape, unchecked: values)
  }

  init(shape: GridShape, unchecked values: [Complex<Scalar>]) {
    self.shape = shape
    self.values = values
  }

  /// The pixel of a row and a column, the first at `[0, 0]`.
  public subscript(row: Int, column: Int) -> Complex<Scalar> {
    get { values[row * shape.columns + column] }
    set { values[row * shape.columns + column] = newValue }
  }
}
