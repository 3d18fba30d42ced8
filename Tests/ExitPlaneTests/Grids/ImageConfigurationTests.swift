import Testing

@testable import ExitPlane

@Suite("Image configurations")
struct ImageConfigurationTests {
  @Test(
    "wavelengths and interaction constants are those of the tables",
    arguments: [(300.0, 0.0196875, 6.5262e-4), (200, 0.0250793, 7.2884e-4), (100, 0.0370144, 9.2440e-4)])
  func electrons(kilovolts: Double, wavelength: Double, interaction: Double) throws {
    let plane = try ImageConfiguration(
      shape: GridShape(square: 4), pixelSizeInAngstroms: 1, voltageInKilovolts: kilovolts)
    #expect(abs(plane.wavelengthInAngstroms / wavelength - 1) < 1e-4)
    // Kirkland, Advanced Computing in Electron Microscopy, table 5.1: rad / (V Å).
    #expect(abs(plane.interactionConstant / interaction - 1) < 1e-3)
    #expect(abs(plane.lorentzFactor - (1 + kilovolts / 511)) < 1e-4)
  }

  @Test("grids count from the origin pixel, frequencies from the corner")
  func grids() throws {
    let plane = try ImageConfiguration(
      shape: GridShape(rows: 4, columns: 5), pixelSizeInAngstroms: 2,
      paddedShape: GridShape(rows: 6, columns: 5))
    let pixels = plane.coordinateGrid()
    #expect(pixels.count == 20)
    #expect(pixels[0] == SIMD2(-4, -4))
    #expect(pixels[2 * 5 + 2] == SIMD2(0, 0))
    #expect(pixels.last == SIMD2(2, 4))
    #expect(plane.coordinateGrid(padded: true, physical: false)[0] == SIMD2(-3, -2))
    let half = plane.frequencyGrid(physical: false)
    #expect(half.count == 4 * 3)
    #expect(half.prefix(3).map(\.y) == [0, 0.2, 0.4])
    #expect([0, 3, 6, 9].map { half[$0].x } == [0, 0.25, -0.5, -0.25])
    let full = plane.fullFrequencyGrid()
    #expect(full.prefix(5).map(\.y) == [0, 0.1, 0.2, -0.2, -0.1])
    #expect(plane.frequencyGrid(padded: true, physical: false).count == 6 * 3)
  }

  @Test("what no image can be is refused")
  func refusals() throws {
    let shape = try GridShape(square: 8)
    for size in [0, -1, Double.nan, .infinity] {
      #expect(throws: ExitPlaneError.self) {
        try ImageConfiguration(shape: shape, pixelSizeInAngstroms: size)
      }
      #expect(throws: ExitPlaneError.self) {
        try ImageConfiguration(shape: shape, pixelSizeInAngstroms: 1, voltageInKilovolts: size)
      }
    }
    #expect(throws: ExitPlaneError.self) {
      try ImageConfiguration(
        shape: shape, pixelSizeInAngstroms: 1, paddedShape: GridShape(rows: 8, columns: 7))
    }
    #expect(throws: ExitPlaneError.self) { try GridShape(rows: 0, columns: 4) }
    #expect(throws: ExitPlaneError.self) { try GridShape(square: 40000) }
  }

  @Test("cropping and padding keep the origin", arguments: [(4, 7), (5, 8), (7, 4), (8, 5), (4, 4), (5, 3)])
  func resizing(from: Int, to: Int) throws {
    var image = try RealImage<Float>(
      shape: GridShape(square: from), values: (0..<from * from).map(Float.init))
    image[from / 2, from / 2] = -1
    let resized = image.resized(to: try GridShape(square: to))
    #expect(resized[to / 2, to / 2] == -1)
    let (inside, outside) = (min(from, to), max(from, to))
    #expect(resized.values.count { $0 != 0 } >= inside * inside - 1)
    if to > from { #expect(resized.values.count { $0 == 0 } >= outside * outside - inside * inside) }
  }
}
