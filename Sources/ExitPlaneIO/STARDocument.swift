/// A STAR file as RELION uses them: named blocks, each with single values, a table, or both.
///
/// The document keeps everything but comments, understood or not, in the file's order; what is changed
/// in it and written again leaves the rest as it was.
public struct STARDocument: Sendable {
  /// In the file's order.
  public var blocks: [STARBlock]
  /// The file it was read from, for messages and for paths relative to it; nil for one made in memory.
  public let path: String?

  /// - Parameters:
  ///   - blocks: in the file's order.
  ///   - path: for errors to name.
  public init(blocks: [STARBlock] = [], path: String? = nil) {
    self.blocks = blocks
    self.path = path
  }

  /// The block `data_name`.
  public subscript(name: String) -> STARBlock? {
    blocks.first { $0.name == name }
  }
}

/// Equality is of what is written: not of where it was read.
extension STARDocument: Hashable {
  public static func == (a: STARDocument, b: STARDocument) -> Bool {
    a.blocks == b.blocks
  }

  public func hash(into hasher: inout Hasher) {
    hasher.combine(blocks)
  }
}

/// What stands between one `data_` line and the next.
public struct STARBlock: Hashable, Sendable {
  /// A name and its value, outside of tables.
  public struct Pair: Hashable, Sendable {
    /// Without the leading underscore.
    public var name: String
    /// As it stands in the file, without quotes.
    public var value: String

    /// - Parameters:
    ///   - name: without the leading underscore.
    ///   - value: as text.
    public init(name: String, value: String) {
      self.name = name
      self.value = value
    }
  }

  /// What follows `data_`; RELION 3.0 often has nothing there.
  public var name: String
  /// Names and values outside the table.
  public var pairs: [Pair]
  /// The block's loop; nil where it has none.
  public var table: STARTable?
  var source: STARSource?

  /// - Parameters:
  ///   - name: what follows `data_`.
  ///   - pairs: names and values outside the table.
  ///   - table: the block's loop; nil for none.
  public init(name: String, pairs: [Pair] = [], table: STARTable? = nil) {
    self.name = name
    self.pairs = pairs
    self.table = table
  }

  /// The block's table, or, where it has none, its single values as a table of one row: RELION writes a
  /// lone row as either. Nil for a block with nothing in it.
  public var asTable: STARTable? {
    if let table { return table }
    guard !pairs.isEmpty else { return nil }
    let columns = pairs.map { STARColumn(name: $0.name, values: [$0.value]) }
    return STARTable(readColumns: columns, source: source)
  }

  public static func == (a: STARBlock, b: STARBlock) -> Bool {
    a.name == b.name && a.pairs == b.pairs && a.table == b.table
  }

  public func hash(into hasher: inout Hasher) {
    hasher.combine(name)
    hasher.combine(pairs)
    hasher.combine(table)
  }
}
