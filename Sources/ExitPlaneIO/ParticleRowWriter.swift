import ExitPlane

/// Writes a RELION 3.1 STAR file of particles with what a simulation knows of them, one after the other and in
/// bounded memory.
public struct ParticleRowWriter {
  /// Which columns there are beside angles, origins and the optics group.
  public struct Columns: Hashable, Sendable {
    /// `rlnImageName`.
    public var hasImageNames: Bool
    /// `rlnMicrographName`.
    public var hasMicrographNames: Bool
    /// Defoci and their angle, phase shift, B-factor and scale.
    public var hasTransferFunctions: Bool
    /// `rlnRandomSubset`.
    public var hasRandomSubsets: Bool
    /// Places in micrographs.
    public var hasCoordinates: Bool

    /// No columns but those there always are, unless they are asked for.
    public init(
      imageNames: Bool = false, micrographNames: Bool = false, transferFunctions: Bool = false,
      randomSubsets: Bool = false, coordinates: Bool = false
    ) {
      hasImageNames = imageNames
      hasMicrographNames = micrographNames
      hasTransferFunctions = transferFunctions
      hasRandomSubsets = randomSubsets
      hasCoordinates = coordinates
    }
  }

  /// One of the optics groups, which are numbered from 1 in their order.
  public struct Group: Sendable {
    /// What the group's images are, and with what optics.
    public var stack: ParticleStack
    /// Nil for "opticsGroup" and its number.
    public var name: String?
    /// Beam tilt and odd Zernike coefficients; nil for no columns of them.
    public var aberrations: AntisymmetricAberrations?

    /// - Parameters:
    ///   - stack: what the group's images are, and with what optics.
    ///   - name: nil for "opticsGroup" and its number.
    ///   - aberrations: nil for no columns of them.
    public init(stack: ParticleStack, name: String? = nil, aberrations: AntisymmetricAberrations? = nil) {
      self.stack = stack
      self.name = name
      self.aberrations = aberrations
    }
  }

  /// What has a column must be given, and nothing else is written.
  public struct Row: Sendable {
    /// Written as RELION's angles and origins.
    public var pose: Pose
    /// "000001@path/stack.mrcs".
    public var imageName: String?
    /// `rlnMicrographName`.
    public var micrographName: String?
    /// In pixels of the micrograph.
    public var coordinates: SIMD2<Int>?
    /// Its voltage, spherical aberration and amplitude contrast are the group's.
    public var transfer: ContrastTransferFunction?
    /// 1 or 2, RELION's half sets.
    public var randomSubset: Int?
    /// From 1.
    public var opticsGroup: Int

    /// A row with nothing but angles and origins, unless more is given.
    public init(
      pose: Pose, imageName: String? = nil, micrographName: String? = nil, coordinates: SIMD2<Int>? = nil,
      transfer: ContrastTransferFunction? = nil, randomSubset: Int? = nil, opticsGroup: Int = 1
    ) {
      self.pose = pose
      self.imageName = imageName
      self.micrographName = micrographName
      self.coordinates = coordinates
      self.transfer = transfer
      self.randomSubset = randomSubset
      self.opticsGroup = opticsGroup
    }
  }

  private var writer: STARWriter
  private let columns: Columns

  /// Writes the optics, of one group, and the head of the table of particles.
  ///
  /// - Parameters:
  ///   - stack: what the group's images are, and with what optics.
  ///   - columns: those beside angles, origins and the optics group.
  ///   - aberrations: of the group, where it has any.
  ///   - sink: takes the bytes.
  /// - Throws: what the sink throws.
  public init(
    describing stack: ParticleStack, columns: Columns, aberrations: AntisymmetricAberrations? = nil,
    to sink: @escaping ByteSink
  ) throws {
    try self.init(describing: [Group(stack: stack, aberrations: aberrations)], columns: columns, to: sink)
  }

