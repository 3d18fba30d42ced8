import CKernels
import Synchronization

/// Where a two-dimensional type 1 transform is computed: points are spread onto a finer, periodic grid, which
/// is transformed and cleared of the window.
///
/// The grid is held in pieces that are filled independently and added in a fixed order, so that the result
/// does not depend on the number of threads: whole copies, each for a share of the points, or tiles. Rows and
/// columns of a piece begin `halo` samples before its own, so no tap needs wrapping; what lies outside is
/// folded in when a row is collected for its FFT.
struct SpreadingGrid2D<Scalar: GridScalar>: Sendable {
  /// The shape of the image whose half spectrum is the result.
  let modes: GridShape
  let rows: Int
  let columns: Int
  let kernel: WindowKernel<Scalar>
  /// Of rows in pairs, each the real or the imaginary part, and of columns.
  let rowFFT: FFTPlan<Scalar>
  let columnFFT: FFTPlan<Scalar>
  /// What undoes the window.
  let deconvolution: SpectrumWeights<Scalar>

  init(modes: GridShape, accuracy: Double, options: NonuniformFFTOptions, points: Int) throws {
    let grid = try NonuniformGrid<Scalar>(
      modes: [modes.rows, modes.columns], accuracy: accuracy, options: options, points: points)
    guard grid.lengths.allSatisfy({ $0 <= GridShape.largestAxis }) else {
      throw ExitPlaneError.invalid(
        "grid for nonuniform FFTs", got: "\(grid.lengths[0]) × \(grid.lengths[1])",
        need: "at most \(GridShape.largestAxis) an axis: a smaller image or less oversampling")
    }
    self.modes = modes
    (rows, columns) = (grid.lengths[0], grid.lengths[1])
    kernel = grid.kernel
    rowFFT = try FFTPlan(.line(length: columns))
    columnFFT = rows == columns ? rowFFT : try FFTPlan(.line(length: rows))
    deconvolution = try SpectrumWeights(modes, kernel: grid.kernel, gridLengths: grid.lengths) { _, _ in 1 }
  }

  /// What undoes the window and multiplies a spectrum by a function of the frequency.
  ///
  /// - Parameter factor: at signed frequencies, not negative, in samples of the spectrum, `(k_y, k_x)`.
  func weights(
    _ factor: (_ ky: Int, _ kx: Int) throws -> Double
  ) throws -> SpectrumWeights<Scalar> {
    try SpectrumWeights(modes, kernel: kernel, gridLengths: [rows, columns], factor: factor)
  }

  /// Nanoseconds of a transform on one core, roughly.
  func cost(points: Int) -> Double {
    NonuniformGrid<Scalar>.cost(lengths: [rows, columns], width: kernel.width, points: points)
  }

  // MARK: Geometry

  /// Samples before the first that a tap may fall on.
  var halo: Int { kernel.width / 2 }

  /// How the grid is held.
  enum Layout: Hashable, Sendable {
    /// Copies of the whole grid, one a share of the points.
    case whole(copies: Int)
    /// Square tiles of `1 << shift` samples.
    case tiles(shift: Int)
  }

  /// Sorting pays where many points meet a grid larger than the nearest caches. Copies let threads share a
  /// small grid; they cost a pass over each, so there is one to some eight points a sample.
  func layout(forPoints count: Int, sorting: NonuniformFFTOptions.Sorting) -> Layout {
    let (samples, bytes) = (rows * columns, rows * columns * MemoryLayout<Scalar>.stride)
    let sorted =
      switch sorting {
      case .automatic: bytes > 384 << 10 && count > 100_000
      case .always: true
      case .never: false
      }
    guard sorted else { return .whole(copies: max(1, min(8, count / (8 * samples)))) }
    // A tile of 64 KB keeps to the nearest caches; more than some 200 tiles outgrow the cache and the page
    // table's when points are sorted into them.
    var shift = MemoryLayout<Scalar>.stride == 4 ? 7 : 6
    while tileCount(shift: shift) > 256 { shift += 1 }
    return .tiles(shift: shift)
  }

  private func tileColumns(shift: Int) -> Int { (columns + halo) >> shift + 1 }
  private func tileCount(shift: Int) -> Int { ((rows + halo) >> shift + 1) * tileColumns(shift: shift) }

  struct Geometry {
    let pieces: Int
    let piecesAcross: Int
    /// Rows and scalars a row of a piece; samples from one piece's first to the next one's.
    let pieceRows: Int
    let pitch: Int
    let rowStep: Int
    let columnStep: Int
    var pieceCount: Int { pieceRows * pitch }
    var bins: ep_bins
  }

  func geometry(_ layout: Layout) -> Geometry {
    let lanes = kernel.paddedWidth
    // A multiple of a cache line, so that every piece is aligned.
    func pitch(_ samples: Int) -> Int { (samples + lanes + 15) / 16 * 16 }
    switch layout {
    case .whole(let copies):
      let pitch = pitch(columns + halo)
      return Geometry(
        pieces: copies, piecesAcross: 1, pieceRows: rows + halo + kernel.width, pitch: pitch, rowStep: 0,
        columnStep: 0,
        bins: ep_bins(
          halo: Int32(halo), shift: (31, 31, 31), mask: (-1, -1, -1), binStride: (0, 0, 0),
          stride: (1, Int32(pitch), 0)))
    case .tiles(let shift):
      let (side, across) = (1 << shift, tileColumns(shift: shift))
      let pitch = pitch(side)
      return Geometry(
        pieces: tileCount(shift: shift), piecesAcross: across, pieceRows: side + kernel.width, pitch: pitch,
        rowStep: side, columnStep: side,
        bins: ep_bins(
          halo: Int32(halo), shift: (Int32(shift), Int32(shift), 31),
          mask: (Int32(side - 1), Int32(side - 1), -1), binStride: (1, Int32(across), 0),
          stride: (1, Int32(pitch), 0)))
    }
  }

