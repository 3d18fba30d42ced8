import Foundation
import Oracles
import Testing

@testable import ExitPlane

extension GaussianSum {
  func volume() throws -> GaussianMixtureVolume {
    try GaussianMixtureVolume(
      positions: positions.map { SIMD3($0[0], $0[1], $0[2]) }, amplitudes: amplitudes, variances: variances)
  }
}

/// The largest difference over the largest value wanted.
func largestError<Scalar: GridScalar>(_ got: [Scalar], _ want: [Double]) -> Double {
  guard got.count == want.count else { return .infinity }
  let peak = want.map { abs($0) }.max() ?? 0
  return (zip(got, want).map { abs(Double($0) - $1) }.max() ?? 0) / peak
}

private let generic = randomRotationMatrix(seed: 31)

private func project<Scalar: GridScalar>(
  _ sum: GaussianSum, _ integrator: GaussianMixtureProjection<Scalar>, rotation: [[Double]] = generic,
  shift: SIMD2<Double> = SIMD2(0, 0), rows: Int, columns: Int, pixelSize: Double = 1,
  padded: (Int, Int)? = nil
) throws -> RealImage<Scalar> {
  let plane = try ImageConfiguration(
    shape: GridShape(rows: rows, columns: columns), pixelSizeInAngstroms: pixelSize,
    paddedShape: try padded.map { try GridShape(rows: $0.0, columns: $0.1) })
  return try integrator.project(
    sum.volume(), at: Pose(rotation: Rotation(matrix: rotation), shiftInAngstroms: shift), onto: plane)
}

@Suite("Gaussian mixture projection")
struct GaussianMixtureProjectionTests {
  @Test(
    "sums of all Gaussians at all pixels: shapes, shifts and widths from 0.02 to 20 pixels",
    arguments: [(24, 24), (25, 23), (17, 40), (1, 9), (33, 1)])
  func directSums(rows: Int, columns: Int) throws {
    for (deviations, k) in [(0.02...0.3, 5), (0.6...1.3, 5), (0.6...1.3, 3), (0.3...6, 7), (5.0...20, 2)] {
      // Many lie outside the image, some with a tail in it.
      let sum = GaussianSum.random(
        count: 40, gaussians: k, radius: 16, deviations: deviations, seed: UInt64(rows * 100 + k))
      let shift = SIMD2(1.3, -2.45)
      for average in [true, false] where average || deviations.lowerBound > 0.1 {
        let want = sum.image(
          rotation: generic, shift: [shift.x, shift.y], rows: rows, columns: columns, pixelSize: 1.1,
          average: average)
        let double = try project(
          sum, GaussianMixtureProjection<Double>(useErrorFunctions: average, accuracy: 1e-14), shift: shift,
          rows: rows, columns: columns, pixelSize: 1.1)
        #expect(largestError(double.values, want) < 1e-12)
        let single = try project(
          sum, GaussianMixtureProjection<Float>(useErrorFunctions: average), shift: shift, rows: rows,
          columns: columns, pixelSize: 1.1)
        #expect(largestError(single.values, want) < 5e-6)
      }
    }
  }

