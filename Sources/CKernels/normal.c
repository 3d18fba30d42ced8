// Normal random numbers that are a function of their number alone, in single and double precision.
//
// Contraction is off: every processor gives the same bits, so that shards of a run may be computed on
// machines that differ.
#pragma STDC FP_CONTRACT OFF
#include "philox.h"
#include "sine.h"

#define EP_BODY "normal.inc"
#define REAL float
#define BITS int32_t
#define EP_PRECISION f
#define SIGN_SHIFT 31
#define MANTISSA_BITS 23
#define ROOT_HALF 0x3F3504F3
#include "levels.inc"
#undef REAL
#undef BITS
#undef EP_PRECISION
#undef SIGN_SHIFT
#undef MANTISSA_BITS
#undef ROOT_HALF

#define REAL double
#define BITS int64_t
#define EP_PRECISION d
#define SIGN_SHIFT 63
#define MANTISSA_BITS 52
#define ROOT_HALF 0x3FE6A09E667F3BCD
#include "levels.inc"
