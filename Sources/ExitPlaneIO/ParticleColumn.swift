/// What becomes of a column of particles or of their optics groups when images are made of them.
///
/// One table says it of every column that RELION has for them; Docs/STAR.md is that table for readers.
struct ParticleColumn: Sendable {
  /// What becomes of a column.
  enum Treatment: String, Sendable, CaseIterable {
    /// It takes part in the images, or is set to what they are.
    case applied
    /// It stays as it was: it is about the particle or its micrograph, not about pixels.
    case carried
    /// It would be untrue of the new images, which do not have what it says: it is left out, with a warning.
    case dropped
    /// No image is made of such a set.
    case refused
  }

  /// Without the leading underscore: "rlnAngleRot".
  let name: String
  /// What becomes of it.
  let treatment: Treatment
  /// Why, or how.
  let note: String
  /// What says nothing: a column of such values alone is left as it is.
  let harmless: Harmless

  enum Harmless: Sendable {
    case nothing
    case number(Double)
    case noName
  }

  private init(_ name: String, _ treatment: Treatment, _ note: String, harmless: Harmless = .nothing) {
    (self.name, self.treatment, self.note, self.harmless) = (name, treatment, note, harmless)
  }

  /// Whether a column says something that its treatment is about.
  func speaks(in column: STARColumn) -> Bool {
    switch harmless {
    case .nothing: true
    case .number(let number): (0..<column.count).contains { Double(column[$0]) != number }
    case .noName: (0..<column.count).contains { !["", "None", "none"].contains(column[$0]) }
    }
  }

  /// Columns that are not in the table are carried: those of other tables of RELION, of other programs, and of one's
  /// own.
  static func treatment(of name: String) -> Treatment { byName[name]?.treatment ?? .carried }

