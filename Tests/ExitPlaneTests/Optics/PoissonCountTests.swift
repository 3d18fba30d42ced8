import CKernels
import RealModule
import Testing

@testable import ExitPlane

/// What the samplers of counts do with their uniform numbers, point by point: moments and samples of a million do not
/// see a squeeze that is 1 % too wide.
@Suite("Poisson counts")
struct PoissonCountTests {
  private static let means = [10, 10.5, 12.5, 20, 37.3, 60, 400, 1e4, 1e6, 1e8]

  /// ln(count!), by recurrence up to Stirling's series.
  private func logFactorial(_ count: Double) -> Double {
    var (n, below) = (count, 0.0)
    while n < 30 {
      n += 1
      below += Double.log(n)
    }
    let stirling =
      n * Double.log(n) - n + 0.5 * Double.log(2 * .pi * n) + 1 / (12 * n) - 1 / (360 * n * n * n)
      + 1 / (1260 * n * n * n * n * n) - 1 / (1680 * n * n * n * n * n * n * n)
    return stirling - below
  }

  private func probability(_ count: Double, mean: Double) -> Double {
    Double.exp(count * Double.log(mean) - mean - logFactorial(count))
  }

  /// The counts of pairs of uniform numbers, −1 where they are rejected.
  private func attempts(_ us: [Double], _ vs: [Double], mean: Double) -> [Double] {
    var results = [Double](repeating: 0, count: us.count)
    ep_poisson_attempt_d(
      Int64(us.count), [Double](repeating: mean, count: us.count), us, vs, &results)
    return results
  }

  /// For evenly spaced u, the v up to which a pair (u, v) is accepted, and its count, −1 where none is.
  private func accepted(_ n: Int, mean: Double, steps: Int) -> (us: [Double], vs: [Double], counts: [Double])
  {
    let us = (0..<n).map { (Double($0) + 0.5) / Double(n) }
    let counts = attempts(us, [Double](repeating: 1e-300, count: n), mean: mean)
    var (low, high) = ([Double](repeating: 0, count: n), [Double](repeating: 1, count: n))
    for _ in 0..<steps {
      let middle = zip(low, high).map { ($0 + $1) / 2 }
      for (i, result) in attempts(us, middle, mean: mean).enumerated() {
        if result >= 0 { low[i] = middle[i] } else { high[i] = middle[i] }
      }
    }
    return (us, low, counts)
  }

  @Test("a count is accepted with its probability over the hat's", arguments: means)
  func acceptance(mean: Double) {
    // Hörmann (1993), section 3: the hat. Its width is of the mean's root in single precision.
    let b = 0.931 + 2.53 * Double(Float(mean).squareRoot())
    let a = 0.02483 * b - 0.059
    let scale = 1.1239 + 1.1328 / (b - 3.4)
    // At large counts n ln(n/mean) and n − mean, which are nearly the same, are of this size.
    let error = 1e-9 + 1e-14 * mean.squareRoot()
    let (us, vs, counts) = accepted(2001, mean: mean, steps: 44)
    var worst = 0.0
    for i in us.indices where counts[i] >= 0 {
      let u = us[i] - 0.5
      let distance = 0.5 - abs(u)
      #expect(counts[i] == ((2 * a / distance + b) * u + mean + 0.43).rounded(.down))
      // The oracle's own logarithms are differences of numbers of this size.
      let own = 1e-15 * mean * Double.log(mean)
      let want = probability(counts[i], mean: mean) * (a / (distance * distance) + b) / scale
      worst = max(worst, abs(vs[i] - min(want, 1)) - own)
    }
    #expect(worst < error)
  }

  @Test("counts have their probabilities", arguments: [10, 10.5, 12.5, 60, 400])
  func distribution(mean: Double) {
    let (_, vs, counts) = accepted(40_000, mean: mean, steps: 20)
    var (mass, total) = ([Int: Double](), 0.0)
    for (v, count) in zip(vs, counts) where count >= 0 {
      mass[Int(count), default: 0] += v
      total += v
    }
    // The edges of a count's interval of u lie within a step: 1/n of the area each. The hat of the smallest means is
    // touched, by half a per cent at the most.
    for count in 0...Int(mean + 12 * mean.squareRoot()) {
      let got = (mass[count] ?? 0) / total
      #expect(abs(got - probability(Double(count), mean: mean)) < 3e-4, "\(count) of \(mean)")
    }
  }

