/// The number of rows (y) and columns (x) of an image.
public struct GridShape: Hashable, Sendable, CustomStringConvertible {
  /// Along y, the slow axis.
  public let rows: Int
  /// Along x, the fast axis.
  public let columns: Int

  /// No axis of an image or a volume may be longer: its square still fits every index computation,
  /// and a file that asks for more is taken to be damaged.
  public static let largestAxis = 32768

  /// - Throws: `.invalidValue` for an axis outside 1…`largestAxis`.
  public init(rows: Int, columns: Int) throws {
    for (name, value) in [("rows", rows), ("columns", columns)] {
      guard (1...Self.largestAxis).contains(value) else {
        throw ExitPlaneError.invalid(
          "number of \(name)", got: "\(value)", need: "1 to \(Self.largestAxis)")
      }
    }
    self.init(uncheckedRows: rows, columns: columns)
  }

  /// As many rows as columns.
  ///
  /// - Throws: `.invalidValue` for a side outside 1…`largestAxis`.
  public init(square side: Int) throws {
    try self.init(rows: side, columns: side)
  }

  init(uncheckedRows rows: Int, columns: Int) {
    self.rows = rows
    self.columns = columns
  }

  /// The number of pixels.
  public var count: Int { rows * columns }
  /// The columns of the half spectrum of a real image of this shape.
  public var spectrumColumns: Int { columns / 2 + 1 }
  public var description: String { "\(rows) × \(columns)" }
}

/// The index of the origin sample of an axis: sample `i` lies at `i − originOffset(length)`.
@inlinable
public func originOffset(_ length: Int) -> Int { length / 2 }
