import CKernels

/// A compact window in the form the slice kernel wants; see `ep_window`.
struct SliceWindow<Scalar: GridScalar>: Sendable {
  let width: Int
  let degree: Int
  /// Coordinates are taken modulo this, where the grid is periodic.
  private let period: Double
  /// Beyond this on either side of 0 every point has the same value, that of the grid's border.
  private let reach: Double
  /// (degree + 1) × (width rounded up to 4).
  private let coefficients: AlignedBuffer<Scalar>
  /// Of the taps' derivatives with respect to the point's coordinate, one degree less.
  private let slopeCoefficients: AlignedBuffer<Scalar>

  /// - Parameters:
  ///   - polynomials: of each tap, of degree 1 at the least, highest power first, in `t = 2 (first tap − (p − width/2)) − 1`.
  ///   - period: in samples, or nil for a grid that ends.
  ///   - reach: the last coordinate whose taps lie in the grid with its border.
  init(polynomials: [[Scalar]], period: Double? = nil, reach: Double = .infinity) throws {
    width = polynomials.count
    degree = polynomials[0].count - 1
    self.period = period ?? 0
    self.reach = reach
    let stride = (width + 3) / 4 * 4
    coefficients = try AlignedBuffer(count: (degree + 1) * stride, of: "a window")
    slopeCoefficients = try AlignedBuffer(count: degree * stride, of: "a window")
    for (tap, polynomial) in polynomials.enumerated() {
      for (index, value) in polynomial.enumerated() {
        coefficients.pointer[index * stride + tap] = value
        // The variable falls by 2 where the coordinate rises by 1.
        guard index < degree else { continue }
        slopeCoefficients.pointer[index * stride + tap] = -2 * Scalar(degree - index) * value
      }
    }
  }

  /// Linear interpolation, on a grid whose border is one sample wide.
  ///
  /// At `half + 1` itself the kernel would read a cell further out, of which it needs nothing.
  static func linear(half: Int) throws -> SliceWindow {
    try SliceWindow(polynomials: [[0.5, 0.5], [-0.5, 0.5]], reach: Double(half + 1).nextDown)
  }

  /// The cubic B-spline `B(d) = 4 − 6d² + 3|d|³`, `(2 − |d|)³` beyond |d| = 1, of coefficients that end at
  /// `half + 1`, on a grid whose border is four samples wide.
  static func cubicSpline(half: Int) throws -> SliceWindow {
    // With |d| = (3 + t)/2, (1 + t)/2 and their mirror images.
    try SliceWindow(
      polynomials: [
        [0.125, 0.375, 0.375, 0.125], [-0.375, -0.375, 1.875, 2.875],
        [0.375, -0.375, -1.875, 2.875], [-0.125, 0.375, -0.375, 0.125],
      ],
      reach: Double(half + 3).nextDown)
  }

  /// The weights of a point's taps.
  func taps(at t: Scalar) -> [Scalar] { evaluate(coefficients, degree: degree, at: t) }

  /// How the weights of a point's taps change with its coordinate.
  func slopes(at t: Scalar) -> [Scalar] { evaluate(slopeCoefficients, degree: degree - 1, at: t) }

  private func evaluate(_ coefficients: AlignedBuffer<Scalar>, degree: Int, at t: Scalar) -> [Scalar] {
    let stride = (width + 3) / 4 * 4
    return (0..<width).map { tap in
      (0...degree).reduce(0) { $0 * t + coefficients.pointer[$1 * stride + tap] }
    }
  }

  /// Calls a kernel with the window in C's terms.
  ///
  /// - Parameter bandLimit: points beyond this on any axis are zero.
  func withDescriptor(bandLimit: Double, _ body: (UnsafePointer<ep_window>) -> Void) {
    withUnsafePointer(to: descriptor(coefficients, degree: degree, bandLimit: bandLimit)) { body($0) }
  }

  /// Calls a kernel with the window and that of its slopes.
  func withDescriptors(
    bandLimit: Double, _ body: (UnsafePointer<ep_window>, _ slopes: UnsafePointer<ep_window>) -> Void
  ) {
    let slopes = descriptor(slopeCoefficients, degree: degree - 1, bandLimit: bandLimit)
    withUnsafePointer(to: slopes) { slopes in
      withDescriptor(bandLimit: bandLimit) { body($0, slopes) }
    }
  }

  private func descriptor(
    _ coefficients: AlignedBuffer<Scalar>, degree: Int, bandLimit: Double
  ) -> ep_window {
    ep_window(
      width: Int32(width), degree: Int32(degree), coefficients: UnsafeRawPointer(coefficients.pointer),
      period: period, bandLimit: bandLimit, reach: reach)
  }
}
