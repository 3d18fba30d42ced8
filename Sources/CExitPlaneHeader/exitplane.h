/// ExitPlane for C, and for whatever calls C: projections of maps and atoms, and their way back.
///
/// Nothing is remembered between calls but what a handle names. Memory is the caller's own: arrays are dense, row-major
/// and aligned to their element, and come with the number of their elements, which is checked. Every function returns
/// a status, and where that is not 0 a sentence in UTF-8, cut to `capacity` bytes and ended by a zero, in `message`
/// (which may be null); nothing else is then written but what a function had computed already. Functions may be called
/// from any number of threads at once.
///
/// `threads` is how many threads a call uses at the most, the caller's among them; 0 is for all processors. No bit of
/// a result depends on it.
///
/// Senses, units and origins are those of Docs/Conventions.md.
#ifndef EXITPLANE_H
#define EXITPLANE_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// MARK: Statuses

enum {
  EXITPLANE_DONE = 0,
  /// An argument outside its domain.
  EXITPLANE_INVALID_VALUE = 1,
  /// Two arguments that do not fit each other.
  EXITPLANE_MISMATCH = 2,
  /// A file that is missing or may not be read.
  EXITPLANE_UNREADABLE_FILE = 3,
  /// A file that breaks its format's rules.
  EXITPLANE_MALFORMED_FILE = 4,
  /// A valid request for something that is not offered.
  EXITPLANE_UNSUPPORTED = 5,
  /// A file that cannot be written.
  EXITPLANE_UNWRITABLE_FILE = 6,
};

/// The library's version, such as "0.1"; for as long as the process lives.
const char *exitplane_version(void);

/// The number of processors that this process may use.
int32_t exitplane_processors(void);

/// Names what a function has made, until it is released; 0 names nothing. One that names nothing any more is refused.
typedef int64_t exitplane_handle;

/// Gives up what a handle names, when the calls that use it have ended.
int32_t exitplane_release(exitplane_handle handle, char *message, int64_t capacity);

// MARK: What is projected, onto what, and how

/// The precision of images and voxels.
enum { EXITPLANE_FLOAT32 = 4, EXITPLANE_FLOAT64 = 8 };

/// Images to be made.
typedef struct {
  /// Of the images.
  int64_t rows, columns;
  /// In which images are computed, to be cropped about their origin; 0 for `rows` and `columns`.
  int64_t padded_rows, padded_columns;
  /// In ångströms.
  double pixel_size;
} exitplane_plane;

/// A map.
typedef struct {
  /// EXITPLANE_FLOAT32 or EXITPLANE_FLOAT64.
  int32_t scalar;
  /// `depth × rows × columns`, `[z][y][x]`, the origin at index n / 2 of every axis; in Å⁻² for images in Å⁻¹.
  const void *voxels;
  int64_t depth, rows, columns;
  /// In ångströms.
  double voxel_size;
} exitplane_map;

enum { EXITPLANE_LINEAR = 0, EXITPLANE_CUBIC = 1, EXITPLANE_EXACT = 2 };
enum { EXITPLANE_IMAGE_GRID = 0, EXITPLANE_VOLUME_GRID = 1 };

/// Of Fourier slices.
typedef struct {
  /// EXITPLANE_LINEAR, _CUBIC or _EXACT.
  int32_t interpolation;
  /// The padding of linear and cubic slices; 0 for what Docs/Accuracy.md recommends.
  double pad_scale;
  /// Of linear and cubic slices: divides the map by what interpolation does to it.
  int32_t corrects_gridding;
  /// The relative error of exact slices; 0 for 1e-3.
  double accuracy;
  /// EXITPLANE_IMAGE_GRID or _VOLUME_GRID: on whose frequencies slices are taken.
  int32_t slice_grid;
  /// Images are integrals along the beam, else plain sums of voxels.
  int32_t outputs_integral;
  /// Allows images of other pixel sizes than the map's voxels.
  int32_t resamples;
  /// Leaves out what lies beyond it, in ångströms; 0 for nothing.
  double resolution;
} exitplane_slice_options;

enum { EXITPLANE_AUTOMATIC = 0, EXITPLANE_SPREADING = 1, EXITPLANE_GATHERING = 2 };

