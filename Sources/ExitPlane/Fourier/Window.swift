import RealModule

/// The window through which points off a grid meet the grid: the exponential of a semicircle,
/// `φ(x) = exp(β (√(1 − (2x/w)²) − 1))` for `|x| ≤ w/2` samples, and 0 beyond.
///
/// - Source: Barnett, Magland and af Klinteberg, "A parallel nonuniform fast Fourier transform library based
///   on an exponential of semicircle kernel", SIAM J. Sci. Comput. 41 (2019) C479–C504.
struct Window: Sendable, Hashable {
  /// Samples of the grid that the window covers.
  let width: Int
  let beta: Double

  /// No window is wider: sixteen samples at an oversampling of 2 reach the rounding of double precision.
  static let widths = 2...16

  /// The value at a distance of `x` samples.
  func value(at x: Double) -> Double {
    let z = 2 * x / Double(width)
    let square = 1 - z * z
    return square < 0 ? 0 : Double.exp(beta * (square.squareRoot() - 1))
  }

  /// `∫ φ(x) exp(−2πi ν x) dx`, which is real; ν in cycles a sample.
  func fourierTransform(at frequency: Double) -> Double {
    fourierTransform(at: [frequency], rule: WindowQuadrature(width: width))[0]
  }

  /// The transform at frequencies `0, 1, …, count − 1` of a grid of `length` samples.
  func fourierTransform(frequencies count: Int, ofGridLength length: Int) -> [Double] {
    fourierTransform(
      at: (0..<count).map { Double($0) / Double(length) }, rule: WindowQuadrature(width: width))
  }

  fileprivate func fourierTransform(at frequencies: [Double], rule: WindowQuadrature) -> [Double] {
    let nodes = rule.nodes.map { (x: $0.x, value: $0.weight * Double.exp(beta * ($0.cosine - 1))) }
    return frequencies.map { frequency in
      nodes.reduce(0) { $0 + $1.value * Double.cos(2 * .pi * frequency * $1.x) }
    }
  }
}

/// Nodes for integrals of an even function times a window of some width.
///
/// With `2x/w = sin θ` the window loses the square root at its ends, and Gauss-Legendre quadrature over θ
/// converges as for an entire function. Frequencies are at most ½, so the w half-turns of the cosine set the
/// number of nodes.
private struct WindowQuadrature {
  /// The window there is `exp(β (cosine − 1))`.
  let nodes: [(x: Double, cosine: Double, weight: Double)]

  init(width: Int) {
    // An even number of nodes, half of which stand for their mirror images as well.
    nodes = gaussLegendreRule(2 * width + 24).compactMap { node, weight in
      guard node > 0 else { return nil }
      let (theta, half) = (node * .pi / 2, Double(width) / 2)
      let cosine = Double.cos(theta)
      return (half * Double.sin(theta), cosine, 2 * weight * .pi / 2 * half * cosine)
    }
  }
}

extension Window {
  /// The window of a width with the β that errs least at an oversampling σ.
  ///
  /// The paper puts β at `γ π w (1 − 1/2σ)` with γ a little below 1, where the window's transform has just
  /// decayed at the lowest frequency that is aliased into the band; the best γ depends on width and σ, so
  /// it is searched for.
  static func best(width: Int, oversampling: Double, dimensions: Int) -> (window: Window, error: Double) {
    let limit = Double.pi * Double(width) * (1 - 1 / (2 * oversampling))
    let probe = WindowProbe(width: width, oversampling: oversampling, dimensions: dimensions)
    var best = (window: Window(width: width, beta: limit), error: Double.infinity)
    for percent in 86...102 {
      let window = Window(width: width, beta: Double(percent) / 100 * limit)
      let error = probe.error(of: window) { window.value(at: window.offset(ofTap: $1, at: $0)) }
      if error < best.error { best = (window, error) }
    }
    return best
  }

  /// The narrowest window whose error is within a tolerance.
  ///
  /// The search starts below the paper's estimate, error `≈ exp(−π w √(1 − 1/σ))`, and widens until the
  /// error, measured, is small enough; nil where no width will do.
  static func narrowest(
    tolerance: Double, oversampling: Double, dimensions: Int
  ) -> (window: Window, error: Double)? {
    let estimate = -Double.log(tolerance) / (.pi * (1 - 1 / oversampling).squareRoot())
    let start = Int(max(Double(widths.lowerBound), min(estimate.rounded(.down) - 1, 16)))
    for width in start...widths.upperBound {
      let candidate = best(width: width, oversampling: oversampling, dimensions: dimensions)
      if candidate.error <= tolerance { return candidate }
    }
    return nil
  }

