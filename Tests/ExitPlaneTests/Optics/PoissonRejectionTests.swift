import Testing

@testable import ExitPlane

/// What the sampler of large means accepts, point by point: moments and samples of a million do not see a squeeze
/// that is 1 % too wide.
@Suite("Poisson rejection")
struct PoissonRejectionTests {
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
      + 1 / (1260 * n * n * n * n * n)
    return stirling - below
  }

  private func probability(_ count: Double, mean: Double) -> Double {
    Double.exp(count * Double.log(mean) - mean - logFactorial(count))
  }

  /// The v up to which a pair (u, v) is accepted, and its count.
  private func accepted(_ u: Double, by rejection: PoissonRejection, steps: Int) -> (
    v: Double, count: Double
  )? {
    guard let count = rejection.count(u, 0) else { return nil }
    var (low, high) = (0.0, 1.0)
    for _ in 0..<steps {
      let middle = (low + high) / 2
      if rejection.count(u, middle) != nil { low = middle } else { high = middle }
    }
    return (low, count)
  }

  @Test("a count is accepted with its probability over the hat's", arguments: means)
  func acceptance(mean: Double) {
    // Hörmann (1993), section 3: the hat, and the part that is accepted without a logarithm.
    let b = 0.931 + 2.53 * mean.squareRoot()
    let a = 0.02483 * b - 0.059
    let scale = 1.1239 + 1.1328 / (b - 3.4)
    let rejection = PoissonRejection(mean: mean)
    #expect(rejection.squeeze == 0.9277 - 3.6224 / (b - 2))
    // At large counts the logarithms compared are differences of numbers of this size.
    let error = 1e-9 + 1e-15 * mean * Double.log(mean)
    var worst = 0.0
    for index in 0..<4001 {
      let u = (Double(index) + 0.5) / 4001 - 0.5
      guard let (v, count) = accepted(u, by: rejection, steps: 44) else { continue }
      let distance = 0.5 - abs(u)
      let want = probability(count, mean: mean) * (a / (distance * distance) + b) / scale
      worst = max(worst, abs(v - min(want, 1)))
    }
    #expect(worst < error)
  }

  @Test("counts have their probabilities", arguments: [10, 10.5, 12.5, 60, 400])
  func distribution(mean: Double) {
    let rejection = PoissonRejection(mean: mean)
    let n = 40_000
    var (mass, total) = ([Int: Double](), 0.0)
    for index in 0..<n {
      let u = (Double(index) + 0.5) / Double(n) - 0.5
      guard let (v, count) = accepted(u, by: rejection, steps: 20) else { continue }
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
}
