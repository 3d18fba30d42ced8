import Oracles
import Testing

@testable import ExitPlane

private let generic = randomRotationMatrix(seed: 31)

private func plane(
  _ rows: Int, _ columns: Int, pixelSize: Double = 1, padded: (Int, Int)? = nil,
  magnification: AnisotropicMagnification = .none
) throws -> ImageConfiguration {
  try ImageConfiguration(
    shape: GridShape(rows: rows, columns: columns), pixelSizeInAngstroms: pixelSize,
    paddedShape: try padded.map { try GridShape(rows: $0.0, columns: $0.1) }, magnification: magnification)
}

private func pose(_ seed: UInt64 = 31, _ shift: SIMD2<Double> = SIMD2(1.3, -2.45)) throws -> Pose {
  Pose(rotation: try Rotation(matrix: randomRotationMatrix(seed: seed)), shiftInAngstroms: shift)
}

/// Holds a gradient to the derivatives written out.
private func expect(
  _ got: GaussianMixtureVolume.Gradient, _ pose: Pose.Cotangent, equals want: GaussianSumGradient,
  within tolerance: Double
) {
  #expect(largestError(got.positions.numbers, Array(want.positions.joined())) < tolerance)
  #expect(largestError(got.amplitudes, Array(want.amplitudes.joined())) < tolerance)
  #expect(largestError(got.variances, Array(want.variances.joined())) < tolerance)
  #expect(largestError(pose.numbers, Array(want.rotation.joined()) + want.shift) < tolerance)
}

@Suite("Gradients of Gaussian mixtures")
struct GaussianMixtureGradientTests {
  @Test(
    "derivatives of all Gaussians at all pixels: shapes, widths from a third to 20 pixels, amplitudes of 0",
    arguments: [(24, 24), (25, 23), (17, 40), (1, 9), (33, 1)], [true, false])
  func directSums(shape: (Int, Int), average: Bool) throws {
    let (rows, columns) = shape
    for (deviations, k) in [(0.6...1.3, 5), (0.6...1.3, 3), (0.35...6, 7), (5.0...20, 2)] {
      // Many lie outside the image, some with a tail in it.
      var sum = GaussianSum.random(
        count: 40, gaussians: k, radius: 16, deviations: deviations, seed: UInt64(rows * 100 + k))
      sum.amplitudes[3] = sum.amplitudes[3].map { _ in 0 }
      sum.amplitudes[5][1] = 0
      let g = cotangent(rows * columns, seed: UInt64(rows + k), Float.self)
      let want = sum.imageGradient(
        g.map { Double($0) }, rotation: generic, shift: [1.3, -2.45], rows: rows, columns: columns,
        pixelSize: 1.1, average: average)
      func check<Scalar: GridScalar>(_: Scalar.Type, accuracy: Double, tolerance: Double) throws {
        let plan = try GaussianMixtureProjection<Scalar>(useErrorFunctions: average, accuracy: accuracy)
          .makePlan(for: sum.volume().layout, onto: plane(rows, columns, pixelSize: 1.1))
        let got = try PulledBack(plan, sum.volume(), [pose()], [g.map { Scalar($0) }])
        expect(got.gradient.values(), got.poses[0], equals: want, within: tolerance)
      }
      try check(Double.self, accuracy: 1e-14, tolerance: 1e-11)
      try check(Float.self, accuracy: 1e-7, tolerance: 1e-5)
    }
  }