  /// Writes the optics, of several groups, and the head of the table of particles.
  ///
  /// - Throws: `.mismatch` for two groups of one name; what the sink throws.
  public init(describing groups: [Group], columns: Columns, to sink: @escaping ByteSink) throws {
    self.columns = columns
    writer = STARWriter(to: sink)
    let optics = try Self.opticsTable(of: groups, hasCoordinates: columns.hasCoordinates)
    try writer.write(STARBlock(name: "optics", table: optics))
    try writer.beginBlock("particles")
    try writer.beginLoop(
      (columns.hasImageNames ? ["rlnImageName"] : [])
        + (columns.hasMicrographNames ? ["rlnMicrographName"] : [])
        + (columns.hasCoordinates ? ["rlnCoordinateX", "rlnCoordinateY"] : [])
        + ParticleSet.angleNames + ["rlnOriginXAngst", "rlnOriginYAngst"]
        + (columns.hasTransferFunctions
          ? [
            "rlnDefocusU", "rlnDefocusV", "rlnDefocusAngle", "rlnPhaseShift", "rlnCtfBfactor",
            "rlnCtfScalefactor",
          ] : [])
        + (columns.hasRandomSubsets ? ["rlnRandomSubset"] : []) + ["rlnOpticsGroup"])
  }

  /// Aberrations have columns where a group has any; coordinates are in pixels of the images' size.
  private static func opticsTable(of groups: [Group], hasCoordinates: Bool) throws -> STARTable {
    let names = groups.enumerated().map { $1.name ?? "opticsGroup\($0 + 1)" }
    if let name = names.enumerated().first(where: { names[..<$0.offset].contains($0.element) })?.element {
      throw ExitPlaneError.mismatch("two optics groups are named \(name)", "give them different names")
    }
    let tables = try groups.map { try $0.stack.opticsTable() }
    var optics = try STARTable(
      columns: (tables.first?.columns ?? []).enumerated().map { place, column in
        STARColumn(name: column.name, values: tables.map { $0.columns[place][0] })
      })
    try optics.setColumn(STARColumn(name: "rlnOpticsGroupName", values: names))
    try optics.setColumn(STARColumn(name: "rlnOpticsGroup", values: groups.indices.map { "\($0 + 1)" }))
    if hasCoordinates, let sizes = optics["rlnImagePixelSize"] {
      try optics.setColumn(
        STARColumn(name: "rlnMicrographOriginalPixelSize", values: groups.indices.map { sizes[$0] }))
    }
    let aberrations = groups.map { $0.aberrations.flatMap { $0.isZero ? nil : $0 } }
    guard aberrations.contains(where: { $0 != nil }) else { return optics }
    let tilts = aberrations.map { $0?.beamTiltInMilliradians ?? SIMD2(0, 0) }
    try optics.setColumn(STARColumn(name: "rlnBeamTiltX", values: tilts.map { plainNumber($0.x) }))
    try optics.setColumn(STARColumn(name: "rlnBeamTiltY", values: tilts.map { plainNumber($0.y) }))
    let lists = aberrations.map { $0?.oddZernike ?? [] }
    if lists.contains(where: { !$0.isEmpty }) {
      let values = lists.map { list in "[\(list.map { plainNumber($0) }.joined(separator: ","))]" }
      try optics.setColumn(STARColumn(name: "rlnOddZernike", values: values))
    }
    return optics
  }

  /// - Throws: `.mismatch` where the row lacks what has a column; what the sink throws.
  public mutating func append(_ row: Row) throws {
    func given<Value>(_ value: Value?, _ what: String) throws -> Value {
      guard let value else {
        throw ExitPlaneError.mismatch("a particle has no \(what)", "the STAR file has a column of it")
      }
      return value
    }
    if columns.hasImageNames { try writer.append(given(row.imageName, "image name")) }
    if columns.hasMicrographNames { try writer.append(given(row.micrographName, "micrograph name")) }
    if columns.hasCoordinates {
      let place = try given(row.coordinates, "place in its micrograph")
      writer.append(place.x)
      writer.append(place.y)
    }
    let angles = row.pose.rotation.relionAnglesInDegrees
    let origin = row.pose.relionOriginInAngstroms
    for value in [angles.rot, angles.tilt, angles.psi, origin.x, origin.y] { try writer.append(value) }
    if columns.hasTransferFunctions {
      let ctf = try given(row.transfer, "contrast transfer function")
      for value in [
        ctf.defocusUInAngstroms, ctf.defocusVInAngstroms, ctf.astigmatismAngleInDegrees,
        ctf.phaseShiftInDegrees, ctf.bFactorInSquareAngstroms, ctf.scale,
      ] {
        try writer.append(value)
      }
    }
    if columns.hasRandomSubsets { writer.append(try given(row.randomSubset, "random subset")) }
    writer.append(row.opticsGroup)
    try writer.endRow()
  }

  /// Ends the file.
  ///
  /// - Throws: what the sink throws.
  public mutating func finish() throws {
    try writer.endBlock()
    try writer.finish()
  }
}