  @Test("one Gaussian is computed to the accuracy asked for, its sum too", arguments: [0.3, 0.9, 2.5, 9, 30])
  func accuracy(sigma: Double) throws {
    var g = SeededGenerator(seed: 7)
    let n = 301
    for average in [true, false] {
      for accuracy in [1e-1, 1e-3, 1e-6, 1e-9, 1e-13] {
        let sum = GaussianSum(
          positions: [[g.uniform(), g.uniform(), 0]], amplitudes: [[1]], variances: [[sigma * sigma]])
        let identity = [[1.0, 0, 0], [0, 1, 0], [0, 0, 1]]
        let want = sum.image(rotation: identity, rows: n, columns: n, pixelSize: 1, average: average)
        let got = try project(
          sum, GaussianMixtureProjection<Double>(useErrorFunctions: average, accuracy: accuracy),
          rotation: identity, rows: n, columns: n)
        let peak = 1 / (2 * .pi * sigma * sigma)
        let error = zip(got.values, want).map { abs($0 - $1) }.max()!
        #expect(error <= accuracy * peak + 1e-15)
        let total = want.reduce(0, +)
        #expect(abs(got.values.reduce(0, +) - total) <= accuracy * total + 1e-13)
        // The window is not simply the image: the cheap accuracies must leave something out.
        if accuracy == 1e-1, sigma < 9 { #expect(got.values.filter { $0 != 0 }.count < n * n / 8) }
      }
    }
  }

  @Test("the error function is good to the last digits at every argument")
  func errorFunction() throws {
    // Pixels of a wide strip, the Gaussian's centre swept through one: each is a difference of two error
    // functions, over 2. Their rounding is what is allowed.
    let identity = [[1.0, 0, 0], [0, 1, 0], [0, 0, 1]]
    for step in 0..<64 {
      let sigma = 0.05 * Double.exp(Double(step % 16) / 4)
      let sum = GaussianSum(
        positions: [[Double(step) / 64 - 0.5, 0, 0]], amplitudes: [[1]], variances: [[sigma * sigma]])
      let want = sum.image(rotation: identity, rows: 1, columns: 81, pixelSize: 1, average: true)
      let double = try project(
        sum, GaussianMixtureProjection<Double>(accuracy: 1e-15), rotation: identity, rows: 1, columns: 81)
      let single = try project(
        sum, GaussianMixtureProjection<Float>(accuracy: 1e-8), rotation: identity, rows: 1, columns: 81)
      for (i, value) in want.enumerated() {
        #expect(abs(double.values[i] - value) < 5e-16)
        #expect(abs(Double(single.values[i]) - value) < 2.5e-7)
      }
    }
  }

  @Test("a wide Gaussian keeps its digits in single precision", arguments: [3.0, 7.9, 8.1, 50, 400])
  func wide(sigma: Double) throws {
    let sum = GaussianSum(positions: [[0.3, -0.2, 0]], amplitudes: [[1]], variances: [[sigma * sigma]])
    let want = sum.image(rotation: generic, rows: 40, columns: 41, pixelSize: 1, average: true)
    let got = try project(sum, GaussianMixtureProjection<Float>(), rows: 40, columns: 41)
    #expect(largestError(got.values, want) < 4e-6)
  }

  @Test(
    "atoms that share their Gaussians get their weights from tables, as exactly",
    arguments: [true, false], [0.45...0.5, 0.5...0.8, 0.7...0.85])
  func tables(average: Bool, deviations: ClosedRange<Double>) throws {
    for rank in [1, 3, 5] {
      var sum = GaussianSum.random(
        count: 200, gaussians: rank, radius: 14, deviations: deviations, seed: UInt64(rank))
      for i in sum.variances.indices { sum.variances[i] = sum.variances[i % 4] }
      let want = sum.image(rotation: generic, rows: 30, columns: 27, pixelSize: 1, average: average)
      func check<Scalar: GridScalar>(_: Scalar.Type, accuracy: Double, tolerance: Double) throws {
        let groups = try GaussianGroups<Scalar>(
          sum.volume(), pixelSizeInAngstroms: 1, axes: 2, useErrorFunctions: average, accuracy: accuracy)
        #expect(groups.groups.map { $0.tables != nil } == [true])
        let got = try project(
          sum, GaussianMixtureProjection<Scalar>(useErrorFunctions: average, accuracy: accuracy), rows: 30,
          columns: 27)
        #expect(largestError(got.values, want) < tolerance)
      }
      try check(Double.self, accuracy: 1e-13, tolerance: 1e-12)
      try check(Float.self, accuracy: 1e-6, tolerance: 2e-6)
    }
  }

  @Test("tables are left out where atoms are too narrow, too wide or of too many kinds")
  func withoutTables() throws {
    func hasTables(_ sum: GaussianSum) throws -> Bool {
      let groups = try GaussianGroups<Float>(
        sum.volume(), pixelSizeInAngstroms: 1, axes: 2, useErrorFunctions: true, accuracy: 1e-6)
      return groups.groups.contains { $0.tables != nil }
    }
    let positions = (0..<400).map { _ in [0.0, 0, 0] }
    func sum(_ variance: (Int) -> Double) -> GaussianSum {
      GaussianSum(
        positions: positions, amplitudes: positions.map { _ in [1] },
        variances: positions.indices.map { [variance($0)] })
    }
    #expect(try hasTables(sum { 0.5 + 0.01 * Double($0 % 40) }))
    #expect(try !hasTables(sum { 0.5 + 0.001 * Double($0) }))
    #expect(try !hasTables(sum { _ in 0.01 }))
    #expect(try !hasTables(sum { _ in 30 }))
  }

  @Test("bands of the image and batches of positions change no bit")
  func bands() throws {
    // More positions than are summed at a time, some of them wide.
    var sum = GaussianSum.random(count: 70_000, gaussians: 2, radius: 40, deviations: 0.7...1.2, seed: 3)
    // Half of them of few kinds.
    for i in 0..<70_000 where i % 2 == 0 { sum.variances[i] = sum.variances[i % 6] }
    for i in stride(from: 0, to: 70_000, by: 5000) { sum.variances[i] = [200, 16] }
    let reference = try project(sum, GaussianMixtureProjection<Float>(), rows: 97, columns: 64)
    for threads in [2, 3, 8] {
      let other = try project(
        sum, GaussianMixtureProjection<Float>(nBatches: threads * 100, threadsPerImage: threads), rows: 97,
        columns: 64)
      #expect(other == reference)
    }
  }

  @Test("sums of hundreds of thousands keep their digits in single precision")
  func longSums() throws {
    let sum = GaussianSum.random(count: 300_000, gaussians: 1, radius: 12, deviations: 0.8...1.2, seed: 5)
    let double = try project(sum, GaussianMixtureProjection<Double>(), rows: 32, columns: 32)
    let single = try project(sum, GaussianMixtureProjection<Float>(), rows: 32, columns: 32)
    #expect(largestError(single.values, double.values) < 4e-6)
  }

  @Test("a plane of its own shape is cropped and padded about the origin")
  func shapes() throws {
    let sum = GaussianSum.random(count: 20, gaussians: 2, radius: 9, deviations: 0.5...2, seed: 6)
    for (plane, padded) in [((13, 12), (20, 21)), ((40, 41), (20, 21)), ((16, 30), (21, 24))] {
      let want = cropOrPad(
        sum.image(rotation: generic, rows: plane.0, columns: plane.1, pixelSize: 1, average: true),
        from: [plane.0, plane.1], to: [padded.0, padded.1])
      let got = try project(
        sum,
        GaussianMixtureProjection<Double>(
          shape: try GridShape(rows: plane.0, columns: plane.1), accuracy: 1e-14), rows: 10, columns: 10,
        padded: padded)
      #expect(largestError(got.values, want) < 1e-12)
    }
  }

  @Test(
    "upsampling keeps the plane's frequencies of the fine plane",
    arguments: [(2, 8, 10), (3, 8, 9), (2, 9, 7), (3, 7, 12), (4, 6, 6)])
  func upsampling(factor: Int, rows: Int, columns: Int) throws {
    let sum = GaussianSum.random(count: 12, gaussians: 2, radius: 3, deviations: 0.2...0.7, seed: 8)
    let (fineRows, fineColumns) = (factor * rows, factor * columns)
    let fine = sum.image(
      rotation: generic, rows: fineRows, columns: fineColumns, pixelSize: 1 / Double(factor), average: true)
    func transform(_ kx: Int, _ ky: Int) -> ComplexNumber {
      var total = ComplexNumber(0, 0)
      for i in 0..<fineRows {
        for j in 0..<fineColumns {
          let turns =
            Double(ky * (i - fineRows / 2)) / Double(fineRows)
            + Double(kx * (j - fineColumns / 2)) / Double(fineColumns)
          total = total + ComplexNumber.turn(-turns) * fine[i * fineColumns + j]
        }
      }
      return total * (1 / Double(factor * factor))
    }
    // The mean of both signs of an even axis's Nyquist frequency.
    let half = realSpectrum(rows: rows, columns: columns) { kx, ky in
      2 * ky == -rows ? (transform(kx, ky) + transform(kx, -ky)) * 0.5 : transform(kx, ky)
    }
    let want = image(ofHalf: half, rows: rows, columns: columns)
    let integrator = GaussianMixtureProjection<Double>(upsamplingFactor: factor, accuracy: 1e-14)
    let got = try project(sum, integrator, rows: rows, columns: columns)
    #expect(largestError(got.values, want) < 1e-12)
    // In density: the sum of pixels is that of the fine plane over its number of pixels to one.
    #expect(
      abs(got.values.reduce(0, +) - fine.reduce(0, +) / Double(factor * factor)) < 1e-11)
    let single = try project(
      sum, GaussianMixtureProjection<Float>(upsamplingFactor: factor), rows: rows, columns: columns)
    #expect(largestError(single.values, want) < 5e-6)
  }