  static let byName = Dictionary(all.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })

  /// Of RELION 5, in the order of Docs/STAR.md.
  static let all: [ParticleColumn] =
    rows(.applied, applied) + rows(.carried, carried) + dropped + refused

  private static func rows(_ treatment: Treatment, _ rows: [(String, [String])]) -> [ParticleColumn] {
    rows.flatMap { note, names in names.map { ParticleColumn($0, treatment, note) } }
  }

  private static let applied: [(String, [String])] = [
    ("the pose", ["rlnAngleRot", "rlnAngleTilt", "rlnAnglePsi"]),
    ("the shift, its negative; in ångströms", ["rlnOriginXAngst", "rlnOriginYAngst"]),
    ("the shift in pixels, RELION 3.0; written in ångströms", ["rlnOriginX", "rlnOriginY"]),
    ("written anew; what it was is kept in rlnImageOriginalName", ["rlnImageName"]),
    ("what rlnImageName was", ["rlnImageOriginalName"]),
    ("the image's optics", ["rlnOpticsGroup"]),
    (
      "in `simulate`, the CTF",
      [
        "rlnDefocusU", "rlnDefocusV", "rlnDefocusAngle", "rlnPhaseShift", "rlnCtfBfactor",
        "rlnCtfScalefactor",
        "rlnVoltage", "rlnSphericalAberration", "rlnAmplitudeContrast",
      ]
    ),
    ("in `simulate`, with a CTF", ["rlnBeamTiltX", "rlnBeamTiltY", "rlnOddZernike", "rlnEvenZernike"]),
    (
      "anisotropic magnification, of projections and of optics",
      [
        "rlnMagMat00", "rlnMagMat01", "rlnMagMat10", "rlnMagMat11",
      ]
    ),
    ("the images' own, which are written", ["rlnImagePixelSize", "rlnImageSize"]),
    (
      "the pixel size, RELION 3.0; written as rlnImagePixelSize",
      ["rlnDetectorPixelSize", "rlnMagnification"]
    ),
  ]

  private static let carried: [(String, [String])] = [
    ("the group's name", ["rlnOpticsGroupName"]),
    (
      "the micrograph",
      [
        "rlnMicrographName", "rlnMicrographNameNoDW", "rlnMicrographNameEven", "rlnMicrographNameOdd",
        "rlnMicrographMovieName", "rlnMicrographMetadata", "rlnMicrographId", "rlnMicrographGainName",
        "rlnMicrographDefectFile", "rlnMicrographCoordinates", "rlnMicrographTiltAngle",
        "rlnMicrographTiltAxisDirection", "rlnMicrographTiltAxisOutOfPlane", "rlnMicrographIceThickness",
        "rlnMicrographOriginalPixelSize", "rlnMicrographPixelSize", "rlnMicrographPreExposure",
        "rlnMicrographDoseRate", "rlnMicrographBinning", "rlnMicrographFrameNumber",
        "rlnMicrographStartFrame",
        "rlnMicrographEndFrame", "rlnMicrographShiftX", "rlnMicrographShiftY", "rlnMotionModelVersion",
        "rlnAccumMotionTotal", "rlnAccumMotionEarly", "rlnAccumMotionLate", "rlnEERUpsampling",
        "rlnEERGrouping", "rlnAreaId", "rlnAreaName",
      ]
    ),
    (
      "where on the micrograph",
      [
        "rlnCoordinateX", "rlnCoordinateY", "rlnCoordinateZ", "rlnCenteredCoordinateXAngst",
        "rlnCenteredCoordinateYAngst", "rlnCenteredCoordinateZAngst",
      ]
    ),
    ("along the beam, which a projection does not see", ["rlnOriginZAngst", "rlnOriginZ"]),
    (
      "priors of a refinement",
      [
        "rlnAngleRotPrior", "rlnAngleTiltPrior", "rlnAnglePsiPrior", "rlnAngleRotFlipRatio",
        "rlnAnglePsiFlipRatio", "rlnAnglePsiFlip", "rlnOriginXPriorAngst", "rlnOriginYPriorAngst",
        "rlnOriginZPriorAngst",
      ]
    ),
    (
      "priors in pixels, RELION 3.0; written in ångströms",
      [
        "rlnOriginXPrior", "rlnOriginYPrior", "rlnOriginZPrior",
      ]
    ),
    (
      "helices",
      [
        "rlnHelicalTubeID", "rlnHelicalTubePitch", "rlnHelicalTrackLengthAngst", "rlnHelicalTrackLength",
        "rlnHelicalTwist", "rlnHelicalRise", "rlnNrHelicalAsymUnits",
      ]
    ),
    (
      "halves, classes and groups",
      [
        "rlnRandomSubset", "rlnClassNumber", "rlnGroupName", "rlnGroupNumber", "rlnGroupNrParticles",
        "rlnBeamTiltClass", "rlnOpticsGroupNumber", "rlnOpticsGroupNrParticles",
      ]
    ),
    (
      "what a refinement or selection found",
      [
        "rlnLogLikeliContribution", "rlnMaxValueProbDistribution", "rlnNrOfSignificantSamples",
        "rlnKullbackLeiblerDivergence", "rlnParticleFigureOfMerit", "rlnAutopickFigureOfMerit",
        "rlnParticleSelectZScore", "rlnParticleSelectionType", "rlnSelected", "rlnSortedIndex", "rlnEnabled",
        "rlnImageWeight", "rlnPerFrameCumulativeWeight", "rlnPerFrameRelativeWeight",
      ]
    ),
    (
      "names and numbers",
      [
        "rlnParticleName", "rlnOriginalParticleName", "rlnParticleId", "rlnParticleNumber", "rlnImageId",
        "rlnOrientationsID", "rlnComment", "rlnMaskName",
      ]
    ),
    (
      "how the defocus was found",
      [
        "rlnCtfAstigmatism", "rlnCtfMaxResolution", "rlnCtfValidationScore", "rlnCtfFigureOfMerit",
        "rlnCtfPowerSpectrum", "rlnCtfIceRingDensity", "rlnCtfValue",
      ]
    ),
    (
      "parts of a CTF that RELION does not apply either",
      [
        "rlnChromaticAberration", "rlnEnergyLoss", "rlnLensStability", "rlnConvergenceCone",
        "rlnLongitudinalDisplacement", "rlnTransversalDisplacement",
      ]
    ),
    (
      "tomograms",
      [
        "rlnTomoName", "rlnTomoParticleName", "rlnTomoParticleId", "rlnTomoTiltSeriesName",
        "rlnTomoTiltSeriesPixelSize", "rlnTomoSubtomogramBinning", "rlnTomoManifoldIndex",
      ]
    ),
    (
      "movie frames",
      [
        "rlnMovieFrameNumber", "rlnNrOfFrames", "rlnAverageNrOfFrames", "rlnMovieFramesRunningAverage",
      ]
    ),
  ]

  private static let dropped: [ParticleColumn] =
    [
      ParticleColumn("rlnMtfFileName", .dropped, "the images have no detector's MTF", harmless: .noName),
      ParticleColumn(
        "rlnCtfDataAreCtfPremultiplied", .dropped, "the images have their CTF once, or not at all",
        harmless: .number(0)),
      ParticleColumn(
        "rlnCtfDataArePhaseFlipped", .dropped, "no phases are flipped", harmless: .number(0)),
      ParticleColumn(
        "rlnCtfDataAreCtfCorrected", .dropped, "by `simulate`, whose images have their CTF",
        harmless: .number(0)),
      ParticleColumn("rlnCtfImage", .dropped, "another image, of a CTF that is not these images'"),
      ParticleColumn("rlnReconstructImageName", .dropped, "another image of the particle"),
      ParticleColumn(
        "rlnNormCorrection", .dropped, "the former images' intensity", harmless: .number(1)),
      ParticleColumn(
        "rlnGroupScaleCorrection", .dropped, "the former images' intensity", harmless: .number(1)),
      ParticleColumn(
        "rlnMagnificationCorrection", .dropped, "a correction RELION no longer makes", harmless: .number(1)),
    ]
    + [
      "rlnMinimumValue", "rlnMaximumValue", "rlnAverageValue", "rlnStandardDeviationValue",
      "rlnSkewnessValue",
      "rlnKurtosisExcessValue",
    ].map { ParticleColumn($0, .dropped, "the former images' pixels") }
    + [
      "rlnSamplingRate", "rlnSamplingRateX", "rlnSamplingRateY", "rlnSamplingRateZ", "rlnImageSizeX",
      "rlnImageSizeY", "rlnImageSizeZ", "rlnDataType", "rlnPixelSize",
    ].map {
      ParticleColumn($0, .dropped, "the former images'; rlnImagePixelSize and rlnImageSize say these images'")
    }

  private static let refused: [ParticleColumn] =
    [
      ParticleColumn(
        "rlnImageDimensionality", .refused, "3 where images are subtomograms; 2 is written",
        harmless: .number(2)),
      ParticleColumn("rlnIsFlip", .refused, "mirrored images are not made", harmless: .number(0)),
    ]
    + ["rlnTomoSubtomogramRot", "rlnTomoSubtomogramTilt", "rlnTomoSubtomogramPsi"].map {
      ParticleColumn(
        $0, .refused, "a rotation of a subtomogram before the pose's own", harmless: .number(0))
    }
    + [
      ParticleColumn(
        "rlnTomoSubTomosAre2DStacks", .refused, "stacks of a tilt series, an image a tilt",
        harmless: .number(0)),
      ParticleColumn("rlnTomoVisibleFrames", .refused, "stacks of a tilt series, an image a tilt"),
      ParticleColumn(
        "rlnCtfBfactorPerElectronDose", .refused, "a fall-off by dose, of tilt series", harmless: .number(0)),
    ]
}
