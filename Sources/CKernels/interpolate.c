// Interpolation of a grid at points, the transpose of spreading, in two and three dimensions and both precisions.
#include "kernels.h"

#define EP_BODY "interpolate_points.inc"
#define DIMENSIONS 2
#define REAL float
#define EP_PRECISION 2d_f
#include "levels.inc"
#undef REAL
#undef EP_PRECISION
#define REAL double
#define EP_PRECISION 2d_d
#include "levels.inc"
#undef REAL
#undef EP_PRECISION
#undef DIMENSIONS

#define DIMENSIONS 3
#define REAL float
#define EP_PRECISION 3d_f
#include "levels.inc"
#undef REAL
#undef EP_PRECISION
#define REAL double
#define EP_PRECISION 3d_d
#include "levels.inc"
#undef REAL
#undef EP_PRECISION
#undef DIMENSIONS
#undef EP_BODY

#define EP_BODY "interpolate_transform.inc"
#define REAL float
#define EP_PRECISION f
#include "levels.inc"
#undef REAL
#undef EP_PRECISION
#define REAL double
#define EP_PRECISION d
#include "levels.inc"
