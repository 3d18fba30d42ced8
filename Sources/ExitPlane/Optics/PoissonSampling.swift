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
  let b = 0.931 + 2.53 * mean.squareRoot()
  let a = -0.059 + 0.02483 * b
  let inverseAlpha = 1.1239 + 1.1328 / (b - 3.4)
  let vr = 0.9277 - 3.6224 / (b - 2)
  while true {
    let u = random.unit() - 0.5
    let v = random.unit()
    let us = 0.5 - abs(u)
    let count = ((2 * a / us + b) * u + mean + 0.43).rounded(.down)
    if us >= 0.07, v <= vr { return count }
    if count < 0 || (us < 0.013 && v > us) { continue }
    let left = Double.log(v) + Double.log(inverseAlpha) - Double.log(a / (us * us) + b)
    if left <= -mean + count * Double.log(mean) - Double.logGamma(count + 1) { return count }
  }
}
