import ExitPlane

/// Takes the next bytes of a file that is written from front to back.
public typealias ByteSink = (UnsafeRawBufferPointer) throws -> Void

/// Writes a STAR file as RELION 3.1 and later do, a row at a time and in bounded memory.
///
/// Calls follow the file's order: `beginBlock`, then `pair`s or `beginLoop`, then the values of each row
/// with `endRow`; at last `finish`, without which the end of the file is missing.
public struct STARWriter {
  private let sink: ByteSink
  private var buffer: [UInt8] = []
  private var width = 0
  private var valuesInRow = 0
  private static let bufferSize = 1 << 18
  private static let numberWidth = 12

  /// - Parameter sink: takes the bytes as they come, in blocks.
  public init(to sink: @escaping ByteSink) {
    self.sink = sink
    buffer.reserveCapacity(Self.bufferSize + 4096)
  }

  /// - Throws: `.invalidValue` for a name with blanks or control characters.
  public mutating func beginBlock(_ name: String) throws {
    try Self.check(name: name, what: "block")
    // The version is what tells RELION that origins are in ångströms.
    write("\n# version 30001\n\ndata_\(name)\n\n")
  }

  /// A single value; the name is without its underscore.
  ///
  /// - Throws: `.invalidValue` for a name with blanks; `.unsupported` for a value no line can hold.
  public mutating func pair(_ name: String, _ value: String) throws {
    try Self.check(name: name, what: "value")
    write("_\(name) ")
    try appendValue(Array(value.utf8)[...], of: name)
    write("\n")
    try flushIfFull()
  }

  /// - Throws: `.invalidValue` for a name with blanks.
  public mutating func beginLoop(_ columnNames: [String]) throws {
    width = columnNames.count
    write("loop_\n")
    for (index, name) in columnNames.enumerated() {
      try Self.check(name: name, what: "column")
      write("_\(name) #\(index + 1)\n")
    }
  }

  /// The next value of a row, in quotes where it has to be.
  ///
  /// - Throws: `.unsupported` for a value that no line can hold.
  public mutating func append(_ value: String) throws {
    beginValue()
    try appendValue(Array(value.utf8)[...], of: nil)
  }

  mutating func append(_ value: ArraySlice<UInt8>, of name: String) throws {
    beginValue()
    try appendValue(value, of: name)
  }

  /// A whole number.
  public mutating func append(_ value: Int) {
    beginValue()
    buffer.appendInteger(value)
  }

  /// With six decimals, in line with those above and below.
  ///
  /// - Throws: `.invalidValue` for a number that is not finite, which RELION would read as 0.
  public mutating func append(_ value: Double) throws {
    guard value.isFinite else {
      throw ExitPlaneError.invalid("value of a STAR table", got: "\(value)", need: "finite")
    }
    beginValue()
    buffer.appendFixed(value, width: Self.numberWidth)
  }

  /// - Throws: `.mismatch` when the row has not as many values as the loop has columns; what the sink
  ///   throws.
  public mutating func endRow() throws {
    guard valuesInRow == width else {
      throw ExitPlaneError.mismatch(
        "row has \(valuesInRow) values and its loop \(width) columns", "equal numbers are needed")
    }
    valuesInRow = 0
    write("\n")
    try flushIfFull()
  }

  /// Ends a block; RELION reads a table up to the next blank line.
  public mutating func endBlock() throws {
    write("\n")
    try flushIfFull()
  }

  /// Hands the last bytes over.
  public mutating func finish() throws {
    try flush()
  }

  private mutating func beginValue() {
    if valuesInRow > 0 { buffer.append(UInt8(ascii: " ")) }
    valuesInRow += 1
  }

  private mutating func write(_ text: String) {
    buffer.append(contentsOf: text.utf8)
  }

  private mutating func flushIfFull() throws {
    if buffer.count >= Self.bufferSize { try flush() }
  }

  private mutating func flush() throws {
    try buffer.withUnsafeBytes { if !$0.isEmpty { try sink($0) } }
    buffer.removeAll(keepingCapacity: true)
  }

  // MARK: Values

  private mutating func appendValue(_ value: ArraySlice<UInt8>, of name: String?) throws {
    switch try Self.quote(for: value, of: name) {
    case nil:
      buffer.append(contentsOf: value)
    case let quote?:
      buffer.append(quote)
      buffer.append(contentsOf: value)
      buffer.append(quote)
    }
  }

