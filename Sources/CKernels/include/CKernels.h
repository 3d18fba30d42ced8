// Inner loops that reach instruction sets Swift cannot ask for in a package (Docs/Decisions/0002).
// The tests hold each to a plain or direct sum.
#pragma once
#include <stddef.h>
#include <stdint.h>

/// The half of a Hermitian cube that is stored: x = 0…half, y and z = −half…half, with a border of one
/// sample on the far side of x and on both sides of y and z. Strides count complex samples; `origin` is
/// the sample at zero frequency.
///
/// Rows may be held in pairs: then samples of y = 2j and 2j + 1 take turns in one row of memory, and `rowStride`
/// leads from a pair to the next.
typedef struct {
  const void *origin;
  ptrdiff_t rowStride;
  ptrdiff_t planeStride;
  int32_t half;
  /// 1 where rows are held in pairs, else 0, as `ep_slice_linear` wants it.
  int32_t pairing;
} ep_half_grid;

/// The plane on which a half spectrum is sampled: entry (row, column) lies, in samples of the grid, at
/// `column · columnStep + k · rowStep` with k the signed frequency of the row. It may be bent: then
/// `column² · columnBend + k² · rowBend` is added; `ep_slice_linear` knows flat planes alone.
typedef struct {
  double columnStep[3];
  double rowStep[3];
  double columnBend[3];
  double rowBend[3];
  int32_t rows;
  int32_t columns;
  /// A full spectrum: columns too are signed frequencies, the negative ones last. Not for `ep_slice_linear`.
  int32_t isFull;
  /// How many columns of each row are computed, the others set to zero; NULL for all.
  const int32_t *columnsOfRow;
} ep_slice_plane;

/// Trilinear interpolation of the grid on the plane; samples beyond the border count as the border.
/// `columnFactors` (columns complex numbers) and `rowFactors` (rows) multiply the result; both or neither.
/// The caller guarantees a finite plane and an output of rows × columns complex numbers.
void ep_slice_linear_f(const ep_half_grid *grid, const ep_slice_plane *plane,
                       const float *columnFactors, const float *rowFactors, float *out);
void ep_slice_linear_d(const ep_half_grid *grid, const ep_slice_plane *plane,
                       const double *columnFactors, const double *rowFactors, double *out);

/// As `ep_slice_linear`, to the bit, and the slopes of its values: how they change with the coordinates x, y and z of
/// their points, in samples of the grid, within the cell that is read. `slopes` holds three planes of rows × columns
/// complex numbers, for x, y and z, multiplied by the factors as the values are; of points beyond the border they
/// are 0.
void ep_slice_linear_slopes_f(const ep_half_grid *grid, const ep_slice_plane *plane, const float *columnFactors,
                              const float *rowFactors, float *out, float *slopes);
void ep_slice_linear_slopes_d(const ep_half_grid *grid, const ep_slice_plane *plane, const double *columnFactors,
                              const double *rowFactors, double *out, double *slopes);

/// The transpose of `ep_slice_linear`, samples and values taken as pairs of real numbers: adds to the grid's samples,
/// which are written here, what the plane's numbers `in` weigh on them; of the grid's planes z those from `first` to
/// before `end` alone. Sums are made in one order whatever planes are asked for.
void ep_slice_linear_add_f(const ep_half_grid *grid, const ep_slice_plane *plane, const float *columnFactors,
                           const float *rowFactors, const float *in, int32_t first, int32_t end);
void ep_slice_linear_add_d(const ep_half_grid *grid, const ep_slice_plane *plane, const double *columnFactors,
                           const double *rowFactors, const double *in, int32_t first, int32_t end);

/// A compact window: a point's value is the sum of the `width`³ samples around it, each weighted on every
/// axis by a polynomial of its tap.
typedef struct {
  /// Taps an axis, 2…16. The first is at `⌊p − width/2⌋ + 1` for a point at p.
  int32_t width;
  int32_t degree;
  /// (degree + 1) × (width rounded up to 4), highest power first, zero beyond the width; in powers of
  /// `t = 2 (first tap − (p − width/2)) − 1`, which lies in −1…1.
  const void *coefficients;
  /// Coordinates are taken modulo this, into ±period/2; 0 for never.
  double period;
  /// Points beyond this on any axis, before the period is taken, are zero.
  double bandLimit;
  /// Coordinates are clamped to this on either side of 0.
  double reach;
} ep_window;

