import ComplexModule

/// Sampling with slopes: what the gradient to a pose needs.
extension FourierSamples {
  /// As `sample`, to the bit, and keeps the slopes of the values.
  func sampleWithSlopes(
    _ plane: SlicePlane, outOfBounds: OutOfBoundsMode<Scalar>, into spectrum: UnsafeMutablePointer<Scalar>,
    slopes: SliceSlopes<Scalar>
  ) {
    let bandLimit = plane.bandLimit(gridSize: grid.size)
    let kept = slopes.storage.pointer
    grid.withDescriptor { grid in
      plane.withDescriptor(Scalar.self) { descriptor, columnFactors, rowFactors in
        if interpolation == .linear, plane.isPlain {
          return Scalar.sliceLinearWithSlopes(
            grid, on: descriptor, columnFactors: columnFactors, rowFactors: rowFactors, into: spectrum,
            slopes: kept)
        }
        window.withDescriptors(bandLimit: bandLimit) { window, slopeWindow in
          Scalar.sliceWindowWithSlopes(
            grid, window, slopeWindow: slopeWindow, on: descriptor, columnFactors: columnFactors,
            rowFactors: rowFactors, into: spectrum, slopes: kept)
        }
      }
    }
    for row in slopes.negativeNyquistRows.indices { slopes.negativeNyquistRows[row] = false }
    guard let edge, outOfBounds != .zero else { return }
    forEachEntry(of: plane, beyond: edge) { row, column, point in
      let factors: (re: Scalar, im: Scalar) = plane.factor(row: row, column: column)
      let factor = Complex(factors.re, factors.im)
      let value = value(at: point, outOfBounds: outOfBounds) * factor
      let slope = self.slopes(at: point, outOfBounds: outOfBounds)
      let index = 2 * (row * plane.columns + column)
      (spectrum[index], spectrum[index + 1]) = (value.real, value.imaginary)
      slopes.set(index, to: (slope.x * factor, slope.y * factor, slope.z * factor))
      if 2 * column == plane.shape.columns { slopes.negativeNyquistRows[row] = true }
    }
  }

  /// As `sampleCorner`, with the slopes of the entry, whose imaginary part has none.
  func sampleCornerWithSlopes(
    of plane: SlicePlane, outOfBounds: OutOfBoundsMode<Scalar>, into half: UnsafeMutablePointer<Scalar>,
    slopes: SliceSlopes<Scalar>
  ) {
    guard let corner = plane.corner(as: Scalar.self),
      let value = self.corner(of: plane, outOfBounds: outOfBounds)
    else { return }
    let index = 2 * plane.shape.cornerIndex
    half[index] = value.real
    var slope = (x: Complex<Scalar>.zero, y: Complex<Scalar>.zero, z: Complex<Scalar>.zero)
    if isWithinBand(corner.point, plane) { slope = self.slopes(at: corner.point, outOfBounds: outOfBounds) }
    func realPart(_ slope: Complex<Scalar>) -> Complex<Scalar> { Complex(slope.real * corner.factor, 0) }
    slopes.set(index, to: (realPart(slope.x), realPart(slope.y), realPart(slope.z)))
    slopes.negativeNyquistRows[plane.shape.rows / 2] = true
  }
}
