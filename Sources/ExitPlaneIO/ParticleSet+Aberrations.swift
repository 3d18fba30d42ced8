import ExitPlane

extension ParticleSet {
  /// The antisymmetric aberrations of every optics group, in their order: `rlnBeamTiltX`, `rlnBeamTiltY` (mrad)
  /// and `rlnOddZernike`.
  ///
  /// - Throws: `.malformedFile`, with the line, at a value that is not a number or list of numbers.
  public func aberrations() throws -> [AntisymmetricAberrations] {
    let (source, rows) = rowsOfGroups
    let x = try source.numbers("rlnBeamTiltX")
    let y = try source.numbers("rlnBeamTiltY")
    return try rows.map { row in
      let zernike = try source["rlnOddZernike"].map { try Self.list($0, row: row, of: source) }
      return try Self.valid(row, of: source, "the group's aberrations are not valid") {
        try AntisymmetricAberrations(
          beamTiltInMilliradians: SIMD2(x?[row] ?? 0, y?[row] ?? 0), oddZernike: zernike ?? [])
      }
    }
  }

  /// The symmetric aberrations of every optics group, in their order: `rlnEvenZernike`.
  ///
  /// - Throws: `.malformedFile`, with the line, at a value that is not a list of numbers.
  public func symmetricAberrations() throws -> [SymmetricAberrations] {
    let (source, rows) = rowsOfGroups
    guard let column = source["rlnEvenZernike"] else { return rows.map { _ in .none } }
    return try rows.map { row in
      let zernike = try Self.list(column, row: row, of: source)
      return try Self.valid(row, of: source, "the group's aberrations are not valid") {
        try SymmetricAberrations(evenZernike: zernike)
      }
    }
  }

  /// The anisotropic magnification of every optics group, in their order: `rlnMagMat00` to `rlnMagMat11`, of which
  /// those that are missing are the identity's.
  ///
  /// - Throws: `.malformedFile`, with the line, at a value that is not a number and a matrix that no lens makes.
  public func magnifications() throws -> [AnisotropicMagnification] {
    let (source, rows) = rowsOfGroups
    let elements = try ["00", "01", "10", "11"].map { try source.numbers("rlnMagMat" + $0) }
    guard elements.contains(where: { $0 != nil }) else { return rows.map { _ in .none } }
    return try rows.map { row in
      let m = zip(elements, [1.0, 0, 0, 1]).map { $0?[row] ?? $1 }
      return try Self.valid(row, of: source, "the group's magnification is not valid") {
        try AnisotropicMagnification(firstRow: SIMD2(m[0], m[1]), secondRow: SIMD2(m[2], m[3]))
      }
    }
  }

  /// The table that has the groups' values, and each group's row in it: in RELION 3.0's layout rows of particles
  /// carry their optics, the same for all of a group.
  private var rowsOfGroups: (STARTable, [Int]) {
    if let opticsTable { return (opticsTable, Array(opticsGroups.indices)) }
    return (table, firstRowsOfGroups)
  }

  /// The first particle of each group.
  var firstRowsOfGroups: [Int] {
    var first = [Int?](repeating: nil, count: opticsGroups.count)
    for (row, group) in opticsGroupIndices.enumerated() where first[group] == nil { first[group] = row }
    return first.map { $0 ?? 0 }
  }

  private static func valid<Value>(
    _ row: Int, of table: STARTable, _ what: String, _ make: () throws -> Value
  ) throws -> Value {
    do {
      return try make()
    } catch let error as ExitPlaneError {
      throw table.fault(row: row, found: what, need: error.description)
    }
  }

  /// RELION's lists: "[0.1,-2,3e-4]".
  private static func list(_ column: STARColumn, row: Int, of table: STARTable) throws -> [Double] {
    let text = column[row]
    var inner = text[...]
    if inner.first == "[", inner.last == "]" { inner = inner.dropFirst().dropLast() }
    let parts = inner.split(separator: ",", omittingEmptySubsequences: false)
    if parts.count == 1, parts[0].allSatisfy({ $0 == " " }) { return [] }
    return try parts.map { part in
      guard let number = Double(part.filter { $0 != " " }), number.isFinite else {
        throw table.fault(
          row: row, found: "_\(column.name) is \(quoted(text))",
          need: "a list such as [0.1,-2,0.03] is needed")
      }
      return number
    }
  }
}
