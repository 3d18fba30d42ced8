import CKernels

/// Slopes of slices, and the way back from them; see `GridScalar+Kernels.swift`.
extension GridScalar {
  /// As `sliceLinear`, and the values' slopes along x, y and z in `slopes`, one plane after another.
  static func sliceLinearWithSlopes(
    _ grid: UnsafePointer<ep_half_grid>, on plane: UnsafePointer<ep_slice_plane>,
    columnFactors: UnsafePointer<Self>?, rowFactors: UnsafePointer<Self>?,
    into spectrum: UnsafeMutablePointer<Self>, slopes: UnsafeMutablePointer<Self>
  ) {
    if isSingle {
      ep_slice_linear_slopes_f(
        grid, plane, columnFactors?.rebound(), rowFactors?.rebound(), spectrum.rebound(), slopes.rebound())
    } else {
      ep_slice_linear_slopes_d(
        grid, plane, columnFactors?.rebound(), rowFactors?.rebound(), spectrum.rebound(), slopes.rebound())
    }
  }

  /// As `sliceWindow`, and the slopes, by the window of the taps' own.
  static func sliceWindowWithSlopes(
    _ grid: UnsafePointer<ep_half_grid>, _ window: UnsafePointer<ep_window>,
    slopeWindow: UnsafePointer<ep_window>, on plane: UnsafePointer<ep_slice_plane>,
    columnFactors: UnsafePointer<Self>?, rowFactors: UnsafePointer<Self>?,
    into spectrum: UnsafeMutablePointer<Self>, slopes: UnsafeMutablePointer<Self>
  ) {
    if isSingle {
      ep_slice_window_slopes_f(
        grid, window, slopeWindow, plane, columnFactors?.rebound(), rowFactors?.rebound(), spectrum.rebound(),
        slopes.rebound())
    } else {
      ep_slice_window_slopes_d(
        grid, window, slopeWindow, plane, columnFactors?.rebound(), rowFactors?.rebound(), spectrum.rebound(),
        slopes.rebound())
    }
  }

  /// The transpose of `sliceLinear`: adds a plane's numbers to the grid, to its planes `planes` along z alone.
  static func addSliceLinear(
    _ spectrum: UnsafePointer<Self>, on plane: UnsafePointer<ep_slice_plane>,
    columnFactors: UnsafePointer<Self>?, rowFactors: UnsafePointer<Self>?,
    to grid: UnsafePointer<ep_half_grid>, planes: Range<Int32>
  ) {
    if isSingle {
      ep_slice_linear_add_f(
        grid, plane, columnFactors?.rebound(), rowFactors?.rebound(), spectrum.rebound(), planes.lowerBound,
        planes.upperBound)
    } else {
      ep_slice_linear_add_d(
        grid, plane, columnFactors?.rebound(), rowFactors?.rebound(), spectrum.rebound(), planes.lowerBound,
        planes.upperBound)
    }
  }

  /// The transpose of `sliceWindow`.
  static func addSliceWindow(
    _ spectrum: UnsafePointer<Self>, _ window: UnsafePointer<ep_window>,
    on plane: UnsafePointer<ep_slice_plane>, columnFactors: UnsafePointer<Self>?,
    rowFactors: UnsafePointer<Self>?, to grid: UnsafePointer<ep_half_grid>, planes: Range<Int32>
  ) {
    if isSingle {
      ep_slice_window_add_f(
        grid, window, plane, columnFactors?.rebound(), rowFactors?.rebound(), spectrum.rebound(),
        planes.lowerBound, planes.upperBound)
    } else {
      ep_slice_window_add_d(
        grid, window, plane, columnFactors?.rebound(), rowFactors?.rebound(), spectrum.rebound(),
        planes.lowerBound, planes.upperBound)
    }
  }

  /// The cotangent of a plane from that of its values and their slopes.
  static func sliceCotangent(
    of cotangent: UnsafePointer<Self>, slopes: UnsafePointer<Self>, on plane: UnsafePointer<ep_slice_plane>
  ) -> ep_plane_cotangent {
    var result = ep_plane_cotangent()
    if isSingle {
      ep_slice_cotangent_f(plane, cotangent.rebound(), slopes.rebound(), &result)
    } else {
      ep_slice_cotangent_d(plane, cotangent.rebound(), slopes.rebound(), &result)
    }
    return result
  }
}
