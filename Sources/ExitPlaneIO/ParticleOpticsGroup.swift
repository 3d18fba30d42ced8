import ExitPlane

/// What the particles of one `rlnOpticsGroup` have in common, as far as their file says it.
public struct ParticleOpticsGroup: Hashable, Sendable {
  /// `rlnOpticsGroupName`.
  public var name: String
  /// The number by which particles name the group.
  public var number: Int
  /// Of the particle images: `rlnImagePixelSize`, or in RELION 3.0 `rlnDetectorPixelSize` (µm) over
  /// `rlnMagnification`.
  public var pixelSizeInAngstroms: Double?
  /// The side of the square images, in pixels.
  public var imageSize: Int?
  /// `rlnVoltage`.
  public var voltageInKilovolts: Double?
  /// `rlnSphericalAberration`.
  public var sphericalAberrationInMillimetres: Double?
  /// `rlnAmplitudeContrast`.
  public var amplitudeContrast: Double?
}

extension ParticleOpticsGroup {
  /// The groups of a `data_optics` table.
  ///
  /// - Throws: `.malformedFile`, with the line, for a table without `rlnOpticsGroup`, a number used
  ///   twice, or a value out of its range.
  static func groups(in table: STARTable) throws -> [ParticleOpticsGroup] {
    guard let numbers = try table.integers("rlnOpticsGroup") else {
      throw table.fault(
        found: "data_optics has no _rlnOpticsGroup column", need: "the groups' numbers are needed")
    }
    let group = try reader(of: table)
    var firstRows: [Int: Int] = [:]
    return try numbers.enumerated().map { row, number in
      if let first = firstRows.updateValue(row, forKey: number) {
        throw table.fault(
          row: row, found: "_rlnOpticsGroup is \(number) again",
          need: "numbers that differ are needed (the first is group '\(group(first, number).name)')")
      }
      return group(row, number)
    }
  }

  /// What makes a group of a row and a number; RELION 3.0's rows of particles each carry their optics.
  static func reader(
    of table: STARTable
  ) throws -> (_ row: Int, _ number: Int) -> ParticleOpticsGroup {
    let names = table["rlnOpticsGroupName"]
    let pixelSizes = try pixelSizes(in: table)
    let imageSizes = try table.integers("rlnImageSize")
    let voltages = try table.numbers("rlnVoltage")
    let aberrations = try table.numbers("rlnSphericalAberration")
    let contrasts = try table.numbers("rlnAmplitudeContrast")
    if let row = imageSizes?.firstIndex(where: { $0 < 1 }), let size = imageSizes?[row] {
      throw table.fault(row: row, found: "_rlnImageSize is \(size)", need: "a size above 0 is needed")
    }
    return { row, number in
      ParticleOpticsGroup(
        name: names?[row] ?? "opticsGroup\(number)", number: number,
        pixelSizeInAngstroms: pixelSizes?[row], imageSize: imageSizes?[row],
        voltageInKilovolts: voltages?[row], sphericalAberrationInMillimetres: aberrations?[row],
        amplitudeContrast: contrasts?[row])
    }
  }

  private static func pixelSizes(in table: STARTable) throws -> [Double]? {
    func above0(_ name: String) throws -> [Double]? {
      let values = try table.numbers(name)
      if let row = values?.firstIndex(where: { $0 <= 0 }), let column = table[name] {
        throw table.fault(
          row: row, found: "_\(name) is \(column[row])", need: "a number above 0 is needed")
      }
      return values
    }
    if let sizes = try above0("rlnImagePixelSize") { return sizes }
    guard let detectorSizesInMicrometres = try above0("rlnDetectorPixelSize"),
      let magnifications = try above0("rlnMagnification")
    else { return nil }
    return zip(detectorSizesInMicrometres, magnifications).map { size, magnification in
      size * 1e4 / magnification
    }
  }
}
