import ComplexModule
import Oracles
import Testing

@testable import ExitPlane

@Suite("Transposes and slopes of slices")
struct FourierSamplesTransposeTests {
  static let rotation = try! Rotation(matrix: randomRotationMatrix(seed: 31))

  /// What a slice is taken with.
  struct Setting: Sendable, CustomTestStringConvertible {
    var shape: (rows: Int, columns: Int) = (12, 12)
    var isFull = false
    var curvature = 0.0
    var pixelRatio = 1.0
    var cutoff: Double?
    var hasFactors = true
    var magnification = AnisotropicMagnification.none
    var testDescription: String {
      "\(shape), full \(isFull), curvature \(curvature), ratio \(pixelRatio), cutoff \(cutoff ?? 0)"
    }

    static let all: [Setting] = [
      Setting(), Setting(shape: (9, 11)), Setting(shape: (13, 8), hasFactors: false),
      Setting(shape: (12, 10), cutoff: 0.31), Setting(shape: (8, 14), pixelRatio: 1.4),
      Setting(shape: (11, 12), isFull: true, curvature: 0.3),
      Setting(shape: (10, 9), isFull: true, curvature: -0.4, pixelRatio: 0.8, cutoff: 0.4),
      Setting(
        shape: (12, 14),
        magnification: try! AnisotropicMagnification(
          firstRow: SIMD2(1.03, 0.02), secondRow: SIMD2(-0.01, 0.98))),
    ]

    func gridShape() throws -> GridShape { try GridShape(rows: shape.rows, columns: shape.columns) }

    func factors<Scalar: GridScalar>(_: Scalar.Type) throws -> PhaseFactors<Scalar>? {
      guard hasFactors else { return nil }
      let factors = try PhaseFactors<Scalar>(gridShape(), isFull: isFull)
      factors.set(shiftInPixels: SIMD2(1.3, -0.7), fromCentre: true, scale: 0.9)
      return factors
    }

    func plane<Scalar: GridScalar>(
      _ rows: (SIMD3<Double>, SIMD3<Double>, SIMD3<Double>), gridSize: Int, factors: PhaseFactors<Scalar>?
    ) throws -> SlicePlane {
      let shape = try gridShape()
      return SlicePlane(
        shape: shape, isFull: isFull,
        axes: ImageAxes(Rotation(unchecked: rows), magnification),
        samplesPerCycle: Double(gridSize) * pixelRatio, curvature: curvature, isBandLimited: pixelRatio != 1,
        cutoff: try cutoff.map { try RadialCutoff(shape, radius: $0) }, factors: factors)
    }

    var planeCount: Int { 2 * shape.rows * (isFull ? shape.columns : shape.columns / 2 + 1) }
  }

  static func modes<Scalar>(_: Scalar.Type) -> [OutOfBoundsMode<Scalar>] {
    [.zero, .clip, .wrap, .fill(Complex(0.75, -0.5))]
  }

  /// The grid's numbers, to be read beside a gradient's.
  static func numbers<Scalar>(_ grid: HermitianGrid<Scalar>) -> [Scalar] {
    Array(UnsafeBufferPointer(start: grid.storage.pointer, count: grid.storage.count))
  }

