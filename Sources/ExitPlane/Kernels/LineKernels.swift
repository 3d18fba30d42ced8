import CFFTW
import CKernels

/// What transforms of single lines need, of one precision; see CKernels.h. Complex arrays are passed as their scalars.
struct LineKernels<Scalar: GridScalar>: Sendable {
  typealias Scalars = UnsafeMutablePointer<Scalar>

  /// Length, from, to.
  let plan: @Sendable (Int, Scalars, Scalars) -> OpaquePointer?
  let execute: @Sendable (OpaquePointer, Scalars, Scalars) -> Void
  let interleave: @Sendable (UnsafePointer<Scalar>, UnsafePointer<Scalar>, Int, Scalars) -> Void
  /// Transformed pairs and their number, length, columns, column stride, result.
  let splitRows: @Sendable (UnsafePointer<Scalar>, Int, Int, Int, Int, Scalars) -> Void
  /// Transformed columns and their number, length, rows, weights and their stride, scale, adding, half and its stride.
  let extractColumns:
    @Sendable (
      UnsafePointer<Scalar>, Int, Int, Int, UnsafePointer<Scalar>, Int, Scalar, Bool, Scalars, Int
    ) -> Void
  /// Column, coefficients, degree, count, result.
  let filterColumn: @Sendable (UnsafePointer<Scalar>, UnsafePointer<Scalar>, Int, Int, Scalars) -> Void
}

extension LineKernels<Float> {
  static let single = LineKernels(
    plan: { length, from, to in
      fftwf_plan_dft_1d(Int32(length), complex(from), complex(to), FFTW_FORWARD, FFTW_ESTIMATE)
    },
    execute: { fftwf_execute_dft($0, complex($1), complex($2)) },
    interleave: { ep_interleave_f($0, $1, Int64($2), $3) },
    splitRows: { ep_split_rows_f($0, Int64($1), Int64($2), Int64($3), Int64($4), $5) },
    extractColumns: {
      ep_extract_columns_f(
        $0, Int32($1), Int64($2), Int64($3), $4, Int64($5), $6, $7 ? 1 : 0, $8, Int64($9))
    },
    filterColumn: { ep_filter_column_f($0, $1, Int32($2), Int64($3), $4) })

  private static func complex(_ p: UnsafeMutablePointer<Float>) -> UnsafeMutablePointer<fftwf_complex> {
    UnsafeMutableRawPointer(p).assumingMemoryBound(to: fftwf_complex.self)
  }
}

extension LineKernels<Double> {
  static let double = LineKernels(
    plan: { length, from, to in
      fftw_plan_dft_1d(Int32(length), complex(from), complex(to), FFTW_FORWARD, FFTW_ESTIMATE)
    },
    execute: { fftw_execute_dft($0, complex($1), complex($2)) },
    interleave: { ep_interleave_d($0, $1, Int64($2), $3) },
    splitRows: { ep_split_rows_d($0, Int64($1), Int64($2), Int64($3), Int64($4), $5) },
    extractColumns: {
      ep_extract_columns_d(
        $0, Int32($1), Int64($2), Int64($3), $4, Int64($5), $6, $7 ? 1 : 0, $8, Int64($9))
    },
    filterColumn: { ep_filter_column_d($0, $1, Int32($2), Int64($3), $4) })

  private static func complex(_ p: UnsafeMutablePointer<Double>) -> UnsafeMutablePointer<fftw_complex> {
    UnsafeMutableRawPointer(p).assumingMemoryBound(to: fftw_complex.self)
  }
}
