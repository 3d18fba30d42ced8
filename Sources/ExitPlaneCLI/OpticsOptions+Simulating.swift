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
      voltageInKilovolts: voltage, sphericalAberrationInMillimetres: cs)
    return { _ in factors }
  }

  /// The optics of particles whose poses come from a STAR file: what it says of them, or defoci asked for where it
  /// says none. Its own rows become those of the images, and must not say otherwise than the options.
  ///
  /// - Throws: `.mismatch` where they would; what reading the optics throws.
  func optics<Scalar: GridScalar>(
    of set: ParticleSet, seed: UInt64, on plane: ImageConfiguration, as _: Scalar.Type
  ) throws -> (
    transfer: (@Sendable (Int) -> ContrastTransferFunction)?,
    aberrations: (@Sendable (Int) -> AberrationFactors<Scalar>?)?
  ) {
    guard beamTilt == nil else {
      throw ExitPlaneError.mismatch(
        "--beam-tilt is for generated poses",
        "give the STAR file rlnBeamTiltX and rlnBeamTiltY in data_optics")
    }
    let transfer: (@Sendable (Int) -> ContrastTransferFunction)
    if let generator = try generator(seed: seed) {
      try requireAgreement(with: set)
      transfer = { generator.transferFunction($0) }
    } else if let functions = try set.transferFunctions() {
      transfer = { functions[$0] }
    } else {
      return (nil, nil)
    }
    let groups = try zip(set.aberrations(), set.opticsGroups).map { aberrations, group in
      aberrations.isZero
        ? nil
        : try AberrationFactors<Scalar>(
          aberrations, shape: plane.paddedShape, pixelSizeInAngstroms: plane.pixelSizeInAngstroms,
          voltageInKilovolts: group.voltageInKilovolts ?? voltage,
          sphericalAberrationInMillimetres: group.sphericalAberrationInMillimetres ?? cs)
    }
    guard groups.contains(where: { $0 != nil }) else { return (transfer, nil) }
    let indices = set.opticsGroupIndices
    return (transfer, { groups[indices[$0]] })
  }

  private func requireAgreement(with set: ParticleSet) throws {
    if try set.defocus() != nil {
      throw ExitPlaneError.mismatch(
        "--defocus is given and the poses' file has defoci", "leave one of them out")
    }
    for group in set.opticsGroups {
      for (name, known, asked) in [
        ("--voltage", group.voltageInKilovolts, voltage),
        ("--cs", group.sphericalAberrationInMillimetres, cs),
        ("--amplitude-contrast", group.amplitudeContrast, amplitudeContrast),
      ] {
        if let known, known != asked {
          throw ExitPlaneError.mismatch(
            "\(name) is \(asked) and the poses' file says \(known)", "give --defocus with \(name) \(known)")
        }
      }
    }
  }

  func stack(path: String, on plane: ImageConfiguration) throws -> ParticleStack {
    try ParticleStack(
      path: path, imageSize: plane.shape.columns, pixelSizeInAngstroms: plane.pixelSizeInAngstroms,
      voltageInKilovolts: voltage, sphericalAberrationInMillimetres: cs, amplitudeContrast: amplitudeContrast)
  }

  func describe(into parameters: inout RunParameters) {
    parameters.append("defocus", defocus.map { "\($0.range) Å" } ?? "the poses'")
    parameters.append("astigmatism", astigmatism.map { "\($0.range) Å" } ?? "none")
    parameters.append("voltage", voltage)
    parameters.append("spherical aberration", cs)
    parameters.append("amplitude contrast", amplitudeContrast)
    parameters.append("phase shift", phaseShift)
    parameters.append("CTF B-factor", bFactor)
    parameters.append("beam tilt", beamTilt.map { "\($0.values)" } ?? "none")
  }
}
