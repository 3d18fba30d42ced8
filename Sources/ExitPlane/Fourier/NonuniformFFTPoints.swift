import CKernels
import Synchronization

/// Locates points, source after source, and spreads them onto one piece of a grid a block at a time.
struct PointCollector<Scalar: GridScalar> {
  private let grid: SpreadingGrid2D<Scalar>
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
    width = grid.kernel.width
    capacity = scratch.blockLength
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
      faults |= Scalar.locatePoints(
        in: .two, of: &source, (start + done)..<(start + done + part), width: width, bins: &bins,
        strengths: strengths.map { $0 + done }, cursors: nil,
        into: points + held * Scalar.pointBytes(in: .two))
      held += part
      done += part
      if held == capacity { finish() }
    }
  }

  /// Spreads what is held.
  mutating func finish() {
    grid.kernel.withDescriptor {
      Scalar.spreadPoints(in: .two, points, count: held, window: $0, rowStride: pitch, onto: target)
    }
    held = 0
  }
}

/// Sorts points into bins of a grid as it locates them, keeping their order within a bin.
struct PointSorter<Scalar: GridScalar> {
  let dimensions: SpreadingDimensions
  let width: Int
  let bins: ep_bins
  let binCount: Int

  /// Counts the points of each bin, then puts each in its place, in parts whose number does not depend on the
  /// threads.
  ///
  /// - Returns: where each bin's points end, and whether all coordinates are finite.
  func sort(
    _ source: ep_point_source, count: Int, strengths: UnsafePointer<Scalar>?,
    into points: UnsafeMutablePointer<UInt8>, threads: Int
  ) -> (ends: [Int32], allFinite: Bool) {
    let parts = 16
    @Sendable func range(_ part: Int) -> Range<Int> { (count * part / parts)..<(count * (part + 1) / parts) }
    var table = [Int32](repeating: 0, count: parts * binCount)
    let faults = Atomic<Int32>(0)
    table.withUnsafeMutableBufferPointer { table in
      guard let start = table.baseAddress else { return }
      // Raw pointers cross into concurrent code; each part writes its own.
      nonisolated(unsafe) let (source, strengths, cursors, points) = (source, strengths, start, points)
      let (dimensions, width, bins, binCount) = (dimensions, width, bins, binCount)
      parallelForEach(
        count: parts, threads: threads, workspace: { (source, bins) },
        body: { part, given in
          faults.bitwiseOr(
            Scalar.countPoints(
              in: dimensions, of: &given.0, range(part), width: width, bins: &given.1,
              into: cursors + part * binCount),
            ordering: .relaxed)
        })
      // From counts to where each part begins in each bin.
      var position: Int32 = 0
      for bin in 0..<binCount {
        for part in 0..<parts {
          let here = table[part * binCount + bin]
          table[part * binCount + bin] = position
          position += here
        }
      }
      parallelForEach(
        count: parts, threads: threads, workspace: { (source, bins) },
        body: { part, given in
          let range = range(part)
          _ = Scalar.locatePoints(
            in: dimensions, of: &given.0, range, width: width, bins: &given.1,
            strengths: strengths.map { $0 + range.lowerBound }, cursors: cursors + part * binCount,
            into: points)
        })
    }
    return (Array(table[((parts - 1) * binCount)...]), faults.load(ordering: .relaxed) == 0)
  }
}