  @Test("what is far outside, however far, adds nothing and harms nothing")
  func outside() throws {
    let inside = GaussianSum.random(count: 5, gaussians: 5, radius: 5, deviations: 0.5...1, seed: 9)
    var sum = inside
    for distance in [60, 1e4, 1e10, 1e300] {
      for sign in [1.0, -1] {
        sum.positions.append([sign * distance, distance, -sign * distance])
        sum.amplitudes.append([1, 1, 1, 1, 1])
        sum.variances.append([0.01, 1, 0.3, 20, 3])
      }
    }
    let identity = [[1.0, 0, 0], [0, 1, 0], [0, 0, 1]]
    let integrator = GaussianMixtureProjection<Float>()
    let want = try project(inside, integrator, rotation: identity, rows: 20, columns: 20)
    #expect(try project(sum, integrator, rotation: identity, rows: 20, columns: 20) == want)
  }

  @Test("Gaussians too narrow or too wide for any pixel stay finite")
  func extremes() throws {
    for variance in [1e-300, 1e-30, 1e-8, 1e8, 1e30, 1e300] {
      let sum = GaussianSum(positions: [[0.1, 0.2, 0]], amplitudes: [[1, 2]], variances: [[variance, 1]])
      for average in [true, false] {
        let image = try project(
          sum, GaussianMixtureProjection<Float>(useErrorFunctions: average), rows: 12, columns: 12)
        #expect(image.values.allSatisfy { $0.isFinite })
      }
    }
  }

