// Slopes and transposes of trilinear slices of a half spectrum, in single and double precision.
#include "kernels.h"

#define EP_BODY "slice_linear_transpose.inc"
#define REAL float
#define EP_PRECISION f
#include "levels.inc"
#undef REAL
#undef EP_PRECISION

#define REAL double
#define EP_PRECISION d
#include "levels.inc"
