import ExitPlane

/// Optics that go before what a file of particles says, for all of its particles; nil leaves it as it is.
public struct ParticleOpticsOverride: Hashable, Sendable {
  /// `rlnVoltage`.
  public var voltageInKilovolts: Double?
  /// `rlnSphericalAberration`.
  public var sphericalAberrationInMillimetres: Double?
  /// `rlnAmplitudeContrast`.
  public var amplitudeContrast: Double?
  /// `rlnPhaseShift`.
  public var phaseShiftInDegrees: Double?
  /// `rlnCtfBfactor`.
  public var bFactorInSquareAngstroms: Double?
  /// `rlnBeamTiltX` and `rlnBeamTiltY`.
  public var beamTiltInMilliradians: SIMD2<Double>?
  /// Whether defoci and their astigmatism are others, which the file then does not say.
  public var removesDefoci: Bool

  /// Leaves everything as it is, unless something is given.
  public init(
    voltageInKilovolts: Double? = nil, sphericalAberrationInMillimetres: Double? = nil,
    amplitudeContrast: Double? = nil, phaseShiftInDegrees: Double? = nil,
    bFactorInSquareAngstroms: Double? = nil, beamTiltInMilliradians: SIMD2<Double>? = nil,
    removesDefoci: Bool = false
  ) {
    self.voltageInKilovolts = voltageInKilovolts
    self.sphericalAberrationInMillimetres = sphericalAberrationInMillimetres
    self.amplitudeContrast = amplitudeContrast
    self.phaseShiftInDegrees = phaseShiftInDegrees
    self.bFactorInSquareAngstroms = bFactorInSquareAngstroms
    self.beamTiltInMilliradians = beamTiltInMilliradians
    self.removesDefoci = removesDefoci
  }

  /// What RELION keeps once an optics group.
  fileprivate var ofGroups: [(name: String, value: Double)] {
    [
      ("rlnVoltage", voltageInKilovolts), ("rlnSphericalAberration", sphericalAberrationInMillimetres),
      ("rlnAmplitudeContrast", amplitudeContrast), ("rlnBeamTiltX", beamTiltInMilliradians?.x),
      ("rlnBeamTiltY", beamTiltInMilliradians?.y),
    ].compactMap { name, value in value.map { (name, $0) } }
  }

  /// What it keeps once a particle.
  fileprivate var ofParticles: [(name: String, value: Double)] {
    [("rlnPhaseShift", phaseShiftInDegrees), ("rlnCtfBfactor", bFactorInSquareAngstroms)]
      .compactMap { name, value in value.map { (name, $0) } }
  }
}

extension ParticleSet {
  /// The same particles with other optics, in what is computed of them as in what is written.
  ///
  /// - Throws: what reading the changed tables throws.
  public func overriding(_ change: ParticleOpticsOverride) throws -> ParticleSet {
    guard change != ParticleOpticsOverride() else { return self }
    var blocks = document.blocks
    func set(
      _ values: [(name: String, value: Double)], in table: inout STARTable, removing removed: [String] = []
    ) throws {
      for (name, value) in values {
        try table.setColumn(STARColumn(name: name, repeating: "\(value)", count: table.rowCount))
      }
      for name in removed { table.removeColumn(name) }
    }
    // A column of the particles goes before one of the groups, so one of the two is to be left.
    let (groups, particles) = (change.ofGroups, change.ofParticles)
    let defoci = change.removesDefoci ? ["rlnDefocusU", "rlnDefocusV", "rlnDefocusAngle"] : []
    var table = table
    if let opticsBlockIndex, var optics = blocks[opticsBlockIndex].asTable {
      try set(groups, in: &optics, removing: particles.map(\.name) + defoci)
      blocks[opticsBlockIndex] = Self.block(blocks[opticsBlockIndex], with: optics)
      try set(particles, in: &table, removing: groups.map(\.name) + defoci)
    } else {
      try set(groups + particles, in: &table, removing: defoci)
    }
    blocks[particleBlockIndex] = Self.block(blocks[particleBlockIndex], with: table)
    return try ParticleSet(
      STARDocument(blocks: blocks), pixelSizeInAngstroms: givenPixelSizeInAngstroms)
  }

  /// A block with another table; single values that were the table's only row are in it now.
  private static func block(_ block: STARBlock, with table: STARTable) -> STARBlock {
    STARBlock(name: block.name, pairs: block.table == nil ? [] : block.pairs, table: table)
  }
}
