import Oracles
import RealModule
import Testing

@testable import ExitPlane

@Suite("Gradients of rendered atoms")
struct FFTAtomRenderingGradientTests {
  private func vectors(_ count: Int, seed: UInt64, length: Double) -> [SIMD3<Double>] {
    var g = SeededGenerator(seed: seed)
    return (0..<count).map { _ in SIMD3(g.uniform(), g.uniform(), g.uniform()) * length }
  }

  private func volume(
    _ counts: [Int], step: Double = 0
  ) throws -> (volume: IndependentAtomVolume, directions: [[SIMD3<Double>]], changes: [[Double]]) {
    var (directions, changes, types): ([[SIMD3<Double>]], [[Double]], [IndependentAtomVolume.AtomType]) = (
      [], [], []
    )
    for (type, count) in counts.enumerated() {
      let (positions, direction) = (
        vectors(count, seed: UInt64(type), length: 4), vectors(count, seed: UInt64(type + 40), length: 1)
      )
      let (weights, change) = (
        vectors(count, seed: UInt64(type + 60), length: 1).map(\.x),
        vectors(count, seed: UInt64(type + 80), length: 1).map(\.x)
      )
      directions.append(direction)
      changes.append(change)
      types.append(
        try .init(
          positionsInAngstroms: zip(positions, direction).map { $0 + step * $1 },
          weights: zip(weights, change).map { $0 + step * $1 },
          amplitudesInAngstroms: [2 + 0.1 * Double(type)], widthsInSquareAngstroms: [30 + 1.5 * Double(type)])
      )
    }
    return (try IndependentAtomVolume(types: types), directions, changes)
  }

  @Test(
    "differences along a direction of everything, in the caller's order",
    arguments: [7, 12], [[5, 4], [Int](repeating: 2, count: 12)])
  func differences(size: Int, counts: [Int]) throws {
    for antialias in [true, false] {
      let rendering = FFTAtomRendering<Double>(antialias: antialias, eps: 1e-12)
      var g = SeededGenerator(seed: 3)
      let cotangent = try RealVoxelGridVolume<Double>(
        depth: size, rows: size, columns: size, voxelSizeInAngstroms: 1.1,
        values: (0..<size * size * size).map { _ in g.uniform() })
      func loss(_ step: Double) throws -> Double {
        let map = try rendering.render(
          volume(counts, step: step).volume, size: size, voxelSizeInAngstroms: 1.1)
        return zip(map.values, cotangent.values).reduce(0) { $0 + $1.0 * $1.1 }
      }
      let (atoms, directions, changes) = try volume(counts)
      let gradient = try rendering.pullBack(cotangent, to: atoms)
      #expect(gradient.types.map(\.weights.count) == counts)
      var (want, size) = (0.0, 0.0)
      for (type, found) in gradient.types.enumerated() {
        for i in found.weights.indices {
          for term in [
            dot(found.positionsInAngstroms[i], directions[type][i]), found.weights[i] * changes[type][i],
          ] {
            want += term
            size += abs(term)
          }
        }
      }
      let step = 1e-4
      #expect(abs((try loss(step) - loss(-step)) / (2 * step) - want) < 1e-7 * size)
    }
  }

  @Test("threads change no bit, and a map that is no cube is refused")
  func threads() throws {
    var g = SeededGenerator(seed: 3)
    let cotangent = try RealVoxelGridVolume<Float>(
      depth: 10, rows: 10, columns: 10, voxelSizeInAngstroms: 1.1,
      values: (0..<1000).map { _ in Float(g.uniform()) })
    let atoms = try volume([3000, 50]).volume
    func run(_ threads: Int) throws -> [[SIMD3<Double>]] {
      try FFTAtomRendering<Float>(options: NonuniformFFTOptions(threads: threads))
        .pullBack(cotangent, to: atoms).types.map(\.positionsInAngstroms)
    }
    let one = try run(1)
    for threads in [2, 3, 8] { #expect(try run(threads) == one) }
    let flat = try RealVoxelGridVolume<Float>(
      depth: 1, rows: 2, columns: 2, voxelSizeInAngstroms: 1, values: [1, 2, 3, 4])
    #expect(throws: ExitPlaneError.self) { _ = try FFTAtomRendering<Float>().pullBack(flat, to: atoms) }
  }
}
