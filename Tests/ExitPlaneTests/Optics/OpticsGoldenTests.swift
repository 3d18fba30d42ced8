import Foundation
import Testing

@testable import ExitPlane

/// Tests/Goldens/optics_cryojax.json; Scripts/oracles/cryojax_optics.py writes it.
private struct CryoJAXGolden: Decodable {
  struct Function: Decodable {
    let defocusU, defocusV, angle, voltage, cs, amplitudeContrast, phaseShift: Double
    let values: [Double]
  }
  struct Images: Decodable {
    let rows, columns: Int
    let pixelSize, dose: Double
    let positions: [[Double]]
    let amplitudes, variances: [Double]
    let defocusU, defocusV, angle, cs, amplitudeContrast: Double
    let phase, contrast, intensity, counts: [Double]
  }
  let functions: [Function]
  let images: Images
}

/// Tests/Goldens/optics_relion.json; Scripts/oracles/relion_optics.py writes it.
private struct RelionGolden: Decodable {
  struct Image: Decodable {
    let defocusU, defocusV, angle, phaseShift, bFactor, scale: Double
    let values: [Double]
  }
  let box: Int
  let pixelSize, voltage, cs, amplitudeContrast: Double
  let images: [Image]
  let magnification, evenZernike: [Double]
  let distorted: [Image]
}

/// A file of Tests/Goldens.
func golden<Content: Decodable>(_ name: String) throws -> Content {
  let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appending(path: "../../Goldens")
  let decoder = JSONDecoder()
  decoder.keyDecodingStrategy = .convertFromSnakeCase
  return try decoder.decode(Content.self, from: Data(contentsOf: folder.appending(path: name)))
}

@Suite("Optics are other programs'")
struct OpticsGoldenTests {
  /// Of the angle 90° − β, as cryoJAX measures from y towards x.
  @Test("transfer functions are cryoJAX's, with its sign")
  func cryoJAXFunctions() throws {
    let golden: CryoJAXGolden = try golden("optics_cryojax.json")
    let plane = try ImageConfiguration(shape: GridShape(rows: 15, columns: 17), pixelSizeInAngstroms: 1.1)
    #expect(golden.functions.count == 4)
    for want in golden.functions {
      let function = try ContrastTransferFunction(
        defocusUInAngstroms: want.defocusU, defocusVInAngstroms: want.defocusV,
        astigmatismAngleInDegrees: want.angle, voltageInKilovolts: want.voltage,
        sphericalAberrationInMillimetres: want.cs, amplitudeContrast: want.amplitudeContrast,
        phaseShiftInDegrees: want.phaseShift)
      let values = function.values(on: plane, sign: .cryoJAX)
      try #require(values.count == want.values.count)
      #expect(zip(values, want.values).allSatisfy { abs($0 - $1) < 2e-9 })
    }
  }

  /// Our wavelength is cryoJAX's at a voltage whose Lorentz factor is 2e-5 off ours.
  @Test("exit-plane phase, contrast, intensity and electron counts are cryoJAX's")
  func cryoJAXImages() throws {
    let want = (try golden("optics_cryojax.json") as CryoJAXGolden).images
    let volume = try GaussianMixtureVolume(
      positions: want.positions.map { SIMD3($0[0], $0[1], $0[2]) }, amplitudes: want.amplitudes.map { [$0] },
      variances: want.variances.map { [$0] })
    let plane = try ImageConfiguration(
      shape: GridShape(rows: want.rows, columns: want.columns), pixelSizeInAngstroms: want.pixelSize)
    let projection = try GaussianMixtureProjection<Double>(accuracy: 1e-12).makeProjector(
      for: volume, onto: plane)
    let transfer = try ContrastTransferFunction(
      defocusUInAngstroms: want.defocusU, defocusVInAngstroms: want.defocusV,
      astigmatismAngleInDegrees: want.angle, sphericalAberrationInMillimetres: want.cs,
      amplitudeContrast: want.amplitudeContrast)
    for (model, values) in [
      (ImageModel.exitPlanePhase, want.phase), (.contrast, want.contrast), (.intensity, want.intensity),
      (.electronCounts(dosePerSquareAngstrom: want.dose), want.counts),
    ] {
      let plan = try ImageFormationPlan(projection, model: model, sign: .cryoJAX)
      var workspace = try plan.makeWorkspace()
      let image = try plan.image(
        of: ImagedParticle(number: 0, pose: .identity, transfer: transfer), using: &workspace)
      let spread = (values.max() ?? 0) - (values.min() ?? 0)
      let error = zip(image, values).map { abs($0 - $1) }.max() ?? .infinity
      #expect(image.count == values.count && error < 4e-5 * spread, "\(model): \(error) of \(spread)")
    }
  }

