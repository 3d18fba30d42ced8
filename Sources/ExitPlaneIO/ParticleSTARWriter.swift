import ExitPlane

/// Writes the STAR file of images made at given poses, one after the other and in bounded memory.
public struct ParticleSTARWriter {
  private var writer: STARWriter
  private let stackPath: String
  private var count = 0

  /// Writes the optics, of one group, and the head of the table of particles.
  ///
  /// - Throws: what the sink throws.
  public init(describing stack: ParticleStack, to sink: @escaping ByteSink) throws {
    stackPath = stack.path
    writer = STARWriter(to: sink)
    try writer.write(STARBlock(name: "optics", table: stack.opticsTable()))
    try writer.beginBlock("particles")
    try writer.beginLoop(
      ["rlnImageName"] + ParticleSet.angleNames + ["rlnOriginXAngst", "rlnOriginYAngst", "rlnOpticsGroup"])
  }

  /// The pose of the stack's next image.
  ///
  /// - Throws: what the sink throws.
  public mutating func append(_ pose: Pose) throws {
    count += 1
    let angles = pose.rotation.relionAnglesInDegrees
    let origin = pose.relionOriginInAngstroms
    try writer.append(ParticleImageName(number: count, path: stackPath).description)
    for value in [angles.rot, angles.tilt, angles.psi, origin.x, origin.y] {
      try writer.append(value)
    }
    writer.append(1)
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