/// Of projections of real voxels.
typedef struct {
  /// The relative error; 0 for 1e-6.
  double accuracy;
  /// EXITPLANE_AUTOMATIC, _SPREADING or _GATHERING.
  int32_t algorithm;
  /// About how many poses there will be, by which the algorithm is chosen; 0 for the library's own guess.
  int64_t expected_poses;
} exitplane_voxel_options;

/// Gaussians, one or more at each position.
typedef struct {
  /// `count × 3`: x, y and z in ångströms.
  const double *positions;
  /// `count × gaussians`: integrals in ångströms, and variances in Å².
  const double *amplitudes, *variances;
  int64_t count, gaussians;
} exitplane_gaussian_mixture;

/// Of projections of Gaussians.
typedef struct {
  /// The precision of images.
  int32_t scalar;
  /// Averages over pixels, else takes the values at their centres.
  int32_t uses_error_functions;
  /// Pixels computed for each one, on both axes.
  int64_t upsampling_factor;
  /// Gaussians are computed down to this part of their peak; 0 for 1e-6.
  double accuracy;
  /// The shape that is computed before cropping or padding; 0 for the padded shape.
  int64_t rows, columns;
} exitplane_gaussian_options;

/// Atoms, each of a type whose scattering factor is a sum of Gaussians, `f(q) = Σ a exp(−2π² σ² q²)`.
typedef struct {
  /// `count × 3`: x, y and z in ångströms.
  const double *positions;
  /// `count`: what each atom counts, its occupancy; null for ones.
  const double *weights;
  /// `count`: from 0 to `types − 1`.
  const int32_t *type_of_atom;
  int64_t count;
  /// `types × gaussians`: a in ångströms, and σ² in Å².
  const double *amplitudes, *variances;
  int64_t types, gaussians;
} exitplane_atoms;

/// Of projections of atoms by a nonuniform FFT.
typedef struct {
  /// The precision of images.
  int32_t scalar;
  /// Averages over pixels, else takes the values at their centres.
  int32_t antialias;
  /// Odd: pixels computed for each one, on both axes.
  int64_t upsample_factor;
  /// The relative error; 0 for 1e-6.
  double accuracy;
  /// The shape that is computed before cropping or padding; 0 for the padded shape.
  int64_t rows, columns;
  /// Whether gradients to amplitudes and variances will be asked for.
  int32_t differentiates_factors;
} exitplane_atom_options;

// MARK: Preparing

/// Prepares central slices of a cubic map's transform. The map is not needed afterwards.
int32_t exitplane_prepare_slices(
  const exitplane_map *map, const exitplane_plane *plane, const exitplane_slice_options *options, int32_t threads,
  exitplane_handle *projector, char *message, int64_t capacity);

/// Prepares a nonuniform FFT of a map's voxels. The map is not needed afterwards.
int32_t exitplane_prepare_voxels(
  const exitplane_map *map, const exitplane_plane *plane, const exitplane_voxel_options *options, int32_t threads,
  exitplane_handle *projector, char *message, int64_t capacity);

/// Prepares a sum of Gaussians. The arrays are not needed afterwards.
int32_t exitplane_prepare_gaussians(
  const exitplane_gaussian_mixture *mixture, const exitplane_plane *plane, const exitplane_gaussian_options *options,
  exitplane_handle *projector, char *message, int64_t capacity);

/// Prepares a nonuniform FFT of atoms. The arrays are not needed afterwards.
int32_t exitplane_prepare_atoms(
  const exitplane_atoms *atoms, const exitplane_plane *plane, const exitplane_atom_options *options,
  exitplane_handle *projector, char *message, int64_t capacity);

// MARK: Projecting, and the way back

/// Where objects stand.
typedef struct {
  /// `count × 3 × 3`, by rows: R takes a point r of the object to R r + t. Orthonormal and right-handed to 1e-4, and
  /// taken as they are: nine free numbers, as derivatives by each of them need.
  const double *rotations;
  /// `count × 2`: t, x and y in ångströms; null for none.
  const double *shifts;
  int64_t count;
} exitplane_poses;

/// Elements that a caller asks for; null where it does not.
typedef struct {
  void *elements;
  int64_t count;
} exitplane_buffer;

