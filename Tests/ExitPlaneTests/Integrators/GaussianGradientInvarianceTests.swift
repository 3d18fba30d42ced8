import Foundation
import Oracles
import Testing

@testable import ExitPlane

@Suite("Gradients of Gaussian mixtures: what must not matter, and what else they are of")
struct GaussianGradientInvarianceTests {
  private func poses(_ count: Int) -> [Pose] {
    (0..<count).map {
      Pose(rotation: .random(seed: 2, index: $0), shiftInAngstroms: SIMD2(1.25 - Double($0), -0.5))
    }
  }

  private func numbers(_ gradient: GaussianMixtureVolume.Gradient) -> [Double] {
    gradient.positions.numbers + gradient.amplitudes + gradient.variances
  }

  @Test(
    "the number of threads changes no bit, and neither does what else is asked for", arguments: [false, true])
  func threads(isDistorted: Bool) throws {
    // Some wide, half of few kinds.
    var sum = GaussianSum.random(count: 3000, gaussians: 2, radius: 20, deviations: 0.7...1.2, seed: 3)
    for i in stride(from: 0, to: 3000, by: 2) { sum.variances[i] = sum.variances[i % 6] }
    for i in stride(from: 0, to: 3000, by: 500) {
      (sum.variances[i], sum.amplitudes[i + 1]) = ([90, 16], [0, 0])
    }
    let volume = try sum.volume()
    let plane = try ImageConfiguration(
      shape: GridShape(rows: 48, columns: 41), pixelSizeInAngstroms: 1,
      magnification: isDistorted
        ? try AnisotropicMagnification(firstRow: SIMD2(1.03, 0), secondRow: SIMD2(0.01, 0.98)) : .none)
    let plan = try GaussianMixtureProjection<Float>().makePlan(for: volume.layout, onto: plane)
    let poses = poses(3)
    let g = poses.indices.map { cotangent(plane.shape.count, seed: UInt64($0), Float.self) }
    let one = try PulledBack(plan, volume, poses, g)
    for threads in [2, 3, 8] {
      let other = try PulledBack(plan, volume, poses, g, threads: threads)
      #expect(other.gradient.values() == one.gradient.values())
      #expect(other.poses == one.poses)
    }
    // Blocks of images are added one after the other.
    let prepared = try plan.prepare(volume, expectedPoses: nil)
    var workspace = try plan.makeWorkspaceForPullBack(for: prepared)
    var gradient: GaussianMixturePlan<Float>.Gradient? = try plan.makeGradient(for: prepared)
    var nothing: GaussianMixturePlan<Float>.Gradient?
    for (i, pose) in poses.enumerated() {
      var trace = try plan.makeTrace(for: prepared)
      _ = plan.trace(imageCotangent: g[i], of: prepared, at: pose, into: &trace, using: &workspace)
      let found = try plan.accumulate(
        [trace][...], at: [pose][...], of: prepared, into: &gradient, threads: 2)
      #expect(found == [one.poses[i]])
      let alone = try plan.accumulate([trace][...], at: [pose][...], of: prepared, into: &nothing, threads: 2)
      #expect(nothing == nil && largestError(alone[0].numbers, found[0].numbers) < 1e-5)
    }
    #expect(gradient?.values() == one.gradient.values())
  }

  @Test("every level of the instruction set finds the same to rounding", arguments: [true, false])
  func levels(average: Bool) throws {
    for (k, deviations) in [
      (1, 0.6...1.2), (2, 0.6...1.2), (3, 0.6...1.2), (4, 0.6...1.2), (5, 0.6...1.2), (3, 2.5...9.0),
    ] {
      for isShared in [false, true] {
        var sum = GaussianSum.random(count: 60, gaussians: k, radius: 14, deviations: deviations, seed: 4)
        if isShared { for i in sum.variances.indices { sum.variances[i] = sum.variances[i % 2] } }
        func check<Scalar: GridScalar>(_: Scalar.Type, _ tolerance: Double) throws {
          for parts in [GaussianMixtureVolume.Gradient.Parts.all, .positions] {
            let plan = try GaussianMixtureProjection<Scalar>(useErrorFunctions: average, gradientParts: parts)
              .makePlan(
                for: sum.volume().layout,
                onto: ImageConfiguration(shape: GridShape(rows: 30, columns: 27), pixelSizeInAngstroms: 1))
            let g = cotangent(30 * 27, seed: 5, Scalar.self)
            let all = try InstructionSet.available.map {
              try $0.use { try PulledBack(plan, sum.volume(), poses(1), [g]) }
            }
            for other in all {
              let (a, b) = (all[0].gradient.values(), other.gradient.values())
              #expect(largestError(b.positions.numbers, a.positions.numbers) < tolerance)
              if parts == .all {
                #expect(largestError(b.amplitudes, a.amplitudes) < tolerance)
                #expect(largestError(b.variances, a.variances) < tolerance)
              }
              #expect(largestError(other.poses[0].numbers, all[0].poses[0].numbers) < tolerance)
            }
          }
        }
        try check(Double.self, 1e-12)
        try check(Float.self, 1e-5)
      }
    }
  }

