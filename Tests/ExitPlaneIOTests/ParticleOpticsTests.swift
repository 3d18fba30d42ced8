import ExitPlane
import Testing

@testable import ExitPlaneIO

@Suite("Optics in STAR files")
struct ParticleOpticsTests {
  private func modern(optics: String, particles: String) throws -> ParticleSet {
    try ParticleSet(parsed("data_optics\nloop_\n\(optics)\n\ndata_particles\nloop_\n\(particles)\n"))
  }

  private static let angles = "_rlnAngleRot\n_rlnAngleTilt\n_rlnAnglePsi\n"

  @Test("columns are read from the particles and their groups, the particle's own going first")
  func modernLayout() throws {
    let set = try modern(
      optics: """
        _rlnOpticsGroup
        _rlnVoltage
        _rlnSphericalAberration
        _rlnAmplitudeContrast
        _rlnCtfBfactor
        _rlnBeamTiltX
        _rlnBeamTiltY
        _rlnOddZernike
        1 300 2.7 0.1 50 0.5 -0.25 [1.5,-2,3e-1]
        2 200 1.4 0.07 60 0 0 []
        """,
      particles: Self.angles + """
        _rlnOpticsGroup
        _rlnDefocusU
        _rlnDefocusV
        _rlnDefocusAngle
        _rlnPhaseShift
        _rlnCtfScalefactor
        _rlnVoltage
        0 0 0 2 12000 11000 -30 90 0.5 120
        0 0 0 1 9000 8000 45 0 1 300
        """)
    let functions = try #require(try set.transferFunctions())
    #expect(
      try functions == [
        ContrastTransferFunction(
          defocusUInAngstroms: 12000, defocusVInAngstroms: 11000, astigmatismAngleInDegrees: -30,
          voltageInKilovolts: 120, sphericalAberrationInMillimetres: 1.4, amplitudeContrast: 0.07,
          phaseShiftInDegrees: 90, bFactorInSquareAngstroms: 60, scale: 0.5),
        ContrastTransferFunction(
          defocusUInAngstroms: 9000, defocusVInAngstroms: 8000, astigmatismAngleInDegrees: 45,
          bFactorInSquareAngstroms: 50),
      ])
    #expect(
      try set.aberrations() == [
        AntisymmetricAberrations(
          beamTiltInMilliradians: SIMD2(0.5, -0.25), oddZernike: [1.5, -2, 0.3]),
        AntisymmetricAberrations(),
      ])
  }

  @Test("RELION 3.0's rows carry all of it")
  func oldLayout() throws {
    let set = try ParticleSet(
      parsed(
        "data_\nloop_\n" + Self.angles + """
          _rlnVoltage
          _rlnSphericalAberration
          _rlnAmplitudeContrast
          _rlnDefocusU
          _rlnBeamTiltX
          _rlnBeamTiltY
          0 0 0 300 2.7 0.1 9000 0 0
          0 0 0 300 2.7 0.1 8000 1 2
          0 0 0 300 2.7 0.1 7000 0 0

          """))
    let functions = try #require(try set.transferFunctions())
    #expect(functions.map(\.defocusVInAngstroms) == [9000, 8000, 7000])
    #expect(set.opticsGroupIndices == [0, 1, 0])
    #expect(try set.aberrations().map(\.beamTiltInMilliradians) == [SIMD2(0, 0), SIMD2(1, 2)])
  }

  @Test("without defocus there is no transfer function; half of one is an error with its line")
  func missing() throws {
    let group = "_rlnOpticsGroup\n_rlnVoltage\n_rlnAmplitudeContrast\n1 300 0.1\n"
    let plain = try modern(optics: group, particles: Self.angles + "0 0 0\n")
    #expect(try plain.transferFunctions() == nil)
    #expect(try plain.aberrations() == [AntisymmetricAberrations()])
    let lacking = try modern(optics: group, particles: Self.angles + "_rlnDefocusU\n0 0 0 9000\n")
    #expect(message { _ = try lacking.transferFunctions() }.contains("_rlnSphericalAberration is not"))
    let wrong = try modern(
      optics: "_rlnOpticsGroup\n_rlnVoltage\n_rlnAmplitudeContrast\n_rlnSphericalAberration\n1 300 1.5 2.7\n",
      particles: Self.angles + "_rlnDefocusU\n0 0 0 9000\n")
    let text = message { _ = try wrong.transferFunctions() }
    #expect(text.contains("particles.star, line 16") && text.contains("amplitude contrast is 1.5"), "\(text)")
    let list = try modern(
      optics: "_rlnOpticsGroup\n_rlnOddZernike\n1 [1,x]\n", particles: Self.angles + "0 0 0\n")
    #expect(message { _ = try list.aberrations() }.contains("_rlnOddZernike is '[1,x]'"))
  }

  @Test("what is written is read as it was")
  func roundTrip() throws {
    let stack = try ParticleStack(
      path: "a.mrcs", imageSize: 64, pixelSizeInAngstroms: 1.5, voltageInKilovolts: 200,
      sphericalAberrationInMillimetres: 1.4, amplitudeContrast: 0.07)
    let base = try ContrastTransferFunction(
      defocusUInAngstroms: 0, voltageInKilovolts: 200, sphericalAberrationInMillimetres: 1.4,
      amplitudeContrast: 0.07, phaseShiftInDegrees: 30, bFactorInSquareAngstroms: 12.5, scale: 0.9)
    let defocus = try DefocusGenerator(
      base: base, defocusInAngstroms: 8000...9000, astigmatismInAngstroms: 0...200, seed: 1)
    let aberrations = try AntisymmetricAberrations(
      beamTiltInMilliradians: SIMD2(0.1, -0.7), oddZernike: [0, 1e-7, -30.25])
    let poses = try PoseGenerator(shifts: .gaussian(standardDeviationInAngstroms: 3), seed: 2)
    var bytes: [UInt8] = []
    var writer = try ParticleRowWriter(
      describing: stack,
      columns: .init(imageNames: true, micrographNames: true, transferFunctions: true, randomSubsets: true),
      aberrations: aberrations, to: { bytes.append(contentsOf: $0) })
    for index in 0..<20 {
      try writer.append(
        .init(
          pose: poses.pose(index),
          imageName: ParticleImageName(number: index + 1, path: "a.mrcs").description,
          micrographName: "m\(index / 10).mrc", transfer: defocus.transferFunction(index),
          randomSubset: index % 2 + 1))
    }
    #expect(throws: ExitPlaneError.self) { try writer.append(.init(pose: .identity, imageName: "1@a.mrcs")) }
    var whole: [UInt8] = []
    var again = try ParticleRowWriter(
      describing: stack, columns: .init(transferFunctions: true), aberrations: aberrations,
      to: { whole.append(contentsOf: $0) })
    for index in 0..<20 {
      try again.append(.init(pose: poses.pose(index), transfer: defocus.transferFunction(index)))
    }
    try again.finish()
    let set = try ParticleSet(parsed(String(decoding: whole, as: UTF8.self)))
    let functions = try #require(try set.transferFunctions())
    for index in 0..<20 {
      let (got, want) = (functions[index], defocus.transferFunction(index))
      #expect(abs(got.defocusUInAngstroms - want.defocusUInAngstroms) < 1e-6)
      #expect(abs(got.defocusVInAngstroms - want.defocusVInAngstroms) < 1e-6)
      #expect(abs(got.astigmatismAngleInDegrees - want.astigmatismAngleInDegrees) < 1e-6)
      #expect(got.bFactorInSquareAngstroms == 12.5 && got.scale == 0.9 && got.phaseShiftInDegrees == 30)
      #expect(got.voltageInKilovolts == 200 && got.amplitudeContrast == 0.07)
      #expect(set.poses[index].rotation.angleInDegrees(to: poses.pose(index).rotation) < 1e-5)
    }
    #expect(try set.aberrations() == [aberrations])
  }

  @Test("the noise of a model file has RELION's units")
  func noiseModel() throws {
    let text = """
      data_model_general

      _rlnOriginalImageSize 64
      _rlnPixelSize 1.5

      data_model_group_1
      loop_
      _rlnSpectralIndex
      _rlnResolution
      _rlnSigma2Noise
      0 0 1e-5
      1 0.0104 2e-5
      2 0.0208 4e-5

      """
    let spectrum = try NoiseSpectrum(relionModel: parsed(text))
    let unit = 2 * 64.0 * 64.0
    #expect(abs(spectrum.density(at: 0) - unit * 1e-5) < 1e-12)
    #expect(abs(spectrum.density(at: 1 / 96.0) - unit * 2e-5) < 1e-12)
    #expect(abs(spectrum.density(at: 1.5 / 96.0) - unit * 3e-5) < 1e-12)
    #expect(abs(spectrum.density(at: 0.4) - unit * 4e-5) < 1e-12)
    let four = text.replacing("model_group_1", with: "model_optics_group_1")
    #expect(try NoiseSpectrum(relionModel: parsed(four)) == spectrum)
    #expect(
      message { _ = try NoiseSpectrum(relionModel: parsed(text), group: 2) }.contains("data_model_group_2"))
    let negative = text.replacing("2e-5", with: "-2e-5")
    #expect(message { _ = try NoiseSpectrum(relionModel: parsed(negative)) }.contains("not below 0"))
    let unsized = text.replacing("_rlnPixelSize 1.5", with: "")
    #expect(message { _ = try NoiseSpectrum(relionModel: parsed(unsized)) }.contains("no _rlnPixelSize"))
  }
}
