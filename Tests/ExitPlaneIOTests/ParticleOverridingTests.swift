import ExitPlane
import Testing

@testable import ExitPlaneIO

@Suite("Optics that go before a STAR file's own")
struct ParticleOverridingTests {
  /// RELION 3.1: two groups, and particles with a voltage and a B-factor of their own or their group's.
  private static let modern = """
    data_optics
    loop_
    _rlnOpticsGroup
    _rlnVoltage
    _rlnSphericalAberration
    _rlnAmplitudeContrast
    _rlnCtfBfactor
    _rlnBeamTiltX
    1 300 2.7 0.1 50 0.5
    2 200 1.4 0.07 60 0

    data_particles
    loop_
    _rlnAngleRot
    _rlnAngleTilt
    _rlnAnglePsi
    _rlnOpticsGroup
    _rlnDefocusU
    _rlnDefocusV
    _rlnDefocusAngle
    _rlnVoltage
    _rlnMadeUp
    1 2 3 2 12000 11000 -30 120 kept
    4 5 6 1 9000 8000 45 300 too

    """
  /// RELION 3.0: every row with its optics.
  private static let old = """
    data_
    loop_
    _rlnAngleRot
    _rlnAngleTilt
    _rlnAnglePsi
    _rlnVoltage
    _rlnSphericalAberration
    _rlnAmplitudeContrast
    _rlnDefocusU
    _rlnDefocusV
    _rlnDefocusAngle
    1 2 3 300 2.7 0.1 12000 11000 -30
    4 5 6 200 1.4 0.07 9000 8000 45

    """

  @Test("they hold for every particle of every group, and are written", arguments: [modern, old])
  func holds(text: String) throws {
    let set = try ParticleSet(parsed(text))
    let changed = try set.overriding(
      ParticleOpticsOverride(
        voltageInKilovolts: 80, sphericalAberrationInMillimetres: 0.5, amplitudeContrast: 0.2,
        phaseShiftInDegrees: 30, bFactorInSquareAngstroms: 10, beamTiltInMilliradians: SIMD2(0.25, -1)))
    let stack = try ParticleStack(path: "s.mrcs", imageSize: 8, pixelSizeInAngstroms: 1)
    // What is written says the same as what is computed.
    for read in [changed, try ParticleSet(changed.document(describing: stack))] {
      let functions = try #require(try read.transferFunctions())
      #expect(functions.count == 2)
      for (function, own) in zip(functions, try #require(try set.transferFunctions())) {
        #expect(function.voltageInKilovolts == 80 && function.sphericalAberrationInMillimetres == 0.5)
        #expect(function.amplitudeContrast == 0.2 && function.phaseShiftInDegrees == 30)
        #expect(function.bFactorInSquareAngstroms == 10)
        #expect(function.defocusUInAngstroms == own.defocusUInAngstroms)
        #expect(function.astigmatismAngleInDegrees == own.astigmatismAngleInDegrees)
      }
      #expect(try read.aberrations().allSatisfy { $0.beamTiltInMilliradians == SIMD2(0.25, -1) })
      #expect(read.poses == set.poses && read.table["rlnMadeUp"] == set.table["rlnMadeUp"])
    }
  }

  @Test("one of them changes nothing else, and none nothing at all")
  func others() throws {
    let set = try ParticleSet(parsed(Self.modern))
    #expect(try set.overriding(ParticleOpticsOverride()).document == set.document)
    let functions = try #require(
      try set.overriding(ParticleOpticsOverride(sphericalAberrationInMillimetres: 1)).transferFunctions())
    #expect(functions.map(\.sphericalAberrationInMillimetres) == [1, 1])
    #expect(functions.map(\.voltageInKilovolts) == [120, 300])
    #expect(functions.map(\.bFactorInSquareAngstroms) == [60, 50])
  }

  @Test(
    "generated defoci take the place of the file's, and what it says beside them is kept",
    arguments: [true, false])
  func defoci(removes: Bool) throws {
    let set = try ParticleSet(parsed(Self.modern))
      .overriding(ParticleOpticsOverride(removesDefoci: removes))
    #expect(try (set.transferFunctions() == nil) == removes)
    let generator = try DefocusGenerator(
      base: ContrastTransferFunction(
        defocusUInAngstroms: 0, voltageInKilovolts: 100, phaseShiftInDegrees: 12),
      defocusInAngstroms: 5000...6000, astigmatismInAngstroms: 10...20, seed: 4)
    let functions = try #require(try set.transferFunctions(defociFrom: generator))
    for (index, function) in functions.enumerated() {
      let made = generator.transferFunction(index)
      #expect(function.defocusUInAngstroms == made.defocusUInAngstroms)
      #expect(function.defocusVInAngstroms == made.defocusVInAngstroms)
      #expect(function.astigmatismAngleInDegrees == made.astigmatismAngleInDegrees)
      // The file's, and what it does not say.
      #expect(function.voltageInKilovolts == [120, 300][index] && function.phaseShiftInDegrees == 12)
    }
    #expect(removes == (set.table["rlnDefocusAngle"] == nil))
  }
}
