// Sums of isotropic Gaussians on a pixel grid, in single and double precision.
#include "kernels.h"

#include "gaussian_fit.inc"

#define EP_BODY "gaussian.inc"

// Adding and taking away 1½ · 2^(digits − 1) rounds to whole numbers on every instruction set, and leaves
// the whole number in the low bits of the sum.
#define REAL float
#define BITS int32_t
#define EP_PRECISION f
#define ROUNDER 12582912.0f
#define EXPONENT_SHIFT 23
#define ONE_BITS 0x3F800000
#include "levels.inc"
#undef REAL
#undef BITS
#undef EP_PRECISION
#undef ROUNDER
#undef EXPONENT_SHIFT
#undef ONE_BITS

#define REAL double
#define BITS int64_t
#define EP_PRECISION d
#define ROUNDER 6755399441055744.0
#define EXPONENT_SHIFT 52
#define ONE_BITS 0x3FF0000000000000
#include "levels.inc"
