import ComplexModule

extension FourierVoxelGridVolume: FourierSliceVolume {
  public static var takesInverseSincMask: Bool { true }

  public func _sample(
    _ plane: SlicePlane, outOfBounds: OutOfBoundsMode<Scalar>, into spectrum: UnsafeMutablePointer<Scalar>
  ) {
    // The stored border of zeros is the fill of zero, which so costs nothing.
    if plane.isPlain {
      grid.withDescriptor { grid in
        plane.withDescriptor(Scalar.self) { Scalar._kernels.sliceLinear(grid, $0, $1, $2, spectrum) }
      }
    } else {
      sampleWindow(window, of: grid, on: plane, into: spectrum)
    }
    if outOfBounds != .zero {
      resample(plane, gridSize: gridSize, beyond: Double(grid.half), into: spectrum) {
        _value(at: $0, outOfBounds: outOfBounds)
      }
    }
  }

  /// Trilinear interpolation.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  public func _value(
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
    let inside = max(abs(i.x), abs(i.y), abs(i.z)) <= grid.half
    return inside
      ? self[i.z, i.y, i.x]
      : mode.neighbour(i, reach: grid.half, period: gridSize) { self[$0.z, $0.y, $0.x] }
  }
}