  /// Where tap `j` of `0 ..< width` lies from the point, in samples.
  ///
  /// A point at `x` meets the samples from `⌈x − w/2⌉` on; `t`, in −1…1, is
  /// `2 (⌈x − w/2⌉ − (x − w/2)) − 1`.
  @inline(__always)
  func offset(ofTap j: Int, at t: Double) -> Double {
    Double(j) + (t + 1) / 2 - Double(width) / 2
  }
}

/// What a window does to the frequencies of the band: the measure by which it is chosen.
///
/// Taps `φ_j(t)` stand for `exp(2πiνx)` by the sum `S(t, ν) = Σ_j φ_j(t) exp(2πiν x_j)`, which should be `φ̂(ν)`
/// for every position t of the point between samples. `S/φ̂ − 1` is the whole error of one dimension:
/// aliasing, the taps' own approximation and their rounding. White strengths have flat spectra, so the
/// relative RMS error of the result is its RMS over the band. It is taken at the worst t, because a grid's
/// points may all have the same.
struct WindowProbe {
  private let width: Int
  private let dimensions: Int
  private let rule: WindowQuadrature
  /// Of the band, with quadrature weights that sum to 1. The error climbs steeply and in ripples towards the
  /// band's edge, where Gauss-Legendre nodes crowd; equal steps were seen to miss two thirds of it.
  private let frequencies: [(frequency: Double, weight: Double)]
  /// Only t ≥ 0: taps and errors of −t are their mirror images.
  private let positions: [Double]
  /// `exp(2πiν x_j)` by position, frequency and tap.
  private let waves: [SIMD2<Double>]

  init(width: Int, oversampling: Double, dimensions: Int) {
    self.width = width
    self.dimensions = dimensions
    rule = WindowQuadrature(width: width)
    let edge = 1 / (2 * oversampling)
    let frequencies = gaussLegendreRule(24).map { ((1 + $0.node) / 2 * edge, $0.weight / 2) }
    let positions = (0...12).map { Double($0) / 12 }
    self.frequencies = frequencies
    self.positions = positions
    let window = Window(width: width, beta: 0)
    waves = positions.flatMap { t in
      frequencies.flatMap { frequency, _ in
        (0..<width).map { tap in
          let angle = 2 * .pi * frequency * window.offset(ofTap: tap, at: t)
          return SIMD2(Double.cos(angle), Double.sin(angle))
        }
      }
    }
  }

  /// The relative RMS error in all dimensions together, for taps given at t and index.
  ///
  /// Errors of the axes add as independent ones but for their mean over the band, which they share
  /// where a grid's points have the same t along each axis.
  func error(of window: Window, taps: (_ t: Double, _ tap: Int) -> Double) -> Double {
    let transforms = window.fourierTransform(at: frequencies.map(\.frequency), rule: rule)
    var worst = 0.0
    var wave = 0
    for t in positions {
      let values = (0..<width).map { taps(t, $0) }
      var (squares, mean) = (0.0, 0.0)
      for ((_, weight), transform) in zip(frequencies, transforms) {
        var sum = SIMD2<Double>.zero
        for value in values {
          sum += value * waves[wave]
          wave += 1
        }
        sum /= transform
        sum.x -= 1
        squares += weight * (sum * sum).sum()
        mean += weight * sum.x
      }
      let d = Double(dimensions)
      worst = max(worst, d * squares + d * (d - 1) * mean * mean)
    }
    return worst.squareRoot()
  }
}

/// Nodes and weights of Gauss-Legendre quadrature on −1…1, by Newton's iteration on the polynomial.
func gaussLegendreRule(_ count: Int) -> [(node: Double, weight: Double)] {
  (0..<count).map { i in
    var x = Double.cos(.pi * (Double(i) + 0.75) / (Double(count) + 0.5))
    var slope = 1.0
    // The cosine starts within a quadratic step or two of the root, so five reach rounding.
    for _ in 0..<5 {
      var (previous, current) = (1.0, x)
      for n in 1..<count {
        let next = (Double(2 * n + 1) * x * current - Double(n) * previous) / Double(n + 1)
        (previous, current) = (current, next)
      }
      slope = Double(count) * (x * current - previous) / (x * x - 1)
      x -= current / slope
    }
    return (x, 2 / ((1 - x * x) * slope * slope))
  }
}
