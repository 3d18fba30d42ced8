import CKernels
import ComplexModule
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
  private let rowFFT: RealFFT2D<Scalar>
  private let stripFFT: ColumnFFT<Scalar>
  /// Complex columns transformed at a time, a cache line of them.
  private let stripWidth: Int
  /// Complex columns held of a transformed row: those of the result rounded up to whole strips.
  private let heldColumns: Int
  /// What undoes the window.
  private let deconvolution: SpectrumWeights<Scalar>

  init(modes: GridShape, accuracy: Double, options: NonuniformFFTOptions, points: Int) throws {
    let grid = try NonuniformGrid<Scalar>(
      modes: [modes.rows, modes.columns], accuracy: accuracy, options: options, points: points)
    self.modes = modes
    (rows, columns) = (grid.lengths[0], grid.lengths[1])
    kernel = grid.kernel
    rowFFT = try RealFFT2D(GridShape(rows: 1, columns: columns))
    stripWidth = 64 / (2 * MemoryLayout<Scalar>.stride)
    // An odd number of cache lines to a row: the strip's lines then fall into all sets of the cache, and
    // not, as with a power of two, into few.
    let strips = (modes.spectrumColumns + stripWidth - 1) / stripWidth
    heldColumns = (strips | 1) * stripWidth
    stripFFT = try ColumnFFT(length: rows, width: stripWidth, stride: heldColumns)
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

  /// Rows of the periodic grid that points may have touched.
  enum RowReach {
    case all
    case from(Int, count: Int)

    func contains(_ row: Int, of rows: Int) -> Bool {
      switch self {
      case .all: true
      case .from(let first, let count): (row - first % rows + 2 * rows) % rows < count
      }
    }
  }

  /// The rows reached by points within a radius of a centre, both in pixels along y.
  func rows(within radius: Double, of centre: Double) -> RowReach {
    let scale = Double(rows) / Double(modes.rows)
    let first = ((centre - radius) * scale).rounded(.down) - Double(halo + 1)
    let count = (2 * radius * scale).rounded(.up) + Double(kernel.width + 3)
    guard count < Double(rows), abs(first) < 1e9 else { return .all }
    return .from(Int(first), count: Int(count))
  }

  // MARK: Workspace

  /// What one transform writes.
  final class Workspace: @unchecked Sendable {
    let layout: Layout
    let geometry: Geometry
    let grids: AlignedBuffer<Scalar>
    let threads: [ThreadScratch]
    fileprivate let transformed: AlignedBuffer<Scalar>
    fileprivate let sorted: AlignedBuffer<UInt8>?

    /// - Parameter points: how many there will be at the most.
    init(_ grid: SpreadingGrid2D, layout: Layout, points: Int, threads: Int) throws {
      self.layout = layout
      geometry = grid.geometry(layout)
      let what = "a nonuniform transform of \(grid.modes)"
      grids = try AlignedBuffer(count: geometry.pieces * geometry.pieceCount, of: what)
      transformed = try AlignedBuffer(count: 2 * grid.rows * grid.heldColumns, of: what)
      let bytes = Scalar._kernels.spreading2D.pointBytes
      if case .tiles = layout {
        sorted = try AlignedBuffer(count: points * bytes, of: "sorting of \(points) points")
      } else {
        sorted = nil
      }
      self.threads = try (0..<threads).map { _ in
        try ThreadScratch(
          padded: grid.geometry(.whole(copies: 1)).pitch, columns: grid.columns, what: what)
      }
    }
  }

  /// What one thread of a transform writes for itself.
  final class ThreadScratch: @unchecked Sendable {
    static var blockLength: Int { 1024 }
    let points: AlignedBuffer<UInt8>
    fileprivate let padded: AlignedBuffer<Scalar>
    fileprivate let row: AlignedBuffer<Scalar>
    fileprivate let spectrum: AlignedBuffer<Scalar>

    fileprivate init(padded: Int, columns: Int, what: String) throws {
      points = try AlignedBuffer(count: Self.blockLength * Scalar._kernels.spreading2D.pointBytes, of: what)
      self.padded = try AlignedBuffer(count: padded, of: what)
      row = try AlignedBuffer(count: columns, of: what)
      spectrum = try AlignedBuffer(count: 2 * (columns / 2 + 1), of: what)
    }
  }

  /// Runs a body for every index on the workspace's threads.
  func forEach(
    _ count: Int, _ workspace: Workspace, body: @Sendable (Int, ThreadScratch) -> Void
  ) {
    let next = Atomic<Int>(0)
    parallelForEach(
      count: count, threads: workspace.threads.count,
      workspace: { workspace.threads[next.wrappingAdd(1, ordering: .relaxed).oldValue] },
      body: { index, scratch in body(index, scratch) })
  }

  func withWindow(_ body: (UnsafePointer<ep_spread_window>) -> Void) {
    kernel.coefficients.withUnsafeBufferPointer { coefficients in
      var window = ep_spread_window(
        coefficients: UnsafeRawPointer(coefficients.baseAddress), width: Int32(kernel.width),
        lanes: Int32(kernel.paddedWidth), degree: Int32(kernel.degree))
      body(&window)
    }
  }

  // MARK: Spreading

  /// Spreads points onto cleared grids.
  ///
  /// - Returns: false where a coordinate is not finite.
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
        clear(piece: copy, workspace)
        faults.bitwiseOr(
          spread(source, range, strengths: strengths, intoPiece: copy, workspace, scratch),
          ordering: .relaxed)
      }
    case .tiles:
      let cursors = count > 0 ? sort(source, count: count, strengths: strengths, workspace, faults) : nil
      spreadSorted(endOfTile: cursors, workspace)
    }
    return faults.load(ordering: .relaxed) == 0
  }

  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  func clear(piece: Int, _ workspace: Workspace) {
    let size = workspace.geometry.pieceCount
    (workspace.grids.pointer + piece * size).update(repeating: 0, count: size)
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

  /// Sorts located points by tile, in the order they are given in: counted, then placed, in parts of a number
  /// that does not depend on the threads.
  ///
  /// - Returns: where each tile's points end.
  private func sort(
    _ source: ep_point_source, count: Int, strengths: UnsafePointer<Scalar>?, _ workspace: Workspace,
    _ faults: borrowing Atomic<Int32>
  ) -> [Int32]? {
    guard let sorted = workspace.sorted else { return nil }
    let (parts, tiles) = (16, workspace.geometry.pieces)
    @Sendable func range(_ part: Int) -> Range<Int> { (count * part / parts)..<(count * (part + 1) / parts) }
    var table = [Int32](repeating: 0, count: parts * tiles)
    let (bins, width) = (workspace.geometry.bins, kernel.width)
    var found: Int32 = 0
    table.withUnsafeMutableBufferPointer { table in
      guard let start = table.baseAddress else { return }
      nonisolated(unsafe) let (source, strengths, cursors) = (source, strengths, start)
      let faulty = Atomic<Int32>(0)
      forEach(parts, workspace) { part, _ in
        var (source, bins) = (source, bins)
        faulty.bitwiseOr(
          Scalar._kernels.spreading2D.count(&source, width, &bins, range(part), cursors + part * tiles),
          ordering: .relaxed)
      }
      found = faulty.load(ordering: .relaxed)
      // From counts to where each part begins in each tile.
      var position: Int32 = 0
      for tile in 0..<tiles {
        for part in 0..<parts {
          let here = table[part * tiles + tile]
          table[part * tiles + tile] = position
          position += here
        }
      }
      forEach(parts, workspace) { part, _ in
        var (source, bins) = (source, bins)
        let range = range(part)
        _ = Scalar._kernels.spreading2D.locate(
          &source, width, &bins, range, strengths.map { $0 + range.lowerBound }, cursors + part * tiles,
          sorted.pointer)
      }
    }
    faults.bitwiseOr(found, ordering: .relaxed)
    return Array(table[((parts - 1) * tiles)...])
  }

  private func spreadSorted(endOfTile: [Int32]?, _ workspace: Workspace) {
    let geometry = workspace.geometry
    let bytes = Scalar._kernels.spreading2D.pointBytes
    forEach(geometry.pieces, workspace) { tile, _ in
      clear(piece: tile, workspace)
      guard let endOfTile, let sorted = workspace.sorted else { return }
      let start = tile == 0 ? 0 : Int(endOfTile[tile - 1])
      withWindow {
        Scalar._kernels.spreading2D.spread(
          $0, sorted.pointer + start * bytes, Int(endOfTile[tile]) - start, geometry.pitch, 0,
          workspace.grids.pointer + tile * geometry.pieceCount)
      }
    }
  }

  // MARK: Transform

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

/// Locates points, source after source, and spreads them onto one piece of a grid a block at a time.
struct PointCollector<Scalar: GridScalar> {
  private let grid: SpreadingGrid2D<Scalar>
  /// Held here because the table is dear to copy and sources may be short.
  private let kernels: SpreadingKernels<Scalar>
  private let width: Int
  private let capacity: Int
  private let points: UnsafeMutablePointer<UInt8>
  private let target: UnsafeMutablePointer<Scalar>
  private let pitch: Int
  private var bins: ep_bins
  private var held = 0
  /// Not 0 where a coordinate was not finite.
  private(set) var faults: Int32 = 0

  init(
    _ grid: SpreadingGrid2D<Scalar>, _ workspace: SpreadingGrid2D<Scalar>.Workspace,
    _ scratch: SpreadingGrid2D<Scalar>.ThreadScratch, piece: Int
  ) {
    self.grid = grid
    kernels = Scalar._kernels.spreading2D
    width = grid.kernel.width
    capacity = SpreadingGrid2D<Scalar>.ThreadScratch.blockLength
    points = scratch.points.pointer
    target = workspace.grids.pointer + piece * workspace.geometry.pieceCount
    pitch = workspace.geometry.pitch
    bins = workspace.geometry.bins
  }

  /// Adds the points `start ..< start + count` of a source; `strengths` begins with the first of them.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  mutating func add(
    _ source: ep_point_source, from start: Int = 0, strengths: UnsafePointer<Scalar>?, count: Int
  ) {
    var source = source
    var done = 0
    while done < count {
      let part = min(count - done, capacity - held)
      faults |= kernels.locate(
        &source, width, &bins, (start + done)..<(start + done + part), strengths.map { $0 + done }, nil,
        points + held * kernels.pointBytes)
      held += part
      done += part
      if held == capacity { finish() }
    }
  }

  /// Spreads what is held.
  mutating func finish() {
    grid.withWindow { kernels.spread($0, points, held, pitch, 0, target) }
    held = 0
  }
}

/// What a transform's result is multiplied by: a table over the frequencies that are not negative.
struct SpectrumWeights<Scalar: GridScalar>: Sendable {
  private let table: AlignedBuffer<Scalar>
  private let columns: Int

  fileprivate init(
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
