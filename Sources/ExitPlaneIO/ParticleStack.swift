import ExitPlane

/// A stack of square particle images, as a STAR file has to describe it.
public struct ParticleStack: Hashable, Sendable {
  /// As programs that read the STAR file will find it, from their working directory: "sub/stack.mrcs".
  public let path: String
  /// The side of the images, in pixels.
  public let imageSize: Int
  /// Of the images.
  public let pixelSizeInAngstroms: Double
  /// RELION asks for these three in every file; they are written where nothing better is known.
  public let voltageInKilovolts: Double
  /// See `voltageInKilovolts`.
  public let sphericalAberrationInMillimetres: Double
  /// See `voltageInKilovolts`.
  public let amplitudeContrast: Double

  /// - Throws: `.invalidValue` for an empty path, or a value that is out of its range.
  public init(
    path: String, imageSize: Int, pixelSizeInAngstroms: Double, voltageInKilovolts: Double = 300,
    sphericalAberrationInMillimetres: Double = 2.7, amplitudeContrast: Double = 0.1
  ) throws {
    guard !path.isEmpty else {
      throw ExitPlaneError.invalid("path of a stack", got: "empty", need: "a file's name")
    }
    guard imageSize > 0 else {
      throw ExitPlaneError.invalid("image size", got: "\(imageSize) px", need: "above 0 px")
    }
    func check(_ what: String, _ value: Double, _ unit: String) throws {
      guard value.isFinite, value > 0 else {
        throw ExitPlaneError.invalid(what, got: "\(value) \(unit)", need: "finite and above 0 \(unit)")
      }
    }
    try check("pixel size", pixelSizeInAngstroms, "Å")
    try check("voltage", voltageInKilovolts, "kV")
    guard sphericalAberrationInMillimetres.isFinite else {
      throw ExitPlaneError.invalid(
        "spherical aberration", got: "\(sphericalAberrationInMillimetres) mm", need: "finite")
    }
    guard (0...1).contains(amplitudeContrast) else {
      throw ExitPlaneError.invalid("amplitude contrast", got: "\(amplitudeContrast)", need: "within 0…1")
    }
    self.path = path
    self.imageSize = imageSize
    self.pixelSizeInAngstroms = pixelSizeInAngstroms
    self.voltageInKilovolts = voltageInKilovolts
    self.sphericalAberrationInMillimetres = sphericalAberrationInMillimetres
    self.amplitudeContrast = amplitudeContrast
  }

  /// A `data_optics` table with what RELION needs: what `known` holds where it has the column, except for what
  /// describes the images, which is their stacks'.
  ///
  /// - Parameter stacks: one a row.
  static func opticsTable(of stacks: [ParticleStack], known: STARTable) throws -> STARTable {
    var table = known
    func column(_ name: String, _ value: (ParticleStack) -> String) -> STARColumn {
      STARColumn(name: name, values: stacks.map(value))
    }
    for assumed in [
      column("rlnVoltage") { plainNumber($0.voltageInKilovolts) },
      column("rlnSphericalAberration") { plainNumber($0.sphericalAberrationInMillimetres) },
      column("rlnAmplitudeContrast") { plainNumber($0.amplitudeContrast) },
    ] where table[assumed.name] == nil {
      try table.setColumn(assumed)
    }
    for known in [
      column("rlnImagePixelSize") { plainNumber($0.pixelSizeInAngstroms) },
      column("rlnImageSize") { "\($0.imageSize)" }, column("rlnImageDimensionality") { _ in "2" },
    ] {
      try table.setColumn(known)
    }
    return table
  }

  /// The table of one group, nothing of which is known from elsewhere.
  func opticsTable() throws -> STARTable {
    try Self.opticsTable(
      of: [self],
      known: STARTable(columns: [
        STARColumn(name: "rlnOpticsGroupName", values: ["opticsGroup1"]),
        STARColumn(name: "rlnOpticsGroup", values: ["1"]),
      ]))
  }
}
