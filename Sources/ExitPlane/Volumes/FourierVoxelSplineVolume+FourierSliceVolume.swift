import ComplexModule

extension FourierVoxelSplineVolume: FourierSliceVolume {
  public func _sample(
    _ plane: SlicePlane, outOfBounds: OutOfBoundsMode<Scalar>, into spectrum: UnsafeMutablePointer<Scalar>
  ) {
    // Beyond the coefficients the stored border is zero: the fill of zero costs nothing.
    sampleWindow(window, of: grid, on: plane, into: spectrum)
    if outOfBounds != .zero {
      // A point's taps go as far as two samples beyond it.
      resample(plane, gridSize: gridSize, beyond: Double(reach - 1), into: spectrum) {
        _value(at: $0, outOfBounds: outOfBounds)
      }
    }
  }

  /// Cubic interpolation.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  public func _value(
    at point: SIMD3<Double>, outOfBounds: OutOfBoundsMode<Scalar>
  ) -> Complex<Scalar> {
    let lower = point.rounded(.down)
    var weights = [[Double]]()
    for axis in 0..<3 {
      weights.append((-1...2).map { cubicBSpline(point[axis] - (lower[axis] + Double($0))) })
    }
    let first = SIMD3(Int(lower.x), Int(lower.y), Int(lower.z)) &- 1
    var sum = Complex<Scalar>.zero
    for z in 0..<4 {
      for y in 0..<4 {
        for x in 0..<4 {
          let weight = weights[0][x] * weights[1][y] * weights[2][z]
          guard weight != 0 else { continue }
          sum += neighbour(first &+ SIMD3(x, y, z), outOfBounds).multiplied(by: Scalar(weight))
        }
      }
    }
    return sum
  }

  private func neighbour(_ i: SIMD3<Int>, _ mode: OutOfBoundsMode<Scalar>) -> Complex<Scalar> {
    let inside = max(abs(i.x), abs(i.y), abs(i.z)) <= reach
    return inside ? coefficient(i) : mode.neighbour(i, reach: reach, period: gridSize, coefficient)
  }
}

/// Samples a plane with the windowed kernel.
func sampleWindow<Scalar: GridScalar>(
  _ window: SliceWindow<Scalar>, of grid: HermitianGrid<Scalar>, on plane: SlicePlane,
  into spectrum: UnsafeMutablePointer<Scalar>
) {
  let bandLimit = plane.bandLimit(gridSize: grid.size)
  grid.withDescriptor { grid in
    window.withDescriptor(bandLimit: bandLimit) { window in
      plane.withDescriptor(Scalar.self) {
        Scalar._kernels.sliceWindow(grid, window, $0, $1, $2, spectrum)
      }
    }
  }
}

/// Samples anew, one by one, the entries farther out than `edge` on any axis.
///
/// What is out of bounds need not be Hermitian, so there the Nyquist column, which kernels sample at the positive
/// frequency, is sampled at the negative one.
@inline(__always)
func resample<Scalar: GridScalar>(
  _ plane: SlicePlane, gridSize: Int, beyond edge: Double, into spectrum: UnsafeMutablePointer<Scalar>,
  _ value: (SIMD3<Double>) -> Complex<Scalar>
) {
  let bandLimit = plane.bandLimit(gridSize: gridSize)
  for row in 0..<plane.shape.rows {
    for column in 0..<plane.columns where plane.isSampled(row: row, column: column) {
      let point = plane.point(row: row, column: column)
      let isNyquist = 2 * column == plane.shape.columns
      let distance = max(abs(point.x), abs(point.y), abs(point.z))
      guard isNyquist || distance > edge, distance <= bandLimit else { continue }
      let factor: (re: Scalar, im: Scalar) = plane.factor(row: row, column: column)
      let sampled = value(point) * Complex(factor.re, factor.im)
      let index = 2 * (row * plane.columns + column)
      (spectrum[index], spectrum[index + 1]) = (sampled.real, sampled.imaginary)
    }
  }
}

extension OutOfBoundsMode {
  /// The value of a neighbour at a frequency in samples of which some axis is beyond `±reach`.
  @inline(__always)
  func neighbour(
    _ i: SIMD3<Int>, reach: Int, period: Int, _ sample: (SIMD3<Int>) -> Complex<Scalar>
  ) -> Complex<Scalar> {
    func each(_ map: (Int) -> Int) -> SIMD3<Int> { SIMD3(map(i.x), map(i.y), map(i.z)) }
    return switch self {
    case .fill(let value): value
    case .clip: sample(each { min(max($0, -reach), reach) })
    case .wrap:
      sample(
        each { k in
          guard abs(k) > reach else { return k }
          let wrapped = (k % period + period) % period
          return wrapped > period / 2 ? wrapped - period : wrapped
        })
    }
  }
}
