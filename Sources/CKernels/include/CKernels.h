// Inner loops that reach instruction sets Swift cannot ask for in a package (Docs/Decisions/0002).
// Each has a plain Swift counterpart in Tests/Oracles that the tests hold it to.
#pragma once
#include <stddef.h>
#include <stdint.h>

/// The half of a Hermitian cube that is stored: x = 0…half, y and z = −half…half, with a border of one
/// sample on the far side of x and on both sides of y and z. Strides count complex samples; `origin` is
/// the sample at zero frequency.
typedef struct {
  const void *origin;
  ptrdiff_t rowStride;
  ptrdiff_t planeStride;
  int32_t half;
} ep_half_grid;

/// The plane on which a half spectrum is sampled: entry (row, column) lies, in samples of the grid, at
/// `column · columnStep + k · rowStep` with k the signed frequency of the row.
typedef struct {
  double columnStep[3];
  double rowStep[3];
  int32_t rows;
  int32_t columns;
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

/// The processors this process may run on, at least 1.
int32_t ep_available_processors(void);

/// A window's taps as polynomials: (degree + 1) × lanes coefficients, highest power first, of which `width`
/// lanes are taps and the others 0. The lanes are 4, 8 or 16; the degree is at most 20.
typedef struct {
  const void *coefficients;
  int32_t width;
  int32_t lanes;
  int32_t degree;
} ep_window;

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
void ep_spread_2d_f(const ep_window *window, const ep_point_2d_f *points, int64_t count, ptrdiff_t rowStride,
                    float *grid);
void ep_spread_2d_d(const ep_window *window, const ep_point_2d_d *points, int64_t count, ptrdiff_t rowStride,
                    double *grid);
void ep_spread_3d_f(const ep_window *window, const ep_point_3d_f *points, int64_t count, ptrdiff_t rowStride,
                    ptrdiff_t planeStride, float *grid);
void ep_spread_3d_d(const ep_window *window, const ep_point_3d_d *points, int64_t count, ptrdiff_t rowStride,
                    ptrdiff_t planeStride, double *grid);
