import ExitPlane
import ExitPlaneIO

extension OpticsOptions {
  /// The factors of the aberrations asked for, which are those of every particle; nil where there are none.
  func aberrationFactors<Scalar: GridScalar>(
    on plane: ImageConfiguration, as _: Scalar.Type
  ) throws -> (@Sendable (Int) -> AberrationFactors<Scalar>?)? {
    let aberrations = try aberrations()
    guard !aberrations.isZero else { return nil }
    let factors = try AberrationFactors<Scalar>(
      aberrations, shape: plane.paddedShape, pixelSizeInAngstroms: plane.pixelSizeInAngstroms,
      voltageInKilovolts: voltageInKilovolts,
      sphericalAberrationInMillimetres: sphericalAberrationInMillimetres)
    return { _ in factors }
  }

  /// What these options put in place of a STAR file's own optics: an option that is given goes before the file.
  var override: ParticleOpticsOverride {
    ParticleOpticsOverride(
      voltageInKilovolts: voltage, sphericalAberrationInMillimetres: cs, amplitudeContrast: amplitudeContrast,
      phaseShiftInDegrees: phaseShift, bFactorInSquareAngstroms: bFactor,
      beamTiltInMilliradians: beamTilt?.values, removesDefoci: defocus != nil)
  }

  /// The optics of particles whose poses come from a STAR file: what it says of them, or defoci asked for.
  ///
  /// - Parameter set: with these options' overrides.
  /// - Throws: what reading the optics throws.
  func optics<Scalar: GridScalar>(
    of set: ParticleSet, seed: UInt64, particlesPerMicrograph: Int, in images: ImageGroups,
    as _: Scalar.Type
  ) throws -> (
    transfer: (@Sendable (Int) -> ContrastTransferFunction)?,
    aberrations: (@Sendable (Int) -> AberrationFactors<Scalar>?)?
  ) {
    guard
      let functions = try set.transferFunctions(
        defociFrom: generator(seed: seed, particlesPerMicrograph: particlesPerMicrograph))
    else {
      return (nil, nil)
    }
    let transfer: @Sendable (Int) -> ContrastTransferFunction = { functions[$0] }
    let (odd, even) = (try set.aberrations(), try set.symmetricAberrations())
    let groups = try set.opticsGroups.enumerated().map { index, group -> AberrationFactors<Scalar>? in
      guard !(odd[index].isZero && even[index].isZero) else { return nil }
      let plane = images.plane(ofGroup: index)
      return try AberrationFactors<Scalar>(
        odd[index], symmetric: even[index], magnification: plane.magnification, shape: plane.paddedShape,
        pixelSizeInAngstroms: plane.pixelSizeInAngstroms,
        voltageInKilovolts: group.voltageInKilovolts ?? voltageInKilovolts,
        sphericalAberrationInMillimetres: group.sphericalAberrationInMillimetres
          ?? sphericalAberrationInMillimetres)
    }
    guard groups.contains(where: { $0 != nil }) else { return (transfer, nil) }
    let indices = set.opticsGroupIndices
    return (transfer, { groups[indices[$0]] })
  }

  func stack(path: String, on plane: ImageConfiguration) throws -> ParticleStack {
    try ParticleStack(
      path: path, imageSize: plane.shape.columns, pixelSizeInAngstroms: plane.pixelSizeInAngstroms,
      voltageInKilovolts: voltageInKilovolts,
      sphericalAberrationInMillimetres: sphericalAberrationInMillimetres,
      amplitudeContrast: chosenAmplitudeContrast)
  }

  func describe(into parameters: inout RunParameters) {
    parameters.append("defocus", defocus.map { "\($0.range) Å" } ?? "the poses'")
    parameters.append("astigmatism", astigmatism.map { "\($0.range) Å" } ?? "none")
    if let defocusSpread { parameters.append("spread of defocus", defocusSpread) }
    // Not what is assumed without them: given or not tells whether they go before the poses' file.
    for (name, value) in [
      ("voltage", voltage), ("spherical aberration", cs), ("amplitude contrast", amplitudeContrast),
      ("phase shift", phaseShift), ("CTF B-factor", bFactor),
    ] { parameters.append(name, value.map { "\($0)" } ?? "by default") }
    parameters.append("beam tilt", beamTilt.map { "\($0.values)" } ?? "none")
  }
}