  /// A source of points given in pixels of the image.
  ///
  /// - Parameters:
  ///   - origin: in pixels, (x, y).
  ///   - xRow: the row of the map that gives x in pixels; `yRow` likewise.
  @inline(__always)
  func source(
    origin: SIMD2<Double>, xRow: SIMD3<Double>, yRow: SIMD3<Double>, x: UnsafePointer<Double>? = nil,
    y: UnsafePointer<Double>? = nil, z: UnsafePointer<Double>? = nil
  ) -> ep_point_source {
    let sx = Double(columns) / Double(modes.columns)
    let sy = Double(rows) / Double(modes.rows)
    return ep_point_source(
      origin: (origin.x * sx, origin.y * sy, 0),
      map: ((xRow.x * sx, xRow.y * sx, xRow.z * sx), (yRow.x * sy, yRow.y * sy, yRow.z * sy), (0, 0, 0)),
      period: (Double(columns), Double(rows), 1), x: x, y: y, z: z)
  }

  /// Rows of the periodic grid that points may have touched: all, or `count` of them from `first` on.
  struct RowReach {
    let first: Int
    let count: Int
  }

  var allRows: RowReach { RowReach(first: 0, count: rows) }

  /// The rows reached by points within a radius of a centre, both in pixels along y.
  ///
  /// - Parameter margin: rows to be left free on either side, or all are given.
  func rows(within radius: Double, of centre: Double, margin: Int = 0) -> RowReach {
    let scale = Double(rows) / Double(modes.rows)
    let first = ((centre - radius) * scale).rounded(.down) - Double(halo + 1)
    let count = (2 * radius * scale).rounded(.up) + Double(kernel.width + 3)
    guard count + Double(2 * margin) < Double(rows), abs(first) < 1e9 else { return allRows }
    return RowReach(first: (Int(first) % rows + rows) % rows, count: Int(count))
  }

  // MARK: Spreading

  /// Spreads points of three coordinates, all finite, in the units of the map's rows.
  ///
  /// - Parameter strengths: ones if nil.
  func spread(
    x: [Double], y: [Double], z: [Double], origin: SIMD2<Double>, xRow: SIMD3<Double>, yRow: SIMD3<Double>,
    strengths: [Scalar]?, into workspace: Workspace
  ) {
    x.withUnsafeBufferPointer { px in
      y.withUnsafeBufferPointer { py in
        z.withUnsafeBufferPointer { pz in
          let source = source(
            origin: origin, xRow: xRow, yRow: yRow, x: px.baseAddress, y: py.baseAddress, z: pz.baseAddress)
          _ =
            strengths?.withUnsafeBufferPointer {
              spread(source, count: px.count, strengths: $0.baseAddress, into: workspace)
            } ?? spread(source, count: px.count, strengths: nil, into: workspace)
        }
      }
    }
  }

  /// Spreads points onto the grids, which are clear: a transform clears what it collects.
  ///
  /// - Returns: false where a coordinate is not finite; the workspace then is of no more use.
  func spread(
    _ source: ep_point_source, count: Int, strengths: UnsafePointer<Scalar>?, into workspace: Workspace
  ) -> Bool {
    // Raw pointers cross into concurrent code, which reads them alone.
    nonisolated(unsafe) let (source, strengths) = (source, strengths)
    let faults = Atomic<Int32>(0)
    switch workspace.layout {
    case .whole(let copies):
      forEach(copies, workspace) { copy, scratch in
        let range = (count * copy / copies)..<(count * (copy + 1) / copies)
        faults.bitwiseOr(
          spread(source, range, strengths: strengths, intoPiece: copy, workspace, scratch),
          ordering: .relaxed)
      }
    case .tiles:
      guard let sorted = workspace.sorted else { return true }
      let sorter = PointSorter<Scalar>(
        dimensions: .two, width: kernel.width, bins: workspace.geometry.bins,
        binCount: workspace.geometry.pieces)
      let result = sorter.sort(
        source, count: count, strengths: strengths, into: sorted.pointer, threads: workspace.threads.count)
      spreadSorted(endOfTile: result.ends, sorted, workspace)
      return result.allFinite
    }
    return faults.load(ordering: .relaxed) == 0
  }

  /// Spreads a range of a source onto one piece, in its order, block by block.
  private func spread(
    _ source: ep_point_source, _ range: Range<Int>, strengths: UnsafePointer<Scalar>?, intoPiece piece: Int,
    _ workspace: Workspace, _ scratch: ThreadScratch
  ) -> Int32 {
    var collector = PointCollector(self, workspace, scratch, piece: piece)
    collector.add(
      source, from: range.lowerBound, strengths: strengths.map { $0 + range.lowerBound }, count: range.count)
    collector.finish()
    return collector.faults
  }

  private func spreadSorted(endOfTile: [Int32], _ sorted: AlignedBuffer<UInt8>, _ workspace: Workspace) {
    let geometry = workspace.geometry
    let bytes = Scalar.pointBytes(in: .two)
    forEach(geometry.pieces, workspace) { tile, _ in
      let start = tile == 0 ? 0 : Int(endOfTile[tile - 1])
      kernel.withDescriptor {
        Scalar.spreadPoints(
          in: .two, sorted.pointer + start * bytes, count: Int(endOfTile[tile]) - start, window: $0,
          rowStride: geometry.pitch, onto: workspace.grids.pointer + tile * geometry.pieceCount)
      }
    }
  }
}