/// Interpolation of the grid on the plane, with a window.
/// The caller guarantees a finite plane and that every tap of a point within period and reach at x ≥ 0
/// lies in the grid's memory, with three columns beyond it. Rows in pairs are for odd widths up to 7.
void ep_slice_window_f(const ep_half_grid *grid, const ep_window *window, const ep_slice_plane *plane,
                       const float *columnFactors, const float *rowFactors, float *out);
void ep_slice_window_d(const ep_half_grid *grid, const ep_window *window, const ep_slice_plane *plane,
                       const double *columnFactors, const double *rowFactors, double *out);

/// As `ep_slice_window`, to the bit, and the slopes of its values: how they change with the coordinates x, y and z of
/// their points, in samples of the grid. `slopeWindow` has the width of the window and the derivatives of its taps
/// with respect to the point's coordinate; nothing else of it is read. `slopes` holds three planes of rows × columns
/// complex numbers, for x, y and z, multiplied by the factors as the values are. Where a value is that of the reach
/// or zero beyond the band limit its slopes are 0.
void ep_slice_window_slopes_f(const ep_half_grid *grid, const ep_window *window, const ep_window *slopeWindow,
                              const ep_slice_plane *plane, const float *columnFactors, const float *rowFactors,
                              float *out, float *slopes);
void ep_slice_window_slopes_d(const ep_half_grid *grid, const ep_window *window, const ep_window *slopeWindow,
                              const ep_slice_plane *plane, const double *columnFactors, const double *rowFactors,
                              double *out, double *slopes);

/// The transpose of `ep_slice_window`, samples and values taken as pairs of real numbers: adds to the grid's samples,
/// which are written here, what the plane's numbers `in` weigh on them; of the grid's planes z those from `first` to
/// before `end` alone. Sums are made in one order whatever planes are asked for. The caller guarantees what it does
/// for `ep_slice_window`, and of rows in pairs that a column beyond every tap is still the row's own.
void ep_slice_window_add_f(const ep_half_grid *grid, const ep_window *window, const ep_slice_plane *plane,
                           const float *columnFactors, const float *rowFactors, const float *in, int32_t first,
                           int32_t end);
void ep_slice_window_add_d(const ep_half_grid *grid, const ep_window *window, const ep_slice_plane *plane,
                           const double *columnFactors, const double *rowFactors, const double *in, int32_t first,
                           int32_t end);

/// What a real loss gains with each number of an `ep_slice_plane`.
typedef struct {
  double columnStep[3];
  double rowStep[3];
  double columnBend[3];
  double rowBend[3];
} ep_plane_cotangent;

/// From the cotangent of a plane's values and the three planes of their slopes to the plane's own: sums over the
/// entries that are computed of `Re(conj(cotangent) · slope)` times the frequency of the column or row or its square.
/// In a half spectrum all columns are of positive frequency, the Nyquist one too.
void ep_slice_cotangent_f(const ep_slice_plane *plane, const float *cotangent, const float *slopes,
                          ep_plane_cotangent *out);
void ep_slice_cotangent_d(const ep_slice_plane *plane, const double *cotangent, const double *slopes,
                          ep_plane_cotangent *out);

/// The processors this process may run on, at least 1.
int32_t ep_available_processors(void);

/// Calls `body` on `count` threads, one of them the caller's, and returns when all have ended. Threads that the
/// system refuses to make are left out: returns how many there were.
int32_t ep_run_on_threads(int32_t count, size_t stackBytes, void (*body)(void *context), void *context);

/// Levels of the instruction set that kernels are compiled for: what every processor of the architecture has, then
/// with AVX2 and fused multiply-add (x86-64-v3), then with AVX-512 (x86-64-v4).
enum { EP_BASELINE = 0, EP_X86_64_V3 = 1, EP_X86_64_V4 = 2 };

/// The highest level of this processor.
int32_t ep_best_instruction_set(void);
/// The level that EXITPLANE_INSTRUCTION_SET names: −1 where it is not set, −2 where there is none of that name.
int32_t ep_instruction_set_of_environment(void);
/// What kernels called from this thread use: the environment's level where the processor has it, else the highest.
int32_t ep_instruction_set(void);
/// Makes this thread, for tests, use another of the processor's levels; −1 takes it back.
void ep_use_instruction_set_on_thread(int32_t level);