  @Test(
    "small means count the terms of the sum that a uniform number exceeds",
    arguments: [1e-9, 0.02, 0.7, 3, 9.999])
  func inversion(mean: Double) {
    func counts(_ us: [Double]) -> [Double] {
      var results = [Double](repeating: 0, count: us.count)
      ep_poisson_invert_d(Int64(us.count), [Double](repeating: mean, count: us.count), us, &results)
      return results
    }
    // Just below and just above every sum of probabilities: by what the logarithms' rounding leaves of them.
    var sum = 0.0
    for count in 0..<40 {
      sum += probability(Double(count), mean: mean)
      guard 1 - sum > 1e-12 else { break }
      #expect(counts([sum - 1e-13, sum + 1e-13]) == [Double(count), Double(count) + 1])
    }
    #expect(counts([0]) == [0])
    // The last term there is, where rounding has the sum of all stop just under 1.
    #expect(counts([1 - 0x1p-52])[0] <= 63)
  }

  private func draw<Scalar: GridScalar>(_ means: [Scalar], seed: UInt64 = 9, particle: UInt64 = 4) -> [Scalar]
  {
    var pixels = means
    PixelNoise(seed: seed).drawCounts(&pixels, count: pixels.count, particle: particle)
    return pixels
  }

  /// Small and large means, none, and nonsense, in turn.
  private func mixed<Scalar: GridScalar>(_ count: Int, of _: Scalar.Type) -> [Scalar] {
    let means: [Scalar] = [0.3, 25, 9.5, 0, 400, -2, 12, 1e6, 7, .nan, 90, 3, 11]
    return (0..<count).map { means[$0 % means.count] }
  }

  @Test("a count depends on seed, particle, pixel and mean alone")
  func independence() {
    let means = mixed(1300, of: Float.self)
    let whole = draw(means)
    for count in [1, 15, 16, 17, 511, 512, 513, 1024, 1299] {
      #expect(draw(Array(means.prefix(count))) == Array(whole.prefix(count)))
    }
    // Others elsewhere change nothing here.
    var others = means
    for index in others.indices where index % 3 != 0 { others[index] = 33 }
    let drawn = draw(others)
    for index in stride(from: 0, to: 1300, by: 3) { #expect(drawn[index] == whole[index]) }
    #expect(draw(means, particle: 5) != whole && draw(means, seed: 10) != whole)
    // Both precisions draw the same numbers.
    #expect(draw(mixed(1300, of: Double.self)).map { Float($0) } == whole)
  }

  @Test("counts are those of their documented words")
  func words() {
    // Of a first attempt that is accepted: block i of the stream, and the uniform numbers it makes.
    let (seed, particle) = (0x0123_4567_89ab_cdef as UInt64, 0xfedc_ba98_7654_3210 as UInt64)
    for mean in [5.0, 50] {
      let got = draw([Double](repeating: mean, count: 600), seed: seed, particle: particle)
      var agreeing = 0
      for pixel in 0..<600 {
        let words = Philox.block(
          counter: SIMD4(UInt32(pixel), RandomStream.counts.rawValue, 0x7654_3210, 0xfedc_ba98),
          key: SIMD2(0x89ab_cdef, 0x0123_4567))
        func uniform(_ high: UInt32, _ low: UInt32) -> Double {
          Double((UInt64(high) << 32 | UInt64(low)) >> 12) * 0x1p-52
        }
        let (u, v) = (uniform(words[0], words[1]), uniform(words[2], words[3]))
        if mean < 10 {
          var result = [0.0]
          ep_poisson_invert_d(1, [mean], [u], &result)
          #expect(result[0] == got[pixel])
        } else if let count = attempts([u], [v], mean: mean).first, count >= 0 {
          #expect(count == got[pixel])
          agreeing += 1
        }
      }
      #expect(mean < 10 || (450..<560).contains(agreeing))
    }
  }

  @Test("means beyond all counts are their own")
  func extremes() {
    #expect(draw([Double.infinity, 1e308, 0x1p60]).allSatisfy { $0 > 1e18 })
    #expect(draw([Float.infinity, .greatestFiniteMagnitude]).allSatisfy { $0 > 1e38 })
  }

  @Test("the same bits at every level")
  func levels() {
    let means = mixed(5000, of: Float.self)
    let results = InstructionSet.available.map { level in level.use { draw(means) } }
    for result in results { #expect(result == results[0]) }
  }
}
