import CFFTW
import CKernels

/// The loops and transforms of one precision, so that generic code reaches C functions that are not.
///
/// Complex arrays are passed as their scalars: real and imaginary parts in turn.
public struct KernelTable<Scalar: GridScalar>: Sendable {
  typealias Scalars = UnsafeMutablePointer<Scalar>

  /// In double precision.
  let sum: @Sendable ([Scalar]) -> Double

  let sliceLinear:
    @Sendable (
      UnsafePointer<ep_half_grid>, UnsafePointer<ep_slice_plane>, UnsafePointer<Scalar>?,
      UnsafePointer<Scalar>?, Scalars
    ) -> Void

  let addGaussians:
    @Sendable (
      UnsafePointer<ep_gaussians>, UnsafePointer<ep_gaussian_view>, UnsafePointer<ep_gaussian_band>,
      Scalars?
    ) -> Void

  let sliceWindow:
    @Sendable (
      UnsafePointer<ep_half_grid>, UnsafePointer<ep_window>, UnsafePointer<ep_slice_plane>,
      UnsafePointer<Scalar>?, UnsafePointer<Scalar>?, Scalars
    ) -> Void

  /// Oscillation, weights of the columns and of the rows, half spectrum.
  let applyOscillation:
    @Sendable (
      UnsafePointer<ep_oscillation>, UnsafePointer<Scalar>, UnsafePointer<Scalar>, Scalars
    ) -> Void

  let addNormals: @Sendable (UnsafePointer<ep_random_source>, _ count: Int, _ scale: Scalar, Scalars) -> Void

  let cropOrPad: @Sendable (UnsafePointer<Scalar>, GridShape, Scalars, GridShape) -> Void

  let importWisdom: @Sendable () -> Void
  let planForward2D: @Sendable (_ rows: Int, _ columns: Int, Scalars, Scalars) -> OpaquePointer?
  let planInverse2D: @Sendable (_ rows: Int, _ columns: Int, Scalars, Scalars) -> OpaquePointer?
  let planInverse3D: @Sendable (_ size: Int, Scalars, Scalars) -> OpaquePointer?
  let planComplex2D: @Sendable (_ rows: Int, _ columns: Int, Scalars, _ isForward: Bool) -> OpaquePointer?
  let planColumns: @Sendable (_ length: Int, _ width: Int, _ stride: Int, Scalars) -> OpaquePointer?
  let executeForward: @Sendable (OpaquePointer, Scalars, Scalars) -> Void
  let executeInverse: @Sendable (OpaquePointer, Scalars, Scalars) -> Void
  let executeComplex: @Sendable (OpaquePointer, Scalars) -> Void
  let destroyPlan: @Sendable (OpaquePointer) -> Void

  let spreading2D: SpreadingKernels<Scalar>
  let spreading3D: SpreadingKernels<Scalar>
  let lines: LineKernels<Scalar>
}

/// The loops of spreading in one number of dimensions; a located point is `pointBytes` of opaque memory.
struct SpreadingKernels<Scalar: GridScalar>: Sendable {
  let pointBytes: Int
  /// Source, width, bins, range of points, counts by bin; 0 unless a coordinate is not finite.
  let count:
    @Sendable (
      UnsafePointer<ep_point_source>, Int, UnsafePointer<ep_bins>, Range<Int>, UnsafeMutablePointer<Int32>
    ) -> Int32
  /// As `count`, with the range's strengths, cursors by bin and where the located points go.
  let locate:
    @Sendable (
      UnsafePointer<ep_point_source>, Int, UnsafePointer<ep_bins>, Range<Int>, UnsafePointer<Scalar>?,
      UnsafeMutablePointer<Int32>?, UnsafeMutableRawPointer
    ) -> Int32
  /// Window, located points and their number, row and plane stride, grid.
  let spread:
    @Sendable (
      UnsafePointer<ep_spread_window>, UnsafeRawPointer, Int, Int, Int, UnsafeMutablePointer<Scalar>
    ) -> Void
}

