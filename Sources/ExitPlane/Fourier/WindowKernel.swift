import CKernels
import RealModule

/// A window in the form that inner loops want: its taps as polynomials of where the point lies between
/// samples.
///
/// A point at `x`, in samples of the grid, meets the `width` samples from `first = ⌈x − width/2⌉` on. With
/// `t = 2 (first − (x − width/2)) − 1`, in −1 ..< 1, tap `j` is `Σ_d coefficients[d][j] t^(degree − d)`.
struct WindowKernel<Scalar: GridScalar>: Sendable {
  let window: Window
  let setting: WindowSetting
  let degree: Int
  /// `(degree + 1) × paddedWidth`, highest power first as Horner's rule takes them; taps beyond the width are 0.
  let coefficients: [Scalar]
  /// The relative RMS error that white noise suffers.
  let predictedError: Double

  /// Taps of a point on each axis.
  var width: Int { window.width }
  /// The width rounded up to a power of two, at least 4: whole vectors.
  var paddedWidth: Int { Self.paddedWidth(width) }

  static func paddedWidth(_ width: Int) -> Int { width <= 4 ? 4 : width <= 8 ? 8 : 16 }

  /// The accuracy that no tolerance goes below: rounding in the sums and transforms takes the rest.
  static var floor: Double { Scalar.self == Float.self ? 3e-6 : 1e-13 }

  /// The tolerances that can be asked for; those below `floor` are granted to it alone.
  static func validate(tolerance: Double) throws {
    guard tolerance.isFinite, (1e-16...0.5).contains(tolerance) else {
      throw ExitPlaneError.invalid("accuracy", got: "\(tolerance)", need: "1e-16 to 0.5")
    }
  }

  static func validate(oversampling: Double) throws {
    guard oversampling.isFinite, (1.1...4).contains(oversampling) else {
      throw ExitPlaneError.invalid("oversampling", got: "\(oversampling)", need: "1.1 to 4")
    }
  }

  /// What a window is chosen for, given a tolerance: a fifth is left to chance, since the prediction is a mean
  /// over white noise and few frequencies may do worse, and half the floor to rounding.
  static func aim(tolerance: Double) -> Double { max(0.8 * tolerance, floor / 2) }

  /// The narrowest window that keeps a tolerance, nil where the oversampling is too small for it.
  ///
  /// - Parameters:
  ///   - tolerance: the relative RMS error allowed for white noise strengths.
  ///   - oversampling: σ, the grid's samples over those of the band; best the one really used, after
  ///     rounding up to a length that FFTs like.
  ///   - dimensions: how many axes share the tolerance.
  ///   - modes: samples of the band on its shortest axis.
  init?(tolerance: Double, oversampling: Double, dimensions: Int, modes: Int = 64) {
    let setting = Self.setting(oversampling: oversampling, dimensions: dimensions, modes: modes)
    guard let choice = WindowChoice(tolerance: Self.aim(tolerance: tolerance), for: setting) else {
      return nil
    }
    self.init(choice)
  }

  /// The best window of a given width, whatever its error.
  ///
  /// - Throws: `.invalidValue` for a width outside 2…16.
  init(width: Int, oversampling: Double, dimensions: Int, modes: Int = 64) throws {
    self.init(
      try WindowChoice(
        width: width,
        for: Self.setting(oversampling: oversampling, dimensions: dimensions, modes: modes)))
  }

  static func setting(oversampling: Double, dimensions: Int, modes: Int) -> WindowSetting {
    WindowSetting(
      oversampling: oversampling, dimensions: dimensions, modes: modes, roundoff: Double(Scalar.ulpOfOne))
  }