  @Test("amplitudes of 0 have the gradients that very small ones have", arguments: [false, true])
  func zeros(isDistorted: Bool) throws {
    var small = GaussianSum.random(count: 8, gaussians: 3, radius: 6, deviations: 0.6...4, seed: 6)
    for i in [1, 4] { small.amplitudes[i] = [1e-200, 1e-200, 1e-200] }
    small.amplitudes[6][2] = 1e-200
    var zero = small
    for i in [1, 4] { zero.amplitudes[i] = [0, 0, 0] }
    zero.amplitudes[6][2] = 0
    let plane = try ImageConfiguration(
      shape: GridShape(rows: 20, columns: 19), pixelSizeInAngstroms: 1,
      magnification: isDistorted
        ? try AnisotropicMagnification(firstRow: SIMD2(1.03, 0), secondRow: SIMD2(0.01, 0.98)) : .none)
    let integrator = GaussianMixtureProjection<Double>(accuracy: 1e-13)
    let g = cotangent(plane.shape.count, seed: 7, Double.self)
    func gradient(_ sum: GaussianSum) throws -> GaussianMixtureVolume.Gradient {
      let plan = try integrator.makePlan(for: sum.volume().layout, onto: plane)
      return try PulledBack(plan, sum.volume(), poses(1), [g]).gradient.values()
    }
    let (a, b) = (try gradient(zero), try gradient(small))
    #expect(largestError(a.amplitudes, b.amplitudes) < 1e-12)
    #expect(largestError(a.variances, b.variances) < 1e-12)
    #expect(largestError(a.positions.numbers, b.positions.numbers) < 1e-12)
    // All of them.
    zero.amplitudes = zero.amplitudes.map { $0.map { _ in 0 } }
    let nothing = try gradient(zero)
    #expect(largestError(nothing.amplitudes, b.amplitudes) < 1e-12)
    #expect(nothing.positions.allSatisfy { $0 == SIMD3(0, 0, 0) } && nothing.variances.allSatisfy { $0 == 0 })
  }

  @Test("occupancies and B-factors by the chain rule, atoms that are not there as well")
  func structure() throws {
    let factors = [
      6: try ScatteringFactor(
        amplitudesInAngstroms: [0.7, 1.1, 0.4], widthsInSquareAngstroms: [30, 12, 90]),
      8: try ScatteringFactor(amplitudesInAngstroms: [0.9, 0.2], widthsInSquareAngstroms: [20, 55]),
    ]
    var g = SeededGenerator(seed: 9)
    let positions = (0..<7).map { _ in SIMD3(g.uniform(), g.uniform(), g.uniform()) * 5 }
    let plane = try ImageConfiguration(shape: GridShape(square: 16), pixelSizeInAngstroms: 1)
    let cotangent = cotangent(256, seed: 10, Double.self)
    func volume(_ occupancies: [Float], _ bFactors: [Float]) throws -> GaussianMixtureVolume {
      try GaussianMixtureVolume(
        AtomicStructure(
          positionsInAngstroms: positions, atomicNumbers: [6, 8, 6, 6, 8, 6, 8],
          bFactorsInSquareAngstroms: bFactors, occupancies: occupancies)
      ) { number, _ in factors[number]! }
    }
    let occupancies: [Float] = [1, 0.5, 0, 1, 0, 0.25, 0.75]
    let bFactors: [Float] = [30, 12.5, 0, 64, 20, 25, 40]
    let start = try volume(occupancies, bFactors)
    let plan = try GaussianMixtureProjection<Double>(accuracy: 1e-14).makePlan(for: start.layout, onto: plane)
    let pose = poses(1)[0]
    let gradient = try PulledBack(plan, start, [pose], [cotangent]).gradient.values()
    #expect(gradient.amplitudes.count == 21 && gradient.amplitudes[5] == 0)
    let got = try #require(start.structureGradient(gradient))
    for i in 0..<7 {
      var (more, less) = (occupancies, occupancies)
      more[i] = min(1, occupancies[i] + 0.25)
      less[i] = max(0, occupancies[i] - 0.25)
      let change =
        try loss(plan, volume(more, bFactors), pose, cotangent)
        - loss(plan, volume(less, bFactors), pose, cotangent)
      #expect(abs(change / Double(more[i] - less[i]) - got.occupancies[i]) < 1e-11)
      func at(_ step: Float) throws -> Double {
        var changed = bFactors
        changed[i] += step
        return try loss(plan, volume(occupancies, changed), pose, cotangent)
      }
      let e: Float = 1.0 / 64
      // B-factors are not below 0: one-sided, of the fourth order.
      let sides = try (0..<5).map { try at(Float($0) * e) }
      let slope =
        (-25 * sides[0] + 48 * sides[1] - 36 * sides[2] + 16 * sides[3] - 3 * sides[4]) / (12 * Double(e))
      #expect(abs(slope - got.bFactorsPerSquareAngstrom[i]) < 1e-8)
    }
    let plain = try GaussianMixtureVolume(
      positions: positions, amplitudes: [[Double]](repeating: [1], count: 7),
      variances: [[Double]](repeating: [1], count: 7))
    #expect(plain.structureGradient(gradient) == nil)
  }

