import ComplexModule

extension SpreadingGrid2D {
  /// Transforms what was spread into the half spectrum of `modes`, times a factor and weights that include
  /// what undoes the window; without any, that alone. The grids are used up.
  ///
  /// Entries are those of the plain sum: the Nyquist column and row of even axes are at the frequency −½, and
  /// nothing is averaged. Rows that no point can have reached are known to be zeros.
  ///
  /// - Parameter keeping: leaves the transformed columns in the workspace, for `value`.
  func transform(
    _ workspace: Workspace, scale: Double, reached: RowReach? = nil,
    weights: SpectrumWeights<Scalar>? = nil, adding: Bool = false, keeping: Bool = false,
    into half: UnsafeMutablePointer<Scalar>
  ) {
    let reached = reached ?? allRows
    transformRows(workspace, reached)
    transformColumns(
      of: workspace.transformed, reached, workspace, scale: scale, weights: weights ?? deconvolution,
      adding: adding, keeping: keeping, into: half)
  }

  // MARK: Rows

  /// From samples of the reached rows to their frequencies.
  func transformRows(_ workspace: Workspace, _ reached: RowReach) {
    let rowsAtATime = 2 * Self.linesAtATime
    forEach((reached.count + rowsAtATime - 1) / rowsAtATime, workspace) { group, scratch in
      let start = group * rowsAtATime
      transformRows(
        start..<min(start + rowsAtATime, reached.count), from: reached.first, workspace, scratch)
    }
  }