/// Whether the processor has what other libraries choose their code by: AVX (FFTW), and in the C library's
/// mathematics AVX2 with FMA, or AMD's FMA4.
int32_t ep_has_avx(void);
int32_t ep_has_avx2_fma(void);
int32_t ep_has_fma4(void);

/// Pixels a Gaussian's window is handled at a time, and the margin of a band's rows.
#define EP_GAUSSIAN_LANES 16
/// The most Gaussians an atom of `ep_gaussians` has; half the lanes suffice for them.
#define EP_GAUSSIAN_RANK 5

/// Atoms of `rank` Gaussians each, rank 1 to EP_GAUSSIAN_RANK.
typedef struct {
  /// x, y, z and a number unused, for every atom.
  const double *positions;
  /// `count` indices of atoms.
  const uint32_t *atoms;
  /// Pixels on each side of the nearest one that an atom reaches, `count` of them.
  const int32_t *reaches;
  /// For each of `count`: `rank` scales s, then `rank` amplitudes a. At a distance of d pixels from the
  /// atom an axis's weight is exp2(−(s d)²), or erf(s (d + ½)) − erf(s (d − ½)) if `average` is set;
  /// a multiplies the product of the axes' weights.
  const void *parameters;
  /// NULL, or for each of `count` which of the tables its weights come from; for narrow ones only.
  const uint32_t *kinds;
  /// For each kind, from the highest power of `degree` down to 0, for each of its `rank` Gaussians:
  /// coefficients of EP_GAUSSIAN_LANES polynomials of the atom's distance from the nearest pixel, −½ to ½.
  /// They give the weights of the pixels from `reach` before that one on.
  const void *tables;
  int64_t count;
  int32_t rank;
  int32_t average;
  /// Whether all reaches are at most 7.
  int32_t narrow;
  int32_t degree;
} ep_gaussians;

/// Where atoms appear: pixel coordinates are `axis · (x, y, z, 1)`. With `hasPlane`, pixels are the voxels of
/// one plane of a map.
typedef struct {
  double columnAxis[4];
  double rowAxis[4];
  double planeAxis[4];
  int32_t plane;
  int32_t hasPlane;
} ep_gaussian_view;

/// Rows of an image. Every row has EP_GAUSSIAN_LANES writable numbers before its first and after its last
/// pixel, whose values mean nothing.
typedef struct {
  /// Pixel (0, 0), whether or not row 0 belongs to the band.
  void *origin;
  ptrdiff_t pitch;
  int32_t columns;
  int32_t firstRow;
  int32_t endRow;
} ep_gaussian_band;

/// Adds the Gaussians to the band. `scratch` holds EP_GAUSSIAN_RANK · (columns + rows of the band +
/// 4 · EP_GAUSSIAN_LANES) numbers; it may be NULL for narrow ones.
void ep_gaussians_add_f(const ep_gaussians *gaussians, const ep_gaussian_view *view,
                        const ep_gaussian_band *band, float *scratch);
void ep_gaussians_add_d(const ep_gaussians *gaussians, const ep_gaussian_view *view,
                        const ep_gaussian_band *band, double *scratch);

/// Derivatives of a loss with respect to Gaussians, from its derivatives with respect to the pixels: to be added to.
typedef struct {
  /// NULL, or 4 numbers an atom, for the atoms of `ep_gaussians`' positions: adds `column`, `row` and, for a map,
  /// `plane`, each times the derivative with respect to that pixel coordinate of the atom.
  double *positions;
  double column[4];
  double row[4];
  double plane[4];
  /// x, y, z and a number unused, for the same atoms.
  const double *points;
  /// Add those derivatives times (x, y, z, 1).
  double columnSums[4];
  double rowSums[4];
  double planeSums[4];
  /// Both NULL, or `rank` numbers for each of `count`: with respect to the amplitudes and to the scales.
  double *amplitudes;
  double *scales;
} ep_gaussian_sums;

/// The way back of `ep_gaussians_add`. The band holds derivatives with respect to its pixels; its margins are 0.
/// `scratch` holds 3 · (columns + rows of the band + 4 · EP_GAUSSIAN_LANES) numbers; it may be NULL for narrow ones.
void ep_gaussians_gather_f(const ep_gaussians *gaussians, const ep_gaussian_view *view,
                           const ep_gaussian_band *band, float *scratch, ep_gaussian_sums *sums);
