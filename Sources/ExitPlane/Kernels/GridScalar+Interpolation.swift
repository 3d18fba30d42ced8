import CKernels

/// The loops that take a spread grid's transposes, as static methods of a precision.
extension GridScalar {
  /// Interpolates a grid at located points: sums of their windows' samples and, times the points' strengths, the slopes
  /// of those by the position along each axis, in samples of the grid.
  ///
  /// - Parameter slopes: an array an axis.
  static func interpolate(
    in dimensions: SpreadingDimensions, at points: UnsafeRawPointer, count: Int,
    window: UnsafePointer<ep_spread_window>, rowStride: Int, planeStride: Int = 0,
    grid: UnsafePointer<Self>, values: UnsafeMutablePointer<Self>?, slopes: [UnsafeMutablePointer<Self>]?
  ) {
    func run(_ slopes: UnsafeRawPointer?) {
      interpolate(
        in: dimensions, points, Int64(count), window, rowStride, planeStride, grid, values, slopes)
    }
    if let slopes {
      slopes.withUnsafeBufferPointer { run($0.baseAddress.map { UnsafeRawPointer($0) }) }
    } else {
      run(nil)
    }
  }

  private static func interpolate(
    in dimensions: SpreadingDimensions, _ points: UnsafeRawPointer, _ number: Int64,
    _ window: UnsafePointer<ep_spread_window>, _ rowStride: Int, _ planeStride: Int,
    _ grid: UnsafePointer<Self>, _ values: UnsafeMutablePointer<Self>?, _ slopes: UnsafeRawPointer?
  ) {
    // What slopes points to are pointers to numbers of the precision that `Self` is.
    typealias Singles = UnsafeMutablePointer<Float>?
    typealias Doubles = UnsafeMutablePointer<Double>?
    let singles = slopes?.assumingMemoryBound(to: Singles.self)
    let doubles = slopes?.assumingMemoryBound(to: Doubles.self)
    switch (dimensions, isSingle) {
    case (.two, true):
      ep_interpolate_2d_f(
        window, points.assumingMemoryBound(to: ep_point_2d_f.self), number, rowStride, grid.rebound(),
        values?.rebound(), singles)
    case (.two, false):
      ep_interpolate_2d_d(
        window, points.assumingMemoryBound(to: ep_point_2d_d.self), number, rowStride, grid.rebound(),
        values?.rebound(), doubles)
    case (.three, true):
      ep_interpolate_3d_f(
        window, points.assumingMemoryBound(to: ep_point_3d_f.self), number, rowStride, planeStride,
        grid.rebound(), values?.rebound(), singles)
    case (.three, false):
      ep_interpolate_3d_d(
        window, points.assumingMemoryBound(to: ep_point_3d_d.self), number, rowStride, planeStride,
        grid.rebound(), values?.rebound(), doubles)
    }
  }

  // MARK: Lines of a transposed transform

  /// The parts of complex numbers to two real rows.
  static func deinterleave(
    _ line: UnsafePointer<Self>, count: Int, into even: UnsafeMutablePointer<Self>,
    _ odd: UnsafeMutablePointer<Self>
  ) {
    if isSingle {
      ep_deinterleave_f(line.rebound(), Int64(count), even.rebound(), odd.rebound())
    } else {
      ep_deinterleave_d(line.rebound(), Int64(count), even.rebound(), odd.rebound())
    }
  }

  /// The transpose of `splitRows`, conjugated.
  static func joinRows(
    _ source: UnsafePointer<Self>, pairs: Int, length: Int, columns: Int, columnStride: Int,
    into lines: UnsafeMutablePointer<Self>
  ) {
    let (pairs, length) = (Int64(pairs), Int64(length))
    let (columns, columnStride) = (Int64(columns), Int64(columnStride))
    if isSingle {
      ep_join_rows_f(source.rebound(), pairs, length, columns, columnStride, lines.rebound())
    } else {
      ep_join_rows_d(source.rebound(), pairs, length, columns, columnStride, lines.rebound())
    }
  }

  /// The transpose of `extractColumns`, conjugated.
  static func insertColumns(
    _ half: UnsafePointer<Self>, halfStride: Int, rows: Int, weights: UnsafePointer<Self>,
    weightStride: Int, scale: Self, columns: Int, length: Int, into lines: UnsafeMutablePointer<Self>
  ) {
    let (halfStride, rows, length) = (Int64(halfStride), Int64(rows), Int64(length))
    let (weightStride, columns) = (Int64(weightStride), Int32(columns))
    if isSingle {
      ep_insert_columns_f(
        half.rebound(), halfStride, rows, weights.rebound(), weightStride, Float(scale), columns, length,
        lines.rebound())
    } else {
      ep_insert_columns_d(
        half.rebound(), halfStride, rows, weights.rebound(), weightStride, Double(scale), columns, length,
        lines.rebound())
    }
  }

  // MARK: Sums of slopes

  /// Adds `(Σ s, Σ s x, Σ s y, Σ s z)`, or without y and z the first two, to four sums.
  static func addMoments(
    of slopes: UnsafePointer<Self>, x: UnsafePointer<Double>, y: UnsafePointer<Double>?,
    z: UnsafePointer<Double>?, count: Int, to sums: inout SIMD4<Double>
  ) {
    withUnsafeMutablePointer(to: &sums) { sums in
      let sums = UnsafeMutableRawPointer(sums).assumingMemoryBound(to: Double.self)
      if isSingle {
        ep_slope_moments_f(slopes.rebound(), x, y, z, Int64(count), sums)
      } else {
        ep_slope_moments_d(slopes.rebound(), x, y, z, Int64(count), sums)
      }
    }
  }

  /// Adds slopes along two rows of a map, each times its row, to vectors.
  static func addSlopes(
    _ along: UnsafePointer<Self>, _ across: UnsafePointer<Self>, rows: (SIMD3<Double>, SIMD3<Double>),
    count: Int, to x: UnsafeMutablePointer<Double>, _ y: UnsafeMutablePointer<Double>,
    _ z: UnsafeMutablePointer<Double>
  ) {
    let (a, b) = rows
    withUnsafeTemporaryAllocation(of: Double.self, capacity: 6) { map in
      for (index, value) in [a.x, a.y, a.z, b.x, b.y, b.z].enumerated() { map[index] = value }
      if isSingle {
        ep_add_slopes_f(along.rebound(), across.rebound(), map.baseAddress, Int64(count), x, y, z)
      } else {
        ep_add_slopes_d(along.rebound(), across.rebound(), map.baseAddress, Int64(count), x, y, z)
      }
    }
  }
}
