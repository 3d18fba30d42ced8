import ComplexModule
import Testing

@testable import ExitPlane

@Suite("Interpolation at coordinates")
struct MapCoordinatesTests {
  /// f(z, y, x) = 100 z + 10 y + x: trilinear interpolation reproduces it exactly.
  private func ramp() throws -> SampledGrid<Double> {
    var values = [Double]()
    for z in 0..<3 { for y in 0..<4 { for x in 0..<5 { values.append(Double(100 * z + 10 * y + x)) } } }
    return try SampledGrid(depth: 3, rows: 4, columns: 5, values: values)
  }

  @Test("a ramp is interpolated exactly, its nearest sample found")
  func inside() throws {
    let points = [SIMD3(0.25, 1.5, 3.75), SIMD3(2, 3, 4), SIMD3(0, 0, 0), SIMD3(1.9, 0.1, 2.4)]
    let linear = try mapCoordinates(ramp(), at: points, order: 1, mode: .fill(0))
    for (value, p) in zip(linear, points) { #expect(abs(value - (100 * p.x + 10 * p.y + p.z)) < 1e-12) }
    let nearest = try mapCoordinates(ramp(), at: points, order: 0, mode: .fill(0))
    #expect(nearest == [24, 234, 0, 202])
  }

  @Test("outside, each neighbour takes the mode's value; a negative index is outside")
  func outside() throws {
    let edge = [SIMD3(0, 0, -0.5), SIMD3(0, 0, 4.5), SIMD3(-1.25, 0, 0)]
    #expect(try mapCoordinates(ramp(), at: edge, order: 1, mode: .fill(8)) == [4, 6, 8])
    #expect(try mapCoordinates(ramp(), at: edge, order: 1, mode: .clip) == [0, 4, 0])
    // −1 wraps to the last sample, −2 to the one before.
    #expect(try mapCoordinates(ramp(), at: edge, order: 1, mode: .wrap) == [2, 2, 175])
    let far = [SIMD3(-7.0, 9, 12)]
    #expect(try mapCoordinates(ramp(), at: far, order: 0, mode: .wrap) == [212])
    #expect(try mapCoordinates(ramp(), at: far, order: 0, mode: .clip) == [34])
  }

  @Test("complex grids interpolate both parts")
  func complexGrid() throws {
    let grid = try SampledGrid<Complex<Float>>(
      depth: 1, rows: 1, columns: 2, values: [Complex(0, 4), Complex(2, 0)])
    let got = try mapCoordinates(grid, at: [SIMD3(0, 0, 0.25)], order: 1, mode: .clip)
    #expect(got == [Complex(0.5, 3)])
  }

  @Test("other orders, shapes and coordinates are refused")
  func refusals() throws {
    let grid = try ramp()
    #expect(throws: ExitPlaneError.self) { try mapCoordinates(grid, at: [], order: 2, mode: .clip) }
    for bad in [Double.nan, .infinity, 1e17] {
      #expect(throws: ExitPlaneError.self) {
        try mapCoordinates(grid, at: [SIMD3(0, bad, 0)], order: 1, mode: .wrap)
      }
    }
    #expect(throws: ExitPlaneError.self) {
      try SampledGrid(depth: 2, rows: 2, columns: 2, values: [1.0])
    }
    #expect(throws: ExitPlaneError.self) {
      try SampledGrid(depth: .max, rows: 2, columns: 2, values: [1.0])
    }
  }
}
