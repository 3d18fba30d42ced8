import ExitPlane

extension ParticleSet {
  /// - Throws: `.unsupported`, with the line, for a set of which no images are made; see `ParticleColumn`.
  public func requireImageable() throws {
    for table in tables {
      for column in table.columns {
        guard let known = ParticleColumn.byName[column.name], known.treatment == .refused,
          known.speaks(in: column)
        else { continue }
        let row = (0..<column.count).first { row in
          if case .number(let number) = known.harmless { return Double(column[row]) != number }
          return true
        }
        let fault = table.fault(
          row: row, found: "_\(column.name) is \(quoted(row.map { column[$0] } ?? ""))",
          need: "\(known.note); leave the column out to have images without it")
        throw ExitPlaneError(.unsupported, fault.description)
      }
    }
  }

  /// The columns that would be untrue of new images of these particles, in the file's order; `document` leaves them
  /// out.
  ///
  /// - Parameter haveOptics: whether the images have a contrast transfer function.
  public func untrueColumns(imagesHaveOptics haveOptics: Bool) -> [String] {
    var names: [String] = []
    for column in tables.flatMap(\.columns) where !names.contains(column.name) {
      guard let known = ParticleColumn.byName[column.name], known.treatment == .dropped,
        known.speaks(in: column), haveOptics || column.name != "rlnCtfDataAreCtfCorrected"
      else { continue }
      names.append(column.name)
    }
    return names
  }

  private var tables: [STARTable] { (opticsTable.map { [$0] } ?? []) + [table] }
}
