import ExitPlane

/// The particles of a RELION STAR file: how each lies, and the optics it was seen with.
///
/// Two layouts are read. RELION 3.1 and later have `data_optics` and `data_particles`, with origins in
/// ångströms; 3.0 and earlier have one table, whatever its name, with origins in pixels and the optics in
/// every row. Angles and origins become poses in the sense of Docs/Conventions.md.
public struct ParticleSet: Sendable {
  /// The file as it is, with all that is not understood here.
  public let document: STARDocument
  /// One a particle, in the file's order.
  public private(set) var poses: [Pose]
  /// In the file's order; from RELION 3.0, one for each set of optical values that occurs.
  public let opticsGroups: [ParticleOpticsGroup]
  /// For each particle the index of its group in `opticsGroups`.
  public let opticsGroupIndices: [Int]
  /// The table of particles within `document`.
  public let table: STARTable

  let particleBlockIndex: Int
  /// Nil for RELION 3.0's layout.
  let opticsBlockIndex: Int?
  let givenPixelSizeInAngstroms: Double?

  /// The number of particles.
  public var count: Int { poses.count }

  /// - Parameters:
  ///   - path: a STAR file.
  ///   - pixelSizeInAngstroms: for origins in pixels whose file does not say it.
  /// - Throws: as `init(_:pixelSizeInAngstroms:)`, and what reading the file throws.
  public init(contentsOf path: String, pixelSizeInAngstroms: Double? = nil) throws {
    try self.init(STARDocument(contentsOf: path), pixelSizeInAngstroms: pixelSizeInAngstroms)
  }

  /// - Parameters:
  ///   - document: what a STAR file holds.
  ///   - pixelSizeInAngstroms: for origins in pixels whose file does not say it.
  /// - Throws: `.malformedFile`, with the line, for a missing table or column, an empty table, a value
  ///   that is not a number or out of range, an optics group that is not there; `.invalidValue` for a
  ///   pixel size not above 0.
  public init(_ document: STARDocument, pixelSizeInAngstroms: Double? = nil) throws {
    if let size = pixelSizeInAngstroms, !(size > 0 && size.isFinite) {
      throw ExitPlaneError.invalid("pixel size", got: "\(size) Å", need: "finite and above 0 Å")
    }
    let (blockIndex, table) = try Self.particleTable(in: document)
    let opticsBlockIndex = document.blocks.firstIndex { $0.name == "optics" && $0.asTable != nil }
    let angles = try Self.angles(in: table)
    guard table.rowCount > 0 else {
      throw table.fault(
        found: "data_\(document.blocks[blockIndex].name) has no rows", need: "a pose at least is needed")
    }

    let (groups, indices): ([ParticleOpticsGroup], [Int])
    if let opticsTable = opticsBlockIndex.flatMap({ document.blocks[$0].asTable }) {
      groups = try ParticleOpticsGroup.groups(in: opticsTable)
      indices = try Self.groupIndices(of: table, among: groups)
    } else {
      (groups, indices) = try Self.groupsByValue(in: table)
    }
    self.document = document
    self.opticsGroups = groups
    self.opticsGroupIndices = indices
    self.table = table
    self.particleBlockIndex = blockIndex
    self.opticsBlockIndex = opticsBlockIndex
    self.givenPixelSizeInAngstroms = pixelSizeInAngstroms
    self.poses = []
    let originX = try lengthsInAngstroms("rlnOriginXAngst", orInPixels: "rlnOriginX")
    let originY = try lengthsInAngstroms("rlnOriginYAngst", orInPixels: "rlnOriginY")
    self.poses = try (0..<table.rowCount).map { row in
      try Pose(
        relionRotInDegrees: angles.rot[row], tiltInDegrees: angles.tilt[row],
        psiInDegrees: angles.psi[row], originXInAngstroms: originX?[row] ?? 0,
        originYInAngstroms: originY?[row] ?? 0)
    }
  }

  // MARK: More of a particle

  /// A particle's defocus, underfocus positive.
  public struct Defocus: Hashable, Sendable {
    /// Along the U-axis, `rlnDefocusU`.
    public var uInAngstroms: Double
    /// Across it, `rlnDefocusV`.
    public var vInAngstroms: Double
    /// Of the U-axis from x towards y.
    public var angleInDegrees: Double
    /// Of a phase plate; 0 where the file has none.
    public var phaseShiftInDegrees: Double
  }

  /// One a particle; nil where the file has no `rlnDefocusU`.
  ///
  /// Without `rlnDefocusV` there is no astigmatism, as in RELION.
  ///
  /// - Throws: `.malformedFile`, with the line, at a value that is not a number.
  public func defocus() throws -> [Defocus]? {
    guard let u = try table.numbers("rlnDefocusU") else { return nil }
    let v = try table.numbers("rlnDefocusV") ?? u
    let angle = try table.numbers("rlnDefocusAngle")
    let phaseShift = try table.numbers("rlnPhaseShift")
    return u.indices.map { row in
      Defocus(
        uInAngstroms: u[row], vInAngstroms: v[row], angleInDegrees: angle?[row] ?? 0,
        phaseShiftInDegrees: phaseShift?[row] ?? 0)
    }
  }

  /// One a particle; nil where the file has no `rlnImageName`.
  ///
  /// - Throws: `.malformedFile`, with the line, at a name that is none.
  public func imageNames() throws -> [ParticleImageName]? {
    guard let column = table["rlnImageName"] else { return nil }
    return try (0..<column.count).map { row in
      guard let name = ParticleImageName(column[row]) else {
        throw table.fault(
          row: row, found: "_rlnImageName is \(quoted(column[row]))",
          need: "a name like 000001@stack.mrcs is needed, numbered from 1")
      }
      return name
    }
  }