  @Test("atoms that share their Gaussians have theirs from tables", arguments: [true, false])
  func tables(average: Bool) throws {
    for (rank, deviations) in [(1, 0.45...0.5), (3, 0.5...0.8), (5, 0.7...0.85)] {
      var sum = GaussianSum.random(
        count: 200, gaussians: rank, radius: 14, deviations: deviations, seed: UInt64(rank))
      for i in sum.variances.indices { sum.variances[i] = sum.variances[i % 4] }
      let g = cotangent(30 * 27, seed: 7, Float.self)
      let want = sum.imageGradient(
        g.map { Double($0) }, rotation: generic, shift: [1.3, -2.45], rows: 30, columns: 27, pixelSize: 1,
        average: average)
      func check<Scalar: GridScalar>(_: Scalar.Type, accuracy: Double, tolerance: Double) throws {
        for parts in [GaussianMixtureVolume.Gradient.Parts.all, .positions] {
          let plan = try GaussianMixtureProjection<Scalar>(
            useErrorFunctions: average, accuracy: accuracy, gradientParts: parts
          ).makePlan(for: sum.volume().layout, onto: plane(30, 27))
          let prepared = try plan.prepare(sum.volume(), expectedPoses: nil)
          #expect(prepared.groups.groups.map { $0.tables != nil } == [true])
          let got = try PulledBack(plan, sum.volume(), [pose()], [g.map { Scalar($0) }])
          let gradient = got.gradient.values()
          if parts == .all {
            expect(gradient, got.poses[0], equals: want, within: tolerance)
          } else {
            #expect(largestError(gradient.positions.numbers, Array(want.positions.joined())) < tolerance)
            #expect(
              largestError(got.poses[0].numbers, Array(want.rotation.joined()) + want.shift) < tolerance)
            #expect(gradient.amplitudes.isEmpty && gradient.variances.isEmpty)
          }
        }
      }
      try check(Double.self, accuracy: 1e-13, tolerance: 1e-10)
      try check(Float.self, accuracy: 1e-7, tolerance: 1e-5)
    }
  }

  /// All that a projection can be told.
  static let options: [(name: String, GaussianMixtureProjection<Double>, ImageConfiguration)] = {
    func shape(_ rows: Int, _ columns: Int) -> GridShape { try! GridShape(rows: rows, columns: columns) }
    let distorted = try! AnisotropicMagnification(
      firstRow: SIMD2(1.04, 0.02), secondRow: SIMD2(-0.01, 0.97))
    return [
      ("plain", .init(accuracy: 1e-14), try! plane(20, 21)),
      ("points", .init(useErrorFunctions: false, accuracy: 1e-14), try! plane(21, 20)),
      ("prime", .init(accuracy: 1e-14), try! plane(17, 13, pixelSize: 1.3)),
      ("padded", .init(accuracy: 1e-14), try! plane(12, 14, padded: (19, 22))),
      ("cropped", .init(shape: shape(25, 30), accuracy: 1e-14), try! plane(14, 16, padded: (18, 17))),
      ("smaller", .init(shape: shape(11, 14), accuracy: 1e-14), try! plane(18, 17)),
      ("both", .init(shape: shape(11, 30), accuracy: 1e-14), try! plane(18, 17)),
      ("upsampled", .init(upsamplingFactor: 2, accuracy: 1e-14), try! plane(10, 12)),
      ("upsampled, odd", .init(upsamplingFactor: 3, accuracy: 1e-14), try! plane(9, 7)),
      (
        "upsampled and cropped", .init(shape: shape(10, 9), upsamplingFactor: 2, accuracy: 1e-14),
        try! plane(8, 11)
      ),
      ("distorted", .init(accuracy: 1e-14), try! plane(20, 19, magnification: distorted)),
      (
        "all", .init(useErrorFunctions: false, shape: shape(12, 10), upsamplingFactor: 2, accuracy: 1e-14),
        try! plane(8, 9, padded: (9, 10), magnification: distorted)
      ),
    ]
  }()

  @Test(
    "amplitudes have the transpose, images and spectra, whatever the options", arguments: 0..<options.count,
    [false, true])
  func transposes(option: Int, spectrum: Bool) throws {
    let (name, integrator, plane) = Self.options[option]
    func check<Scalar: GridScalar>(_ integrator: GaussianMixtureProjection<Scalar>, _ tolerance: Double)
      throws
    {
      for deviations in [0.5...1.1, 0.7...4.0] {
        let sum = GaussianSum.random(count: 30, gaussians: 3, radius: 8, deviations: deviations, seed: 5)
        let plan = try integrator.makePlan(for: sum.volume().layout, onto: plane)
        let prepared = try plan.prepare(sum.volume(), expectedPoses: nil)
        var workspace = try plan.makeWorkspaceForPullBack(for: prepared)
        let values = Array(
          spectrum
            ? plan.spectrum(of: prepared, at: try pose(), using: &workspace)
            : plan.image(of: prepared, at: try pose(), using: &workspace))
        let g = cotangent(values.count, seed: 8, Scalar.self)
        let back = try PulledBack(plan, sum.volume(), [pose()], [g], spectra: spectrum).gradient.values()
        func dot(_ a: [Double], _ b: [Double]) -> Double { zip(a, b).reduce(0) { $0 + $1.0 * $1.1 } }
        let (v, y) = (values.map { Double($0) }, g.map { Double($0) })
        let difference = dot(v, y) - dot(Array(sum.amplitudes.joined()), back.amplitudes)
        #expect(abs(difference) < tolerance * (dot(v, v) * dot(y, y)).squareRoot(), "\(name)")
      }
    }
    try check(integrator, 1e-13)
    try check(
      GaussianMixtureProjection<Float>(
        useErrorFunctions: integrator.useErrorFunctions, shape: integrator.shape,
        upsamplingFactor: integrator.upsamplingFactor), 1e-6)
  }

  @Test("finite differences of everything, whatever the options", arguments: 0..<options.count)
  func differences(option: Int) throws {
    let (name, integrator, plane) = Self.options[option]
    let sum = GaussianSum.random(count: 6, gaussians: 2, radius: 5, deviations: 0.6...1.6, seed: 15)
    let plan = try integrator.makePlan(for: sum.volume().layout, onto: plane)
    let g = cotangent(plane.paddedShape.count, seed: 9, Double.self)
    let pulled = try PulledBack(plan, sum.volume(), [pose()], [g])
    let gradient = pulled.gradient.values()
    func check(
      _ what: String, _ got: [Double], _ change: (inout GaussianSum, inout Pose, Int, Double) throws -> Void
    )
      throws
    {
      let scale = got.reduce(0) { max($0, abs($1)) }
      let e = 1e-5
      for (i, value) in got.enumerated() {
        func at(_ step: Double) throws -> Double {
          var (sum, pose) = (sum, try pose())
          try change(&sum, &pose, i, step)
          return try loss(plan, sum.volume(), pose, g)
        }
        let slope = (8 * (try at(e) - at(-e)) - (try at(2 * e) - at(-2 * e))) / (12 * e)
        #expect(abs(slope - value) < 1e-8 * max(scale, 1), "\(name): \(what) \(i)")
      }
    }
    try check("position", gradient.positions.numbers) { $0.positions[$2 / 3][$2 % 3] += $3 }
    try check("amplitude", gradient.amplitudes) { $0.amplitudes[$2 / 2][$2 % 2] += $3 }
    try check("variance", gradient.variances) { $0.variances[$2 / 2][$2 % 2] += $3 }
    try check("shift", [pulled.poses[0].shiftInAngstroms.x, pulled.poses[0].shiftInAngstroms.y]) {
      $1.shiftInAngstroms[$2] += $3
    }
    let turn = pulled.poses[0].rotationVector(at: try pose().rotation)
    try check("turn", [turn.x, turn.y, turn.z]) {
      var q = [1.0, 0, 0, 0]
      q[$2 + 1] = Double.tan($3 / 2)
      $1.rotation = try Rotation(quaternion: q[0], q[1], q[2], q[3]) * $1.rotation
    }
  }
}