void ep_gaussians_gather_d(const ep_gaussians *gaussians, const ep_gaussian_view *view,
                           const ep_gaussian_band *band, double *scratch, ep_gaussian_sums *sums);

/// A window's taps as polynomials: (degree + 1) × lanes coefficients, highest power first, of which `width`
/// lanes are taps and the others 0. The lanes are the width rounded up to 4, 8 or 16; the degree is at most 20.
typedef struct {
  const void *coefficients;
  int32_t width;
  int32_t degree;
} ep_spread_window;

/// Points of two or three dimensions on a periodic grid: point i is at `origin + map · (x_i, y_i, z_i)`
/// samples, axes in the order x, y, z. A missing z counts as 0; where x is missing too, x_i is `i`, so that
/// the points lie evenly on a line.
typedef struct {
  double origin[3];
  double map[3][3];
  double period[3];
  const double *x, *y, *z;
} ep_point_source;

/// Where located points go. A point whose first tap falls on sample `s` (from −halo) belongs to the bin
/// `Σ ((s + halo) >> shift) · binStride`, in whose own grid that tap is at `Σ ((s + halo) & mask) · stride`.
/// A shift of 31 and a mask of −1 leave an axis whole.
typedef struct {
  int32_t halo;
  int32_t shift[3];
  int32_t mask[3];
  int32_t binStride[3];
  int32_t stride[3];
} ep_bins;

/// A located point: the index of its first tap and, per axis, where it lies between samples (−1…1).
typedef struct { int32_t offset; float strength; float t[2]; } ep_point_2d_f;
typedef struct { int32_t offset; double strength; double t[2]; } ep_point_2d_d;
typedef struct { int32_t offset; float strength; float t[3]; } ep_point_3d_f;
typedef struct { int32_t offset; double strength; double t[3]; } ep_point_3d_d;

/// Adds the points `first ..< first + count` to the counts of their bins. Returns 1 where a
/// coordinate is not finite, else 0.
int32_t ep_count_points_2d_f(const ep_point_source *source, int32_t width, const ep_bins *bins, int64_t first,
                          int64_t count, int32_t *counts);
int32_t ep_count_points_2d_d(const ep_point_source *source, int32_t width, const ep_bins *bins, int64_t first,
                          int64_t count, int32_t *counts);
int32_t ep_count_points_3d_f(const ep_point_source *source, int32_t width, const ep_bins *bins, int64_t first,
                          int64_t count, int32_t *counts);
int32_t ep_count_points_3d_d(const ep_point_source *source, int32_t width, const ep_bins *bins, int64_t first,
                          int64_t count, int32_t *counts);

/// Locates the points `first ..< first + count`. Each goes to `points[cursors[bin]++]`, or without cursors, for
/// a single bin, to `points` in turn. `strengths` is indexed from the first of these points; NULL for ones.
/// Returns 1 where a coordinate is not finite, else 0.
int32_t ep_locate_points_2d_f(const ep_point_source *source, int32_t width, const ep_bins *bins, int64_t first,
                           int64_t count, const float *strengths, int32_t *cursors, ep_point_2d_f *points);
int32_t ep_locate_points_2d_d(const ep_point_source *source, int32_t width, const ep_bins *bins, int64_t first,
                           int64_t count, const double *strengths, int32_t *cursors, ep_point_2d_d *points);
int32_t ep_locate_points_3d_f(const ep_point_source *source, int32_t width, const ep_bins *bins, int64_t first,
                           int64_t count, const float *strengths, int32_t *cursors, ep_point_3d_f *points);
int32_t ep_locate_points_3d_d(const ep_point_source *source, int32_t width, const ep_bins *bins, int64_t first,
                           int64_t count, const double *strengths, int32_t *cursors, ep_point_3d_d *points);

/// Adds each point's strength times the window to the grid. The caller guarantees that every tap of every
/// point, idle lanes included, lies in the grid.
void ep_spread_2d_f(const ep_spread_window *window, const ep_point_2d_f *points, int64_t count, ptrdiff_t rowStride,
                    float *grid);
void ep_spread_2d_d(const ep_spread_window *window, const ep_point_2d_d *points, int64_t count, ptrdiff_t rowStride,
                    double *grid);
void ep_spread_3d_f(const ep_spread_window *window, const ep_point_3d_f *points, int64_t count, ptrdiff_t rowStride,
                    ptrdiff_t planeStride, float *grid);
