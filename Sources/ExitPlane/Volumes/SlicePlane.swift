import CKernels

/// A plane of frequencies on which a transform is sampled, in samples of the transform's grid.
///
/// Entry (row, column) of a spectrum of `shape` lies at `k_x · columnStep + k_y · rowStep`, bent by
/// `k_x² · columnBend + k_y² · rowBend`, with k the entry's signed frequencies.
struct SlicePlane {
  let shape: GridShape
  /// Whether all columns are sampled or those with k_x ≥ 0.
  let isFull: Bool
  /// (x, y, z)
  let columnStep: SIMD3<Double>
  let rowStep: SIMD3<Double>
  let columnBend: SIMD3<Double>
  let rowBend: SIMD3<Double>
  /// Whether the transform ends at its Nyquist frequency or goes on, periodically or as the volume says.
  let isBandLimited: Bool
  private let cutoff: RadialCutoff?
  private let columnFactors: UnsafeRawPointer?
  private let rowFactors: UnsafeRawPointer?

  /// The plane perpendicular to the beam, seen from the object: `Rᵀ (M (k_x, k_y), 0)`.
  ///
  /// - Parameters:
  ///   - axes: `Rᵀ (M (k_x, k_y), 0)` is `k_x · axes.x + k_y · axes.y`.
  ///   - samplesPerCycle: samples of the grid from frequency 0 to 1 cycle a pixel.
  ///   - curvature: bends the plane to the paraboloid `Rᵀ (k_x, k_y, curvature · |k|²)`, k in cycles a pixel.
  ///   - cutoff: leaves entries out, which then are zero.
  ///   - factors: what multiplies the sampled values.
  init<Scalar>(
    shape: GridShape, isFull: Bool = false, axes: ImageAxes, samplesPerCycle: Double,
    curvature: Double = 0, isBandLimited: Bool = false, cutoff: RadialCutoff? = nil,
    factors: PhaseFactors<Scalar>? = nil
  ) {
    self.shape = shape
    self.isFull = isFull
    self.isBandLimited = isBandLimited
    self.cutoff = cutoff
    let (columns, rows) = (Double(shape.columns), Double(shape.rows))
    columnStep = axes.x * (samplesPerCycle / columns)
    rowStep = axes.y * (samplesPerCycle / rows)
    columnBend = axes.beam * (samplesPerCycle * curvature / (columns * columns))
    rowBend = axes.beam * (samplesPerCycle * curvature / (rows * rows))
    columnFactors = factors.map { UnsafeRawPointer($0.columns) }
    rowFactors = factors.map { UnsafeRawPointer($0.rows) }
  }

  /// A flat half spectrum that ends where the grid does: what the linear kernel knows.
  var isPlain: Bool { !isFull && !isBandLimited && columnBend == .zero && rowBend == .zero }

  /// How far out on any axis of a grid the transform is sampled.
  func bandLimit(gridSize: Int) -> Double { isBandLimited ? Double(gridSize) / 2 : .infinity }

  /// The entries of a row.
  var columns: Int { isFull ? shape.columns : shape.spectrumColumns }

  /// Calls a kernel with the plane in C's terms.
  func withDescriptor<Scalar>(
    _: Scalar.Type,
    _ body: (UnsafePointer<ep_slice_plane>, UnsafePointer<Scalar>?, UnsafePointer<Scalar>?) -> Void
  ) {
    var descriptor = ep_slice_plane(
      columnStep: (columnStep.x, columnStep.y, columnStep.z),
      rowStep: (rowStep.x, rowStep.y, rowStep.z),
      columnBend: (columnBend.x, columnBend.y, columnBend.z),
      rowBend: (rowBend.x, rowBend.y, rowBend.z), rows: Int32(shape.rows), columns: Int32(columns),
      isFull: isFull ? 1 : 0, columnsOfRow: cutoff.map { UnsafePointer($0.columnsOfRow.pointer) })
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

  /// Where an entry lies. The Nyquist frequency of an even axis is negative, though kernels sample the last column
  /// of a half spectrum as positive; see `FourierSlicePlan`.
  @inline(__always)
  func point(row: Int, column: Int) -> SIMD3<Double> {
    let x = Double(signedColumn(column))
    let y = Double(signedFrequency(row, of: shape.rows))
    return x * (columnStep + x * columnBend) + y * (rowStep + y * rowBend)
  }

  /// Where the entry at Nyquist on both axes lies and what multiplies it; nil where there is none or it is not
  /// sampled.
  func corner<Scalar: GridScalar>(as _: Scalar.Type) -> (point: SIMD3<Double>, factor: Scalar)? {
    let (row, column) = (shape.rows / 2, shape.columns / 2)
    guard shape.rows % 2 == 0, shape.columns % 2 == 0, isSampled(row: row, column: column) else { return nil }
    // Both factors are real here: without a shift signs, and with one the entry will be zeroed.
    let factor: (re: Scalar, im: Scalar) = factor(row: row, column: column)
    return (point(row: row, column: column), factor.re)
  }

  /// Whether an entry is sampled or left zero.
  @inline(__always)
  func isSampled(row: Int, column: Int) -> Bool {
    guard let cutoff else { return true }
    return abs(signedColumn(column)) < Int(cutoff.columnsOfRow.pointer[row])
  }

  @inline(__always)
  private func signedColumn(_ column: Int) -> Int {
    signedFrequency(column, of: shape.columns)
  }
}

/// Which entries of a spectrum lie within a radius.
struct RadialCutoff: Sendable {
  /// For each row how many columns are within, from frequency 0 on.
  let columnsOfRow: AlignedBuffer<Int32>

  /// - Parameter radius: in cycles a pixel; entries at the radius itself are within.
  init(_ shape: GridShape, radius: Double) throws {
    columnsOfRow = try AlignedBuffer(count: shape.rows, of: "a cutoff of \(shape)")
    for row in 0..<shape.rows {
      let y = Double(signedFrequency(row, of: shape.rows)) / Double(shape.rows)
      let square = radius * radius - y * y
      // A hair is added so that a radius that falls on a frequency includes it despite rounding.
      let last = square < 0 ? -1 : (square.squareRoot() * Double(shape.columns) * (1 + 1e-12)).rounded(.down)
      columnsOfRow.pointer[row] = Int32(min(last + 1, Double(shape.spectrumColumns)))
    }
  }
}
