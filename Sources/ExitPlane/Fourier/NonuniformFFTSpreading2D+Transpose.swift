import CKernels
import Synchronization

/// The way back through a transform, step by step: from the cotangent of a half spectrum to that of the grid, each
/// entry's two parts and each sample one number of their own.
///
/// Where the transform sums samples times `e^{−iθ}`, its transpose is the real part of entries times `e^{iθ}`, which is
/// that of conjugate entries times `e^{−iθ}`: the same FFTs, as many of them.
extension SpreadingGrid2D {
  /// A grid of samples with its halo, where interpolation needs no wrapping: what lies outside repeats it.
  final class PeriodicGrid: Sendable {
    let samples: AlignedBuffer<Scalar>
    let geometry: Geometry

    init(_ grid: SpreadingGrid2D) throws {
      geometry = grid.geometry(.whole(copies: 1))
      samples = try AlignedBuffer(
        count: geometry.pieceCount, of: "a nonuniform transform of \(grid.modes)")
    }
  }

  /// The transpose of `transform`: what it writes is the cotangent of the samples that were spread, in the rows that
  /// points can have reached; others keep what they held.
  ///
  /// - Parameter half: the cotangent of the half spectrum; its last column on an even axis is that of −½.
  func transformTranspose(
    of half: UnsafePointer<Scalar>, scale: Double, reached: RowReach? = nil,
    weights: SpectrumWeights<Scalar>? = nil, _ workspace: Workspace, into periodic: PeriodicGrid
  ) {
    let reached = reached ?? allRows
    transformColumnsTranspose(
      of: half, scale: scale, weights: weights ?? deconvolution, reached, workspace)
    transformRowsTranspose(of: workspace.transformed, reached, workspace, into: periodic)
  }

  // MARK: Columns

  /// The transpose of `transformColumns`, conjugated, into the workspace's transformed rows.
  func transformColumnsTranspose(
    of half: UnsafePointer<Scalar>, scale: Double, weights: SpectrumWeights<Scalar>, _ reached: RowReach,
    _ workspace: Workspace
  ) {
    nonisolated(unsafe) let half = half
    let atATime = Self.linesAtATime
    forEach((modes.spectrumColumns + atATime - 1) / atATime, workspace) { strip, scratch in
      let first = strip * atATime
      transformColumnsTranspose(
        first..<min(first + atATime, modes.spectrumColumns), of: half, scale: Scalar(scale), weights: weights,
        reached, scratch, into: workspace.transformed)
    }
  }

  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  private func transformColumnsTranspose(
    _ strip: Range<Int>, of half: UnsafePointer<Scalar>, scale: Scalar, weights: SpectrumWeights<Scalar>,
    _ reached: RowReach, _ scratch: ThreadScratch, into target: TransformedRows
  ) {
    let (line, lines) = (scratch.line.pointer, scratch.lines.pointer)
    let width = modes.spectrumColumns
    Scalar.insertColumns(
      half + 2 * strip.lowerBound, halfStride: width, rows: modes.rows,
      weights: weights.row(0) + strip.lowerBound, weightStride: width, scale: scale, columns: strip.count,
      length: rows, into: lines)
    if modes.columns % 2 == 0, strip.contains(width - 1) {
      insertNyquist(
        half, scale: scale, weights: weights, into: lines + 2 * rows * (width - 1 - strip.lowerBound))
    }
    for (index, column) in strip.enumerated() {
      columnFFT.execute(lines + 2 * rows * index, line)
      keep(reached, of: line, in: target.column(column))
    }
  }

  /// The transpose of `arrange`: the reached rows of a column, and one of zeros, since rows are transformed in pairs.
  @inline(__always)
  func keep(
    _ reached: RowReach, of line: UnsafePointer<Scalar>, in column: UnsafeMutablePointer<Scalar>
  ) {
    let ahead = min(reached.count, rows - reached.first)
    column.update(from: line + 2 * reached.first, count: 2 * ahead)
    (column + 2 * ahead).update(from: line, count: 2 * (reached.count - ahead))
    (column + 2 * reached.count).update(repeating: 0, count: 2)
  }