private func asComplex(_ p: UnsafeMutablePointer<Float>) -> UnsafeMutablePointer<fftwf_complex> {
  UnsafeMutableRawPointer(p).assumingMemoryBound(to: fftwf_complex.self)
}

private func asComplex(_ p: UnsafeMutablePointer<Double>) -> UnsafeMutablePointer<fftw_complex> {
  UnsafeMutableRawPointer(p).assumingMemoryBound(to: fftw_complex.self)
}

/// A sum in double precision, in eight running sums: the same for every machine.
private func sum<Scalar: BinaryFloatingPoint>(_ values: [Scalar]) -> Double {
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

extension Float {
  public static let _kernels = KernelTable<Float>(
    sum: { ExitPlane.sum($0) },
    sliceLinear: { ep_slice_linear_f($0, $1, $2, $3, $4) },
    addGaussians: { ep_gaussians_add_f($0, $1, $2, $3) },
    sliceWindow: { ep_slice_window_f($0, $1, $2, $3, $4, $5) },
    applyOscillation: { ep_oscillation_apply_f($0, $1, $2, $3) },
    addNormals: { ep_normal_add_f($0, Int64($1), $2, $3) },
    cropOrPad: { ExitPlane.cropOrPad($0, $1, into: $2, $3) },
    importWisdom: {
      for (_, wisdom) in FFTWisdom.single.sorted(by: { $0.key < $1.key }) {
        fftwf_import_wisdom_from_string(wisdom)
      }
    },
    planForward2D: {
      fftwf_plan_dft_r2c_2d(Int32($0), Int32($1), $2, asComplex($3), FFTW_ESTIMATE)
    },
    planInverse2D: {
      fftwf_plan_dft_c2r_2d(Int32($0), Int32($1), asComplex($2), $3, FFTW_ESTIMATE)
    },
    planInverse3D: {
      fftwf_plan_dft_c2r_3d(Int32($0), Int32($0), Int32($0), asComplex($1), $2, FFTW_ESTIMATE)
    },
    planComplex2D: {
      fftwf_plan_dft_2d(
        Int32($0), Int32($1), asComplex($2), asComplex($2), $3 ? FFTW_FORWARD : FFTW_BACKWARD,
        FFTW_ESTIMATE)
    },
    planColumns: { length, width, stride, data in
      var n = Int32(length)
      return fftwf_plan_many_dft(
        1, &n, Int32(width), asComplex(data), nil, Int32(stride), 1, asComplex(data), nil,
        Int32(stride), 1, FFTW_FORWARD, FFTW_ESTIMATE)
    },
    executeForward: { fftwf_execute_dft_r2c($0, $1, asComplex($2)) },
    executeInverse: { fftwf_execute_dft_c2r($0, asComplex($1), $2) },
    executeComplex: { fftwf_execute_dft($0, asComplex($1), asComplex($1)) },
    destroyPlan: { fftwf_destroy_plan($0) },
    spreading2D: SpreadingKernels(
      pointBytes: MemoryLayout<ep_point_2d_f>.stride,
      count: { source, width, bins, range, counts in
        ep_count_points_2d_f(
          source, Int32(width), bins, Int64(range.lowerBound), Int64(range.count), counts)
      },
      locate: { source, width, bins, range, strengths, cursors, points in
        ep_locate_points_2d_f(
          source, Int32(width), bins, Int64(range.lowerBound), Int64(range.count), strengths, cursors,
          points.assumingMemoryBound(to: ep_point_2d_f.self))
      },
      spread: {
        ep_spread_2d_f(
          $0, $1.assumingMemoryBound(to: ep_point_2d_f.self), Int64($2), $3, $5)
      }),
    spreading3D: SpreadingKernels(
      pointBytes: MemoryLayout<ep_point_3d_f>.stride,
      count: { source, width, bins, range, counts in
        ep_count_points_3d_f(
          source, Int32(width), bins, Int64(range.lowerBound), Int64(range.count), counts)
      },
      locate: { source, width, bins, range, strengths, cursors, points in
        ep_locate_points_3d_f(
          source, Int32(width), bins, Int64(range.lowerBound), Int64(range.count), strengths, cursors,
          points.assumingMemoryBound(to: ep_point_3d_f.self))
      },
      spread: {
        ep_spread_3d_f(
          $0, $1.assumingMemoryBound(to: ep_point_3d_f.self), Int64($2), $3, $4, $5)
      }),
    lines: .single)
}

extension Double {
  public static let _kernels = KernelTable<Double>(
    sum: { ExitPlane.sum($0) },
    sliceLinear: { ep_slice_linear_d($0, $1, $2, $3, $4) },
    addGaussians: { ep_gaussians_add_d($0, $1, $2, $3) },
    sliceWindow: { ep_slice_window_d($0, $1, $2, $3, $4, $5) },
    applyOscillation: { ep_oscillation_apply_d($0, $1, $2, $3) },
    addNormals: { ep_normal_add_d($0, Int64($1), $2, $3) },
    cropOrPad: { ExitPlane.cropOrPad($0, $1, into: $2, $3) },
    importWisdom: {
      for (_, wisdom) in FFTWisdom.double.sorted(by: { $0.key < $1.key }) {
        fftw_import_wisdom_from_string(wisdom)
      }
    },
    planForward2D: {
      fftw_plan_dft_r2c_2d(Int32($0), Int32($1), $2, asComplex($3), FFTW_ESTIMATE)
    },
    planInverse2D: {
      fftw_plan_dft_c2r_2d(Int32($0), Int32($1), asComplex($2), $3, FFTW_ESTIMATE)
    },
    planInverse3D: {
      fftw_plan_dft_c2r_3d(Int32($0), Int32($0), Int32($0), asComplex($1), $2, FFTW_ESTIMATE)
    },
    planComplex2D: {
      fftw_plan_dft_2d(
        Int32($0), Int32($1), asComplex($2), asComplex($2), $3 ? FFTW_FORWARD : FFTW_BACKWARD,
        FFTW_ESTIMATE)
    },
    planColumns: { length, width, stride, data in
      var n = Int32(length)
      return fftw_plan_many_dft(
        1, &n, Int32(width), asComplex(data), nil, Int32(stride), 1, asComplex(data), nil,
        Int32(stride), 1, FFTW_FORWARD, FFTW_ESTIMATE)
    },
    executeForward: { fftw_execute_dft_r2c($0, $1, asComplex($2)) },
    executeInverse: { fftw_execute_dft_c2r($0, asComplex($1), $2) },
    executeComplex: { fftw_execute_dft($0, asComplex($1), asComplex($1)) },
    destroyPlan: { fftw_destroy_plan($0) },
    spreading2D: SpreadingKernels(
      pointBytes: MemoryLayout<ep_point_2d_d>.stride,
      count: { source, width, bins, range, counts in
        ep_count_points_2d_d(
          source, Int32(width), bins, Int64(range.lowerBound), Int64(range.count), counts)
      },
      locate: { source, width, bins, range, strengths, cursors, points in
        ep_locate_points_2d_d(
          source, Int32(width), bins, Int64(range.lowerBound), Int64(range.count), strengths, cursors,
          points.assumingMemoryBound(to: ep_point_2d_d.self))
      },
      spread: {
        ep_spread_2d_d(
          $0, $1.assumingMemoryBound(to: ep_point_2d_d.self), Int64($2), $3, $5)
      }),
    spreading3D: SpreadingKernels(
      pointBytes: MemoryLayout<ep_point_3d_d>.stride,
      count: { source, width, bins, range, counts in
        ep_count_points_3d_d(
          source, Int32(width), bins, Int64(range.lowerBound), Int64(range.count), counts)
      },
      locate: { source, width, bins, range, strengths, cursors, points in
        ep_locate_points_3d_d(
          source, Int32(width), bins, Int64(range.lowerBound), Int64(range.count), strengths, cursors,
          points.assumingMemoryBound(to: ep_point_3d_d.self))
      },
      spread: {
        ep_spread_3d_d(
          $0, $1.assumingMemoryBound(to: ep_point_3d_d.self), Int64($2), $3, $4, $5)
      }),
    lines: .double)
}
