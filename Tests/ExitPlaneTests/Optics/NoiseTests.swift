import Oracles
import RealModule
import Testing

@testable import ExitPlane

@Suite("Noise")
struct NoiseTests {
  @Test("Philox gives the numbers published with it")
  func knownAnswers() {
    // Random123's kat_vectors, philox4x32, 10 rounds.
    let cases: [(SIMD4<UInt32>, SIMD2<UInt32>, SIMD4<UInt32>)] = [
      (SIMD4(0, 0, 0, 0), SIMD2(0, 0), SIMD4(0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8)),
      (
        SIMD4(repeating: 0xffff_ffff), SIMD2(repeating: 0xffff_ffff),
        SIMD4(0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd)
      ),
      (
        SIMD4(0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344), SIMD2(0xa409_3822, 0x299f_31d0),
        SIMD4(0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1)
      ),
    ]
    for (counter, key, want) in cases { #expect(Philox.block(counter: counter, key: key) == want) }
  }

  private func normals<Scalar: GridScalar>(
    _ count: Int, seed: UInt64 = 1, particle: UInt64, deviation: Scalar = 1
  ) -> [Scalar] {
    var values = [Scalar](repeating: 0, count: count)
    PixelNoise(seed: seed).addNormals(
      to: &values, count: count, standardDeviation: deviation, particle: particle)
    return values
  }

  @Test("normal numbers are Box and Muller's of Philox's words, at their documented places")
  func boxMuller() {
    let (seed, particle) = (0x0123_4567_89ab_cdef as UInt64, 0xfedc_ba98_7654_3210 as UInt64)
    let got: [Double] = normals(200, seed: seed, particle: particle)
    let single: [Float] = normals(200, seed: seed, particle: particle)
    for pixel in 0..<200 {
      let (group, within) = pixel.quotientAndRemainder(dividingBy: 64)
      let (number, lane) = within.quotientAndRemainder(dividingBy: 16)
      let words = Philox.block(
        counter: SIMD4(UInt32(16 * group + lane), 0, 0x7654_3210, 0xfedc_ba98),
        key: SIMD2(0x89ab_cdef, 0x0123_4567))
      let (a, b) = (Double(words[number / 2 * 2]), Double(words[number / 2 * 2 + 1]))
      let radius = (-2 * Double.log((a + 0.5) / 0x1p32)).squareRoot()
      let angle = 2 * Double.pi * b / 0x1p32
      let want = radius * (number % 2 == 0 ? Double.cos(angle) : Double.sin(angle))
      #expect(abs(got[pixel] - want) < 1e-12)
      #expect(abs(Double(single[pixel]) - want) < 2e-6)
    }
  }

  @Test("a pixel's number does not depend on how many there are")
  func prefix() {
    let long: [Float] = normals(1000, particle: 7)
    for count in [1, 15, 63, 64, 65, 129] {
      let short: [Float] = normals(count, particle: 7)
      #expect(short[...] == long.prefix(count))
    }
    #expect(normals(64, particle: 8) as [Float] != normals(64, particle: 7))
    #expect(normals(64, seed: 2, particle: 7) as [Float] != normals(64, particle: 7))
  }

  @Test("moments are the normal distribution's")
  func moments() {
    let n = 1 << 20
    let values: [Float] = normals(n, particle: 3, deviation: 2.5)
    let x = values.map { Double($0) / 2.5 }
    func mean(_ f: (Double) -> Double) -> Double { x.reduce(0) { $0 + f($1) } / Double(n) }
    // Five standard errors of each mean.
    let error = 5 / Double(n).squareRoot()
    #expect(abs(mean { $0 }) < error)
    #expect(abs(mean { $0 * $0 } - 1) < error * 2.0.squareRoot())
    #expect(abs(mean { $0 * $0 * $0 }) < error * 15.0.squareRoot())
    #expect(abs(mean { $0 * $0 * $0 * $0 } - 3) < error * 96.0.squareRoot())
    // And the tails: beyond two and three standard deviations.
    #expect(abs(mean { abs($0) > 2 ? 1 : 0 } - 0.0455003) < error * 0.2084)
    #expect(abs(mean { abs($0) > 3 ? 1 : 0 } - 0.0026998) < error * 0.0519)
  }

  @Test("neighbouring pixels, particles and seeds are independent")
  func independence() {
    let n = 1 << 18
    let a: [Float] = normals(n, particle: 0)
    let others: [[Float]] = [normals(n, particle: 1), normals(n, seed: 2, particle: 0)]
    let error = 5 / Double(n).squareRoot()
    func correlation(_ b: some Collection<Float>) -> Double {
      zip(a, b).reduce(0) { $0 + Double($1.0) * Double($1.1) } / Double(n)
    }
    for lag in [1, 2, 16, 32, 64, 256] { #expect(abs(correlation(a.dropFirst(lag))) < error, "lag \(lag)") }
    for other in others { #expect(abs(correlation(other)) < error) }
    // Squares too: the pairs of Box and Muller share a radius.
    let squares = zip(a, a.dropFirst(16)).reduce(0) {
      $0 + (Double($1.0) * Double($1.0) - 1) * (Double($1.1) * Double($1.1) - 1)
    }
    #expect(abs(squares / Double(n)) < 2 * error)
  }

  @Test("counts are Poisson's", arguments: [0.02, 0.7, 4, 9.99, 10, 12.5, 60, 1500])
  func poisson(mean: Double) {
    let n = 200_000
    var pixels = [Double](repeating: mean, count: n)
    PixelNoise(seed: 5).drawCounts(&pixels, count: n, particle: 2)
    #expect(pixels.allSatisfy { $0 >= 0 && $0 == $0.rounded() })
    // χ² over the counts that are expected twenty times at least, the rest together.
    var observed: [Int: Int] = [:]
    for value in pixels { observed[Int(value), default: 0] += 1 }
    let reach = Int(mean + 8 * mean.squareRoot()) + 10
    var (chiSquare, cells, expectedRest, observedRest) = (0.0, 0, Double(n), n)
    for count in 0...reach {
      let expected = Double(n) * poissonProbability(count, mean: mean)
      guard expected >= 20 else { continue }
      let difference = Double(observed[count] ?? 0) - expected
      chiSquare += difference * difference / expected
      cells += 1
      expectedRest -= expected
      observedRest -= observed[count] ?? 0
    }
    // The statistic is `cells` wide about itself; five of its standard deviations √(2 cells).
    #expect(chiSquare < Double(cells) + 5 * (2 * Double(cells)).squareRoot() + 5)
    #expect(abs(Double(observedRest) - expectedRest) < 5 * max(expectedRest, 4).squareRoot())
  }

  @Test("counts of nothing are 0, and of a great many near their mean")
  func poissonEdges() {
    var pixels: [Double] = [0, -3, .nan, 4e10]
    PixelNoise(seed: 5).drawCounts(&pixels, count: 4, particle: 2)
    #expect(pixels[..<3] == [0, 0, 0])
    #expect(abs(pixels[3] - 4e10) < 6 * 2e5 && pixels[3] != 4e10)
  }

  @Test("a signal-to-noise ratio divides the variance, and wrong numbers are refused")
  func variance() throws {
    #expect(try ImageNoise.variance(signalVariance: 4, signalToNoiseRatio: 0.1) == 40)
    #expect(throws: ExitPlaneError.self) {
      try ImageNoise.variance(signalVariance: 4, signalToNoiseRatio: 0)
    }
    #expect(throws: ExitPlaneError.self) {
      try ImageNoise.variance(signalVariance: .nan, signalToNoiseRatio: 1)
    }
  }
}
