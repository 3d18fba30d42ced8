import ComplexModule

extension SpreadingGrid2D {
  /// Transforms what was spread into the half spectrum of `modes`, times a factor and weights that include
  /// what undoes the window; without any, that alone.
  ///
  /// Entries are those of the plain sum: the Nyquist column and row of even axes are at the frequency −½, and
  /// nothing is averaged. Rows that no point can have reached are known to be zeros.
  func transform(
    _ workspace: Workspace, scale: Double, reached: RowReach = .all,
    weights: SpectrumWeights<Scalar>? = nil, adding: Bool = false, into half: UnsafeMutablePointer<Scalar>
  ) {
    let rowsAtATime = 16
    forEach((rows + rowsAtATime - 1) / rowsAtATime, workspace) { group, scratch in
      for row in (group * rowsAtATime)..<min((group + 1) * rowsAtATime, rows) {
        let target = workspace.transformed.pointer + 2 * row * heldColumns
        guard reached.contains(row, of: rows) else {
          target.update(repeating: 0, count: 2 * modes.spectrumColumns)
          continue
        }
        collect(row: row, workspace, scratch)
        rowFFT.forward(scratch.row.pointer, scratch.spectrum.pointer)
        target.update(from: scratch.spectrum.pointer, count: 2 * modes.spectrumColumns)
      }
    }
    let weights = weights ?? deconvolution
    nonisolated(unsafe) let half = half
    forEach((modes.spectrumColumns + stripWidth - 1) / stripWidth, workspace) { strip, _ in
      stripFFT.execute(workspace.transformed.pointer + 2 * strip * stripWidth)
      let columns = (strip * stripWidth)..<min((strip + 1) * stripWidth, modes.spectrumColumns)
      extract(columns: columns, workspace, scale: Scalar(scale), weights: weights, adding: adding, into: half)
    }
  }

  /// Adds a row of the periodic grid up from all pieces, in their order.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  private func collect(row: Int, _ workspace: Workspace, _ scratch: ThreadScratch) {
    let geometry = workspace.geometry
    let padded = scratch.padded.pointer
    let paddedColumns = scratch.padded.count
    padded.update(repeating: 0, count: paddedColumns)
    // A tap's row in pieces counts from the halo, and lies up to a period away on either side.
    let reach = rows + halo + kernel.width
    for paddedRow in stride(from: (row + halo) % rows, to: reach, by: rows) {
      if geometry.rowStep == 0 {
        for piece in 0..<geometry.pieces {
          add(
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
            add(
              workspace.grids.pointer + piece * geometry.pieceCount
                + (paddedRow - down * geometry.rowStep) * geometry.pitch,
              to: padded + start, count: min(geometry.pitch, paddedColumns - start))
          }
        }
      }
    }
    let out = scratch.row.pointer
    out.update(from: padded + halo, count: columns)
    for i in 0..<halo { out[(columns - halo % columns + i) % columns] += padded[i] }
    for i in 0..<(paddedColumns - halo - columns) { out[i % columns] += padded[halo + columns + i] }
  }

  @inline(__always)
  private func add(
    _ source: UnsafePointer<Scalar>, to target: UnsafeMutablePointer<Scalar>, count: Int
  ) {
    for i in 0..<count { target[i] += source[i] }
  }

  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  private func extract(
    columns: Range<Int>, _ workspace: Workspace, scale: Scalar, weights: SpectrumWeights<Scalar>,
    adding: Bool, into half: UnsafeMutablePointer<Scalar>
  ) {
    let width = modes.spectrumColumns
    for row in 0..<modes.rows {
      let frequency = signedFrequency(row, of: modes.rows)
      let source = transformedRow(frequency: frequency, workspace)
      let weight = weights.row(abs(frequency))
      let target = half + 2 * width * row
      if adding {
        for column in columns {
          let w = weight[column] * scale
          target[2 &* column] += source[2 &* column] * w
          target[2 &* column &+ 1] += source[2 &* column &+ 1] * w
        }
      } else {
        for column in columns {
          let w = weight[column] * scale
          target[2 &* column] = source[2 &* column] * w
          target[2 &* column &+ 1] = source[2 &* column &+ 1] * w
        }
      }
    }
    let nyquist = modes.columns / 2
    guard modes.columns % 2 == 0, columns.contains(nyquist) else { return }
    // −½ along x is the conjugate of +½ at the opposite frequency along y: the difference is made up for.
    for row in 0..<modes.rows {
      let frequency = signedFrequency(row, of: modes.rows)
      let source = transformedRow(frequency: frequency, workspace) + 2 * nyquist
      let opposite = transformedRow(frequency: -frequency, workspace) + 2 * nyquist
      let w = weights.row(abs(frequency))[nyquist] * scale
      let target = half + 2 * (width * row + nyquist)
      target[0] += (opposite[0] - source[0]) * w
      target[1] -= (opposite[1] + source[1]) * w
    }
  }

  /// An entry of the full spectrum after `transform`. What the grid does not hold, negative frequencies along
  /// x, is the conjugate of the opposite frequency.
  func value(row: Int, column: Int, _ workspace: Workspace) -> Complex<Scalar> {
    let (fy, fx) = (signedFrequency(row, of: modes.rows), signedFrequency(column, of: modes.columns))
    let p = transformedRow(frequency: fx < 0 ? -fy : fy, workspace) + 2 * abs(fx)
    let weight = deconvolution.row(abs(fy))[abs(fx)]
    return Complex(p[0] * weight, (fx < 0 ? -p[1] : p[1]) * weight)
  }

  private func transformedRow(frequency: Int, _ workspace: Workspace) -> UnsafeMutablePointer<Scalar> {
    workspace.transformed.pointer + 2 * heldColumns * (frequency < 0 ? frequency + rows : frequency)
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
