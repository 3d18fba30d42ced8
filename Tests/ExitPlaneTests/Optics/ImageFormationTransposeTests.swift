import Oracles
import RealModule
import Testing

@testable import ExitPlane

/// A projection whose spectra are given.
private struct GivenSpectra<Scalar: GridScalar>: RealImageProjector {
  let plane: ImageConfiguration
  let sine: [Scalar]
  let cosine: [Scalar]?

  func makeWorkspace() throws -> [AlignedBuffer<Scalar>] {
    [try .half(plane.paddedShape), try .half(plane.paddedShape)]
  }

  private func copy(
    _ values: [Scalar], _ buffer: AlignedBuffer<Scalar>
  ) -> UnsafeMutableBufferPointer<Scalar> {
    for (index, value) in values.enumerated() { buffer.pointer[index] = value }
    return buffer.buffer
  }

  func spectrum(
    at pose: Pose, using workspace: inout [AlignedBuffer<Scalar>]
  ) -> UnsafeMutableBufferPointer<Scalar> {
    copy(sine, workspace[0])
  }

  func image(
    at pose: Pose, using workspace: inout [AlignedBuffer<Scalar>]
  ) -> UnsafeMutableBufferPointer<Scalar> {
    spectrum(at: pose, using: &workspace)
  }

  func lensSpectra(
    at pose: Pose, wavelengthInAngstroms: Double, using workspace: inout [AlignedBuffer<Scalar>]
  ) -> (sine: UnsafeMutableBufferPointer<Scalar>, cosine: UnsafeMutableBufferPointer<Scalar>?) {
    (copy(sine, workspace[0]), cosine.map { copy($0, workspace[1]) })
  }
}

@Suite("Image formation, backwards")
struct ImageFormationTransposeTests {
  static let models: [ImageModel] = [
    .linear, .exitPlanePhase, .contrast, .intensity, .electronCounts(dosePerSquareAngstrom: 20),
  ]
  /// Shape and padded shape.
  static let planes = [((8, 8), (8, 8)), ((7, 9), (7, 9)), ((6, 9), (10, 12)), ((5, 8), (8, 9))]

  private func transfer(_ numbers: [Double]) throws -> ContrastTransferFunction {
    try ContrastTransferFunction(
      defocusUInAngstroms: numbers[0], defocusVInAngstroms: numbers[1], astigmatismAngleInDegrees: numbers[2],
      phaseShiftInDegrees: numbers[3], bFactorInSquareAngstroms: numbers[4], scale: numbers[5])
  }

  private func random(_ count: Int, seed: UInt64) -> [Double] {
    var generator = SeededGenerator(seed: seed)
    return (0..<count).map { _ in generator.uniform() }
  }

  private func dot(_ a: some Sequence<Double>, _ b: some Sequence<Double>) -> Double {
    zip(a, b).reduce(0) { $0 + $1.0 * $1.1 }
  }

