// The cotangent of the plane on which a slice is sampled, in single and double precision.
#include "kernels.h"

#define EP_BODY "slice_cotangent.inc"
#define REAL float
#define EP_PRECISION f
#include "levels.inc"
#undef REAL
#undef EP_PRECISION

#define REAL double
#define EP_PRECISION d
#include "levels.inc"
