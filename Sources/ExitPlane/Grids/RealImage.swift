/// A real image, row-major, with the origin at `(rows / 2, columns / 2)`.
public struct RealImage<Scalar: GridScalar>: Sendable, Hashable {
  /// The number of rows and columns.
  public let shape: GridShape
  /// `shape.rows × shape.columns`, row-major.
  public var values: [Scalar]

  /// - Throws: `.invalidValue` when the number of values is not `shape.count`.
  public init(shape: GridShape, values: [Scalar]) throws {
    guard values.count == shape.count else {
      throw ExitPlaneError.invalid(
        "number of pixels", got: "\(values.count)", need: "\(shape.count) for \(shape)")
    }
    self.init(shape: shape, unchecked: values)
  }

  init(shape: GridShape, unchecked values: [Scalar]) {
    self.shape = shape
    self.values = values
  }

  /// The pixel of a row and a column, the first at `[0, 0]`.
  public subscript(row: Int, column: Int) -> Scalar {
    get { values[row * shape.columns + column] }
    set { values[row * shape.columns + column] = newValue }
  }
}