  private func holdTranspose<Scalar: GridScalar>(_ setting: Setting, size: Int, _: Scalar.Type) throws {
    for volume in try AnySlices<Scalar>.all(size: size) {
      let samples = volume.samples
      let factors = try setting.factors(Scalar.self)
      let plane = try setting.plane(Self.rotation.rows, gridSize: samples.grid.size, factors: factors)
      let y: [Scalar] = noise(setting.planeCount, seed: 8)
      for mode in Self.modes(Scalar.self) {
        if mode != .zero, samples.edge == nil { continue }
        var values = [Scalar](repeating: .nan, count: setting.planeCount)
        samples.sample(plane, outOfBounds: mode, into: &values)
        // A fill is no function of the samples: the map without it is linear.
        if case .fill(let fill) = mode, fill != .zero {
          var constant = values
          let nothing = FourierSamples(
            grid: try HermitianGrid<Scalar>(size: samples.grid.size, border: samples.grid.border),
            interpolation: samples.interpolation, window: samples.window, zeroFrequency: 0)
          nothing.sample(plane, outOfBounds: mode, into: &constant)
          for i in values.indices { values[i] -= constant[i] }
        }
        let gradient = try FourierSamplesGradient(for: samples)
        samples.add(y, on: plane, outOfBounds: mode, to: gradient.grid, planes: gradient.grid.planes)
        let error = transposeError(values, y, Self.numbers(samples.grid), Self.numbers(gradient.grid))
        #expect(error < Scalar.transposeTolerance, "\(volume.name), \(mode)")
        // In slabs, whatever their bounds, the same bits.
        for bounds in [[-3, 0, 1], [2], gradient.slabs(5).dropFirst().map(\.lowerBound)] {
          let parts = try FourierSamplesGradient(for: samples)
          let all = parts.grid.planes
          let ends = [all.lowerBound] + bounds + [all.upperBound]
          for (first, end) in zip(ends, ends.dropFirst()).reversed() {
            samples.add(y, on: plane, outOfBounds: mode, to: parts.grid, planes: first..<end)
          }
          #expect(Self.numbers(parts.grid) == Self.numbers(gradient.grid), "\(volume.name), \(bounds)")
        }
      }
    }
  }

  @Test("adding is the transpose of sampling, whole and in slabs", arguments: Setting.all, [9, 10])
  func transpose(setting: Setting, size: Int) throws {
    try holdTranspose(setting, size: size, Double.self)
    try holdTranspose(setting, size: size, Float.self)
  }

  @Test("values with slopes have the bits of values alone", arguments: Setting.all)
  func values(setting: Setting) throws {
    func hold<Scalar: GridScalar>(_: Scalar.Type) throws {
      for volume in try AnySlices<Scalar>.all(size: 11) {
        let factors = try setting.factors(Scalar.self)
        let plane = try setting.plane(
          Self.rotation.rows, gridSize: volume.samples.grid.size, factors: factors)
        for mode in Self.modes(Scalar.self) {
          var plain = [Scalar](repeating: .nan, count: setting.planeCount)
          var sloped = plain
          let slopes = try SliceSlopes<Scalar>(setting.gridShape(), isFull: setting.isFull)
          volume.samples.sample(plane, outOfBounds: mode, into: &plain)
          volume.samples.sampleWithSlopes(plane, outOfBounds: mode, into: &sloped, slopes: slopes)
          if !setting.isFull {
            volume.samples.sampleCorner(of: plane, outOfBounds: mode, into: &plain)
            volume.samples.sampleCornerWithSlopes(of: plane, outOfBounds: mode, into: &sloped, slopes: slopes)
          }
          #expect(plain == sloped, "\(volume.name), \(mode)")
        }
      }
    }
    try hold(Float.self)
    try hold(Double.self)
  }

  /// `⟨y, values⟩`, the corner's among them, as a function of the rotation's matrix.
  private func loss(
    _ rows: (SIMD3<Double>, SIMD3<Double>, SIMD3<Double>), _ samples: FourierSamples<Double>,
    _ setting: Setting,
    _ mode: OutOfBoundsMode<Double>, _ y: [Double]
  ) throws -> Double {
    let factors = try setting.factors(Double.self)
    let plane = try setting.plane(rows, gridSize: samples.grid.size, factors: factors)
    var values = [Double](repeating: 0, count: setting.planeCount)
    samples.sample(plane, outOfBounds: mode, into: &values)
    if !setting.isFull { samples.sampleCorner(of: plane, outOfBounds: mode, into: &values) }
    return zip(values, y).reduce(0) { $0 + $1.0 * $1.1 }
  }

