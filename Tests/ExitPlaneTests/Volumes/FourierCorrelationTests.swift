import ExitPlane
import Oracles
import Testing

@Suite("Fourier correlation")
struct FourierCorrelationTests {
  private func noise(_ count: Int, seed: UInt64) -> [Double] {
    var generator = SeededGenerator(seed: seed)
    return (0..<count).map { _ in generator.uniform() + 0.3 }
  }

  private func map<Scalar: GridScalar>(_ values: [Double], _ n: Int, size: Double = 1.5) throws
    -> RealVoxelGridVolume<Scalar>
  {
    try RealVoxelGridVolume(
      depth: n, rows: n, columns: n, voxelSizeInAngstroms: size, values: values.map { Scalar($0) })
  }

  /// Two maps that share a part, so that curves are neither 0 nor 1.
  private func pair(_ count: Int, seed: UInt64) -> ([Double], [Double]) {
    let (a, b) = (noise(count, seed: seed), noise(count, seed: seed + 1))
    return (a, zip(a, b).map { 0.6 * $0 + 0.7 * $1 })
  }

  @Test("shells of maps match sums over the full transform", arguments: [5, 6, 8, 9])
  func shells(n: Int) throws {
    let (a, b) = pair(n * n * n, seed: UInt64(n))
    let want = shellCorrelation(a, b, n: n)
    let double = try FourierCorrelation.ofMaps(map(a, n) as RealVoxelGridVolume<Double>, map(b, n))
    let single = try FourierCorrelation.ofMaps(map(a, n) as RealVoxelGridVolume<Float>, map(b, n))
    #expect(double.shells.count == n / 2 + 1)
    for (shell, want) in zip(double.shells, want) {
      #expect(abs(shell.correlation - want.correlation) < 1e-12)
      #expect(shell.count == want.count)
      #expect(abs(shell.frequencyInInverseAngstroms - Double(shell.index) / (Double(n) * 1.5)) < 1e-15)
    }
    for (shell, want) in zip(single.shells, want) {
      #expect(abs(shell.correlation - want.correlation) < 1e-5)
    }
  }

  @Test("rings of stacks match sums over the full transforms", arguments: [(6, 6), (7, 7), (6, 9), (8, 5)])
  func rings(rows: Int, columns: Int) throws {
    let shape = try GridShape(rows: rows, columns: columns)
    let pairs = (0..<3).map { pair(shape.count, seed: UInt64(10 * rows + $0)) }
    // Pairs of unlike power: means of curves would differ from the curve of sums.
    let scaled = pairs.enumerated().map { index, pair in
      (pair.0.map { $0 * Double(1 + 3 * index) }, pair.1)
    }
    let want = ringCorrelation(scaled.map { (a: $0.0, b: $0.1) }, rows: rows, columns: columns)
    let curve = try FourierCorrelation.ofImages(
      count: 3, shape: shape, pixelSizeInAngstroms: 2,
      { try RealImage(shape: shape, values: scaled[$0].0) },
      { try RealImage(shape: shape, values: scaled[$0].1) })
    #expect(curve.shells.count == want.count)
    for (shell, want) in zip(curve.shells, want) {
      #expect(abs(shell.correlation - want.correlation) < 1e-12)
      #expect(shell.count == want.count)
    }
  }

  @Test("a map is itself, its negative is not, and threads do not matter")
  func identities() throws {
    let a: RealVoxelGridVolume<Float> = try map(noise(512, seed: 1), 8)
    let negative: RealVoxelGridVolume<Float> = try map(noise(512, seed: 1).map { -$0 }, 8)
    let other: RealVoxelGridVolume<Float> = try map(noise(512, seed: 2), 8)
    #expect(try FourierCorrelation.ofMaps(a, a).shells.allSatisfy { abs($0.correlation - 1) < 1e-12 })
    #expect(try FourierCorrelation.ofMaps(a, negative).shells.allSatisfy { abs($0.correlation + 1) < 1e-12 })
    #expect(
      try FourierCorrelation.ofMaps(a, other, threads: 1) == FourierCorrelation.ofMaps(a, other, threads: 3))
    let shape = try GridShape(square: 6)
    let images = try (0..<150).map {
      try RealImage(shape: shape, values: noise(36, seed: UInt64($0)).map { Float($0) })
    }
    let curves = try [1, 3].map { threads in
      try FourierCorrelation.ofImages(
        count: 149, shape: shape, pixelSizeInAngstroms: 1, threads: threads, { images[$0] },
        { images[$0 + 1] })
    }
    #expect(curves[0] == curves[1])
  }

  @Test("a threshold's resolution is interpolated in frequency, from the first shell outwards")
  func crossings() {
    func curve(_ values: [Double]) -> FourierCorrelation {
      FourierCorrelation(
        shells: values.enumerated().map {
          .init(index: $0, frequencyInInverseAngstroms: Double($0) * 0.1, correlation: $1, count: 1)
        })
    }
    // Between 0.8 at 0.2 and 0.4 at 0.3 the curve is 0.5 at 0.275.
    guard case .at(let resolution) = curve([-1, 0.9, 0.8, 0.4, 0.9]).resolution(at: 0.5) else {
      Issue.record("no crossing")
      return
    }
    #expect(abs(resolution - 1 / 0.275) < 1e-12)
    #expect(curve([1, 0.9, 0.8]).resolution(at: 0.5) == .never(last: 1 / 0.2))
    #expect(curve([1, 0.4, 0.8]).resolution(at: 0.5) == .always)
    #expect(curve([1]).resolution(at: 0.5) == .always)
    #expect(curve([]).resolution(at: 0.5) == .always)
  }

  @Test("maps that do not fit each other are refused")
  func refusals() throws {
    let a: RealVoxelGridVolume<Float> = try map(noise(512, seed: 1), 8)
    let small: RealVoxelGridVolume<Float> = try map(noise(216, seed: 1), 6)
    let coarse: RealVoxelGridVolume<Float> = try map(noise(512, seed: 1), 8, size: 1.6)
    let flat = try RealVoxelGridVolume(
      depth: 2, rows: 4, columns: 4, voxelSizeInAngstroms: 1, values: [Float](repeating: 1, count: 32))
    for (kind, first, second) in [
      (ExitPlaneError.Kind.mismatch, a, small), (.mismatch, a, coarse), (.unsupported, flat, flat),
    ] {
      let error = #expect(throws: ExitPlaneError.self) { try FourierCorrelation.ofMaps(first, second) }
      #expect(error?.kind == kind)
    }
  }
}
