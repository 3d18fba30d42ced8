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

  /// `∫ φ(x)² dx`, which is `∫ φ̂²` as well.
  func energy(of window: Window) -> Double {
    nodes.reduce(0) { $0 + $1.weight * Double.exp(2 * window.beta * ($1.cosine - 1)) }
  }

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

/// What a window is chosen for.
struct WindowSetting: Sendable, Hashable {
  /// σ: the grid's samples over those of the band.
  let oversampling: Double
  let dimensions: Int
  /// Samples of the band on its shortest axis: of an even number, one lies on the band's edge, where the
  /// error is greatest, and counts the more the fewer there are.
  let modes: Int
  /// The relative step of the numbers computed with.
  let roundoff: Double
}

/// A window chosen for a setting.
struct WindowChoice: Sendable {
  let window: Window
  let setting: WindowSetting
  /// The relative RMS error that white noise suffers.
  let error: Double
  /// The error that was asked for; the window's own where a width was.
  let aim: Double

  /// The window of a width with the β that errs least.
  ///
  /// The paper puts β at `γ π w (1 − 1/2σ)` with γ a little below 1, where the window's transform has just
  /// decayed at the lowest frequency that is aliased into the band; the best γ depends on width and σ, so
  /// it is searched for.
  ///
  /// - Throws: `.invalidValue` for a width outside 2…16.
  init(width: Int, for setting: WindowSetting) throws {
    guard Window.widths.contains(width) else {
      throw ExitPlaneError.invalid("window width", got: "\(width)", need: "2 to 16 samples")
    }
    self.init(validWidth: width, for: setting, aim: nil)
  }

  private init(validWidth width: Int, for setting: WindowSetting, aim: Double?) {
    let limit = Double.pi * Double(width) * (1 - 1 / (2 * setting.oversampling))
    let probe = WindowProbe(width: width, setting: setting)
    var best = (window: Window(width: width, beta: limit), error: Double.infinity)
    for percent in 86...102 {
      let window = Window(width: width, beta: Double(percent) / 100 * limit)
      let error = probe.error(of: window) { window.value(at: window.offset(ofTap: $1, at: $0)) }
      if error < best.error { best = (window, error) }
    }
    window = best.window
    error = best.error
    self.setting = setting
    self.aim = aim ?? best.error
  }

  /// The narrowest window whose error is within a tolerance; nil where none is.
  ///
  /// The search starts below the paper's estimate, error `≈ exp(−π w √(1 − 1/σ))`, and widens until the
  /// error, measured, is small enough.
  init?(tolerance: Double, for setting: WindowSetting) {
    let estimate = -Double.log(tolerance) / (.pi * (1 - 1 / setting.oversampling).squareRoot())
    let widest = Window.widths.upperBound
    let start = Int(max(Double(Window.widths.lowerBound), min(estimate.rounded(.down) - 1, Double(widest))))
    for width in start...widest {
      self.init(validWidth: width, for: setting, aim: tolerance)
      if error <= tolerance { return }
    }
    return nil
  }
}

extension Window {
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
/// for every position t of the point between samples. `S/φ̂ − 1` is all that the window does wrong on an axis,
/// by aliasing and by the taps' own approximation. White strengths have flat spectra, so the relative RMS
/// error of the result is its RMS over the band. It is taken at the worst t, because a grid's points may all
/// have the same.
///
/// Rounding on the grid adds noise at all frequencies alike, which is divided by `φ̂` with the rest: against
/// a signal of `φ̂` it weighs `√(∫φ̂² · mean 1/φ̂²)` on every axis, a factor of hundreds where a low
/// oversampling and a wide window let `φ̂` fall far within the band.
struct WindowProbe {
  private let width: Int
  private let setting: WindowSetting
  private let rule: WindowQuadrature
  /// Of the band, with weights that sum to 1. The error climbs steeply and in ripples towards the band's edge,
  /// where Gauss-Legendre nodes crowd; equal steps were seen to miss two thirds of it.
  private let frequencies: [(frequency: Double, weight: Double)]
  /// Only t ≥ 0: taps and errors of −t are their mirror images.
  private let positions: [Double]
  /// `exp(2πiν x_j)` by position, frequency and tap.
  private let waves: [SIMD2<Double>]

  init(width: Int, setting: WindowSetting) {
    self.width = width
    self.setting = setting
    rule = WindowQuadrature(width: width)
    let edge = 1 / (2 * setting.oversampling)
    let atEdge = 1 / Double(max(setting.modes, 2))
    let frequencies =
      gaussLegendreRule(24).map { ((1 + $0.node) / 2 * edge, $0.weight / 2 * (1 - atEdge)) } + [
        (edge, atEdge)
      ]
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
    let d = setting.dimensions
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
      worst = max(worst, Double(d) * squares + Double(d * (d - 1)) * mean * mean)
    }
    let amplified = Double.pow(
      rule.energy(of: window)
        * zip(frequencies, transforms).reduce(0) { $0 + $1.0.weight / ($1.1 * $1.1) }, d)
    // Sums of a thousand terms on the grid and the FFT make five steps of it, as measured for wide windows.
    return (worst + 25 * setting.roundoff * setting.roundoff * amplified).squareRoot()
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
