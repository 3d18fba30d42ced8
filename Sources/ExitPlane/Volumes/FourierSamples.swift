import ComplexModule

/// The transform of a cubic map on a grid, and how values between its samples are found: what slices are taken of.
///
/// Every volume in Fourier space holds one. They differ in what they store and in the window that interpolates it.
public struct FourierSamples<Scalar: GridScalar>: Sendable {
  enum Interpolation: Hashable, Sendable {
    /// Trilinear, of the transform's own samples.
    case linear
    /// Of cubic B-spline coefficients, which reach from minus this to this on every axis.
    case cubic(reach: Int)
    /// By a compact window on a periodic grid.
    case window
  }

  let grid: HermitianGrid<Scalar>
  let interpolation: Interpolation
  /// For linear interpolation too, where its own kernel does not know the plane.
  let window: SliceWindow<Scalar>
  /// The sum of the map's voxels: the transform at zero frequency before any gridding correction.
  ///
  /// A slice takes its zero frequency from here. The grid's own sample at zero is that of the corrected map, too
  /// large by the mass the correction adds, and no interpolation ever smooths it: zero frequency lies on a grid
  /// point for every pose.
  let zeroFrequency: Double

  /// Beyond this on some axis a point has neighbours out of bounds; nil where the grid goes on periodically.
  var edge: Double? {
    switch interpolation {
    case .linear: Double(grid.half)
    // A point's taps go as far as two samples beyond it.
    case .cubic(let reach): Double(reach - 1)
    case .window: nil
    }
  }

  /// Samples a plane. Zero frequency is the grid's own sample, and columns 0 and Nyquist are not yet averaged with
  /// their conjugate partners.
  func sample(
    _ plane: SlicePlane, outOfBounds: OutOfBoundsMode<Scalar>, into spectrum: UnsafeMutablePointer<Scalar>
  ) {
    let bandLimit = plane.bandLimit(gridSize: grid.size)
    grid.withDescriptor { grid in
      plane.withDescriptor(Scalar.self) { descriptor, columnFactors, rowFactors in
        if interpolation == .linear, plane.isPlain {
          return Scalar.sliceLinear(
            grid, on: descriptor, columnFactors: columnFactors, rowFactors: rowFactors, into: spectrum)
        }
        window.withDescriptor(bandLimit: bandLimit) {
          Scalar.sliceWindow(
            grid, $0, on: descriptor, columnFactors: columnFactors, rowFactors: rowFactors, into: spectrum)
        }
      }
    }
    // Stored borders are zero: a fill of zero costs nothing.
    if let edge, outOfBounds != .zero { sampleAnew(plane, beyond: edge, outOfBounds, into: spectrum) }
  }

  /// Samples one by one the entries farther out than `edge` on any axis.
  private func sampleAnew(
    _ plane: SlicePlane, beyond edge: Double, _ outOfBounds: OutOfBoundsMode<Scalar>,
    into spectrum: UnsafeMutablePointer<Scalar>
  ) {
    forEachEntry(of: plane, beyond: edge) { row, column, point in
      let factor: (re: Scalar, im: Scalar) = plane.factor(row: row, column: column)
      let sampled = value(at: point, outOfBounds: outOfBounds) * Complex(factor.re, factor.im)
      let index = 2 * (row * plane.columns + column)
      (spectrum[index], spectrum[index + 1]) = (sampled.real, sampled.imaginary)
    }
  }

  /// The entries farther out than `edge` on any axis, with their points.
  ///
  /// What is out of bounds need not be Hermitian, so there the Nyquist column, which kernels sample at the positive
  /// frequency, is sampled at the negative one.
  @inline(__always)
  func forEachEntry(
    of plane: SlicePlane, beyond edge: Double, _ body: (_ row: Int, _ column: Int, SIMD3<Double>) -> Void
  ) {
    let bandLimit = plane.bandLimit(gridSize: grid.size)
    for row in 0..<plane.shape.rows {
      for column in 0..<plane.columns where plane.isSampled(row: row, column: column) {
        let point = plane.point(row: row, column: column)
        let isNyquist = 2 * column == plane.shape.columns
        let distance = max(abs(point.x), abs(point.y), abs(point.z))
        guard isNyquist || distance > edge, distance <= bandLimit else { continue }
        body(row, column, point)
      }
    }
  }

  /// Samples the entry that is at Nyquist on both axes anew.
  ///
  /// Nyquist frequencies are negative, but a half spectrum's columns are sampled as positive ones. Elsewhere the
  /// average with the conjugate partner takes in both signs; this entry is its own partner, and (½, −½) is
  /// another frequency than (−½, −½).
  func sampleCorner(
    of plane: SlicePlane, outOfBounds: OutOfBoundsMode<Scalar>, into half: UnsafeMutablePointer<Scalar>
  ) {
    if let value = corner(of: plane, outOfBounds: outOfBounds) {
      half[2 * plane.shape.cornerIndex] = value.real
    }
  }

  /// What the entry at Nyquist on both axes is; nil where there is none or it is not sampled.
  func corner(of plane: SlicePlane, outOfBounds: OutOfBoundsMode<Scalar>) -> Complex<Scalar>? {
    guard let corner = plane.corner(as: Scalar.self) else { return nil }
    guard isWithinBand(corner.point, plane) else { return .zero }
    let value = value(at: corner.point, outOfBounds: outOfBounds)
    return Complex(value.real * corner.factor, value.imaginary * corner.factor)
  }

  func isWithinBand(_ point: SIMD3<Double>, _ plane: SlicePlane) -> Bool {
    max(abs(point.x), abs(point.y), abs(point.z)) <= plane.bandLimit(gridSize: grid.size)
  }
}
