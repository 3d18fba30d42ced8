// Spreading of points onto a grid, in two and three dimensions and both precisions.
#include "kernels.h"

#define DIMENSIONS 2
#define REAL float
#define NAME(stem) stem##_2d_f
#include "spread_points.inc"
#undef REAL
#undef NAME
#define REAL double
#define NAME(stem) stem##_2d_d
#include "spread_points.inc"
#undef REAL
#undef NAME
#undef DIMENSIONS

#define DIMENSIONS 3
#define REAL float
#define NAME(stem) stem##_3d_f
#include "spread_points.inc"
#undef REAL
#undef NAME
#define REAL double
#define NAME(stem) stem##_3d_d
#include "spread_points.inc"
#undef REAL
#undef NAME
#undef DIMENSIONS

#define REAL float
#define NAME(stem) stem##_f
#include "spread_transform.inc"
#undef REAL
#undef NAME
#define REAL double
#define NAME(stem) stem##_d
#include "spread_transform.inc"
