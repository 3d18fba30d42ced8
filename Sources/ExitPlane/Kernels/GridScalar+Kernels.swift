import CKernels

/// The loops in C (CKernels.h) as static methods of the precision they compute in.
///
/// `Float` and `Double` alone conform to `GridScalar`, so each method is one comparison, which the compiler decides
/// wherever the code around it is specialised. Complex arrays are passed as their scalars: real and imaginary parts
/// in turn.
extension GridScalar {
  @inline(__always)
  static var isSingle: Bool { Self.self == Float.self }

  // MARK: Slices

  /// Interpolates a grid linearly on a plane; the factors multiply the result, both or neither.
  static func sliceLinear(
    _ grid: UnsafePointer<ep_half_grid>, on plane: UnsafePointer<ep_slice_plane>,
    columnFactors: UnsafePointer<Self>?, rowFactors: UnsafePointer<Self>?,
    into spectrum: UnsafeMutablePointer<Self>
  ) {
    if isSingle {
      ep_slice_linear_f(
        grid, plane, columnFactors?.rebound(), rowFactors?.rebound(), spectrum.rebound())
    } else {
      ep_slice_linear_d(
        grid, plane, columnFactors?.rebound(), rowFactors?.rebound(), spectrum.rebound())
    }
  }

  /// As `sliceLinear`, with a compact window of any width.
  static func sliceWindow(
    _ grid: UnsafePointer<ep_half_grid>, _ window: UnsafePointer<ep_window>,
    on plane: UnsafePointer<ep_slice_plane>, columnFactors: UnsafePointer<Self>?,
    rowFactors: UnsafePointer<Self>?, into spectrum: UnsafeMutablePointer<Self>
  ) {
    if isSingle {
      ep_slice_window_f(
        grid, window, plane, columnFactors?.rebound(), rowFactors?.rebound(), spectrum.rebound())
    } else {
      ep_slice_window_d(
        grid, window, plane, columnFactors?.rebound(), rowFactors?.rebound(), spectrum.rebound())
    }
  }

  // MARK: Gaussians

  /// Adds Gaussians to a band of an image.
  static func addGaussians(
    _ gaussians: UnsafePointer<ep_gaussians>, seenBy view: UnsafePointer<ep_gaussian_view>,
    to band: UnsafePointer<ep_gaussian_band>, scratch: UnsafeMutablePointer<Self>?
  ) {
    if isSingle {
      ep_gaussians_add_f(gaussians, view, band, scratch?.rebound())
    } else {
      ep_gaussians_add_d(gaussians, view, band, scratch?.rebound())
    }
  }

  /// The way back of `addGaussians`: the band holds derivatives with respect to its pixels.
  static func gatherGaussians(
    _ gaussians: UnsafePointer<ep_gaussians>, seenBy view: UnsafePointer<ep_gaussian_view>,
    from band: UnsafePointer<ep_gaussian_band>, scratch: UnsafeMutablePointer<Self>?,
    into sums: UnsafeMutablePointer<ep_gaussian_sums>
  ) {
    if isSingle {
      ep_gaussians_gather_f(gaussians, view, band, scratch?.rebound(), sums)
    } else {
      ep_gaussians_gather_d(gaussians, view, band, scratch?.rebound(), sums)
    }
  }

  // MARK: Spectra and noise

  /// Multiplies a half spectrum by an oscillation and by a weight a column and a row.
  static func applyOscillation(
    _ oscillation: UnsafePointer<ep_oscillation>, columnWeights: UnsafePointer<Self>,
    rowWeights: UnsafePointer<Self>, to half: UnsafeMutablePointer<Self>
  ) {
    if isSingle {
      ep_oscillation_apply_f(oscillation, columnWeights.rebound(), rowWeights.rebound(), half.rebound())
    } else {
      ep_oscillation_apply_d(oscillation, columnWeights.rebound(), rowWeights.rebound(), half.rebound())
    }
  }

  /// The way back through `applyOscillation`, with a factor: the cotangent of the result becomes that of what it was
  /// applied to.
  static func pullBackOscillation(
    _ oscillation: UnsafePointer<ep_oscillation>, columnWeights: UnsafePointer<Self>,
    rowWeights: UnsafePointer<Self>, factor: Self, from half: UnsafePointer<Self>,
    cotangent: UnsafeMutablePointer<Self>
  ) -> ep_oscillation_sums {
    var sums = ep_oscillation_sums()
    if isSingle {
      ep_oscillation_pull_back_f(
        oscillation, columnWeights.rebound(), rowWeights.rebound(), Float(factor), half.rebound(),
        cotangent.rebound(), &sums)
    } else {
      ep_oscillation_pull_back_d(
        oscillation, columnWeights.rebound(), rowWeights.rebound(), Double(factor), half.rebound(),
        cotangent.rebound(), &sums)
    }
    return sums
  }