  /// The quotation mark a value needs, if any.
  ///
  /// A mark inside the value ends it only where a blank follows, and the other mark is free: a value
  /// that was read from a file always has one that will do.
  private static func quote(for value: ArraySlice<UInt8>, of name: String?) throws -> UInt8? {
    var hasBlank = false
    for byte in value where byte <= 0x20 || byte == 0x7f {
      guard byte == 0x20 || byte == 0x09 else {
        throw ExitPlaneError(
          .unsupported,
          "\(described(value, of: name)) holds a control character; one line of text is needed")
      }
      hasBlank = true
    }
    guard hasBlank || isReserved(value) else { return nil }
    let marks = [UInt8(ascii: "\""), UInt8(ascii: "'")]
    let free = marks.first { mark in
      !value.indices.contains { index in
        value[index] == mark
          && (index + 1 == value.endIndex || value[index + 1] == 0x20 || value[index + 1] == 0x09)
      }
    }
    guard let free else {
      throw ExitPlaneError(
        .unsupported,
        "\(described(value, of: name)) ends words with both ' and \"; a value with one of them is needed")
    }
    return free
  }

  private static func described(_ value: ArraySlice<UInt8>, of name: String?) -> String {
    let column = name.map { "_\($0)" } ?? "value of a STAR table"
    let printable = value.map { $0 < 0x20 || $0 == 0x7f ? UInt8(ascii: "?") : $0 }
    return "\(column) \(quoted(String(decoding: printable, as: UTF8.self)))"
  }

  /// Whether a value without blanks would be taken for something else.
  private static func isReserved(_ value: ArraySlice<UInt8>) -> Bool {
    switch value.first {
    case nil: return true
    case UInt8(ascii: "\""), UInt8(ascii: "'"), UInt8(ascii: "#"), UInt8(ascii: "_"),
      UInt8(ascii: "$"), UInt8(ascii: ";"):
      return true
    case UInt8(ascii: "d"), UInt8(ascii: "D"), UInt8(ascii: "l"), UInt8(ascii: "L"),
      UInt8(ascii: "s"), UInt8(ascii: "S"), UInt8(ascii: "g"), UInt8(ascii: "G"):
      let word = String(decoding: value.prefix(7), as: UTF8.self).lowercased()
      return ["data_", "loop_", "save_", "stop_", "global_"].contains { word.hasPrefix($0) }
    default:
      return false
    }
  }

  private static func check(name: String, what: String) throws {
    guard name.utf8.allSatisfy({ $0 > 0x20 && $0 != 0x7f }), what == "block" || !name.isEmpty else {
      throw ExitPlaneError.invalid(
        "name of a \(what) in a STAR file", got: "'\(name)'", need: "one word without blanks")
    }
  }
}

extension STARWriter {
  /// Rows of a table as rows of the loop begun last, which has its columns.
  ///
  /// Values with six decimals are lined up as numbers are: a table that was written value by value, read and
  /// written so, keeps its bytes.
  ///
  /// - Throws: `.unsupported` for a value that no line of a STAR file can hold; what the sink throws.
  mutating func appendRows(_ rows: Range<Int>, of table: STARTable) throws {
    let columns = table.columns
    for row in rows {
      for column in columns {
        let value = column.bytes(row)
        beginValue()
        if value.count < Self.numberWidth, value.dropLast(6).last == UInt8(ascii: "."),
          value.allSatisfy({ (0x2d...0x39).contains($0) })
        {
          buffer.append(contentsOf: repeatElement(UInt8(ascii: " "), count: Self.numberWidth - value.count))
        }
        try appendValue(value, of: column.name)
      }
      try endRow()
    }
  }
}

extension STARDocument {
  /// Writes the document as RELION 3.1 and later do, in bounded memory.
  ///
  /// - Throws: `.unsupported` for a value that no line of a STAR file can hold; what the sink throws.
  public func write(to sink: ByteSink) throws {
    try withoutActuallyEscaping(sink) { sink in
      var writer = STARWriter(to: sink)
      for block in blocks {
        try writer.write(block)
      }
      try writer.finish()
    }
  }
}

extension STARWriter {
  /// A whole block.
  ///
  /// - Throws: `.unsupported` for a value that no line of a STAR file can hold; what the sink throws.
  public mutating func write(_ block: STARBlock) throws {
    try beginBlock(block.name)
    for value in block.pairs {
      try pair(value.name, value.value)
    }
    if let table = block.table {
      let columns = table.columns
      try beginLoop(columns.map(\.name))
      for row in 0..<table.rowCount {
        for column in columns {
          try append(column.bytes(row), of: column.name)
        }
        try endRow()
      }
    }
    try endBlock()
  }
}
