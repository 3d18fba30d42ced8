import CGemmi
import ExitPlane

/// A `loop_` of a STAR file: named columns of equal length, in the file's order.
public struct STARTable: Sendable {
  public private(set) var columns: [STARColumn]
  /// Where the table was read from; nil for one made in memory.
  var source: STARSource?

  /// - Throws: `.mismatch` for columns of different lengths or two of one name.
  public init(columns: [STARColumn]) throws {
    self.columns = []
    for column in columns {
      guard self[column.name] == nil else {
        throw ExitPlaneError.mismatch("two columns are named _\(column.name)", "one of a name is needed")
      }
      try setColumn(column)
    }
  }

  init(readColumns columns: [STARColumn], source: STARSource?) {
    self.columns = columns
    self.source = source
  }

  /// Of all columns alike.
  public var rowCount: Int { columns.first?.count ?? 0 }

  /// By its name without the leading underscore.
  public subscript(name: String) -> STARColumn? {
    columns.first { $0.name == name }
  }

  /// Puts the column in the place of the one that bears its name, or after all others.
  ///
  /// - Throws: `.mismatch` when its length is not the table's.
  public mutating func setColumn(_ column: STARColumn) throws {
    try setColumn(column, inPlaceOf: column.name)
  }

  /// Puts the column in the place of the one of another name, or after all others.
  mutating func setColumn(_ column: STARColumn, inPlaceOf name: String) throws {
    guard columns.isEmpty || column.count == rowCount else {
      throw ExitPlaneError.mismatch(
        "column _\(column.name) has \(column.count) rows and its table \(rowCount)",
        "equal lengths are needed")
    }
    if let place = columns.firstIndex(where: { $0.name == name }) {
      columns[place] = column
    } else {
      columns.append(column)
    }
  }

  /// Does nothing where there is no such column.
  public mutating func removeColumn(_ name: String) {
    columns.removeAll { $0.name == name }
  }

  /// A whole column as numbers; nil where there is none of that name.
  ///
  /// - Throws: `.malformedFile`, with the line, at the first value that is not a finite number.
  public func numbers(_ name: String) throws -> [Double]? {
    guard let column = self[name] else { return nil }
    var firstFault = 0
    let numbers = [Double](unsafeUninitializedCapacity: column.count) { numbers, count in
      column.text.withUnsafeBufferPointer { text in
        column.ends.withUnsafeBufferPointer { ends in
          text.withMemoryRebound(to: CChar.self) { text in
            let cells = cgemmi_star_cells(text: text.baseAddress, ends: ends.baseAddress)
            firstFault = cgemmi_star_numbers(cells, column.count, numbers.baseAddress)
          }
        }
      }
      count = firstFault
    }
    guard firstFault == column.count else {
      let isInfinite = Double(column[firstFault]).map { !$0.isFinite } ?? false
      throw fault(
        row: firstFault, found: "_\(name) is \(quoted(column[firstFault]))",
        need: isInfinite ? "a finite number is needed" : "a number is needed")
    }
    return numbers
  }

  /// A whole column as integers; nil where there is none of that name.
  ///
  /// - Throws: `.malformedFile`, with the line, at the first value that is not an integer.
  public func integers(_ name: String) throws -> [Int]? {
    guard let numbers = try numbers(name) else { return nil }
    return try numbers.enumerated().map { row, number in
      guard let integer = Int(exactly: number) else {
        throw fault(row: row, found: "_\(name) is \(number)", need: "an integer is needed")
      }
      return integer
    }
  }

  /// An error that points at a row, or at the head of the table.
  func fault(row: Int? = nil, found: String, need: String) -> ExitPlaneError {
    if let source {
      return source.fault(row: row, found: found, need: need)
    }
    let place = row.map { "row \($0 + 1): " } ?? ""
    return ExitPlaneError(.invalidValue, "\(place)\(found); \(need)")
  }
}

/// Equality is of what is written: not of where it was read.
extension STARTable: Hashable {
  public static func == (a: STARTable, b: STARTable) -> Bool {
    a.columns == b.columns
  }

  public func hash(into hasher: inout Hasher) {
    hasher.combine(columns)
  }
}

/// Lines to blame in error messages.
struct STARSource: Sendable {
  var path: String
  /// Of the `loop_`, or of the block without one.
  var line: Int
  var rowLines: [UInt32] = []

  func fault(row: Int? = nil, found: String, need: String) -> ExitPlaneError {
    let line = row.flatMap { $0 < rowLines.count ? Int(rowLines[$0]) : nil } ?? line
    return .file(path, at: .line(line), found: found, need: need)
  }
}

/// A value as it may stand in a message: short, and in quotes.
func quoted(_ value: String) -> String {
  // Of scalars: a character may go on for as long as the file.
  value.unicodeScalars.count > 40 ? "'\(String(value.unicodeScalars.prefix(40)))…'" : "'\(value)'"
}
