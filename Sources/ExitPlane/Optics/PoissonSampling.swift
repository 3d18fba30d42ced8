import RealModule

/// A number drawn from Poisson's distribution; 0 for a mean that is not above 0.
///
/// Small means by inversion; others by W. Hörmann, "The transformed rejection method for generating Poisson random
/// variables", Insurance: Mathematics and Economics 12 (1993) 39–45, algorithm PTRS. From 10⁹ on, where that
/// compares differences of large logarithms, by the normal distribution, whose skewness is 3e-5 off.
@inline(__always)
func poisson(mean: Double, _ random: inout RandomSequence) -> Double {
  guard mean > 0 else { return 0 }
  guard mean < 1e9 else { return (mean + mean.squareRoot() * random.normalPair().x).rounded() }
  return mean < 10 ? invertedPoisson(mean, random.unit()) : rejectedPoisson(mean, &random)
}

private func invertedPoisson(_ mean: Double, _ uniform: Double) -> Double {
  var probability = Double.exp(-mean)
  var cumulated = probability
  var count = 0.0
  // By 200 the rest is below 1e-100 for means below 10; the sum may stop just under 1 by rounding.
  while uniform >= cumulated, count < 200 {
    count += 1
    probability *= mean / count
    cumulated += probability
  }
  return count
}

private func rejectedPoisson(_ mean: Double, _ random: inout RandomSequence) -> Double {
  let rejection = PoissonRejection(mean: mean)
  while true {
    let u = random.unit() - 0.5
    if let count = rejection.count(u, random.unit()) { return count }
  }
}

/// Algorithm PTRS for a mean of 10 or more.
struct PoissonRejection {
  let mean: Double
  private let a, b, inverseAlpha: Double
  /// Of every count within reach this part at least is accepted, which spares most of the logarithms.
  let squeeze: Double

  init(mean: Double) {
    self.mean = mean
    b = 0.931 + 2.53 * mean.squareRoot()
    a = -0.059 + 0.02483 * b
    inverseAlpha = 1.1239 + 1.1328 / (b - 3.4)
    squeeze = 0.9277 - 3.6224 / (b - 2)
  }

  /// The count of two uniform numbers, u in −½..<½ and v in 0..<1, or nil where they are rejected.
  @inline(__always)
  func count(_ u: Double, _ v: Double) -> Double? {
    let us = 0.5 - abs(u)
    let count = ((2 * a / us + b) * u + mean + 0.43).rounded(.down)
    if us >= 0.07, v <= squeeze { return count }
    if count < 0 || (us < 0.013 && v > us) { return nil }
    let left = Double.log(v) + Double.log(inverseAlpha) - Double.log(a / (us * us) + b)
    return left <= -mean + count * Double.log(mean) - Double.logGamma(count + 1) ? count : nil
  }
}
