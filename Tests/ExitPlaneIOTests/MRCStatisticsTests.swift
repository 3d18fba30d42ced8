import Testing

@testable import ExitPlaneIO

@Suite("Statistics of samples")
struct MRCStatisticsTests {
  /// Two passes in double precision, one sample after another.
  private func direct(_ samples: [Float]) -> (mean: Double, deviation: Double) {
    let mean = samples.reduce(0.0) { $0 + Double($1) } / Double(samples.count)
    let squares = samples.reduce(0.0) { $0 + (Double($1) - mean) * (Double($1) - mean) }
    return (mean, (squares / Double(samples.count)).squareRoot())
  }

  private func gathered(_ samples: [Float]) -> MRCStatistics {
    samples.withUnsafeBufferPointer { MRCStatistics($0) }
  }

  private func expectAgreement(
    _ samples: [Float], within tolerance: Double = 1e-6, sourceLocation: SourceLocation = #_sourceLocation
  ) {
    let statistics = gathered(samples)
    let reference = direct(samples)
    #expect(statistics.count == samples.count, sourceLocation: sourceLocation)
    #expect(statistics.minimum == samples.min(), sourceLocation: sourceLocation)
    #expect(statistics.maximum == samples.max(), sourceLocation: sourceLocation)
    #expect(
      abs(statistics.mean - reference.mean) <= tolerance
        * max(reference.deviation, abs(reference.mean) * 1e-9),
      sourceLocation: sourceLocation)
    #expect(
      abs(statistics.standardDeviation - reference.deviation) <= tolerance * reference.deviation,
      sourceLocation: sourceLocation)
  }

  private func noise(_ count: Int, scale: Float = 1, offset: Float = 0) -> [Float] {
    var generator = SplitMix(state: 7)
    return (0..<count).map { _ in Float.random(in: -1...1, using: &generator) * scale + offset }
  }

  @Test(
    "any number of samples agrees with a direct sum",
    arguments: [1, 2, 7, 8, 9, 15, 2047, 2048, 2049, 50_000])
  func counts(count: Int) {
    expectAgreement(noise(count))
  }

  @Test("the extremes are found wherever they lie")
  func extremes() {
    for position in 0..<35 {
      var samples = [Float](repeating: 0, count: 35)
      samples[position] = -3
      #expect(gathered(samples).minimum == -3)
      samples[position] = 3
      #expect(gathered(samples).maximum == 3)
    }
  }

  @Test("a large offset, an outlier in front and constant samples lose no digits of the spread")
  func cancellation() {
    expectAgreement(noise(10_000, scale: 1, offset: 1e6), within: 1e-5)
    expectAgreement([1e6] + noise(9_999))
    let constant = gathered([Float](repeating: 0.1, count: 5000))
    #expect(constant.standardDeviation == 0)
    #expect(constant.mean == Double(Float(0.1)))
  }

  @Test(
    "magnitudes whose squares leave single precision",
    arguments: [1e-38, 1e-30, 1e-20, 1e18, 1e30, 3e38] as [Float])
  func magnitudes(scale: Float) {
    expectAgreement(noise(3000, scale: scale))
  }

  @Test("parts joined are the whole")
  func joining() {
    let samples = noise(10_000, offset: 100)
    var total = MRCStatistics()
    for start in stride(from: 0, to: samples.count, by: 777) {
      total.join(gathered(Array(samples[start..<min(start + 777, samples.count)])))
    }
    let reference = direct(samples)
    #expect(total.count == samples.count)
    #expect(abs(total.mean - reference.mean) < 1e-6)
    #expect(abs(total.standardDeviation - reference.deviation) < 1e-6)
  }

  @Test(
    "one sample that is not finite shows, wherever it lies", arguments: [Float.nan, .infinity, -.infinity])
  func notFinite(value: Float) {
    for position in [0, 1, 8, 2047, 2048, 2999, 3000] {
      var samples = noise(3001)
      samples[position] = value
      #expect(!gathered(samples).isFinite)
    }
    #expect(gathered(noise(3001)).isFinite)
  }
}

/// SplitMix64, so that every run draws the same numbers.
struct SplitMix: RandomNumberGenerator {
  var state: UInt64
  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var z = state
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    return z ^ (z >> 31)
  }
}