  /// The last column of an even axis stands at −½, whose transform is the conjugate of +½ at the opposite frequency
  /// along y: there go its entries, conjugated once more.
  @inline(__always)
  private func insertNyquist(
    _ half: UnsafePointer<Scalar>, scale: Scalar, weights: SpectrumWeights<Scalar>,
    into line: UnsafeMutablePointer<Scalar>
  ) {
    line.update(repeating: 0, count: 2 * rows)
    let column = modes.columns / 2
    for row in 0..<modes.rows {
      let frequency = signedFrequency(row, of: modes.rows)
      let w = weights.row(abs(frequency))[column] * scale
      let source = half + 2 * (modes.spectrumColumns * row + column)
      let target = line + 2 * (frequency > 0 ? rows - frequency : -frequency)
      (target[0], target[1]) = (source[0] * w, source[1] * w)
    }
  }

  // MARK: Filters

  /// The transpose of `combine`: filters the workspace's transformed rows, which lie within what the sum's filters touch
  /// of the reached ones, into `combined`, which then holds the reached ones. Filters are even and so their own
  /// transposes.
  ///
  /// - Parameter degree: the largest of all filters of the sum.
  func combineTranspose(
    _ filter: ColumnFilter<Scalar>, degree: Int, _ reached: RowReach, _ workspace: Workspace
  ) {
    guard let combined = workspace.combined else { return }
    let isWhole = reached.count == rows
    let atATime = Self.linesAtATime
    forEach((modes.spectrumColumns + atATime - 1) / atATime, workspace) { strip, _ in
      for number in (strip * atATime)..<min((strip + 1) * atATime, modes.spectrumColumns) {
        let (column, sum) = (workspace.transformed.column(number), combined.column(number))
        if isWhole {
          (column - 2 * degree).update(from: column + 2 * (rows - degree), count: 2 * degree)
          (column + 2 * rows).update(from: column, count: 2 * degree)
        }
        sum.update(repeating: 0, count: 2 * (reached.count + 1))
        Scalar.filterColumn(
          isWhole ? column : column + 2 * degree, coefficients: filter.column(number), degree: filter.degree,
          count: reached.count, addingTo: sum)
      }
    }
  }

  // MARK: Rows

  /// The transpose of `transformRows`, of conjugate frequencies, and of the sums that fold halos.
  func transformRowsTranspose(
    of source: TransformedRows, _ reached: RowReach, _ workspace: Workspace, into periodic: PeriodicGrid
  ) {
    let rowsAtATime = 2 * Self.linesAtATime
    forEach((reached.count + rowsAtATime - 1) / rowsAtATime, workspace) { group, scratch in
      let start = group * rowsAtATime
      transformRowsTranspose(
        start..<min(start + rowsAtATime, reached.count), from: reached.first, of: source, scratch,
        into: periodic)
    }
  }

