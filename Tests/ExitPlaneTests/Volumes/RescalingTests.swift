import Oracles
import RealModule
import Testing

@testable import ExitPlane

@Suite("Rescaling a map")
struct RescalingTests {
  /// Off-centre Gaussians, whose values at any voxel size are known.
  private func gaussians(size n: Int, voxelSize h: Double) throws -> RealVoxelGridVolume<Double> {
    var values = [Double]()
    for z in 0..<n {
      for y in 0..<n {
        for x in 0..<n {
          let r = SIMD3(Double(x - n / 2), Double(y - n / 2), Double(z - n / 2)) * h
          values.append(density(at: r))
        }
      }
    }
    return try RealVoxelGridVolume(
      depth: n, rows: n, columns: n, voxelSizeInAngstroms: h, values: values)
  }

  private func density(at r: SIMD3<Double>) -> Double {
    let (a, b) = (r - SIMD3(3, -2, 5), r - SIMD3(-4, 4, 1))
    return Double.exp(-(a * a).sum() / 18) + 2 * Double.exp(-(b * b).sum() / 12.5)
  }

  @Test("the box is the least that holds the map", arguments: [(20, 1.5, 14), (20, 1.25, 16), (21, 2.0, 11)])
  func box(size: Int, to target: Double, expected: Int) throws {
    let rescaled = try gaussians(size: size, voxelSize: 1).rescaled(toVoxelSizeInAngstroms: target)
    #expect(rescaled.columns == expected && rescaled.isCubic)
  }

  @Test(
    "a smooth map takes its known values at another voxel size",
    arguments: [(30, 1.0, 1.25), (31, 1.0, 1.25), (30, 1.5, 1.1), (31, 1.5, 1.07), (30, 1.2, 1.2)])
  func values(size: Int, from: Double, to: Double) throws {
    let map = try gaussians(size: size, voxelSize: from)
    let rescaled = try map.rescaled(toVoxelSizeInAngstroms: to)
    let n = rescaled.columns
    #expect(rescaled.voxelSizeInAngstroms == to)
    #expect(abs(Double(n) * to - Double(size) * from) <= to)
    for z in stride(from: 0, to: n, by: 3) {
      for y in 0..<n {
        for x in 0..<n {
          let r = SIMD3(Double(x - n / 2), Double(y - n / 2), Double(z - n / 2)) * to
          // The box's edge cuts the Gaussians at 1e-4 of their peak.
          #expect(abs(rescaled.values[(z * n + y) * n + x] - density(at: r)) < 2e-3)
        }
      }
    }
  }

  @Test("there and back keeps every voxel of a map without its Nyquist frequency", arguments: [12, 13])
  func roundTrip(n: Int) throws {
    // A few waves below Nyquist, of whole periods in the box.
    let waves = [SIMD3(1.0, 2, -3), SIMD3(5, -1, 0), SIMD3(-2, -4, 4), SIMD3(0, 0, 0)]
    var values = [Double]()
    for i in 0..<n * n * n {
      let r = SIMD3(Double(i % n), Double(i / n % n), Double(i / n / n)) / Double(n)
      values.append(waves.reduce(0) { $0 + Double.cos(2 * .pi * ($1 * r).sum() + $1.x) })
    }
    let map = try RealVoxelGridVolume(depth: n, rows: n, columns: n, voxelSizeInAngstroms: 2, values: values)
    let there = try map.rescaled(toVoxelSizeInAngstroms: 1)
    #expect(there.columns == 2 * n)
    let back = try there.rescaled(toVoxelSizeInAngstroms: 2)
    #expect(back.columns == n)
    for (a, b) in zip(map.values, back.values) { #expect(abs(a - b) < 1e-13) }
    // Old samples lie on every second new one: index i − n/2 at 2(i − n/2).
    for i in 0..<n {
      let j = 2 * (i - n / 2) + n
      let at = (n / 2 * n + n / 2) * n + i
      let new = (n * 2 * n + n) * 2 * n + j
      #expect(abs(map.values[at] - there.values[new]) < 1e-13)
    }
  }

  @Test("a voxel size that no box fits is refused")
  func refusals() throws {
    let map = try gaussians(size: 8, voxelSize: 1)
    #expect(throws: ExitPlaneError.self) { try map.rescaled(toVoxelSizeInAngstroms: 0) }
    #expect(throws: ExitPlaneError.self) { try map.rescaled(toVoxelSizeInAngstroms: 1000) }
    #expect(throws: ExitPlaneError.self) { try map.rescaled(toVoxelSizeInAngstroms: 1e-6) }
  }
}
