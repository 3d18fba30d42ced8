// A sine of a polynomial of the frequency, multiplied into half spectra, in single and double precision.
#include "sine.h"

// (−1)^k π^(2k) / (2k)!
static const double ep_cosine[] = {
    1.00000000000000000e+00, -4.93480220054467900e+00, 4.05871212641676848e+00, -1.33526276885458950e+00,
    2.35330630358893206e-01, -2.58068913900140612e-02, 1.92957430940392314e-03, -1.04638104924845705e-04,
    4.30306958703294729e-06, -1.38789524622137714e-07, 3.60473079746250112e-09};

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