  @Test("the cotangent of the rotation's matrix is what finite differences find", arguments: Setting.all)
  func rotationCotangent(setting: Setting) throws {
    for volume in try AnySlices<Double>.all(size: 10) {
      let samples = volume.samples
      var y: [Double] = noise(setting.planeCount, seed: 9)
      // The corner's imaginary part is none of the slice's.
      let shape = try setting.gridShape()
      if !setting.isFull, shape.rows % 2 == 0, shape.columns % 2 == 0 { y[2 * shape.cornerIndex + 1] = 0 }
      for mode in Self.modes(Double.self) {
        if mode != .zero, samples.edge == nil { continue }
        let factors = try setting.factors(Double.self)
        let plane = try setting.plane(Self.rotation.rows, gridSize: samples.grid.size, factors: factors)
        let slopes = try SliceSlopes<Double>(shape, isFull: setting.isFull)
        var values = [Double](repeating: 0, count: setting.planeCount)
        samples.sampleWithSlopes(plane, outOfBounds: mode, into: &values, slopes: slopes)
        if !setting.isFull {
          samples.sampleCornerWithSlopes(of: plane, outOfBounds: mode, into: &values, slopes: slopes)
        }
        let got = slopes.planeCotangent(of: y, on: plane)
          .axes(
            shape: shape, samplesPerCycle: Double(samples.grid.size) * setting.pixelRatio,
            curvature: setting.curvature
          ).rotationRows(setting.magnification)
        let gotRows = [got.rows.0, got.rows.1, got.rows.2]
        let largest = gotRows.map { max(abs($0.x), abs($0.y), abs($0.z)) }.max() ?? 0
        for row in 0..<3 {
          for axis in 0..<3 {
            func moved(_ step: Double) throws -> Double {
              var rows = [Self.rotation.rows.0, Self.rotation.rows.1, Self.rotation.rows.2]
              rows[row][axis] += step
              return try loss((rows[0], rows[1], rows[2]), samples, setting, mode, y)
            }
            let step = 1e-7
            let want = try (moved(step) - moved(-step)) / (2 * step)
            #expect(
              abs(gotRows[row][axis] - want) < 2e-6 * largest, "\(volume.name), \(mode), \(row) \(axis)")
          }
        }
      }
    }
  }

  @Test("the corner's transpose", arguments: [(12, 12), (10, 14)])
  func corner(rows: Int, columns: Int) throws {
    func hold<Scalar: GridScalar>(_: Scalar.Type) throws {
      var setting = Setting(shape: (rows, columns), hasFactors: false)
      for ratio in [1, 1.2] {
        setting.pixelRatio = ratio
        for volume in try AnySlices<Scalar>.all(size: 10) {
          let samples = volume.samples
          let plane = try setting.plane(
            Self.rotation.rows, gridSize: samples.grid.size, factors: Optional<PhaseFactors<Scalar>>.none)
          for mode in Self.modes(Scalar.self) where mode == .zero || samples.edge != nil {
            if case .fill(let fill) = mode, fill != .zero { continue }
            let value = try #require(samples.corner(of: plane, outOfBounds: mode)).real
            var y: [Scalar] = noise(setting.planeCount, seed: 4)
            let g = samples.takeCorner(of: plane, from: &y)
            #expect(g != 0 && y[2 * plane.shape.cornerIndex] == 0)
            let gradient = try FourierSamplesGradient(for: samples)
            samples.addCorner(
              g, of: plane, outOfBounds: mode, to: gradient.grid, planes: gradient.grid.planes)
            let (x, back) = (Self.numbers(samples.grid), Self.numbers(gradient.grid))
            if value == 0 {
              #expect(zip(x, back).allSatisfy { $0 == 0 || $1 == 0 })
            } else {
              let scale = zip(x, back).reduce(0) { $0 + abs(Double($1.0) * Double($1.1)) }
              let inner = zip(x, back).reduce(0) { $0 + Double($1.0) * Double($1.1) }
              #expect(abs(inner - Double(value) * Double(g)) < Scalar.transposeTolerance * scale)
            }
          }
        }
      }
    }
    try hold(Double.self)
    try hold(Float.self)
  }
}