  @Test("atoms with factors, B-factors and occupancies are the arrays they stand for")
  func structure() throws {
    let factors = [
      6: try ScatteringFactor(
        amplitudesInAngstroms: [0.0893, 0.2563, 0.757, 1.0487, 0.3575],
        widthsInSquareAngstroms: [0.2465, 1.71, 6.4094, 18.6113, 50.2523]),
      1: try ScatteringFactor(amplitudesInAngstroms: [0.1, 0.4], widthsInSquareAngstroms: [2, 20]),
    ]
    let atoms = try AtomicStructure(
      positionsInAngstroms: [SIMD3(0, 0, 0), SIMD3(3.2, -1, 4), SIMD3(-2, 5, 1)],
      atomicNumbers: [6, 1, 6], bFactorsInSquareAngstroms: [30, 0, 12.5], occupancies: [1, 0.25, 0.75])
    let volume = try GaussianMixtureVolume(atoms) { number, _ in try #require(factors[number]) }
    let sum = GaussianSum(
      positions: [[0, 0, 0], [3.2, -1, 4], [-2, 5, 1]],
      amplitudes: [
        [0.0893, 0.2563, 0.757, 1.0487, 0.3575], [0.025, 0.1],
        [0.0893, 0.2563, 0.757, 1.0487, 0.3575].map { $0 * 0.75 },
      ],
      variances: [
        [30.2465, 31.71, 36.4094, 48.6113, 80.2523], [2, 20], [12.7465, 14.21, 18.9094, 31.1113, 62.7523],
      ].map { $0.map { $0 / (8 * .pi * .pi) } })
    #expect(volume.gaussiansPerPosition == 5)
    #expect(abs(volume.totalAmplitudeInAngstroms - sum.totalAmplitude) < 1e-12)
    let want = sum.image(rotation: generic, rows: 24, columns: 24, pixelSize: 0.9, average: true)
    let plane = try ImageConfiguration(shape: GridShape(square: 24), pixelSizeInAngstroms: 0.9)
    let got = try GaussianMixtureProjection<Double>(accuracy: 1e-14).project(
      volume, at: Pose(rotation: Rotation(matrix: generic)), onto: plane)
    #expect(largestError(got.values, want) < 1e-12)
    #expect(volume.fractionOutside(radiusInAngstroms: 6) == 0)
    let first = volume.gaussians(atPosition: 0).reduce(0) { $0 + $1.amplitude }
    #expect(
      abs(volume.fractionOutside(radiusInAngstroms: 1) - 1 + first / sum.totalAmplitude) < 1e-12)
  }

