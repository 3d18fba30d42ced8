import ComplexModule

extension FourierVoxelGridVolume: FourierSliceVolume {
  public func _sample(
    _ plane: SlicePlane, outOfBounds: OutOfBoundsMode<Scalar>, into half: UnsafeMutablePointer<Scalar>
  ) {
    // The stored border of zeros is the fill of zero, which so costs nothing.
    grid.withDescriptor { grid in
      plane.withDescriptor(Scalar.self) { Scalar._kernels.sliceLinear(grid, $0, $1, $2, half) }
    }
    if outOfBounds != .zero {
      resampleOutOfBounds(plane, outOfBounds: outOfBounds, into: half)
    }
  }

  /// Samples anew, one by one, the entries with a neighbour outside the grid: at most those beyond the
  /// sphere that fits into it.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  func resampleOutOfBounds(
    _ plane: SlicePlane, outOfBounds: OutOfBoundsMode<Scalar>, into half: UnsafeMutablePointer<Scalar>
  ) {
    let edge = Double(grid.half)
    let columns = plane.shape.spectrumColumns
    for row in 0..<plane.shape.rows {
      for column in 0..<columns {
        let point = plane.point(row: row, column: column)
        guard max(abs(point.x), abs(point.y), abs(point.z)) > edge else { continue }
        let value =
          interpolate(at: point, outOfBounds: outOfBounds)
          * Complex(plane.factor(row: row, column: column) as (Scalar, Scalar))
        let index = 2 * (row * columns + column)
        (half[index], half[index + 1]) = (value.real, value.imaginary)
      }
    }
  }

  /// Trilinear interpolation at a frequency in samples of the grid, `(x, y, z)`.
  func interpolate(
    at point: SIMD3<Double>, outOfBounds: OutOfBoundsMode<Scalar>
  ) -> Complex<Scalar> {
    let lower = point.rounded(.down)
    let fraction = point - lower
    var sum = Complex<Scalar>.zero
    for corner in 0..<8 {
      var weight = 1.0
      var index = SIMD3<Int>.zero
      for axis in 0..<3 {
        let upper = corner >> axis & 1
        weight *= upper == 1 ? fraction[axis] : 1 - fraction[axis]
        index[axis] = Int(lower[axis]) + upper
      }
      if weight != 0 { sum += neighbour(index, outOfBounds) * Complex(Scalar(weight)) }
    }
    return sum
  }

  private func neighbour(_ i: SIMD3<Int>, _ mode: OutOfBoundsMode<Scalar>) -> Complex<Scalar> {
    let half = grid.half
    guard max(abs(i.x), abs(i.y), abs(i.z)) > half else { return self[i.z, i.y, i.x] }
    func each(_ map: (Int) -> Int) -> Complex<Scalar> { self[map(i.z), map(i.y), map(i.x)] }
    return switch mode {
    case .fill(let value): value
    case .clip: each { min(max($0, -half), half) }
    case .wrap:
      each { k in
        let wrapped = (k % gridSize + gridSize) % gridSize
        return wrapped > half ? wrapped - gridSize : wrapped
      }
    }
  }
}

extension Complex where RealType: GridScalar {
  fileprivate init(_ parts: (RealType, RealType)) { self.init(parts.0, parts.1) }
}
