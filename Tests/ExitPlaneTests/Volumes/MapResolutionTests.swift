import Foundation
import Oracles
import Testing

@testable import ExitPlane

@Suite("Maps limited to a resolution")
struct MapResolutionTests {
  /// The map without frequencies beyond a limit in cycles a voxel, by the definition of the transform.
  private func limited(_ values: [Double], _ n: (z: Int, y: Int, x: Int), limit: Double) -> [Double] {
    var result = [Double](repeating: 0, count: values.count)
    func signed(_ k: Int, _ n: Int) -> Double { Double(k <= (n - 1) / 2 ? k : k - n) / Double(n) }
    for kz in 0..<n.z {
      for ky in 0..<n.y {
        for kx in 0..<n.x {
          let f = (signed(kz, n.z), signed(ky, n.y), signed(kx, n.x))
          guard (f.0 * f.0 + f.1 * f.1 + f.2 * f.2).squareRoot() <= limit + 1e-9 else { continue }
          func each(_ body: (Int, Double) -> Void) {
            for z in 0..<n.z {
              for y in 0..<n.y {
                for x in 0..<n.x {
                  body(
                    (z * n.y + y) * n.x + x, 2 * .pi * (f.0 * Double(z) + f.1 * Double(y) + f.2 * Double(x)))
                }
              }
            }
          }
          var (re, im) = (0.0, 0.0)
          each { i, phase in (re, im) = (re + values[i] * cos(phase), im - values[i] * sin(phase)) }
          each { i, phase in result[i] += (re * cos(phase) - im * sin(phase)) / Double(values.count) }
        }
      }
    }
    return result
  }

  @Test(
    "as the direct sum has it, odd, even and of any shape",
    arguments: [(6, 5, 4), (4, 4, 4), (3, 7, 5), (1, 6, 9)])
  func directSum(depth: Int, rows: Int, columns: Int) throws {
    var random = SeededGenerator(seed: 3)
    let values = (0..<(depth * rows * columns)).map { _ in random.uniform() }
    let map = try RealVoxelGridVolume(
      depth: depth, rows: rows, columns: columns, voxelSizeInAngstroms: 1.5, values: values)
    for resolution in [100, 6, 4.5, 3.2] {
      let expected = limited(values, (depth, rows, columns), limit: 1.5 / resolution)
      let found = try map.limited(toResolutionInAngstroms: resolution, threads: 2)
      for i in values.indices { #expect(abs(found.values[i] - expected[i]) < 1e-12) }
      let single = try RealVoxelGridVolume(
        depth: depth, rows: rows, columns: columns, voxelSizeInAngstroms: 1.5,
        values: values.map { Float($0) }
      ).limited(toResolutionInAngstroms: resolution)
      for i in values.indices { #expect(abs(Double(single.values[i]) - expected[i]) < 2e-6) }
    }
  }

  @Test(
    "a resolution that would change nothing, or is none, is refused",
    arguments: [0, -3, .nan, .infinity, 1.7])
  func refused(resolution: Double) throws {
    let map = try RealVoxelGridVolume(
      depth: 4, rows: 4, columns: 4, voxelSizeInAngstroms: 1.5, values: [Double](repeating: 1, count: 64))
    let error = #expect(throws: ExitPlaneError.self) { try map.limited(toResolutionInAngstroms: resolution) }
    #expect(error?.description.contains("\(resolution) Å") == true)
  }
}
