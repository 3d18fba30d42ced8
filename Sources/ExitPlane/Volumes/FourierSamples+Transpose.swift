import ComplexModule

/// The transposes of sampling: from the cotangents of spectra to that of the grid.
extension FourierSamples {
  /// The transpose of `sample`: adds to a grid of the same shape what its samples weigh in the values of the plane.
  ///
  /// - Parameters:
  ///   - cotangent: of the values, columns 0 and Nyquist as they were sampled: not yet averaged. A fill has no
  ///     gradient.
  ///   - planes: of the grid along z, from `−(half + margin)`, that are added to. Sums are made in the same order
  ///     whatever planes are asked for: threads that own different ones make the same bits as one that owns all.
  func add(
    _ cotangent: UnsafePointer<Scalar>, on plane: SlicePlane, outOfBounds: OutOfBoundsMode<Scalar>,
    to gradient: HermitianGrid<Scalar>, planes: Range<Int>
  ) {
    guard let edge, outOfBounds != .zero else {
      return addByKernel(cotangent, on: plane, to: gradient, planes: planes)
    }
    // Entries that were sampled one by one go back that way.
    var rest = Array(UnsafeBufferPointer(start: cotangent, count: 2 * plane.shape.rows * plane.columns))
    forEachEntry(of: plane, beyond: edge) { row, column, _ in
      let index = 2 * (row * plane.columns + column)
      (rest[index], rest[index + 1]) = (0, 0)
    }
    rest.withUnsafeBufferPointer {
      if let rest = $0.baseAddress { addByKernel(rest, on: plane, to: gradient, planes: planes) }
    }
    forEachEntry(of: plane, beyond: edge) { row, column, point in
      let index = 2 * (row * plane.columns + column)
      let factor: (re: Scalar, im: Scalar) = plane.factor(row: row, column: column)
      add(
        Complex(cotangent[index], cotangent[index + 1]) * Complex(factor.re, -factor.im), at: point,
        outOfBounds: outOfBounds, to: gradient, planes: planes)
    }
  }

  private func addByKernel(
    _ cotangent: UnsafePointer<Scalar>, on plane: SlicePlane, to gradient: HermitianGrid<Scalar>,
    planes: Range<Int>
  ) {
    let bandLimit = plane.bandLimit(gridSize: grid.size)
    let planes = Int32(planes.lowerBound)..<Int32(planes.upperBound)
    gradient.withDescriptor { gradient in
      plane.withDescriptor(Scalar.self) { descriptor, columnFactors, rowFactors in
        if interpolation == .linear, plane.isPlain {
          return Scalar.addSliceLinear(
            cotangent, on: descriptor, columnFactors: columnFactors, rowFactors: rowFactors, to: gradient,
            planes: planes)
        }
        window.withDescriptor(bandLimit: bandLimit) {
          Scalar.addSliceWindow(
            cotangent, $0, on: descriptor, columnFactors: columnFactors, rowFactors: rowFactors, to: gradient,
            planes: planes)
        }
      }
    }
  }

  /// Takes the entry that `sampleCorner` sampled out of a cotangent, in whose place it leaves 0.
  ///
  /// - Returns: the cotangent of its real part, for `addCorner`; the imaginary one is not the corner's.
  func takeCorner(of plane: SlicePlane, from cotangent: UnsafeMutablePointer<Scalar>) -> Scalar {
    guard plane.corner(as: Scalar.self) != nil else { return 0 }
    let index = 2 * plane.shape.cornerIndex
    defer { cotangent[index] = 0 }
    return cotangent[index]
  }

  /// The transpose of `sampleCorner`, for what `takeCorner` took.
  func addCorner(
    _ cotangent: Scalar, of plane: SlicePlane, outOfBounds: OutOfBoundsMode<Scalar>,
    to gradient: HermitianGrid<Scalar>, planes: Range<Int>
  ) {
    guard cotangent != 0, let corner = plane.corner(as: Scalar.self), isWithinBand(corner.point, plane) else {
      return
    }
    add(
      Complex(cotangent * corner.factor, 0), at: corner.point, outOfBounds: outOfBounds, to: gradient,
      planes: planes)
  }
}
