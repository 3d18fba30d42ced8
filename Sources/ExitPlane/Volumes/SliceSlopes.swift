import CKernels
import ComplexModule

/// The slopes of a slice: how the value of every entry changes with the coordinates of its point, in samples of the
/// grid. What the way back to the plane takes, kept from where the values were sampled.
final class SliceSlopes<Scalar: GridScalar> {
  /// Three planes, along x, y and z, in the order of the spectrum.
  let storage: AlignedBuffer<Scalar>
  /// Numbers of a plane.
  let planeCount: Int
  /// In the Nyquist column of a half spectrum, the rows whose entries were sampled at the negative frequency.
  var negativeNyquistRows: [Bool]

  /// - Throws: `.invalidValue` beyond memory.
  init(_ shape: GridShape, isFull: Bool = false) throws {
    planeCount = 2 * shape.rows * (isFull ? shape.columns : shape.spectrumColumns)
    storage = try AlignedBuffer(count: 3 * planeCount, of: "the slopes of a slice of \(shape)")
    negativeNyquistRows = [Bool](repeating: false, count: shape.rows)
  }

  /// Sets the slopes of the entry whose real part is at `index` of a plane.
  func set(_ index: Int, to slopes: (x: Complex<Scalar>, y: Complex<Scalar>, z: Complex<Scalar>)) {
    for (axis, slope) in [slopes.x, slopes.y, slopes.z].enumerated() {
      let entry = storage.pointer + axis * planeCount + index
      (entry[0], entry[1]) = (slope.real, slope.imaginary)
    }
  }

  /// The cotangent of the plane, from that of the values: `Σ Re(conj(g) ∂value/∂plane)`.
  func planeCotangent(
    of cotangent: UnsafePointer<Scalar>, on plane: SlicePlane
  ) -> SlicePlane.Cotangent {
    var result = SlicePlane.Cotangent()
    plane.withDescriptor(Scalar.self) { descriptor, _, _ in
      let sums = Scalar.sliceCotangent(of: cotangent, slopes: storage.pointer, on: descriptor)
      result.columnStep = SIMD3(sums.columnStep.0, sums.columnStep.1, sums.columnStep.2)
      result.rowStep = SIMD3(sums.rowStep.0, sums.rowStep.1, sums.rowStep.2)
      result.columnBend = SIMD3(sums.columnBend.0, sums.columnBend.1, sums.columnBend.2)
      result.rowBend = SIMD3(sums.rowBend.0, sums.rowBend.1, sums.rowBend.2)
    }
    guard !plane.isFull, plane.shape.columns % 2 == 0 else { return result }
    // The kernel takes the column for one of positive frequency.
    let column = plane.shape.columns / 2
    for row in negativeNyquistRows.indices where negativeNyquistRows[row] {
      let index = 2 * (row * plane.columns + column)
      let g = SIMD2(Double(cotangent[index]), Double(cotangent[index + 1]))
      for axis in 0..<3 {
        let slope = storage.pointer + axis * planeCount + index
        let product = g.x * Double(slope[0]) + g.y * Double(slope[1])
        result.columnStep[axis] -= 2 * Double(column) * product
      }
    }
    return result
  }
}

extension SlicePlane {
  /// What a real loss gains with each number of a plane.
  struct Cotangent: Sendable {
    var columnStep = SIMD3<Double>()
    var rowStep = SIMD3<Double>()
    var columnBend = SIMD3<Double>()
    var rowBend = SIMD3<Double>()

    /// The same of the axes that a plane was made of.
    func axes(shape: GridShape, samplesPerCycle: Double, curvature: Double = 0) -> ImageAxes.Cotangent {
      let (columns, rows) = (Double(shape.columns), Double(shape.rows))
      let bends = columnBend / (columns * columns) + rowBend / (rows * rows)
      return ImageAxes.Cotangent(
        x: columnStep * (samplesPerCycle / columns), y: rowStep * (samplesPerCycle / rows),
        beam: bends * (samplesPerCycle * curvature))
    }
  }
}
