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