  @Test("images of a single voxel are relion_project's, distorted and aberrated ones too")
  func relionImages() throws {
    let golden: RelionGolden = try golden("optics_relion.json")
    let shape = try GridShape(square: golden.box)
    let m = golden.magnification
    let magnification = try AnisotropicMagnification(
      firstRow: SIMD2(m[0], m[1]), secondRow: SIMD2(m[2], m[3]))
    let offsets = try AberrationFactors<Double>(
      AntisymmetricAberrations(), symmetric: SymmetricAberrations(evenZernike: golden.evenZernike),
      magnification: magnification, shape: shape, pixelSizeInAngstroms: golden.pixelSize,
      voltageInKilovolts: golden.voltage, sphericalAberrationInMillimetres: golden.cs
    ).phaseOffsets
    #expect(golden.images.count == 3 && golden.distorted.count == 3)
    for want in golden.images {
      try expect(want, of: golden) { function, half in
        function.apply(
          to: half, shape: shape, pixelSizeInAngstroms: golden.pixelSize, sign: .relion,
          factor: 1 / Double(shape.count), alternating: true)
      }
    }
    for want in golden.distorted {
      try expect(want, of: golden) { function, half in
        function.apply(
          to: half, shape: shape, pixelSizeInAngstroms: golden.pixelSize, sign: .relion,
          factor: 1 / Double(shape.count), alternating: true, magnification: magnification,
          phaseOffsets: offsets)
      }
    }
  }

  private func expect(
    _ want: RelionGolden.Image, of golden: RelionGolden,
    applying apply: (ContrastTransferFunction, UnsafeMutablePointer<Double>) -> Void
  ) throws {
    let shape = try GridShape(square: golden.box)
    let (n, columns) = (golden.box, shape.spectrumColumns)
    let half = try AlignedBuffer<Double>.half(shape)
    let image = try AlignedBuffer<Double>.image(shape)
    // Flat within the circle of RELION's projector, 0 beyond.
    for row in 0..<n {
      for column in 0..<columns {
        let y = signedFrequency(row, of: n)
        let isWithin = column * column + y * y <= n * n / 4
        half.pointer[2 * (row * columns + column)] = isWithin ? 1 : 0
        half.pointer[2 * (row * columns + column) + 1] = 0
      }
    }
    apply(
      try ContrastTransferFunction(
        defocusUInAngstroms: want.defocusU, defocusVInAngstroms: want.defocusV,
        astigmatismAngleInDegrees: want.angle, voltageInKilovolts: golden.voltage,
        sphericalAberrationInMillimetres: golden.cs, amplitudeContrast: golden.amplitudeContrast,
        phaseShiftInDegrees: want.phaseShift, bFactorInSquareAngstroms: want.bFactor, scale: want.scale),
      half.pointer)
    try FFTPlan<Double>(.halfToReal(shape)).execute(half.pointer, image.pointer)
    let peak = want.values.map(abs).max() ?? 0
    let error = zip(image.buffer, want.values).map { abs($0 - $1) }.max() ?? .infinity
    #expect(error < 2e-5 * peak, "\(error) of \(peak)")
  }
}