  /// - Parameter group: which of the reached rows.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  private func transformRows(
    _ group: Range<Int>, from first: Int, _ workspace: Workspace, _ scratch: ThreadScratch
  ) {
    let (even, odd) = (scratch.rows.pointer, scratch.rows.pointer + columns)
    let pairs = (group.count + 1) / 2
    for pair in 0..<pairs {
      let row = group.lowerBound + 2 * pair
      collect(row: (first + row) % rows, workspace, scratch, into: even)
      if row + 1 < group.upperBound {
        collect(row: (first + row + 1) % rows, workspace, scratch, into: odd)
      } else {
        odd.update(repeating: 0, count: columns)
      }
      Scalar.interleave(even, odd, count: columns, into: scratch.line.pointer)
      rowFFT.execute(scratch.line.pointer, scratch.lines.pointer + 2 * columns * pair)
    }
    // A row too many, of zeros, goes into what is left of the column's last cache line or is overwritten.
    Scalar.splitRows(
      scratch.lines.pointer, pairs: pairs, length: columns, columns: modes.spectrumColumns,
      columnStride: workspace.transformed.stride,
      into: workspace.transformed.column(0) + 2 * group.lowerBound)
  }

  /// Adds a row of the periodic grid up from all pieces, in their order, and clears it there.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  private func collect(
    row: Int, _ workspace: Workspace, _ scratch: ThreadScratch, into out: UnsafeMutablePointer<Scalar>
  ) {
    let geometry = workspace.geometry
    // A tap's row in pieces counts from the halo, and lies up to a period away on either side.
    let first = (row + halo) % rows
    let reach = rows + halo + kernel.width
    if geometry.rowStep == 0, geometry.pieces == 1, first + rows >= reach {
      // The row is a single one: no sum to make, but for what lies outside.
      let source = workspace.grids.pointer + first * geometry.pitch
      fold(source, into: out)
      source.update(repeating: 0, count: geometry.pitch)
      return
    }
    let padded = scratch.padded.pointer
    let paddedColumns = scratch.padded.count
    padded.update(repeating: 0, count: paddedColumns)
    for paddedRow in stride(from: first, to: reach, by: rows) {
      if geometry.rowStep == 0 {
        for piece in 0..<geometry.pieces {
          move(
            workspace.grids.pointer + piece * geometry.pieceCount + paddedRow * geometry.pitch, to: padded,
            count: min(geometry.pitch, paddedColumns))
        }
      } else {
        let last = min(paddedRow / geometry.rowStep, geometry.pieces / geometry.piecesAcross - 1)
        let first = max(0, (paddedRow - geometry.pieceRows) / geometry.rowStep)
        for down in first...last where paddedRow - down * geometry.rowStep < geometry.pieceRows {
          for across in 0..<geometry.piecesAcross {
            let piece = down * geometry.piecesAcross + across
            let start = across * geometry.columnStep
            move(
              workspace.grids.pointer + piece * geometry.pieceCount
                + (paddedRow - down * geometry.rowStep) * geometry.pitch,
              to: padded + start, count: min(geometry.pitch, paddedColumns - start))
          }
        }
      }
    }
    fold(padded, into: out)
  }

  /// A row with what lies outside of it added where it belongs.
  @inline(__always)
  private func fold(_ padded: UnsafePointer<Scalar>, into out: UnsafeMutablePointer<Scalar>) {
    let paddedColumns = (columns + halo + kernel.paddedWidth + 15) / 16 * 16
    out.update(from: padded + halo, count: columns)
    for i in 0..<halo { out[(columns - halo % columns + i) % columns] += padded[i] }
    for i in 0..<(paddedColumns - halo - columns) { out[i % columns] += padded[halo + columns + i] }
  }

  @inline(__always)
  private func move(
    _ source: UnsafeMutablePointer<Scalar>, to target: UnsafeMutablePointer<Scalar>, count: Int
  ) {
    for i in 0..<count { target[i] += source[i] }
    source.update(repeating: 0, count: count)
  }

  // MARK: Columns

  /// From transformed rows to the spectrum.
  func transformColumns(
    of source: TransformedRows, _ reached: RowReach, _ workspace: Workspace, scale: Double,
    weights: SpectrumWeights<Scalar>, adding: Bool = false, keeping: Bool = false,
    into half: UnsafeMutablePointer<Scalar>
  ) {
    nonisolated(unsafe) let half = half
    let atATime = Self.linesAtATime
    forEach((modes.spectrumColumns + atATime - 1) / atATime, workspace) { strip, scratch in
      let first = strip * atATime
      transformColumns(
        first..<min(first + atATime, modes.spectrumColumns), of: source, reached, scratch,
        scale: Scalar(scale), weights: weights, adding: adding, keeping: keeping, into: half)
    }
  }

  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  private func transformColumns(
    _ strip: Range<Int>, of source: TransformedRows, _ reached: RowReach, _ scratch: ThreadScratch,
    scale: Scalar, weights: SpectrumWeights<Scalar>, adding: Bool, keeping: Bool,
    into half: UnsafeMutablePointer<Scalar>
  ) {
    let (line, lines) = (scratch.line.pointer, scratch.lines.pointer)
    for (index, column) in strip.enumerated() {
      arrange(source.column(column), reached, into: line)
      columnFFT.execute(line, lines + 2 * rows * index)
      if keeping { source.column(column).update(from: lines + 2 * rows * index, count: 2 * rows) }
    }
    let width = modes.spectrumColumns
    Scalar.extractColumns(
      lines, columns: strip.count, length: rows, rows: modes.rows,
      weights: weights.row(0) + strip.lowerBound, weightStride: width, scale: scale, adding: adding,
      into: half + 2 * strip.lowerBound, halfStride: width)
    if modes.columns % 2 == 0, strip.contains(width - 1) {
      conjugateNyquist(
        lines + 2 * rows * (width - 1 - strip.lowerBound), scale: scale, weights: weights, into: half)
    }
  }

  /// The reached rows of a column in their places, zeros in the others.
  @inline(__always)
  private func arrange(
    _ column: UnsafePointer<Scalar>, _ reached: RowReach, into line: UnsafeMutablePointer<Scalar>
  ) {
    let ahead = min(reached.count, rows - reached.first)
    (line + 2 * reached.first).update(from: column, count: 2 * ahead)
    line.update(from: column + 2 * ahead, count: 2 * (reached.count - ahead))
    // What is left are the rows after the last and before the first, in one piece or two.
    let end = reached.first + reached.count
    if end <= rows {
      line.update(repeating: 0, count: 2 * reached.first)
      (line + 2 * end).update(repeating: 0, count: 2 * (rows - end))
    } else {
      (line + 2 * (end - rows)).update(repeating: 0, count: 2 * (rows - reached.count))
    }
  }

  /// Makes the last column of an even axis, extracted as +½, that of −½: the conjugate of +½ at the opposite
  /// frequency along y. The difference is made up for, since more may have been there.
  @inline(__always)
  private func conjugateNyquist(
    _ line: UnsafePointer<Scalar>, scale: Scalar, weights: SpectrumWeights<Scalar>,
    into half: UnsafeMutablePointer<Scalar>
  ) {
    let column = modes.columns / 2
    for row in 0..<modes.rows {
      let frequency = signedFrequency(row, of: modes.rows)
      let (here, opposite) = (line + 2 * index(of: frequency), line + 2 * index(of: -frequency))
      let w = weights.row(abs(frequency))[column] * scale
      let target = half + 2 * (modes.spectrumColumns * row + column)
      target[0] += (opposite[0] - here[0]) * w
      target[1] -= (opposite[1] + here[1]) * w
    }
  }

  /// Where a frequency along y is in a transformed column.
  @inline(__always)
  func index(of frequency: Int) -> Int { frequency < 0 ? frequency + rows : frequency }

  /// An entry of the full spectrum after a `transform` that kept its columns. What the grid does not hold, negative
  /// frequencies along x, is the conjugate of the opposite frequency.
  func value(row: Int, column: Int, _ workspace: Workspace) -> Complex<Scalar> {
    let (fy, fx) = (signedFrequency(row, of: modes.rows), signedFrequency(column, of: modes.columns))
    let p = workspace.transformed.column(abs(fx)) + 2 * index(of: fx < 0 ? -fy : fy)
    let weight = deconvolution.row(abs(fy))[abs(fx)]
    return Complex(p[0] * weight, (fx < 0 ? -p[1] : p[1]) * weight)
  }
}

/// What a transform's result is multiplied by: a table over the frequencies that are not negative.
struct SpectrumWeights<Scalar: GridScalar>: Sendable {
  private let table: AlignedBuffer<Scalar>
  private let columns: Int

  init(
    _ modes: GridShape, kernel: WindowKernel<Scalar>, gridLengths: [Int],
    factor: (_ ky: Int, _ kx: Int) throws -> Double
  ) throws {
    columns = modes.spectrumColumns
    let rows = modes.rows / 2 + 1
    table = try AlignedBuffer(count: rows * columns, of: "a spectrum of \(modes)")
    let alongY = kernel.deconvolution(frequencies: rows, ofGridLength: gridLengths[0])
    let alongX = kernel.deconvolution(frequencies: columns, ofGridLength: gridLengths[1])
    for ky in 0..<rows {
      for kx in 0..<columns {
        table.pointer[ky * columns + kx] = Scalar(try factor(ky, kx) * alongY[ky] * alongX[kx])
      }
    }
  }

  @inline(__always)
  func row(_ ky: Int) -> UnsafePointer<Scalar> { UnsafePointer(table.pointer + ky * columns) }
}
