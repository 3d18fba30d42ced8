import CGemmi
import ExitPlane

extension STARDocument {
  /// Reads a STAR file, plain or gzipped.
  ///
  /// RELION's dialect: every row of a table on a line of its own; blank lines, comments and CRLF line
  /// ends anywhere; values in quotes where they hold blanks; paths of any characters.
  ///
  /// - Throws: `.unreadableFile`; `.malformedFile` with the line (or, for what is not text, the byte);
  ///   `.unsupported` for what CIF has and RELION has not: save frames, text over several lines.
  public init(contentsOf path: String) throws {
    // A path with a zero byte would be opened under the name before it.
    guard !path.utf8.contains(0) else {
      throw ExitPlaneError.file(
        path, kind: .unreadableFile, found: "a path with a zero byte",
        need: "the path of a STAR file is needed")
    }
    self = try Self.taken(from: cgemmi_star_read(path), path: path)
  }

  /// Reads a STAR file from its bytes; `path` is the name messages call it by.
  public init(parsing bytes: [UInt8], path: String) throws {
    let handle = bytes.withUnsafeBytes { bytes in
      cgemmi_star_parse(bytes.baseAddress?.assumingMemoryBound(to: CChar.self), bytes.count)
    }
    self = try Self.taken(from: handle, path: path)
  }

  /// Moves what the C++ side holds into Swift, a column at a time, so that little of it is held twice.
  private static func taken(from handle: OpaquePointer?, path: String) throws -> STARDocument {
    guard let handle else {
      throw ExitPlaneError.file(
        path, kind: .unreadableFile, found: "does not fit in memory", need: "a smaller file is needed")
    }
    defer { cgemmi_star_free(handle) }
    try check(handle, path: path)
    let blocks = (0..<cgemmi_star_block_count(handle)).map { block in
      taken(block: block, from: handle, path: path)
    }
    return STARDocument(blocks: blocks, path: path)
  }

  private static func check(_ handle: OpaquePointer, path: String) throws {
    let kind: ExitPlaneError.Kind
    switch cgemmi_star_error_status(handle) {
    case cgemmi_star_fine: return
    case cgemmi_star_unreadable: kind = .unreadableFile
    case cgemmi_star_unsupported: kind = .unsupported
    default: kind = .malformedFile
    }
    let line = cgemmi_star_error_line(handle)
    let byte = cgemmi_star_error_byte(handle)
    let location: ExitPlaneError.Location? =
      line > 0 ? .line(line) : byte >= 0 ? .byte(Int(byte)) : nil
    throw ExitPlaneError.file(
      path, at: location, kind: kind, found: String(cString: cgemmi_star_error_found(handle)),
      need: String(cString: cgemmi_star_error_need(handle)))
  }

  private static func taken(block: Int, from handle: OpaquePointer, path: String) -> STARBlock {
    let pairs = (0..<cgemmi_star_pair_count(handle, block)).map { pair in
      STARBlock.Pair(
        name: name(cgemmi_star_pair_name(handle, block, pair)),
        value: string(cgemmi_star_pair_value(handle, block, pair)))
    }
    var taken = STARBlock(name: string(cgemmi_star_block_name(handle, block)), pairs: pairs)
    taken.source = STARSource(path: path, line: cgemmi_star_block_line(handle, block))
    let columnCount = cgemmi_star_column_count(handle, block)
    guard columnCount > 0 else { return taken }

    let rowCount = cgemmi_star_row_count(handle, block)
    let columns = (0..<columnCount).map { index in
      let cells = cgemmi_star_column_cells(handle, block, index)
      let ends = [Int](UnsafeBufferPointer(start: cells.ends, count: rowCount))
      let text = UnsafeRawBufferPointer(start: cells.text, count: ends.last ?? 0)
      defer { cgemmi_star_drop_column(handle, block, index) }
      return STARColumn(
        name: name(cgemmi_star_column_name(handle, block, index)), text: [UInt8](text), ends: ends)
    }
    let lines = UnsafeBufferPointer(start: cgemmi_star_row_lines(handle, block), count: rowCount)
    taken.table = STARTable(
      readColumns: columns,
      source: STARSource(
        path: path, line: cgemmi_star_loop_line(handle, block), rowLines: [UInt32](lines)))
    return taken
  }

  private static func string(_ text: cgemmi_text) -> String {
    String(decoding: UnsafeRawBufferPointer(start: text.start, count: text.size), as: UTF8.self)
  }

  /// A column's name without the underscore that the grammar guarantees.
  private static func name(_ text: cgemmi_text) -> String {
    String(string(text).dropFirst())
  }
}