  @Test("what cannot be is refused in a sentence that names it")
  func refusals() throws {
    func message(_ body: () throws -> Void) -> String {
      do { try body() } catch { return "\(error)" }
      return ""
    }
    let origin = SIMD3(0.0, 0, 0)
    #expect(
      message { _ = try GaussianMixtureVolume(positions: [], amplitudes: [], variances: []) }
        .contains("at least 1"))
    #expect(
      message {
        _ = try GaussianMixtureVolume(
          positions: [origin, origin], amplitudes: [[1, 2], [1, 2]], variances: [[1, 1], [1, 0]])
      }.contains("variance of Gaussian 2 at position 2 is 0.0 Å²"))
    #expect(
      message {
        _ = try GaussianMixtureVolume(positions: [origin], amplitudes: [[1]], variances: [[-1]])
      }.contains("-1.0 Å²"))
    #expect(
      message {
        _ = try GaussianMixtureVolume(positions: [origin], amplitudes: [[.nan]], variances: [[1]])
      }.contains("amplitude of Gaussian 1 at position 1"))
    #expect(
      message {
        _ = try GaussianMixtureVolume(
          positions: [SIMD3(0, .infinity, 0)], amplitudes: [[1]], variances: [[1]])
      }.contains("position of atom 1"))
    #expect(
      message {
        _ = try GaussianMixtureVolume(
          positions: [origin, origin], amplitudes: [[1], [1, 2]], variances: [[1], [1]])
      }.contains("position 2"))
    #expect(
      message {
        _ = try GaussianMixtureVolume(positions: [origin], amplitudes: [[]], variances: [[]])
      }.contains("at least 1"))
    #expect(
      message {
        _ = try AtomicStructure(
          positionsInAngstroms: [origin], atomicNumbers: [6], bFactorsInSquareAngstroms: [-4],
          occupancies: [1])
      }.contains("B-factor of atom 1 is -4.0 Å²"))

    let volume = try GaussianMixtureVolume(positions: [origin], amplitudes: [[1]], variances: [[1]])
    let plane = try ImageConfiguration(shape: GridShape(square: 8), pixelSizeInAngstroms: 1)
    for (integrator, words) in [
      (GaussianMixtureProjection<Float>(nBatches: 2), "number of batches is 2"),
      (GaussianMixtureProjection<Float>(nBatches: 0), "number of batches is 0"),
      (GaussianMixtureProjection<Float>(upsamplingFactor: 0), "1 to 16"),
      (GaussianMixtureProjection<Float>(accuracy: 0), "1e-15 to 0.1"),
      (GaussianMixtureProjection<Float>(accuracy: .nan), "1e-15 to 0.1"),
      (
        GaussianMixtureProjection<Float>(shape: try GridShape(square: 30000), upsamplingFactor: 2),
        "number of rows is 60000"
      ),
    ] {
      #expect(message { _ = try integrator.makeProjector(for: volume, onto: plane) }.contains(words))
    }
  }

  // MARK: Reference cases

  @Test(
    "reference cases in both precisions", .enabled(if: ReferenceCases.areHere, "no ../shared/reference here"),
    arguments: ReferenceCases.all(of: "GaussianMixtureProjection"))
  func referenceCases(reference: ReferenceCases.Case) throws {
    let atoms = try ReferenceCases.atoms(#require(reference.volume).file)
    let sum = GaussianSum(
      positions: atoms.positions, amplitudes: atoms.amplitudes, variances: atoms.variances)
    let options = try #require(reference.options)
    func error<Scalar: GridScalar>(_: Scalar.Type, accuracy: Double) throws -> Double {
      let integrator = GaussianMixtureProjection<Scalar>(
        useErrorFunctions: options.useErrorFunctions ?? true,
        shape: try options.shape.map { try GridShape(rows: $0[0], columns: $0[1]) },
        nBatches: options.nBatches ?? 1, accuracy: accuracy)
      return try reference.error(of: integrator, sum.volume(), as: Scalar.self)
    }
    #expect(try error(Double.self, accuracy: 1e-14) < reference.maxAbsErrorOverMaxAbs)
    #expect(try error(Float.self, accuracy: 1e-6) < 2e-5)
  }
}