void ep_spread_3d_d(const ep_spread_window *window, const ep_point_3d_d *points, int64_t count, ptrdiff_t rowStride,
                    ptrdiff_t planeStride, double *grid);

/// Two real rows to the parts of complex numbers.
void ep_interleave_f(const float *a, const float *b, int64_t count, float *out);
void ep_interleave_d(const double *a, const double *b, int64_t count, double *out);

/// The transforms of real rows that were transformed in pairs, as the parts of complex ones: of `pairs` lines of
/// `length` complex numbers the entries `0 ..< columns` of both rows go to `out[column · columnStride + row]`.
void ep_split_rows_f(const float *z, int64_t pairs, int64_t length, int64_t columns, int64_t columnStride, float *out);
void ep_split_rows_d(const double *z, int64_t pairs, int64_t length, int64_t columns, int64_t columnStride,
                     double *out);

/// Of `columns` (8 at the most) transformed columns of `length`, one after another, the frequencies −⌊rows / 2⌋ on,
/// in the order of a spectrum, times `weights[|frequency| · weightStride + column] · scale`, to
/// `half[row · halfStride + column]`.
void ep_extract_columns_f(const float *z, int32_t columns, int64_t length, int64_t rows, const float *weights,
                          int64_t weightStride, float scale, int32_t adding, float *half, int64_t halfStride);
void ep_extract_columns_d(const double *z, int32_t columns, int64_t length, int64_t rows, const double *weights,
                          int64_t weightStride, double scale, int32_t adding, double *half, int64_t halfStride);

/// Adds `c₀ in[i] + Σ c_d (in[i − d] + in[i + d])`, d to the degree, to the complex `out[i]`. The caller guarantees
/// as many numbers on either side of `in`.
void ep_filter_column_f(const float *in, const float *coefficients, int32_t degree, int64_t count, float *out);
void ep_filter_column_d(const double *in, const double *coefficients, int32_t degree, int64_t count, double *out);

/// The transpose of spreading: of a grid at each point the sum of its window's samples and, times the point's strength,
/// the slopes of that sum by the point's position in samples of the grid, an array an axis. `values` or `slopes` may be
/// NULL. The caller guarantees that every tap of every point, idle lanes included, lies in the grid and is finite.
void ep_interpolate_2d_f(const ep_spread_window *window, const ep_point_2d_f *points, int64_t count,
                         ptrdiff_t rowStride, const float *grid, float *values, float *const *slopes);
void ep_interpolate_2d_d(const ep_spread_window *window, const ep_point_2d_d *points, int64_t count,
                         ptrdiff_t rowStride, const double *grid, double *values, double *const *slopes);
void ep_interpolate_3d_f(const ep_spread_window *window, const ep_point_3d_f *points, int64_t count,
                         ptrdiff_t rowStride, ptrdiff_t planeStride, const float *grid, float *values,
                         float *const *slopes);
void ep_interpolate_3d_d(const ep_spread_window *window, const ep_point_3d_d *points, int64_t count,
                         ptrdiff_t rowStride, ptrdiff_t planeStride, const double *grid, double *values,
                         double *const *slopes);

/// The parts of complex numbers to two real rows.
void ep_deinterleave_f(const float *line, int64_t count, float *a, float *b);
void ep_deinterleave_d(const double *line, int64_t count, double *a, double *b);

/// Pairs of half spectra of rows, `in[column · columnStride + row]`, to complex lines of `length` whose transforms have
/// the first row's sum of real parts, `Re Σ_{k < columns} in_k e^{−2πi k x / length}`, as their real and the second's as
/// their imaginary parts: the transpose of `ep_split_rows`, but for conjugation. Twice the columns are at most length.
void ep_join_rows_f(const float *in, int64_t pairs, int64_t length, int64_t columns, int64_t columnStride, float *z);
void ep_join_rows_d(const double *in, int64_t pairs, int64_t length, int64_t columns, int64_t columnStride,
                    double *z);

/// The transpose of `ep_extract_columns`, conjugated: the other frequencies of the columns become zeros.
void ep_insert_columns_f(const float *half, int64_t halfStride, int64_t rows, const float *weights,
                         int64_t weightStride, float scale, int32_t columns, int64_t length, float *z);
void ep_insert_columns_d(const double *half, int64_t halfStride, int64_t rows, const double *weights,
                         int64_t weightStride, double scale, int32_t columns, int64_t length, double *z);

