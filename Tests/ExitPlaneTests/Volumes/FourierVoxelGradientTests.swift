import ComplexModule
import Oracles
import Testing

@testable import ExitPlane

@Suite("From a Fourier volume's gradient back to voxels")
struct FourierVoxelGradientTests {
  /// Random sums everywhere, the border among them.
  private static func fill<Scalar>(_ gradient: FourierSamplesGradient<Scalar>, seed: UInt64) -> [Scalar] {
    let storage = gradient.grid.storage
    let numbers: [Scalar] = noise(storage.count, seed: seed)
    for (i, number) in numbers.enumerated() { storage.pointer[i] = number }
    gradient.zeroFrequency = 0.7
    return numbers
  }

  @Test("is the transpose of preparing a map", arguments: [3, 6, 7, 8, 11, 16])
  func transpose(size: Int) throws {
    func hold<Scalar: GridScalar>(_: Scalar.Type) throws {
      for volume in try AnySlices<Scalar>.all(size: size) {
        let gradient = try FourierSamplesGradient(for: volume.samples)
        let y = Self.fill(gradient, seed: 22) + [0.7]
        let voxels = try volume.voxelGradient(gradient, 1)
        // A spline's border is made by subtraction, of a row and its opposite as if they were no conjugates.
        let grid = volume.samples.grid.storage
        let stored = Array(UnsafeBufferPointer(start: grid.pointer, count: grid.count))
        let error = transposeError(
          stored + [Scalar(volume.samples.zeroFrequency)], y, volume.map.values, voxels)
        #expect(error < Scalar.transposeTolerance, "\(volume.name)")
        #expect(gradient.zeroFrequency == 0)
        #expect((0..<grid.count).allSatisfy { gradient.grid.storage.pointer[$0] == 0 })
        for threads in [2, 3, 8] {
          _ = Self.fill(gradient, seed: 22)
          #expect(try volume.voxelGradient(gradient, threads) == voxels)
        }
      }
    }
    try hold(Double.self)
    try hold(Float.self)
  }

  @Test("a slice's gradient is the direct sum's, for exact slices", arguments: [8, 9])
  func directSum(n: Int) throws {
    let (map, _) = try noiseCube(n, seed: 3, as: Double.self)
    let volume = try FourierVoxelWindowVolume(map, accuracy: 1e-12)
    let shape = try GridShape(rows: n, columns: n + 1)
    let matrix = randomRotationMatrix(seed: 12)
    let rotation = try Rotation(matrix: matrix)
    let plane = SlicePlane(
      shape: shape, axes: ImageAxes(rotation, .none), samplesPerCycle: Double(volume.gridSize),
      factors: Optional<PhaseFactors<Double>>.none)
    let y: [Double] = noise(2 * shape.rows * shape.spectrumColumns, seed: 5)
    let gradient = try volume.makeGradient()
    volume.samples.add(y, on: plane, outOfBounds: .zero, to: gradient.grid, planes: gradient.grid.planes)
    let got = try volume.voxelGradient(of: gradient, threads: 2)
    var want = [Double](repeating: 0, count: n * n * n)
    for row in 0..<shape.rows {
      for column in 0..<shape.spectrumColumns {
        let ky = Double(fftFrequencies(shape.rows)[row]) / Double(shape.rows)
        let kx = Double(column) / Double(shape.columns)
        let k = turnedBack(matrix, kx, ky)
        let g = 2 * (row * shape.spectrumColumns + column)
        for i in want.indices {
          let r = (x: Double(i % n - n / 2), y: Double(i / n % n - n / 2), z: Double(i / n / n - n / 2))
          let turn = ComplexNumber.turn(-(k.x * r.x + k.y * r.y + k.z * r.z))
          want[i] += y[g] * turn.re + y[g + 1] * turn.im
        }
      }
    }
    #expect(worstError(got, want) < 1e-10)
  }

  @Test("a gradient of another grid is refused")
  func refusal() throws {
    let (small, _) = try noiseCube(4, seed: 1, as: Float.self)
    let (large, _) = try noiseCube(6, seed: 1, as: Float.self)
    let gradient = try FourierVoxelGridVolume(small).makeGradient()
    #expect(throws: ExitPlaneError.self) { try FourierVoxelGridVolume(large).voxelGradient(of: gradient) }
    #expect(throws: ExitPlaneError.self) { try FourierVoxelSplineVolume(small).voxelGradient(of: gradient) }
  }

  @Test("slabs cover the grid once", arguments: [1, 2, 3, 8, 40])
  func slabs(count: Int) throws {
    let (map, _) = try noiseCube(16, seed: 1, as: Float.self)
    let gradient = try FourierVoxelGridVolume(map, padScale: 2).makeGradient()
    let slabs = gradient.slabs(count)
    #expect(slabs.count <= count && slabs.first?.lowerBound == gradient.grid.planes.lowerBound)
    #expect(slabs.last?.upperBound == gradient.grid.planes.upperBound)
    for (a, b) in zip(slabs, slabs.dropFirst()) { #expect(a.upperBound == b.lowerBound && !a.isEmpty) }
  }
}