  @Test(
    "cotangents of spectra, transfer function and beam tilt are finite differences'",
    arguments: planes, [(false, false), (true, false), (true, true)])
  func differences(shapes: ((Int, Int), (Int, Int)), optics: (isAberrated: Bool, hasCosine: Bool)) throws {
    let plane = try ImageConfiguration(
      shape: GridShape(rows: shapes.0.0, columns: shapes.0.1), pixelSizeInAngstroms: 1.4,
      paddedShape: GridShape(rows: shapes.1.0, columns: shapes.1.1))
    let padded = plane.paddedShape
    let count = 2 * padded.rows * padded.spectrumColumns
    let g = random(plane.shape.count, seed: 1)
    for model in Self.models {
      // U, V, angle, phase shift, B-factor, scale, tilt; then the spectra.
      let start =
        [9000, 8000, 70, 12, 20, 0.7, 0.4, -0.6] + random(count, seed: 2)
        + (optics.hasCosine ? random(count, seed: 3) : [])
      func particle(_ numbers: [Double]) throws -> ImagedParticle<Double> {
        let aberrations = try AberrationFactors<Double>(
          AntisymmetricAberrations(
            beamTiltInMilliradians: SIMD2(numbers[6], numbers[7]), oddZernike: [1, 2]),
          symmetric: optics.hasCosine ? .none : SymmetricAberrations(evenZernike: [0.3, 2, -1]),
          shape: padded, pixelSizeInAngstroms: 1.4, voltageInKilovolts: 300,
          sphericalAberrationInMillimetres: 2.7, isDifferentiable: true)
        return ImagedParticle(
          number: 3, pose: .identity, transfer: try transfer(numbers),
          aberrations: optics.isAberrated ? aberrations : nil)
      }
      func image(_ numbers: [Double]) throws -> [Double] {
        let projection = GivenSpectra(
          plane: plane, sine: Array(numbers[8..<8 + count]),
          cosine: optics.hasCosine ? Array(numbers[(8 + count)...]) : nil)
        let plan = try ImageFormationPlan(projection, model: model)
        var workspace = try plan.makeWorkspace()
        return Array(try plan.image(of: particle(numbers), using: &workspace))
      }
      let way = try ImageFormationTranspose<Double>(plane: plane, model: model, sign: .relion)
      let (sine, cosine) = (Array(start[8..<8 + count]), Array(start[(8 + count)...]))
      var (sineCotangent, cosineCotangent) = (sine, cosine)
      let isCosineUsed = optics.hasCosine && model.hasOptics
      let got = try sineCotangent.withUnsafeMutableBufferPointer { s in
        try cosineCotangent.withUnsafeMutableBufferPointer { c in
          try sine.withUnsafeBufferPointer { sine in
            try cosine.withUnsafeBufferPointer { cosine in
              try way.pullBack(
                g, ofImage: image(start), of: particle(start),
                through: (#require(sine.baseAddress), #require(s.baseAddress)),
                cosine: isCosineUsed ? (#require(cosine.baseAddress), #require(c.baseAddress)) : nil,
                using: ImageFormationTranspose.Workspace(plane))
            }
          }
        }
      }
      let t = got.transfer
      var list = [
        t.defocusUInAngstroms, t.defocusVInAngstroms, t.astigmatismAngleInDegrees, t.phaseShiftInDegrees,
        t.bFactorInSquareAngstroms, t.scale, got.beamTiltInMilliradians.x, got.beamTiltInMilliradians.y,
      ]
      list += sineCotangent + (isCosineUsed ? cosineCotangent : cosine.map { _ in 0 })
      // Each of the optics' numbers, and two random directions of all of the spectra's.
      var directions = (0..<8).map { axis in (0..<start.count).map { $0 == axis ? 1.0 : 0 } }
      for seed in [4, 5] as [UInt64] {
        directions.append([Double](repeating: 0, count: 8) + random(start.count - 8, seed: seed))
      }
      let steps = [2, 2, 0.05, 0.05, 0.05, 0.01, 1e-3, 1e-3, 1e-3, 1e-3]
      let size = dot(g, g).squareRoot() * dot(try image(start), try image(start)).squareRoot()
      for (direction, step) in zip(directions, steps) {
        func loss(_ part: Double) throws -> Double {
          dot(g, try image(zip(start, direction).map { $0 + part * $1 }))
        }
        let want = try (8 * (loss(step) - loss(-step)) - (loss(2 * step) - loss(-2 * step))) / (12 * step)
        let slope = dot(list, direction)
        #expect(abs(slope - want) < 1e-7 * abs(want) + 1e-11 * size / step, "\(model) \(slope) \(want)")
      }
    }
  }

  @Test("a particle without its transfer function, and aberrations that do not fit, are refused")
  func refusals() throws {
    let plane = try ImageConfiguration(shape: GridShape(square: 4), pixelSizeInAngstroms: 1.4)
    let way = try ImageFormationTranspose<Double>(plane: plane, model: .linear, sign: .relion)
    let workspace = try ImageFormationTranspose<Double>.Workspace(plane)
    let half = try AlignedBuffer<Double>.half(plane.shape)
    let pixels = [Double](repeating: 1, count: 16)
    func pullBack(_ particle: ImagedParticle<Double>) throws -> OpticsCotangent {
      try way.pullBack(
        pixels, ofImage: pixels, of: particle, through: (UnsafePointer(half.pointer), half.pointer),
        using: workspace)
    }
    #expect(throws: ExitPlaneError.self) { try pullBack(ImagedParticle(number: 0, pose: .identity)) }
    let aberrations = try AberrationFactors<Double>(
      AntisymmetricAberrations(), shape: GridShape(square: 5), pixelSizeInAngstroms: 1.4,
      voltageInKilovolts: 300, sphericalAberrationInMillimetres: 2.7)
    #expect(throws: ExitPlaneError.self) {
      try pullBack(
        ImagedParticle(
          number: 0, pose: .identity, transfer: transfer([9000, 8000, 70, 12, 20, 0.7]),
          aberrations: aberrations))
    }
  }
}
