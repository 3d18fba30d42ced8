import ExitPlane
import Foundation
import Testing

@Suite("Low-pass filter")
struct LowPassFilterTests {
  /// A wave of whole periods keeps its shape, and its amplitude falls as exp(−ln 2 (q d)²): no FFT is needed to know.
  @Test(
    "a wave's amplitude falls as the Gaussian says, along any direction",
    arguments: [(16, 16, 3, 2), (15, 22, -4, 5), (22, 15, 11, 0), (9, 9, 0, -4), (1, 32, 0, 7)])
  func waves(rows: Int, columns: Int, ky: Int, kx: Int) throws {
    let shape = try GridShape(rows: rows, columns: columns)
    let (size, resolution) = (1.5, 12.0)
    func wave(_ amplitude: Double, offset: Double) throws -> RealImage<Double> {
      try RealImage(
        shape: shape,
        values: (0..<shape.count).map { index in
          let turns =
            Double(ky * (index / columns)) / Double(rows) + Double(kx * (index % columns)) / Double(columns)
          return offset + amplitude * cos(2 * Double.pi * turns + 0.4)
        })
    }
    let q2 = pow(Double(ky) / (Double(rows) * size), 2) + pow(Double(kx) / (Double(columns) * size), 2)
    let filter = try LowPassFilter<Double>(
      shape: shape, pixelSizeInAngstroms: size, resolutionInAngstroms: resolution)
    let got = try filter.applied(to: wave(3, offset: 7))
    let want = try wave(3 * pow(2, -q2 * resolution * resolution), offset: 7)
    for (a, b) in zip(got.values, want.values) { #expect(abs(a - b) < 1e-12) }
    let single = try LowPassFilter<Float>(
      shape: shape, pixelSizeInAngstroms: size, resolutionInAngstroms: resolution
    ).applied(to: RealImage(shape: shape, values: wave(3, offset: 7).values.map { Float($0) }))
    for (a, b) in zip(single.values, want.values) { #expect(abs(Double(a) - b) < 1e-5) }
  }

  @Test("noise loses its variance, and nothing rings about an edge")
  func noRinging() throws {
    let shape = try GridShape(square: 64)
    let step = try RealImage(shape: shape, values: (0..<shape.count).map { $0 % 64 < 32 ? 0.0 : 1.0 })
    let got = try LowPassFilter<Double>(
      shape: shape, pixelSizeInAngstroms: 1, resolutionInAngstroms: 8
    ).applied(to: step)
    #expect(got.values.allSatisfy { $0 > -1e-6 && $0 < 1 + 1e-6 })
    #expect(got.values[0..<32].max().map { $0 > 0.3 } == true)
  }

  @Test("a resolution that leaves nothing, and images of another shape, are refused")
  func refusals() throws {
    let shape = try GridShape(rows: 8, columns: 16)
    for resolution in [0, -5, 32.5, .nan, .infinity] {
      #expect(throws: ExitPlaneError.self) {
        try LowPassFilter<Float>(shape: shape, pixelSizeInAngstroms: 2, resolutionInAngstroms: resolution)
      }
    }
    let filter = try LowPassFilter<Float>(shape: shape, pixelSizeInAngstroms: 2, resolutionInAngstroms: 32)
    let other = try RealImage<Float>(shape: GridShape(square: 1), values: [1])
    #expect(throws: ExitPlaneError.self) { try filter.applied(to: other) }
  }
}

@Suite("Views along the axes")
struct AxisViewTests {
  /// A point on an axis of the map is seen where the documentation says.
  @Test(
    "the axis named points along the beam, and the others lie as documented", arguments: AxisView.allCases)
  func axes(view: AxisView) throws {
    let axes: [Character: SIMD3<Double>] = ["x": SIMD3(1, 0, 0), "y": SIMD3(0, 1, 0), "z": SIMD3(0, 0, 1)]
    let name = try #require(view.rawValue.last)
    let along = try #require(axes[name]) * (view.rawValue.hasPrefix("-") ? -1 : 1)
    let rotation = view.pose.rotation
    #expect(rotation * along == SIMD3(0, 0, 1))
    #expect(rotation * (name == "z" ? SIMD3(0, 1, 0) : SIMD3(0, 0, 1)) == SIMD3(0, 1, 0))
    let (rot, tilt, psi) = view.relionAnglesInDegrees
    #expect(try Rotation(relionRotInDegrees: rot, tiltInDegrees: tilt, psiInDegrees: psi) == rotation)
  }

  @Test("there are six, in pairs")
  func names() { #expect(AxisView.allCases.map(\.rawValue) == ["+x", "-x", "+y", "-y", "+z", "-z"]) }
}

@Suite("Other boxes")
struct ResizedImageTests {
  @Test("about any pixel, inside or out, each pixel is where it belongs and the rest is filled")
  func aboutAnyPixel() throws {
    let shape = try GridShape(rows: 5, columns: 4)
    let image = try RealImage(shape: shape, values: (0..<20).map { Double($0) })
    for (rows, columns) in [(5, 4), (3, 7), (8, 2), (1, 1)] {
      for row in -9...9 {
        for column in [-6, -1, 0, 2, 3, 8] {
          let got = image.resized(
            to: try GridShape(rows: rows, columns: columns), about: (row, column), fill: -1)
          for y in 0..<rows {
            for x in 0..<columns {
              let (i, j) = (y - rows / 2 + row, x - columns / 2 + column)
              let isInside = (0..<5).contains(i) && (0..<4).contains(j)
              #expect(got[y, x] == (isInside ? Double(i * 4 + j) : -1))
            }
          }
        }
      }
    }
  }

  @Test("the rim is the outermost pixels, each once", arguments: [(1, 1), (1, 5), (5, 1), (2, 3), (4, 5)])
  func rim(rows: Int, columns: Int) throws {
    let shape = try GridShape(rows: rows, columns: columns)
    let image = try RealImage(shape: shape, values: (0..<shape.count).map { Float(1 << ($0 % 20)) })
    let rim = (0..<shape.count).filter {
      let (y, x) = ($0 / columns, $0 % columns)
      return y == 0 || x == 0 || y == rows - 1 || x == columns - 1
    }
    #expect(image.rimSum.count == rim.count)
    #expect(image.rimSum.sum == rim.reduce(0) { $0 + Double(image.values[$1]) })
  }
}
