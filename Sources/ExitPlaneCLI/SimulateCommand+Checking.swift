import ArgumentParser
import ExitPlane
import ExitPlaneIO

/// What is refused before the first image, and what is said of it after the last.
extension SimulateCommand {
  /// - Throws: `.invalidValue` for a number that cannot be meant in its option's unit.
  func requirePlausible() throws {
    try optics.requirePlausible()
    if let dose = imageModel.dose { try PlausibleRange.dose.require(dose) }
    if let falloff = noise.noiseFalloff { try PlausibleRange.noiseFalloff.require(falloff) }
    try noise.requirePositive()
  }

  /// - Throws: `.mismatch` for options that would have no effect, and for a model that lacks what it needs.
  func requireEffects<Scalar>(on particles: SimulatedParticles<Scalar>, model: ImageModel) throws {
    let hasFunctions = particles.transfer != nil
    guard hasFunctions || !model.hasOptics else {
      throw ExitPlaneError.mismatch(
        "--image-model \(imageModel.imageModel?.rawValue ?? "linear") needs contrast transfer functions, and the "
          + "particles have none",
        "give --defocus, or poses with rlnDefocusU")
    }
    try
      (optics.uses(hasTransferFunctions: hasFunctions) + [
        OptionUse(
          "--beam-tilt", given: optics.beamTilt != nil, used: hasFunctions, for: "contrast transfer functions"
        ),
        OptionUse(
          "--ctf-sign", given: imageModel.ctfSign != nil, used: hasFunctions,
          for: "contrast transfer functions"),
      ]).requireEffect(
        "the particles have none", remedy: "give --defocus, poses with rlnDefocusU, or leave it out")
    try [
      OptionUse(
        "--ctf-sign", given: imageModel.ctfSign != nil, used: model.hasOptics, for: "images with optics")
    ].requireEffect("--image-model \(imageModel.imageModel?.rawValue ?? "projection") has none")
    if case .electronCounts = model {
    } else {
      try [
        OptionUse("--poisson", given: noise.poisson, used: false, for: "expected counts of electrons")
      ].requireEffect(
        "the image model gives none", remedy: "give --image-model counts and --dose, or another noise")
    }
    try [
      OptionUse("--ewald", given: projection.slices.ewald, used: model.hasOptics, for: "images with a CTF")
    ].requireEffect(
      "these have none", remedy: "give --defocus, poses with rlnDefocusU, or use exitplane project --ewald")
    let namesMicrographs = particles.poses.particleSet?.table["rlnMicrographName"] != nil
    try [
      OptionUse(
        "--particles-per-micrograph", given: set.particlesPerMicrograph != nil, used: !namesMicrographs,
        for: "particles that no micrograph is named for")
    ].requireEffect("the poses' file names theirs")
    try [
      OptionUse(
        "--defocus-spread", given: optics.defocusSpread != nil,
        used: optics.defocus != nil && !namesMicrographs,
        for: "generated defoci of micrographs that are named here")
    ].requireEffect(
      namesMicrographs ? "the poses' file names its own" : "there are none",
      remedy: namesMicrographs ? "leave it out" : "give --defocus")
    try poses.uses(isRandom: poses.areRandom || optics.areRandom || noise.isGiven)
      .requireEffect("nothing is: neither poses, nor defoci, nor noise")
    if let shard = set.shard {
      try [
        OptionUse(
          "--preview", given: preview.preview != nil, used: shard.number == 1,
          for: "the first images of a set")
      ].requireEffect("shard \(shard) makes others", remedy: "give it to the first shard")
    }
  }

  /// What was done to projections, noise aside: "CTF by --defocus, RELION's sign".
  func description<Scalar>(of particles: SimulatedParticles<Scalar>, model: ImageModel) -> String {
    let optics =
      if particles.transfer == nil {
        "no CTF (neither --defocus nor the poses' file gives a defocus)"
      } else if !model.hasOptics {
        "no CTF (--image-model \(imageModel.imageModel?.rawValue ?? "projection"))"
      } else {
        "CTF by \(self.optics.source(isFiled: particles.poses.particleSet != nil)), "
          + (imageModel.chosenSign == .relion ? "RELION's sign (bright)" : "cryoJAX's sign (dark)")
          + (projection.slices.ewald
            ? ", Ewald sphere\(projection.slices.reverseCurvature ? " reversed" : "")" : "")
      }
    guard case .electronCounts(let dose) = model else { return optics }
    return optics + "; \(dose) electrons per Å²"
  }
}

extension OpticsOptions {
  /// Where optics come from: "the poses' file with --voltage".
  fileprivate func source(isFiled: Bool) -> String {
    guard isFiled else { return "--defocus" }
    let given = [
      ("--defocus", defocus != nil), ("--voltage", voltage != nil), ("--cs", cs != nil),
      ("--amplitude-contrast", amplitudeContrast != nil), ("--phase-shift", phaseShift != nil),
      ("--ctf-b-factor", bFactor != nil), ("--beam-tilt", beamTilt != nil),
    ].filter(\.1).map(\.0)
    return "the poses' file" + (given.isEmpty ? "" : " with " + given.joined(separator: ", "))
  }
}

extension PoseSource {
  /// The same poses with optics that go before those of their file.
  func overridingOptics(_ change: ParticleOpticsOverride) throws -> PoseSource {
    guard case .particles(let set) = self else { return self }
    return .particles(try set.overriding(change))
  }
}

extension NoiseOptions {
  var isGiven: Bool { snr != nil || noiseStd != nil || noiseModel != nil || poisson }

  /// - Throws: `.invalidValue` for a ratio that is not above 0.
  func requirePositive() throws {
    if let snr, !(snr.isFinite && snr > 0) {
      throw ExitPlaneError.invalid("--snr", got: "\(snr)", need: "finite and above 0")
    }
    if let noiseStd, !(noiseStd.isFinite && noiseStd >= 0) {
      throw ExitPlaneError.invalid("--noise-std", got: "\(noiseStd)", need: "finite and not below 0")
    }
  }

  /// What noise was added: "white noise of deviation 0.1234 (SNR 0.1)".
  ///
  /// - Parameter noise: nil where images were there already and it was not worked out.
  func description(of noise: ImageNoise?, on plane: ImageConfiguration) -> String {
    let ratio = snr.map { " (SNR \($0))" } ?? ""
    switch noise {
    case nil: return isGiven ? "noise as asked for\(ratio)" : "no noise"
    case .some(.none): return "no noise"
    case .white(let deviation): return "white noise of deviation \(significant(deviation))\(ratio)"
    case .coloured(let spectrum):
      let deviation = spectrum.variance(on: plane).squareRoot()
      return "coloured noise of deviation \(significant(deviation))\(ratio)"
    case .poisson: return "counts drawn from Poisson's distribution"
    }
  }
}
