import ComplexModule
import Oracles
import Testing

@testable import ExitPlane

@Suite("Cubic splines")
struct SplineTests {
  private static func grid(_ lengths: [Int], seed: UInt64) throws -> SampledGrid<Double> {
    var generator = SeededGenerator(seed: seed)
    let values = (0..<lengths.reduce(1, *)).map { _ in generator.uniform() }
    return try SampledGrid(depth: lengths[0], rows: lengths[1], columns: lengths[2], values: values)
  }

  @Test(
    "coefficients solve the defining equations on every axis",
    arguments: [[5, 6, 7], [1, 2, 3], [3, 1, 2], [2, 3, 1], [1, 1, 1], [9, 4, 20]])
  func coefficients(lengths: [Int]) throws {
    let grid = try Self.grid(lengths, seed: 3)
    let got = try computeSplineCoefficients(grid)
    let matrices = lengths.map { naturalSplineMatrix($0) }
    #expect([got.depth, got.rows, got.columns] == lengths.map { $0 + 2 })
    var worst = 0.0
    for z in 0..<got.depth {
      for y in 0..<got.rows {
        for x in 0..<got.columns {
          var want = 0.0
          for (i, value) in grid.values.enumerated() {
            want +=
              value * matrices[0][z][i / (lengths[1] * lengths[2])]
              * matrices[1][y][i / lengths[2] % lengths[1]] * matrices[2][x][i % lengths[2]]
          }
          worst = max(worst, abs(want - got.values[(z * got.rows + y) * got.columns + x]))
        }
      }
    }
    #expect(worst < 1e-14)
  }

  @Test("the spline meets every sample and is straight at the ends")
  func interpolates() throws {
    let grid = try Self.grid([4, 5, 6], seed: 8)
    let coefficients = try computeSplineCoefficients(grid)
    var points = [SIMD3<Double>]()
    for z in 0..<4 {
      for y in 0..<5 { for x in 0..<6 { points.append(SIMD3(Double(z), Double(y), Double(x))) } }
    }
    let got = try mapCoordinatesSpline(coefficients, at: points, mode: .fill(0))
    #expect(worstError(got, grid.values) < 1e-14)
    // Second differences across the first and last sample, small steps either side.
    let step = 1e-3
    for x in [0.0, 5] {
      let line = try mapCoordinatesSpline(
        coefficients, at: [-step, 0, step].map { SIMD3(1.3, 2.4, x + $0) }, mode: .fill(0))
      #expect(abs(line[0] - 2 * line[1] + line[2]) / (step * step) < 0.02)
    }
  }

  @Test("complex coefficients are those of the parts")
  func complex() throws {
    let (a, b) = (try Self.grid([4, 3, 5], seed: 1), try Self.grid([4, 3, 5], seed: 2))
    let both = try SampledGrid(
      depth: 4, rows: 3, columns: 5, values: zip(a.values, b.values).map { Complex($0, $1) })
    let got = try computeSplineCoefficients(both)
    let (re, im) = (try computeSplineCoefficients(a), try computeSplineCoefficients(b))
    #expect(zip(got.values, zip(re.values, im.values)).allSatisfy { $0.real == $1.0 && $0.imaginary == $1.1 })
    let at = [SIMD3(1.2, 0.3, 3.9), SIMD3(-0.4, 2.6, 4.5)]
    let value = try mapCoordinatesSpline(got, at: at, mode: .wrap)
    let (x, y) = (
      try mapCoordinatesSpline(re, at: at, mode: .wrap), try mapCoordinatesSpline(im, at: at, mode: .wrap)
    )
    for i in 0..<2 { #expect(value[i] == Complex(x[i], y[i])) }
  }

  @Test("single precision keeps its digits")
  func single() throws {
    let grid = try Self.grid([8, 9, 10], seed: 5)
    let single = try SampledGrid(depth: 8, rows: 9, columns: 10, values: grid.values.map { Float($0) })
    let want = try computeSplineCoefficients(
      SampledGrid(depth: 8, rows: 9, columns: 10, values: single.values.map { Double($0) }))
    #expect(worstError(try computeSplineCoefficients(single).values, want.values) < 1e-6)
  }

  @Test("coefficients beyond the array take the value asked for")
  func outOfBounds() throws {
    let coefficients = try Self.grid([5, 6, 4], seed: 4)
    let lengths = SIMD3(5, 6, 4)
    var generator = SeededGenerator(seed: 6)
    let points = (0..<60).map { _ in
      SIMD3(generator.uniform(-9...14), generator.uniform(-9...14), generator.uniform(-9...14))
    }
    func want(_ value: (SIMD3<Int>) -> Double) -> [Double] {
      points.map { p in
        var sum = 0.0
        for c in 0..<64 {
          let offset = SIMD3(c / 16, c / 4 % 4, c % 4)
          let i = SIMD3(
            Int(p.x.rounded(.down)) + offset.x, Int(p.y.rounded(.down)) + offset.y,
            Int(p.z.rounded(.down)) + offset.z)
          var weight = 1.0
          for axis in 0..<3 { weight *= bSpline(p[axis] - Double(i[axis] - 1)) }
          sum += weight * value(i)
        }
        return sum
      }
    }
    func at(_ i: SIMD3<Int>) -> Double { coefficients.values[(i.x * 6 + i.y) * 4 + i.z] }
    func each(_ i: SIMD3<Int>, _ map: (Int, Int) -> Int) -> SIMD3<Int> {
      SIMD3(map(i.x, lengths.x), map(i.y, lengths.y), map(i.z, lengths.z))
    }
    let fill = want { i in (0..<3).allSatisfy { (0..<lengths[$0]).contains(i[$0]) } ? at(i) : 1.5 }
    let clip = want { at(each($0) { min(max($0, 0), $1 - 1) }) }
    let wrap = want { at(each($0) { (($0 % $1) + $1) % $1 }) }
    for (mode, values) in [(CoordinateMode.fill(1.5), fill), (.clip, clip), (.wrap, wrap)] {
      #expect(worstError(try mapCoordinatesSpline(coefficients, at: points, mode: mode), values) < 1e-14)
    }
    #expect(throws: ExitPlaneError.self) {
      try mapCoordinatesSpline(coefficients, at: [SIMD3(0, .nan, 0)], mode: .clip)
    }
    #expect(throws: ExitPlaneError.self) {
      try mapCoordinatesSpline(coefficients, at: [SIMD3(0, 1e300, 0)], mode: .clip)
    }
  }

  @Test(
    "reference cases of coefficients and interpolation", .enabled(if: ReferenceCases.areHere),
    arguments: ReferenceCases.all(of: "computeSplineCoefficients", "mapCoordinatesSpline"))
  func reference(_ reference: ReferenceCases.Case) throws {
    let map = try reference.readMap(as: Double.self)
    let grid = try SampledGrid(depth: map.depth, rows: map.rows, columns: map.columns, values: map.values)
    let coefficients = try computeSplineCoefficients(grid)
    let got: [Double]
    if let c = reference.coordinatesZyx {
      got = try mapCoordinatesSpline(
        coefficients, at: c[0].indices.map { SIMD3(c[0][$0], c[1][$0], c[2][$0]) }, mode: .fill(0))
    } else {
      got = coefficients.values
    }
    #expect(worstError(got, try reference.readExpected().map(\.re)) <= reference.maxAbsErrorOverMaxAbs)
  }
}
