import ComplexModule
import Oracles
import Testing

@testable import ExitPlane

@Suite("Interpolation at coordinates, backwards")
struct MapCoordinatesTransposeTests {
  private static let shapes = [(3, 4, 5), (1, 7, 2), (6, 1, 1)]

  /// Points inside and far outside, on samples and halfway between them.
  private func points(_ n: (Int, Int, Int), _ generator: inout SeededGenerator) -> [SIMD3<Double>] {
    (0..<60).map { index in
      var point = SIMD3<Double>(
        generator.uniform(-2...Double(n.0) + 1), generator.uniform(-2...Double(n.1) + 1),
        generator.uniform(-9...Double(n.2) + 8))
      if index % 5 == 0 { point[index % 3] = point[index % 3].rounded() }
      if index % 7 == 0 { point[index % 3] = point[index % 3].rounded() + 0.5 }
      return point
    }
  }

  private func hold<Value: AdditiveArithmetic & Sendable, Scalar: GridScalar>(
    _ random: (inout SeededGenerator) -> Value, modes: [CoordinateMode<Value>], within tolerance: Double,
    dot: ([Value], [Value]) -> Double, of _: Scalar.Type,
    forward: (SampledGrid<Value>, [SIMD3<Double>], Int, CoordinateMode<Value>) throws -> [Value],
    back: ([Value], SampledGrid<Value>, [SIMD3<Double>], Int, CoordinateMode<Value>) throws ->
      MapCoordinatesCotangent<Value>
  ) throws {
    var generator = SeededGenerator(seed: 4)
    for n in Self.shapes {
      let points = points(n, &generator)
      let x = (0..<n.0 * n.1 * n.2).map { _ in random(&generator) }
      let y = points.map { _ in random(&generator) }
      let grid = try SampledGrid(depth: n.0, rows: n.1, columns: n.2, values: x)
      for order in [0, 1] {
        for mode in modes {
          let ax = try forward(grid, points, order, mode)
          let aty = try back(y, grid, points, order, mode)
          #expect(
            abs(dot(ax, y) - dot(x, aty.values)) <= tolerance * (dot(ax, ax) * dot(y, y)).squareRoot())
          #expect(aty.values.count == x.count && aty.coordinates.count == points.count)
        }
      }
    }
  }

  private func real<Scalar: GridScalar>(_: Scalar.Type, within tolerance: Double) throws {
    try hold(
      { Scalar($0.uniform()) }, modes: [.fill(0), .clip, .wrap], within: tolerance,
      dot: { zip($0, $1).reduce(0) { $0 + Double($1.0) * Double($1.1) } }, of: Scalar.self,
      forward: { try mapCoordinates($0, at: $1, order: $2, mode: $3) },
      back: { try pullBackMapCoordinates($0, through: $1, at: $2, order: $3, mode: $4) })
  }

  private func complex<Scalar: GridScalar>(_: Scalar.Type, within tolerance: Double) throws {
    try hold(
      { (numbers: inout SeededGenerator) -> Complex<Scalar> in
        Complex(Scalar(numbers.uniform()), Scalar(numbers.uniform()))
      },
      modes: [.fill(.zero), .clip, .wrap], within: tolerance,
      dot: { a, b in
        var sum = 0.0
        for (x, y) in zip(a, b) {
          sum += Double(x.real) * Double(y.real)
          sum += Double(x.imaginary) * Double(y.imaginary)
        }
        return sum
      }, of: Scalar.self, forward: { try mapCoordinates($0, at: $1, order: $2, mode: $3) },
      back: { try pullBackMapCoordinates($0, through: $1, at: $2, order: $3, mode: $4) })
  }

  @Test("the way back to values is the transpose, of every mode, order and kind of number")
  func transposed() throws {
    try real(Double.self, within: 1e-13)
    try real(Float.self, within: 1e-6)
    try complex(Double.self, within: 1e-13)
    try complex(Float.self, within: 1e-6)
  }

  @Test("slopes to coordinates are finite differences', of every mode")
  func slopes() throws {
    var generator = SeededGenerator(seed: 8)
    let n = (3, 4, 5)
    let x = (0..<60).map { _ in Complex(generator.uniform(), generator.uniform()) }
    let grid = try SampledGrid(depth: n.0, rows: n.1, columns: n.2, values: x)
    // Away from faces, where trilinear interpolation is a polynomial: differences are exact but for rounding.
    let points = points(n, &generator).map { point in
      let floor = point.rounded(.down)
      return floor + 0.1 + 0.8 * (point - floor)
    }
    let y = points.map { _ in Complex(generator.uniform(), generator.uniform()) }
    for mode in [CoordinateMode.fill(Complex(2.0, -1)), .clip, .wrap] {
      let got = try pullBackMapCoordinates(y, through: grid, at: points, order: 1, mode: mode).coordinates
      for axis in 0..<3 {
        var (ahead, behind) = (points, points)
        for i in points.indices {
          (ahead[i][axis], behind[i][axis]) = (points[i][axis] + 0.05, points[i][axis] - 0.05)
        }
        let (a, b) = (
          try mapCoordinates(grid, at: ahead, order: 1, mode: mode),
          try mapCoordinates(grid, at: behind, order: 1, mode: mode)
        )
        for i in points.indices {
          let change = a[i] - b[i]
          let want = (change.real * y[i].real + change.imaginary * y[i].imaginary) / 0.1
          #expect(abs(got[i][axis] - want) < 1e-12)
        }
      }
      let nearest = try pullBackMapCoordinates(y, through: grid, at: points, order: 0, mode: mode)
      #expect(nearest.coordinates.allSatisfy { $0 == SIMD3(0, 0, 0) })
    }
  }

  @Test("on a sample the slope is that of the cell above it")
  func faces() throws {
    let grid = try SampledGrid(depth: 1, rows: 1, columns: 4, values: [1.0, 3, 7, -2])
    let at = [0.0, 1, 2, 3].map { SIMD3(0, 0, $0) }
    func slopes(_ mode: CoordinateMode<Double>) throws -> [Double] {
      try pullBackMapCoordinates([1, 1, 1, 2], through: grid, at: at, order: 1, mode: mode).coordinates.map(
        \.z)
    }
    #expect(try slopes(.clip) == [2, 4, -9, 0])
    #expect(try slopes(.fill(5)) == [2, 4, -9, 14])
    #expect(try slopes(.wrap) == [2, 4, -9, 6])
  }

  @Test("other orders, coordinates and numbers of cotangents are refused")
  func refusals() throws {
    let grid = try SampledGrid(depth: 1, rows: 1, columns: 2, values: [1.0, 3])
    func pullBack(_ y: [Double], _ x: Double, order: Int) throws {
      _ = try pullBackMapCoordinates(y, through: grid, at: [SIMD3(0, 0, x)], order: order, mode: .clip)
    }
    #expect(throws: ExitPlaneError.self) { try pullBack([1], 0, order: 2) }
    #expect(throws: ExitPlaneError.self) { try pullBack([1, 1], 0, order: 1) }
    for bad in [Double.nan, .infinity, 1e17] {
      #expect(throws: ExitPlaneError.self) { try pullBack([1], bad, order: 0) }
    }
  }
}
