import CKernels

/// On how many axes points are spread.
enum SpreadingDimensions: Sendable {
  case two
  case three
}

/// The loops of spreading as static methods of a precision. A located point is `pointBytes` of opaque memory.
extension GridScalar {
  static func pointBytes(in dimensions: SpreadingDimensions) -> Int {
    switch (dimensions, isSingle) {
    case (.two, true): MemoryLayout<ep_point_2d_f>.stride
    case (.two, false): MemoryLayout<ep_point_2d_d>.stride
    case (.three, true): MemoryLayout<ep_point_3d_f>.stride
    case (.three, false): MemoryLayout<ep_point_3d_d>.stride
    }
  }

  /// Counts points by bin.
  ///
  /// - Returns: 0 unless a coordinate is not finite.
  static func countPoints(
    in dimensions: SpreadingDimensions, of source: UnsafePointer<ep_point_source>, _ range: Range<Int>,
    width: Int, bins: UnsafePointer<ep_bins>, into counts: UnsafeMutablePointer<Int32>
  ) -> Int32 {
    let (width, first, count) = (Int32(width), Int64(range.lowerBound), Int64(range.count))
    return switch (dimensions, isSingle) {
    case (.two, true): ep_count_points_2d_f(source, width, bins, first, count, counts)
    case (.two, false): ep_count_points_2d_d(source, width, bins, first, count, counts)
    case (.three, true): ep_count_points_3d_f(source, width, bins, first, count, counts)
    case (.three, false): ep_count_points_3d_d(source, width, bins, first, count, counts)
    }
  }

  /// Locates points; `strengths` begins with the first of the range, and without cursors all go to one bin.
  ///
  /// - Returns: 0 unless a coordinate is not finite.
  static func locatePoints(
    in dimensions: SpreadingDimensions, of source: UnsafePointer<ep_point_source>, _ range: Range<Int>,
    width: Int, bins: UnsafePointer<ep_bins>, strengths: UnsafePointer<Self>?,
    cursors: UnsafeMutablePointer<Int32>?, into points: UnsafeMutableRawPointer
  ) -> Int32 {
    let (width, first, count) = (Int32(width), Int64(range.lowerBound), Int64(range.count))
    return switch (dimensions, isSingle) {
    case (.two, true):
      ep_locate_points_2d_f(
        source, width, bins, first, count, strengths?.rebound(), cursors,
        points.assumingMemoryBound(to: ep_point_2d_f.self))
    case (.two, false):
      ep_locate_points_2d_d(
        source, width, bins, first, count, strengths?.rebound(), cursors,
        points.assumingMemoryBound(to: ep_point_2d_d.self))
    case (.three, true):
      ep_locate_points_3d_f(
        source, width, bins, first, count, strengths?.rebound(), cursors,
        points.assumingMemoryBound(to: ep_point_3d_f.self))
    case (.three, false):
      ep_locate_points_3d_d(
        source, width, bins, first, count, strengths?.rebound(), cursors,
        points.assumingMemoryBound(to: ep_point_3d_d.self))
    }
  }

  /// Spreads located points onto a grid; the plane stride is for three dimensions.
  static func spreadPoints(
    in dimensions: SpreadingDimensions, _ points: UnsafeRawPointer, count: Int,
    window: UnsafePointer<ep_spread_window>, rowStride: Int, planeStride: Int = 0,
    onto grid: UnsafeMutablePointer<Self>
  ) {
    let number = Int64(count)
    switch (dimensions, isSingle) {
    case (.two, true):
      ep_spread_2d_f(
        window, points.assumingMemoryBound(to: ep_point_2d_f.self), number, rowStride, grid.rebound())
    case (.two, false):
      ep_spread_2d_d(
        window, points.assumingMemoryBound(to: ep_point_2d_d.self), number, rowStride, grid.rebound())
    case (.three, true):
      ep_spread_3d_f(
        window, points.assumingMemoryBound(to: ep_point_3d_f.self), number, rowStride, planeStride,
        grid.rebound())
    case (.three, false):
      ep_spread_3d_d(
        window, points.assumingMemoryBound(to: ep_point_3d_d.self), number, rowStride, planeStride,
        grid.rebound())
    }
  }
}
