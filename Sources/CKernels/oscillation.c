// A sine of a polynomial of the frequency, multiplied into half spectra, in single and double precision.
#include "sine.h"

#define EP_BODY "oscillation.inc"
#define REAL float
#define BITS int32_t
#define EP_PRECISION f
#define SIGN_SHIFT 31
#include "levels.inc"
#undef REAL
#undef BITS
#undef EP_PRECISION
#undef SIGN_SHIFT

#define REAL double
#define BITS int64_t
#define EP_PRECISION d
#define SIGN_SHIFT 63
#include "levels.inc"
