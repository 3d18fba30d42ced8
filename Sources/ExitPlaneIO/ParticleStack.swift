import ExitPlane

/// A stack of square particle images, as a STAR file has to describe it.
public struct ParticleStack: Hashable, Sendable {
  /// As seen from the STAR file's folder: "stack.mrcs".
  public let path: String
  /// The side of the images, in pixels.
  public let imageSize: Int
  public let pixelSizeInAngstroms: Double
  /// RELION asks for these three in every file; they are written where nothing better is known.
  public let voltageInKilovolts: Double
  public let sphericalAberrationInMillimetres: Double
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

  /// A `data_optics` table with what RELION needs: what `known` holds where it has the column, except
  /// for what describes the images, which is this stack's.
  func opticsTable(known: STARTable) throws -> STARTable {
    var table = known
    let count = table.rowCount
    func column(_ name: String, _ value: some CustomStringConvertible) -> STARColumn {
      STARColumn(name: name, repeating: value.description, count: count)
    }
    for assumed in [
      column("rlnVoltage", voltageInKilovolts),
      column("rlnSphericalAberration", sphericalAberrationInMillimetres),
      column("rlnAmplitudeContrast", amplitudeContrast),
    ] where table[assumed.name] == nil {
      try table.setColumn(assumed)
    }
    for known in [
      column("rlnImagePixelSize", pixelSizeInAngstroms), column("rlnImageSize", imageSize),
      column("rlnImageDimensionality", 2),
    ] {
      try table.setColumn(known)
    }
    return table
  }

  /// The table of one group, nothing of which is known from elsewhere.
  func opticsTable() throws -> STARTable {
    try opticsTable(
      known: STARTable(columns: [
        STARColumn(name: "rlnOpticsGroupName", values: ["opticsGroup1"]),
        STARColumn(name: "rlnOpticsGroup", values: ["1"]),
      ]))
  }

  /// `rlnImageName` for the images of the stack in their order.
  func imageNames(count: Int) -> STARColumn {
    STARColumn(
      name: "rlnImageName",
      values: (0..<count).lazy.map { ParticleImageName(number: $0 + 1, path: path).description })
  }
}
