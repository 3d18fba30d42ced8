import ExitPlane
import Testing

@testable import ExitPlaneIO

@Suite("Numbers as a person writes them")
struct STARNumberTests {
  @Test("sizes from headers in single precision are what was meant")
  func headers() {
    // An edge of n voxels, stored in single precision and divided again.
    for size in [1.4, 0.83, 1.06, 0.8245, 2.676, 0.5, 1, 10.72, 0.66075, 1.2007, 3.0001, 0.415] {
      for n in [16, 48, 96, 100, 128, 255, 256, 360, 512] {
        let stored = Double(Float(Double(n) * size)) / Double(n)
        #expect(plainNumber(stored) == "\(size)")
        #expect(plainNumber(-stored) == "\(-size)")
        #expect(plainNumber(Double(Float(size))) == "\(size)")
      }
    }
  }

  @Test("what is no such number is written so that it reads back as it is")
  func others() {
    for value in [
      1.23456789012, 1 / 3.0, 1e300, .leastNonzeroMagnitude, 1e-13, 123_456_789.125, .pi, 1e15, 6.02e23,
    ] {
      #expect(Double(plainNumber(value)) == value)
    }
    #expect(plainNumber(0) == "0.0" && plainNumber(300) == "300.0" && plainNumber(120_000) == "120000.0")
    #expect(plainNumber(Double(Float(1.2345678))) == "1.2345678")
    #expect(plainNumber(1.3999999999999997) == "1.4")
  }

  @Test("STAR files have them")
  func written() throws {
    let stack = try ParticleStack(
      path: "a.mrcs", imageSize: 8, pixelSizeInAngstroms: Double(Float(134.4)) / 96,
      sphericalAberrationInMillimetres: Double(Float(2.7)), amplitudeContrast: 0.1)
    let table = try stack.opticsTable()
    #expect(table["rlnImagePixelSize"]?[0] == "1.4" && table["rlnSphericalAberration"]?[0] == "2.7")
  }
}