  /// Raises the degree until the taps' own error leaves the total within the aim, or, where the window
  /// alone uses the aim up or rounding does, within a tenth of the least there is.
  init(_ choice: WindowChoice) {
    let window = choice.window
    let probe = WindowProbe(width: window.width, setting: choice.setting)
    let series = (0..<window.width).map { tap in
      chebyshevSeries(count: 32) { window.value(at: window.offset(ofTap: tap, at: $0)) }
    }
    let candidates = (2...20).map { degree in
      let polynomials = series.map { series in
        monomialCoefficients(ofChebyshev: series[0...degree]).map { Double(Scalar($0)) }
      }
      let error = probe.error(of: window) { t, tap in
        polynomials[tap].reversed().reduce(0) { $0 * t + $1 }
      }
      return (degree: degree, polynomials: polynomials, error: error)
    }
    let least = candidates.reduce(Double.infinity) { min($0, $1.error) }
    let limit = max(choice.aim, 1.1 * least)
    // The least error is within the limit, so there is a first.
    let chosen = candidates.first { $0.error <= limit } ?? candidates[candidates.count - 1]

    self.window = window
    setting = choice.setting
    degree = chosen.degree
    predictedError = chosen.error
    var table: [Scalar] = []
    for power in (0...chosen.degree).reversed() {
      for tap in 0..<Self.paddedWidth(window.width) {
        table.append(tap < window.width ? Scalar(chosen.polynomials[tap][power]) : 0)
      }
    }
    coefficients = table
  }

  /// The first sample that a point at `x` meets, and where the point lies before it.
  @inline(__always)
  func locate(_ x: Double) -> (first: Int, t: Scalar) {
    let lower = x - Double(width) / 2
    let first = lower.rounded(.up)
    return (Int(first), Scalar(2 * (first - lower) - 1))
  }

  /// All taps at `t`: the plain form of what kernels compute in vectors.
  func taps(at t: Scalar) -> [Scalar] {
    (0..<width).map { tap in
      var value = coefficients[tap]
      for d in 1...degree { value = value * t + coefficients[d * paddedWidth + tap] }
      return value
    }
  }

  /// Calls a kernel with the window in C's terms.
  func withDescriptor(_ body: (UnsafePointer<ep_spread_window>) -> Void) {
    coefficients.withUnsafeBufferPointer { coefficients in
      var window = ep_spread_window(
        coefficients: UnsafeRawPointer(coefficients.baseAddress), width: Int32(width),
        degree: Int32(degree))
      body(&window)
    }
  }

  /// `∫ φ(x) exp(−2πi ν x) dx`, ν in cycles a sample of the grid.
  func fourierTransform(at frequency: Double) -> Double { window.fourierTransform(at: frequency) }

  /// What undoes the window at the frequencies `0 ..< count` of a grid of `length` samples: `1 / φ̂`.
  func deconvolution(frequencies count: Int, ofGridLength length: Int) -> [Double] {
    window.fourierTransform(frequencies: count, ofGridLength: length).map { 1 / $0 }
  }
}

/// The first `count` coefficients of a function on −1…1 in Chebyshev polynomials, by interpolation at as many
/// Chebyshev nodes.
func chebyshevSeries(count: Int, _ f: (Double) -> Double) -> [Double] {
  let values = (0..<count).map { f(Double.cos(.pi * (Double($0) + 0.5) / Double(count))) }
  return (0..<count).map { n in
    var sum = 0.0
    for (i, value) in values.enumerated() {
      sum += value * Double.cos(.pi * Double(n) * (Double(i) + 0.5) / Double(count))
    }
    return (n == 0 ? 1 : 2) * sum / Double(count)
  }
}

/// The same polynomial in powers of t, lowest first.
func monomialCoefficients(ofChebyshev series: ArraySlice<Double>) -> [Double] {
  // T₀ = 1, T₁ = t, T₍ₙ₊₁₎ = 2t Tₙ − T₍ₙ₋₁₎.
  let count = series.count
  var (previous, current) = ([Double](repeating: 0, count: count), [Double](repeating: 0, count: count))
  var result = previous
  current[0] = 1
  for (n, coefficient) in series.enumerated() {
    for power in 0...n { result[power] += coefficient * current[power] }
    guard n + 1 < count else { break }
    var next = previous.map { -$0 }
    for power in 0...n { next[power + 1] += (n == 0 ? 1 : 2) * current[power] }
    (previous, current) = (current, next)
  }
  return result
}
