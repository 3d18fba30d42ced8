import CKernels

/// A plane of frequencies on which a transform is sampled, in samples of the transform's grid.
///
/// Entry (row, column) of a half spectrum of `shape` lies at `column · columnStep + k_y · rowStep`.
public struct SlicePlane {
  let shape: GridShape
  /// (x, y, z)
  let columnStep: SIMD3<Double>
  let rowStep: SIMD3<Double>
  private let columnFactors: UnsafeRawPointer?
  private let rowFactors: UnsafeRawPointer?

  /// The plane perpendicular to the beam, seen from the object: `Rᵀ (k_x, k_y, 0)`.
  ///
  /// - Parameters:
  ///   - samplesPerCycle: samples of the grid from frequency 0 to 1 cycle a pixel.
  ///   - factors: what multiplies the sampled values.
  init<Scalar>(
    shape: GridShape, rotation: Rotation, samplesPerCycle: Double, factors: PhaseFactors<Scalar>? = nil
  ) {
    self.shape = shape
    // Rᵀ (k_x, k_y, 0) = k_x · first row + k_y · second row.
    columnStep = rotation.rows.0 * (samplesPerCycle / Double(shape.columns))
    rowStep = rotation.rows.1 * (samplesPerCycle / Double(shape.rows))
    columnFactors = factors.map { UnsafeRawPointer($0.columns) }
    rowFactors = factors.map { UnsafeRawPointer($0.rows) }
  }

  /// Calls a kernel with the plane in C's terms.
  func withDescriptor<Scalar>(
    _: Scalar.Type,
    _ body: (UnsafePointer<ep_slice_plane>, UnsafePointer<Scalar>?, UnsafePointer<Scalar>?) -> Void
  ) {
    var descriptor = ep_slice_plane(
      columnStep: (columnStep.x, columnStep.y, columnStep.z),
      rowStep: (rowStep.x, rowStep.y, rowStep.z), rows: Int32(shape.rows),
      columns: Int32(shape.spectrumColumns), columnsOfRow: nil)
    withUnsafePointer(to: &descriptor) {
      body(
        $0, columnFactors?.assumingMemoryBound(to: Scalar.self),
        rowFactors?.assumingMemoryBound(to: Scalar.self))
    }
  }

  /// What multiplies the value of an entry.
  func factor<Scalar: GridScalar>(row: Int, column: Int) -> (re: Scalar, im: Scalar) {
    guard let columns = columnFactors?.assumingMemoryBound(to: Scalar.self),
      let rows = rowFactors?.assumingMemoryBound(to: Scalar.self)
    else { return (1, 0) }
    let (cRe, cIm) = (columns[2 * column], columns[2 * column + 1])
    let (rRe, rIm) = (rows[2 * row], rows[2 * row + 1])
    return (cRe * rRe - cIm * rIm, cRe * rIm + cIm * rRe)
  }

  /// Where an entry lies.
  @inline(__always)
  func point(row: Int, column: Int) -> SIMD3<Double> {
    Double(column) * columnStep + Double(signedFrequency(row, of: shape.rows)) * rowStep
  }
}
