import ExitPlane

extension ParticleSet {
  /// The contrast transfer function of every particle; nil where the file has no `rlnDefocusU`, unless defoci are
  /// generated.
  ///
  /// A column of the particles goes before one of the optics groups, as in RELION. Without `rlnDefocusV` there is
  /// no astigmatism; the phase shift, B-factor and scale are 0, 0 Å² and 1 where the file does not say them.
  ///
  /// - Parameter generator: of defoci, in place of the file's; its base gives what the file does not say.
  /// - Throws: `.malformedFile`, with the line, at a value that is not a number or out of its range, and where
  ///   `rlnVoltage`, `rlnSphericalAberration` or `rlnAmplitudeContrast` is nowhere given.
  public func transferFunctions(
    defociFrom generator: DefocusGenerator? = nil
  ) throws -> [ContrastTransferFunction]? {
    let base = generator?.base
    let read = try opticalValues("rlnDefocusU")
    guard generator != nil || read != nil else { return nil }
    func needed(_ name: String, _ assumed: Double?) throws -> (Int) -> Double {
      guard let values = try opticalValues(name) ?? assumed.map({ value in { _ in value } }) else {
        throw table.fault(
          found: "_rlnDefocusU is given and _\(name) is not",
          need: "a column of the particles or of data_optics")
      }
      return values
    }
    let readV = try opticalValues("rlnDefocusV") ?? read
    let readAngle = try opticalValues("rlnDefocusAngle")
    func defocus(_ row: Int) -> (u: Double, v: Double, angle: Double) {
      guard let made = generator?.transferFunction(row) else {
        return (read?(row) ?? 0, readV?(row) ?? 0, readAngle?(row) ?? 0)
      }
      return (made.defocusUInAngstroms, made.defocusVInAngstroms, made.astigmatismAngleInDegrees)
    }
    let voltage = try needed("rlnVoltage", base?.voltageInKilovolts)
    let aberration = try needed("rlnSphericalAberration", base?.sphericalAberrationInMillimetres)
    let contrast = try needed("rlnAmplitudeContrast", base?.amplitudeContrast)
    let phaseShift = try opticalValues("rlnPhaseShift")
    let bFactor = try opticalValues("rlnCtfBfactor")
    let scale = try opticalValues("rlnCtfScalefactor")
    return try (0..<count).map { row in
      do {
        let (u, v, angle) = defocus(row)
        return try ContrastTransferFunction(
          defocusUInAngstroms: u, defocusVInAngstroms: v, astigmatismAngleInDegrees: angle,
          voltageInKilovolts: voltage(row), sphericalAberrationInMillimetres: aberration(row),
          amplitudeContrast: contrast(row),
          phaseShiftInDegrees: phaseShift?(row) ?? base?.phaseShiftInDegrees ?? 0,
          bFactorInSquareAngstroms: bFactor?(row) ?? base?.bFactorInSquareAngstroms ?? 0,
          scale: scale?(row) ?? 1)
      } catch let error as ExitPlaneError {
        throw table.fault(row: row, found: "the particle's CTF is not one", need: error.description)
      }
    }
  }

  var opticsTable: STARTable? { opticsBlockIndex.flatMap { document.blocks[$0].asTable } }

  /// By particle, from the table of particles or from their groups'; nil where neither has the column.
  private func opticalValues(_ name: String) throws -> ((Int) -> Double)? {
    if let values = try table.numbers(name) { return { values[$0] } }
    guard let values = try opticsTable?.numbers(name) else { return nil }
    let groups = opticsGroupIndices
    return { values[groups[$0]] }
  }
}
