import ExitPlane

/// Writes a RELION 3.1 STAR file of particles with what a simulation knows of them, one after the other and in
/// bounded memory.
public struct ParticleRowWriter {
  /// Which columns there are beside angles, origins and the optics group.
  public struct Columns: Hashable, Sendable {
    public var hasImageNames: Bool
    public var hasMicrographNames: Bool
    public var hasTransferFunctions: Bool
    public var hasRandomSubsets: Bool

    public init(
      imageNames: Bool = false, micrographNames: Bool = false, transferFunctions: Bool = false,
      randomSubsets: Bool = false
    ) {
      hasImageNames = imageNames
      hasMicrographNames = micrographNames
      hasTransferFunctions = transferFunctions
      hasRandomSubsets = randomSubsets
    }
  }

  /// What has a column must be given, and nothing else is written.
  public struct Row: Sendable {
    public var pose: Pose
    public var imageName: String?
    public var micrographName: String?
    public var transfer: ContrastTransferFunction?
    /// 1 or 2, RELION's half sets.
    public var randomSubset: Int?
    public var opticsGroup: Int

    public init(
      pose: Pose, imageName: String? = nil, micrographName: String? = nil,
      transfer: ContrastTransferFunction? = nil, randomSubset: Int? = nil, opticsGroup: Int = 1
    ) {
      self.pose = pose
      self.imageName = imageName
      self.micrographName = micrographName
      self.transfer = transfer
      self.randomSubset = randomSubset
      self.opticsGroup = opticsGroup
    }
  }

  private var writer: STARWriter
  private let columns: Columns

  /// Writes the optics, of one group, and the head of the table of particles.
  ///
  /// - Parameter aberrations: of the group, where it has any.
  /// - Throws: what the sink throws.
  public init(
    describing stack: ParticleStack, columns: Columns, aberrations: AntisymmetricAberrations? = nil,
    to sink: @escaping ByteSink
  ) throws {
    self.columns = columns
    writer = STARWriter(to: sink)
    var optics = try stack.opticsTable()
    if let aberrations, !aberrations.isZero {
      let tilt = aberrations.beamTiltInMilliradians
      try optics.setColumn(STARColumn(name: "rlnBeamTiltX", values: ["\(tilt.x)"]))
      try optics.setColumn(STARColumn(name: "rlnBeamTiltY", values: ["\(tilt.y)"]))
      if !aberrations.oddZernike.isEmpty {
        let list = aberrations.oddZernike.map { "\($0)" }.joined(separator: ",")
        try optics.setColumn(STARColumn(name: "rlnOddZernike", values: ["[\(list)]"]))
      }
    }
    try writer.write(STARBlock(name: "optics", table: optics))
    try writer.beginBlock("particles")
    try writer.beginLoop(
      (columns.hasImageNames ? ["rlnImageName"] : [])
        + (columns.hasMicrographNames ? ["rlnMicrographName"] : [])
        + ParticleSet.angleNames + ["rlnOriginXAngst", "rlnOriginYAngst"]
        + (columns.hasTransferFunctions
          ? [
            "rlnDefocusU", "rlnDefocusV", "rlnDefocusAngle", "rlnPhaseShift", "rlnCtfBfactor",
            "rlnCtfScalefactor",
          ] : [])
        + (columns.hasRandomSubsets ? ["rlnRandomSubset"] : []) + ["rlnOpticsGroup"])
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