/// What a loss L changes with.
typedef struct {
  /// `∂L/∂` of what was prepared, in the caller's shape and order, `volume_count` buffers:
  /// - of a map: voxels, in its precision;
  /// - of a mixture: positions, amplitudes and variances, doubles;
  /// - of atoms: positions, weights, amplitudes and variances, doubles.
  const exitplane_buffer *volume;
  int64_t volume_count;
  /// `count × 3 × 3`, doubles: `∂L/∂R`, its nine numbers free; the third row is zero.
  exitplane_buffer rotations;
  /// `count × 2`, doubles: `∂L/∂t`, per ångström.
  exitplane_buffer shifts;
} exitplane_gradients;

/// Images at poses.
///
/// `images` has `poses.count × rows × columns` elements of the projector's precision, which are written.
int32_t exitplane_project(
  exitplane_handle projector, const exitplane_poses *poses, int32_t threads, exitplane_buffer images, char *message,
  int64_t capacity);

/// The way back of projecting.
///
/// `cotangents` has `∂L/∂` of every pixel, `poses.count × rows × columns` in the projector's precision, which are read.
int32_t exitplane_pull_back(
  exitplane_handle projector, const exitplane_poses *poses, exitplane_buffer cotangents, int32_t threads,
  exitplane_gradients gradients, char *message, int64_t capacity);

/// How far images are from projections, `½ Σ (P − y)²` over the pixels of each, and its gradients, in one pass.
///
/// `images` has `poses.count × rows × columns` elements of the projector's precision, which are read; `values` has
/// `poses.count` doubles.
int32_t exitplane_least_squares(
  exitplane_handle projector, const exitplane_poses *poses, exitplane_buffer images, int32_t threads,
  exitplane_buffer values, exitplane_gradients gradients, char *message, int64_t capacity);

/// Rotations that are uniform over all, each a function of the seed and its index alone.
///
/// `rotations` gets `count × 3 × 3` doubles: those of the indices `first` to `first + count − 1`.
int32_t exitplane_random_rotations(
  uint64_t seed, uint64_t first, int64_t count, exitplane_buffer rotations, char *message, int64_t capacity);

// MARK: Files

/// Opens an array that a file holds, of doubles or, where `scalar` asks for them, of floats; `shape` gets its three
/// lengths and `spacing` the distance of its samples in ångströms, 0 where the header says none.
///
/// A map's array is `[z][y][x]`; a stack's is `[image][y][x]`, and `is_stack` then is 1.
int32_t exitplane_open_map(
  const char *path, exitplane_handle *map, int64_t shape[3], double *spacing, int32_t *is_stack, char *message,
  int64_t capacity);

/// Reads what `exitplane_open_map` opened, whole.
int32_t exitplane_read_map(
  exitplane_handle map, int32_t scalar, exitplane_buffer samples, char *message, int64_t capacity);

/// Writes a map or, where `is_stack` is 1, a stack of `depth` images, as MRC 2014 of mode 2.
int32_t exitplane_write_map(
  const char *path, const exitplane_map *map, int32_t is_stack, char *message, int64_t capacity);

/// Reads a structure as a mixture: `shape` gets the number of its atoms and of the Gaussians of each, at the most.
int32_t exitplane_open_structure(
  const char *path, exitplane_handle *structure, int64_t shape[2], char *message, int64_t capacity);

/// Copies the atoms of a structure: `count × 3`, `count × gaussians` and `count × gaussians` doubles. An atom of fewer
/// Gaussians has amplitudes of 0 and variances of 1 in their place.
int32_t exitplane_read_structure(
  exitplane_handle structure, exitplane_buffer positions, exitplane_buffer amplitudes, exitplane_buffer variances,
  char *message, int64_t capacity);

/// Opens a RELION STAR file; `count` gets the number of its particles.
int32_t exitplane_open_particles(
  const char *path, exitplane_handle *particles, int64_t *count, char *message, int64_t capacity);

/// Copies the poses of particles: `count × 3 × 3` and `count × 2` doubles.
int32_t exitplane_read_particles(
  exitplane_handle particles, exitplane_buffer rotations, exitplane_buffer shifts, char *message, int64_t capacity);

#ifdef __cplusplus
}
#endif

#endif