  /// Adds `count` independent normal numbers.
  static func addNormals(
    from source: UnsafePointer<ep_random_source>, count: Int, standardDeviation: Self,
    to pixels: UnsafeMutablePointer<Self>
  ) {
    if isSingle {
      ep_normal_add_f(source, Int64(count), Float(standardDeviation), pixels.rebound())
    } else {
      ep_normal_add_d(source, Int64(count), Double(standardDeviation), pixels.rebound())
    }
  }

  /// Replaces `count` expected numbers by counts of Poisson's distribution.
  static func drawCounts(
    from source: UnsafePointer<ep_random_source>, count: Int, _ pixels: UnsafeMutablePointer<Self>
  ) {
    if isSingle {
      ep_poisson_draw_f(source, Int64(count), pixels.rebound())
    } else {
      ep_poisson_draw_d(source, Int64(count), pixels.rebound())
    }
  }

  // MARK: Lines of a nonuniform transform

  /// Two real rows to the parts of complex numbers.
  static func interleave(
    _ even: UnsafePointer<Self>, _ odd: UnsafePointer<Self>, count: Int, into line: UnsafeMutablePointer<Self>
  ) {
    if isSingle {
      ep_interleave_f(even.rebound(), odd.rebound(), Int64(count), line.rebound())
    } else {
      ep_interleave_d(even.rebound(), odd.rebound(), Int64(count), line.rebound())
    }
  }

  /// Pairs of transformed rows to columns, each row's entries `0 ..< columns`.
  static func splitRows(
    _ lines: UnsafePointer<Self>, pairs: Int, length: Int, columns: Int, columnStride: Int,
    into target: UnsafeMutablePointer<Self>
  ) {
    let (pairs, length) = (Int64(pairs), Int64(length))
    let (columns, columnStride) = (Int64(columns), Int64(columnStride))
    if isSingle {
      ep_split_rows_f(lines.rebound(), pairs, length, columns, columnStride, target.rebound())
    } else {
      ep_split_rows_d(lines.rebound(), pairs, length, columns, columnStride, target.rebound())
    }
  }

  /// Transformed columns to entries of a half spectrum, weighted.
  static func extractColumns(
    _ lines: UnsafePointer<Self>, columns: Int, length: Int, rows: Int, weights: UnsafePointer<Self>,
    weightStride: Int, scale: Self, adding: Bool, into half: UnsafeMutablePointer<Self>, halfStride: Int
  ) {
    let (columns, length, rows) = (Int32(columns), Int64(length), Int64(rows))
    let (weightStride, halfStride, adding) = (Int64(weightStride), Int64(halfStride), Int32(adding ? 1 : 0))
    if isSingle {
      ep_extract_columns_f(
        lines.rebound(), columns, length, rows, weights.rebound(), weightStride, Float(scale), adding,
        half.rebound(), halfStride)
    } else {
      ep_extract_columns_d(
        lines.rebound(), columns, length, rows, weights.rebound(), weightStride, Double(scale), adding,
        half.rebound(), halfStride)
    }
  }

  /// Adds a column, filtered by neighbours up to `degree` away, to another.
  static func filterColumn(
    _ column: UnsafePointer<Self>, coefficients: UnsafePointer<Self>, degree: Int, count: Int,
    addingTo sum: UnsafeMutablePointer<Self>
  ) {
    if isSingle {
      ep_filter_column_f(column.rebound(), coefficients.rebound(), Int32(degree), Int64(count), sum.rebound())
    } else {
      ep_filter_column_d(column.rebound(), coefficients.rebound(), Int32(degree), Int64(count), sum.rebound())
    }
  }

  // MARK: Sums

  /// A sum in double precision, in eight running sums: the same for every machine.
  @specialized(where Self == Float)
  @specialized(where Self == Double)
  static func sum(_ values: [Self]) -> Double {
    values.withUnsafeBufferPointer { buffer in
      var sums = SIMD8<Double>(repeating: 0)
      var i = 0
      while i &+ 8 <= buffer.count {
        for lane in 0..<8 { sums[lane] += Double(buffer[i &+ lane]) }
        i &+= 8
      }
      while i < buffer.count {
        sums[0] += Double(buffer[i])
        i &+= 1
      }
      return sums.sum()
    }
  }
}

extension UnsafePointer {
  /// The same memory as numbers of the precision that a kernel is known to have.
  @inline(__always)
  func rebound<Scalar>() -> UnsafePointer<Scalar> {
    UnsafeRawPointer(self).assumingMemoryBound(to: Scalar.self)
  }
}

extension UnsafeMutablePointer {
  @inline(__always)
  func rebound<Scalar>() -> UnsafeMutablePointer<Scalar> {
    UnsafeMutableRawPointer(self).assumingMemoryBound(to: Scalar.self)
  }
}