  // MARK: Maps

  @Test(
    "maps: derivatives of all Gaussians at all voxels, odd, even and not cubic",
    arguments: [(12, 12, 12), (13, 11, 15), (4, 20, 9), (1, 8, 8), (31, 11, 10), (35, 6, 7)])
  func maps(depth: Int, rows: Int, columns: Int) throws {
    for (deviations, k) in [(0.5...1.2, 5), (0.35...4, 6)] {
      var sum = GaussianSum.random(
        count: 15, gaussians: k, radius: 9, deviations: deviations, seed: UInt64(depth + k))
      sum.amplitudes[4][1] = 0
      for average in [true, false] {
        let g = cotangent(depth * rows * columns, seed: 11, Float.self)
        let want = sum.mapGradient(
          g.map { Double($0) }, depth: depth, rows: rows, columns: columns, voxelSize: 1.2, average: average)
        func check<Scalar: GridScalar>(_: Scalar.Type, _ accuracy: Double, _ tolerance: Double) throws {
          let map = try RealVoxelGridVolume<Scalar>(
            depth: depth, rows: rows, columns: columns, voxelSizeInAngstroms: 1.2,
            values: g.map { Scalar($0) })
          let rendering = GaussianMixtureRendering<Scalar>(useErrorFunctions: average, accuracy: accuracy)
          let got = try rendering.pullBack(map, of: sum.volume(), threads: 1)
          #expect(largestError(got.positions.numbers, Array(want.positions.joined())) < tolerance)
          #expect(largestError(got.amplitudes, Array(want.amplitudes.joined())) < tolerance)
          #expect(largestError(got.variances, Array(want.variances.joined())) < tolerance)
          let positions = try rendering.pullBack(map, of: sum.volume(), parts: .positions, threads: 1)
          #expect(largestError(positions.positions.numbers, Array(want.positions.joined())) < tolerance)
        }
        try check(Double.self, 1e-14, 1e-11)
        // Where the map holds tails alone, differences of error functions have fewer digits than at a peak.
        try check(Float.self, 1e-8, 3e-5)
      }
    }
  }

  @Test(
    "maps: atoms that share their Gaussians, and the number of threads changes no bit",
    arguments: [true, false])
  func sharedMaps(average: Bool) throws {
    var sum = GaussianSum.random(count: 900, gaussians: 5, radius: 9, deviations: 0.5...0.8, seed: 21)
    for i in sum.variances.indices { sum.variances[i] = sum.variances[i % 3] }
    let g = cotangent(17 * 20 * 19, seed: 12, Double.self)
    let map = try RealVoxelGridVolume<Double>(
      depth: 17, rows: 20, columns: 19, voxelSizeInAngstroms: 1, values: g)
    let rendering = GaussianMixtureRendering<Double>(useErrorFunctions: average, accuracy: 1e-13)
    let one = try rendering.pullBack(map, of: sum.volume(), threads: 1)
    for threads in [2, 3, 8] {
      #expect(try rendering.pullBack(map, of: sum.volume(), threads: threads) == one)
    }
    // The map is linear in the amplitudes.
    let values = try rendering.render(sum.volume(), depth: 17, rows: 20, columns: 19, voxelSizeInAngstroms: 1)
      .values
    let forward = zip(values, g).reduce(0) { $0 + $1.0 * $1.1 }
    let back = zip(sum.amplitudes.joined(), one.amplitudes).reduce(0) { $0 + $1.0 * $1.1 }
    let norms = (values.reduce(0) { $0 + $1 * $1 } * g.reduce(0) { $0 + $1 * $1 }).squareRoot()
    #expect(abs(forward - back) < 1e-13 * norms)
  }
}