/// Adds `Σ s`, `Σ s x` and, unless y and z are NULL, `Σ s y` and `Σ s z` to four sums.
void ep_slope_moments_f(const float *slopes, const double *x, const double *y, const double *z, int64_t count,
                        double *sums);
void ep_slope_moments_d(const double *slopes, const double *x, const double *y, const double *z, int64_t count,
                        double *sums);

/// Adds slopes along the rows of a 2 × 3 map, `map₀ᵀ along_i + map₁ᵀ across_i`, to `(x, y, z)_i`.
void ep_add_slopes_f(const float *along, const float *across, const double *map, int64_t count, double *x, double *y,
                     double *z);
void ep_add_slopes_d(const double *along, const double *across, const double *map, int64_t count, double *x,
                     double *y, double *z);

/// A sine of a polynomial of the frequency (x, y), which is counted in steps from zero frequency: its phase in
/// half turns is `xx x² + xy x y + yy y² + quartic (squareX x² + squareY y²)² + constant`.
typedef struct {
  double xx, xy, yy;
  double quartic;
  double squareX, squareY;
  double constant;
  /// Of the half spectrum, whose rows are signed frequencies with the negative ones last.
  int32_t rows;
  int32_t columns;
  /// The last column is an even image's Nyquist frequency.
  int32_t endsAtNyquist;
} ep_oscillation;

/// Multiplies a half spectrum of complex numbers by the sine, and entry (row, column) by
/// `columnWeights[column] · rowWeights[row]`. A Nyquist frequency is +½ and −½ cycles at once: its sine is the mean
/// of both. There are as many column weights as columns rounded up to sixteen.
void ep_oscillation_apply_f(const ep_oscillation *oscillation, const float *columnWeights,
                            const float *rowWeights, float *spectrum);
void ep_oscillation_apply_d(const ep_oscillation *oscillation, const double *columnWeights,
                            const double *rowWeights, double *spectrum);

/// Sums over the entries of a half spectrum: of p times the slope of the sine to its phase in radians, and of p times
/// the sine, each times 1 or powers of the frequency (x, y) in steps; p is the real product of an entry and its
/// cotangent with the weights. At Nyquist each is a mean of both signs, of what stands beside the slope too.
typedef struct {
  double slope, slopeXX, slopeXY, slopeYY;
  double value, valueXX, valueYY;
} ep_oscillation_sums;

/// The way back through `ep_oscillation_apply`: multiplies the cotangent of its result, in place, by the same factors
/// and by `scale`, and sets the sums, which leave `scale` out. `spectrum` is what it was applied to.
void ep_oscillation_pull_back_f(const ep_oscillation *oscillation, const float *columnWeights,
                                const float *rowWeights, float scale, const float *spectrum, float *cotangent,
                                ep_oscillation_sums *sums);
void ep_oscillation_pull_back_d(const ep_oscillation *oscillation, const double *columnWeights,
                                const double *rowWeights, double scale, const double *spectrum,
                                double *cotangent, ep_oscillation_sums *sums);

/// Philox 4×32 of ten rounds with the seed as its key. The counter is (block, stream, low half of item, high
/// half of item).
typedef struct {
  uint64_t seed;
  uint64_t item;
  uint32_t stream;
} ep_random_source;

/// Adds independent normal numbers of standard deviation `scale`, each a function of the source and of its
/// index: number 64 g + 16 j + i is the j-th of the block 16 g + i. Blocks are counted modulo 2³².
void ep_normal_add_f(const ep_random_source *source, int64_t count, float scale, float *out);
void ep_normal_add_d(const ep_random_source *source, int64_t count, double scale, double *out);

/// Replaces every pixel, an expected number, by a count of Poisson's distribution, 0 where it is not above 0: each a
/// function of the source, of the pixel's index (modulo 2³²) and of what it was alone. Attempt a of pixel i draws the
/// block i of the stream with a · 2¹⁶ added.
void ep_poisson_draw_f(const ep_random_source *source, int64_t count, float *pixels);
void ep_poisson_draw_d(const ep_random_source *source, int64_t count, double *pixels);

/// Steps of that, for tests: the counts that attempts with two uniform numbers each give for means of 10 or more, −1
/// where they are rejected, and those that one uniform number gives for means below.
void ep_poisson_attempt_d(int64_t count, const double *means, const double *us, const double *vs, double *results);
void ep_poisson_invert_d(int64_t count, const double *means, const double *us, double *results);