  /// - Parameter group: which of the reached rows.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  private func transformRowsTranspose(
    _ group: Range<Int>, from first: Int, of source: TransformedRows, _ scratch: ThreadScratch,
    into periodic: PeriodicGrid
  ) {
    let pairs = (group.count + 1) / 2
    Scalar.joinRows(
      source.column(0) + 2 * group.lowerBound, pairs: pairs, length: columns, columns: modes.spectrumColumns,
      columnStride: source.stride, into: scratch.lines.pointer)
    for pair in 0..<pairs {
      let row = group.lowerBound + 2 * pair
      rowFFT.execute(scratch.lines.pointer + 2 * columns * pair, scratch.line.pointer)
      let even = samples(ofRow: (first + row) % rows, in: periodic)
      let hasOdd = row + 1 < group.upperBound
      let odd = hasOdd ? samples(ofRow: (first + row + 1) % rows, in: periodic) : scratch.rows.pointer
      Scalar.deinterleave(scratch.line.pointer, count: columns, into: even, odd)
      repeatRow((first + row) % rows, in: periodic)
      if hasOdd { repeatRow((first + row + 1) % rows, in: periodic) }
    }
  }

  /// Where the samples of a row are first.
  @inline(__always)
  private func samples(ofRow row: Int, in periodic: PeriodicGrid) -> UnsafeMutablePointer<Scalar> {
    periodic.samples.pointer + (row + halo) % rows * periodic.geometry.pitch + halo
  }

  /// The transpose of `collect`: a row goes wherever a tap on it may fall.
  @inline(__always)
  private func repeatRow(_ row: Int, in periodic: PeriodicGrid) {
    let (geometry, samples) = (periodic.geometry, samples(ofRow: row, in: periodic))
    for i in 0..<halo { samples[i - halo] = samples[(columns - halo % columns + i) % columns] }
    for i in 0..<(geometry.pitch - halo - columns) { samples[columns + i] = samples[i % columns] }
    for paddedRow in stride(from: (row + halo) % rows + rows, to: geometry.pieceRows, by: rows) {
      (periodic.samples.pointer + paddedRow * geometry.pitch).update(
        from: samples - halo, count: geometry.pitch)
    }
  }

  // MARK: Points

  /// The transpose of `spread`: values of the grid under each point's window, and their slopes by x and y in samples of
  /// the grid times the point's strength. Each point's are its own, whatever the threads.
  ///
  /// - Parameters:
  ///   - strengths: of the slopes; ones if nil.
  ///   - slopes: along x and along y.
  /// - Returns: false where a coordinate is not finite.
  func interpolate(
    _ periodic: PeriodicGrid, at source: ep_point_source, count: Int, strengths: UnsafePointer<Scalar>?,
    values: UnsafeMutablePointer<Scalar>?,
    slopes: (x: UnsafeMutablePointer<Scalar>, y: UnsafeMutablePointer<Scalar>)?, _ workspace: Workspace
  ) -> Bool {
    // Raw pointers cross into concurrent code, which writes each point's own.
    nonisolated(unsafe) let (source, strengths, values, slopes) = (source, strengths, values, slopes)
    let block = workspace.threads[0].blockLength
    let faults = Atomic<Int32>(0)
    forEach((count + block - 1) / block, workspace) { index, scratch in
      let range = (index * block)..<min((index + 1) * block, count)
      let start = range.lowerBound
      var (source, bins) = (source, periodic.geometry.bins)
      faults.bitwiseOr(
        Scalar.locatePoints(
          in: .two, of: &source, range, width: kernel.width, bins: &bins,
          strengths: strengths.map { $0 + start }, cursors: nil, into: scratch.points.pointer),
        ordering: .relaxed)
      kernel.withDescriptor {
        Scalar.interpolate(
          in: .two, at: scratch.points.pointer, count: range.count, window: $0,
          rowStride: periodic.geometry.pitch, grid: periodic.samples.pointer,
          values: values.map { $0 + start },
          slopes: slopes.map { [$0.x + start, $0.y + start] })
      }
    }
    return faults.load(ordering: .relaxed) == 0
  }

  /// As above, at points of three coordinates, all finite, in the units of the map's rows.
  func interpolate(
    _ periodic: PeriodicGrid, x: [Double], y: [Double], z: [Double], origin: SIMD2<Double>,
    xRow: SIMD3<Double>, yRow: SIMD3<Double>, strengths: [Scalar]?, values: UnsafeMutablePointer<Scalar>?,
    slopes: (x: UnsafeMutablePointer<Scalar>, y: UnsafeMutablePointer<Scalar>)?, _ workspace: Workspace
  ) {
    x.withUnsafeBufferPointer { px in
      y.withUnsafeBufferPointer { py in
        z.withUnsafeBufferPointer { pz in
          let source = source(
            origin: origin, xRow: xRow, yRow: yRow, x: px.baseAddress, y: py.baseAddress, z: pz.baseAddress)
          func run(_ strengths: UnsafePointer<Scalar>?) {
            _ = interpolate(
              periodic, at: source, count: px.count, strengths: strengths, values: values, slopes: slopes,
              workspace)
          }
          if let strengths {
            strengths.withUnsafeBufferPointer { run($0.baseAddress) }
          } else {
            run(nil)
          }
        }
      }
    }
  }

  /// Samples of the grid to a pixel of the modes, along x and y.
  var samplesToAPixel: SIMD2<Double> {
    SIMD2(Double(columns) / Double(modes.columns), Double(rows) / Double(modes.rows))
  }
}
