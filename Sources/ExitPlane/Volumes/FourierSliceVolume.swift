import ComplexModule

/// A volume whose transform can be sampled on a plane.
public protocol FourierSliceVolume<Scalar>: Sendable {
  associatedtype Scalar: GridScalar
  /// Samples an axis of the transform.
  var gridSize: Int { get }
  /// Frequencies an axis of the volume's own slices.
  var sliceSize: Int { get }
  var voxelSizeInAngstroms: Double { get }
  /// The transform at zero frequency.
  var zeroFrequency: Double { get }
  /// Whether an `InverseSincMask` fits the volume's interpolation.
  static var takesInverseSincMask: Bool { get }
  /// Samples the transform; see `ep_slice_plane`. For this module alone.
  func _sample(
    _ plane: SlicePlane, outOfBounds: OutOfBoundsMode<Scalar>, into spectrum: UnsafeMutablePointer<Scalar>)
  /// The transform at one frequency in samples of the grid, `(x, y, z)`, below 10⁹ each. For this module alone.
  func _value(at frequency: SIMD3<Double>, outOfBounds: OutOfBoundsMode<Scalar>) -> Complex<Scalar>
}

extension FourierSliceVolume {
  public var sliceSize: Int { gridSize }
  public static var takesInverseSincMask: Bool { false }
}

/// The value of an interpolation neighbour outside the grid.
public enum OutOfBoundsMode<Scalar: GridScalar>: Sendable, Hashable {
  /// A value of its own (SciPy's `grid-constant`).
  case fill(Complex<Scalar>)
  /// The nearest sample on the edge (SciPy's `nearest`).
  case clip
  /// The sample a period away (SciPy's `grid-wrap`).
  case wrap

  public static var zero: OutOfBoundsMode { .fill(.zero) }
}

extension FourierSliceVolume {
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
    let (row, column) = (plane.shape.rows / 2, plane.shape.columns / 2)
    guard plane.shape.rows % 2 == 0, plane.shape.columns % 2 == 0, plane.isSampled(row: row, column: column)
    else { return nil }
    let point = plane.point(row: row, column: column)
    guard max(abs(point.x), abs(point.y), abs(point.z)) <= plane.bandLimit(gridSize: gridSize) else {
      return .zero
    }
    // Both factors are real here: without a shift signs, and with one the entry will be zeroed.
    let factor: (re: Scalar, im: Scalar) = plane.factor(row: row, column: column)
    let value = _value(at: point, outOfBounds: outOfBounds)
    return Complex(value.real * factor.re, value.imaginary * factor.re)
  }
}
