import Synchronization

extension SpreadingGrid2D {
  /// What one transform writes.
  final class Workspace: @unchecked Sendable {
    let layout: Layout
    let geometry: Geometry
    let grids: AlignedBuffer<Scalar>
    let threads: [ThreadScratch]
    /// Transformed rows, column after column.
    let transformed: TransformedRows
    /// Sums of such, filtered; where a filter's degree is given.
    let combined: TransformedRows?
    let sorted: AlignedBuffer<UInt8>?

    /// The kernel spreads four quarters of a block in turn, which should lie apart. Points in the order of an
    /// image do when a quarter is many rows of it and not a whole number of them: 9 ns a voxel against 14
    /// with blocks of 1024.
    static var defaultBlockLength: Int { 4 * 1061 }

    /// - Parameters:
    ///   - points: how many will be sorted at the most.
    ///   - blockLength: how many are located before they are spread.
    ///   - filterDegree: the highest of the filters that sums of transforms are made with.
    init(
      _ grid: SpreadingGrid2D, layout: Layout, points: Int, threads: Int,
      blockLength: Int = Workspace.defaultBlockLength, filterDegree: Int? = nil
    ) throws {
      self.layout = layout
      geometry = grid.geometry(layout)
      let what = "a nonuniform transform of \(grid.modes)"
      grids = try AlignedBuffer(count: geometry.pieces * geometry.pieceCount, of: what)
      transformed = try TransformedRows(grid, margin: 2 * (filterDegree ?? 0))
      combined = try filterDegree.map { _ in try TransformedRows(grid, margin: 0) }
      let bytes = Scalar.pointBytes(in: .two)
      if case .tiles = layout {
        sorted = try AlignedBuffer(count: points * bytes, of: "sorting of \(points) points")
      } else {
        sorted = nil
      }
      self.threads = try (0..<threads).map { _ in
        try ThreadScratch(
          blockLength: blockLength, padded: grid.geometry(.whole(copies: 1)).pitch, grid: grid, what: what)
      }
    }
  }

  /// What one thread of a transform writes for itself.
  final class ThreadScratch: @unchecked Sendable {
    let blockLength: Int
    let points: AlignedBuffer<UInt8>
    let padded: AlignedBuffer<Scalar>
    /// A pair of rows, and a row or column of complex numbers.
    let rows: AlignedBuffer<Scalar>
    let line: AlignedBuffer<Scalar>
    /// As many transformed lines as are rearranged at a time.
    let lines: AlignedBuffer<Scalar>

    fileprivate init(blockLength: Int, padded: Int, grid: SpreadingGrid2D, what: String) throws {
      self.blockLength = blockLength
      points = try AlignedBuffer(count: blockLength * Scalar.pointBytes(in: .two), of: what)
      self.padded = try AlignedBuffer(count: padded, of: what)
      let longest = max(grid.rows, grid.columns)
      rows = try AlignedBuffer(count: 2 * grid.columns, of: what)
      line = try AlignedBuffer(count: 2 * longest, of: what)
      lines = try AlignedBuffer(count: 2 * SpreadingGrid2D.linesAtATime * longest, of: what)
    }
  }

  /// Lines that are rearranged at a time: complex numbers of a cache line.
  static var linesAtATime: Int { 8 }

  /// Transformed rows of a reach, held by column; each has a margin on either side.
  final class TransformedRows: Sendable {
    let storage: AlignedBuffer<Scalar>
    let margin: Int
    /// Complex numbers from one column to the next. An odd number of cache lines: those of a row then fall into
    /// all sets of the cache, and not, as with a power of two, into few.
    let stride: Int

    fileprivate init(_ grid: SpreadingGrid2D, margin: Int) throws {
      self.margin = margin
      stride = ((grid.rows + 2 * margin + 9) / 8 | 1) * 8
      storage = try AlignedBuffer(
        count: 2 * stride * grid.modes.spectrumColumns, of: "a nonuniform transform of \(grid.modes)")
    }

    /// The first row of a column, after the margin.
    @inline(__always)
    func column(_ column: Int) -> UnsafeMutablePointer<Scalar> {
      storage.pointer + 2 * (column * stride + margin)
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
}
