// A sine of a polynomial of the frequency, multiplied into half spectra, in single and double precision.
#include "sine.h"

#define REAL float
#define BITS int32_t
#define NAME(stem) stem##_f
#define SIGN_SHIFT 31
#include "sine.inc"
#include "oscillation.inc"
#undef REAL
#undef BITS
#undef NAME
#undef SIGN_SHIFT
#undef LANES

#define REAL double
#define BITS int64_t
#define NAME(stem) stem##_d
#define SIGN_SHIFT 63
#include "sine.inc"
#include "oscillation.inc"