  // MARK: Reading

  static let angleNames = ["rlnAngleRot", "rlnAngleTilt", "rlnAnglePsi"]

  /// RELION 3.1's block by its name; else RELION 3.0's by what it holds, as its name varies.
  private static func particleTable(in document: STARDocument) throws -> (Int, STARTable) {
    func table(where fits: (STARBlock) -> Bool) -> (Int, STARTable)? {
      for (index, block) in document.blocks.enumerated() where fits(block) {
        if let table = block.asTable { return (index, table) }
      }
      return nil
    }
    func hasColumn(of names: [String]) -> (STARBlock) -> Bool {
      { block in block.asTable.map { table in names.contains { table[$0] != nil } } ?? false }
    }
    if let found = table(where: { $0.name == "particles" })
      ?? table(where: hasColumn(of: angleNames)) ?? table(where: hasColumn(of: ["rlnImageName"]))
    {
      return found
    }
    let names = document.blocks.map { "data_\($0.name)" }.joined(separator: ", ")
    throw ExitPlaneError.file(
      document.path ?? "STAR document",
      found: "no table of particles in \(names.isEmpty ? "a file without blocks" : names)",
      need: "a data_particles table with \(listed(angleNames)) is needed")
  }

  private static func angles(in table: STARTable) throws -> (rot: [Double], tilt: [Double], psi: [Double]) {
    if let rot = try table.numbers(angleNames[0]), let tilt = try table.numbers(angleNames[1]),
      let psi = try table.numbers(angleNames[2])
    {
      return (rot, tilt, psi)
    }
    let missing = angleNames.filter { table[$0] == nil }
    let most = 12
    var there = table.columns.prefix(most).map { "_\($0.name)" }.joined(separator: ", ")
    if table.columns.count > most { there += " and \(table.columns.count - most) more" }
    throw table.fault(
      found: "no column \(listed(missing)) among \(there)", need: "poses need \(listed(angleNames))")
  }

  /// "_a, _b and _c"
  private static func listed(_ names: [String]) -> String {
    let tags = names.map { "_\($0)" }
    guard let last = tags.last, tags.count > 1 else { return tags.first ?? "" }
    return tags.dropLast().joined(separator: ", ") + " and " + last
  }

  private static func groupIndices(of table: STARTable, among groups: [ParticleOpticsGroup]) throws -> [Int] {
    guard let numbers = try table.integers("rlnOpticsGroup") else {
      guard groups.count == 1 else {
        throw table.fault(
          found: "no column _rlnOpticsGroup, and data_optics has \(groups.count) groups",
          need: "a group's number in every row is needed")
      }
      return [Int](repeating: 0, count: table.rowCount)
    }
    let indices = Dictionary(uniqueKeysWithValues: groups.enumerated().map { ($1.number, $0) })
    return try numbers.enumerated().map { row, number in
      guard let index = indices[number] else {
        throw table.fault(
          row: row, found: "_rlnOpticsGroup is \(number), which data_optics does not define",
          need: "one of \(groups.map { "\($0.number)" }.joined(separator: ", ")) is needed")
      }
      return index
    }
  }

  /// The values that RELION 3.1 keeps once a group and 3.0 in every row.
  static let opticsNames = [
    "rlnVoltage", "rlnSphericalAberration", "rlnAmplitudeContrast", "rlnBeamTiltX", "rlnBeamTiltY",
    "rlnMagMat00", "rlnMagMat01", "rlnMagMat10", "rlnMagMat11", "rlnImagePixelSize", "rlnImageSize",
    "rlnDetectorPixelSize", "rlnMagnification",
  ]

  /// Rows that agree in all optical values make a group, as in RELION's own conversion.
  private static func groupsByValue(in table: STARTable) throws -> ([ParticleOpticsGroup], [Int]) {
    let columns = try opticsNames.compactMap { try table.numbers($0) }
    let group = try ParticleOpticsGroup.reader(of: table)
    var groups: [ParticleOpticsGroup] = []
    var indexOfValues: [[Double]: Int] = [:]
    var indices: [Int] = []
    indices.reserveCapacity(table.rowCount)
    for row in 0..<table.rowCount {
      // Most rows are like the one before.
      if row > 0, columns.allSatisfy({ $0[row] == $0[row - 1] }) {
        indices.append(indices[row - 1])
        continue
      }
      let values = columns.map { $0[row] }
      if let index = indexOfValues[values] {
        indices.append(index)
      } else {
        indexOfValues[values] = groups.count
        indices.append(groups.count)
        groups.append(group(row, groups.count + 1))
      }
    }
    return (groups, indices)
  }

  /// A column of lengths from either of its names; nil where the file has neither.
  ///
  /// - Throws: `.malformedFile`, with the line, at a length in pixels other than 0 whose pixel size is
  ///   nowhere given.
  func lengthsInAngstroms(_ name: String, orInPixels pixelName: String) throws -> [Double]? {
    if let lengths = try table.numbers(name) { return lengths }
    guard let lengths = try table.numbers(pixelName) else { return nil }
    return try lengths.enumerated().map { row, length in
      if length == 0 { return 0 }
      let group = opticsGroups[opticsGroupIndices[row]]
      guard let pixelSize = group.pixelSizeInAngstroms ?? givenPixelSizeInAngstroms else {
        throw table.fault(
          row: row, found: "_\(pixelName) is in pixels, whose size is nowhere given",
          need: "_rlnImagePixelSize in data_optics, _rlnDetectorPixelSize with _rlnMagnification in the "
            + "table, or a pixel size beside the file is needed")
      }
      return length * pixelSize
    }
  }
}
