import Oracles
import Testing

@testable import ExitPlane

@Suite("Gaussian mixture rendering")
struct GaussianMixtureRenderingTests {
  @Test(
    "sums of all Gaussians at all voxels, odd, even and not cubic",
    arguments: [(12, 12, 12), (13, 11, 15), (4, 20, 9), (1, 8, 8), (31, 11, 10)])
  func directSums(depth: Int, rows: Int, columns: Int) throws {
    for (deviations, k) in [(0.5...1.2, 5), (0.3...4, 6), (0.05...0.2, 2)] {
      let sum = GaussianSum.random(
        count: 25, gaussians: k, radius: 9, deviations: deviations, seed: UInt64(depth + k))
      for average in [true, false] where average || deviations.lowerBound > 0.1 {
        let want = sum.map(
          depth: depth, rows: rows, columns: columns, voxelSize: 1.2, average: average)
        func render<Scalar: GridScalar>(_ accuracy: Double, _: Scalar.Type) throws -> [Scalar] {
          try GaussianMixtureRendering<Scalar>(useErrorFunctions: average, accuracy: accuracy).render(
            sum.volume(), depth: depth, rows: rows, columns: columns, voxelSizeInAngstroms: 1.2
          ).values
        }
        #expect(largestError(try render(1e-14, Double.self), want) < 1e-12)
        #expect(largestError(try render(1e-6, Float.self), want) < 5e-6)
      }
    }
  }

  @Test("the map's planes, summed, are the projection; its voxels, summed, the mass")
  func projection() throws {
    let sum = GaussianSum.random(count: 30, gaussians: 3, radius: 5, deviations: 0.4...1, seed: 12)
    let (n, h) = (28, 0.9)
    let map = try GaussianMixtureRendering<Double>(accuracy: 1e-14).render(
      sum.volume(), boxSize: n, voxelSizeInAngstroms: h)
    let identity = [[1.0, 0, 0], [0, 1, 0], [0, 0, 1]]
    let image = sum.image(rotation: identity, rows: n, columns: n, pixelSize: h, average: true)
    let planes = (0..<n * n).map { pixel in
      h * (0..<n).reduce(0.0) { $0 + map.values[$1 * n * n + pixel] }
    }
    #expect(largestError(planes, image) < 1e-12)
    #expect(abs(map.values.reduce(0, +) * h * h * h - sum.totalAmplitude) < 1e-10)
  }

  @Test("atoms that share their Gaussians are rendered as exactly", arguments: [true, false])
  func tables(average: Bool) throws {
    var sum = GaussianSum.random(count: 100, gaussians: 5, radius: 9, deviations: 0.5...0.8, seed: 21)
    for i in sum.variances.indices { sum.variances[i] = sum.variances[i % 3] }
    let want = sum.map(depth: 17, rows: 20, columns: 19, voxelSize: 1, average: average)
    let groups = try GaussianGroups<Double>(
      sum.volume(), pixelSizeInAngstroms: 1, axes: 3, useErrorFunctions: average, accuracy: 1e-13)
    #expect(groups.groups.map { $0.tables != nil } == [true])
    let map = try GaussianMixtureRendering<Double>(useErrorFunctions: average, accuracy: 1e-13).render(
      sum.volume(), depth: 17, rows: 20, columns: 19, voxelSizeInAngstroms: 1)
    #expect(largestError(map.values, want) < 1e-12)
  }

  @Test("the number of threads changes no bit")
  func threads() throws {
    let sum = GaussianSum.random(count: 400, gaussians: 5, radius: 14, deviations: 0.4...2.5, seed: 13)
    let one = try GaussianMixtureRendering<Float>().render(
      sum.volume(), depth: 30, rows: 31, columns: 32, voxelSizeInAngstroms: 1, threads: 1)
    for threads in [2, 5] {
      let other = try GaussianMixtureRendering<Float>().render(
        sum.volume(), depth: 30, rows: 31, columns: 32, voxelSizeInAngstroms: 1, threads: threads)
      #expect(other.values == one.values)
    }
  }

  @Test("what cannot be is refused in a sentence")
  func refusals() throws {
    let volume = try GaussianMixtureVolume(
      positions: [SIMD3(0, 0, 0)], amplitudes: [[1]], variances: [[1]])
    func message(_ box: Int, _ h: Double, _ accuracy: Double = 1e-6) -> String {
      do {
        _ = try GaussianMixtureRendering<Float>(accuracy: accuracy).render(
          volume, boxSize: box, voxelSizeInAngstroms: h)
      } catch { return "\(error)" }
      return ""
    }
    #expect(message(0, 1).contains("1 to 32768"))
    #expect(message(8, -1).contains("voxel size is -1.0 Å"))
    #expect(message(8, 1, 2).contains("1e-15 to 0.1"))
    #expect(message(32768, 1).contains("more than this machine can give"))
  }
}
