// Normal random numbers that are a function of their number alone, in single and double precision.
//
// Contraction is off: every processor gives the same bits, so that shards of a run may be computed on
// machines that differ.
#pragma STDC FP_CONTRACT OFF
#include "sine.h"

typedef uint32_t words __attribute__((ext_vector_type(16)));
typedef uint64_t products __attribute__((ext_vector_type(16)));

// Philox 4×32 of ten rounds on sixteen counters at once: J. K. Salmon et al., "Parallel random numbers: as easy
// as 1, 2, 3", SC11 (2011).
EP_INLINE void philox(uint64_t seed, words *w) {
  uint32_t key0 = (uint32_t)seed, key1 = (uint32_t)(seed >> 32);
#pragma clang loop unroll(full)
  for (int round = 0; round < 10; round++) {
    const products p = __builtin_convertvector(w[0], products) * 0xD2511F53u;
    const products q = __builtin_convertvector(w[2], products) * 0xCD9E8D57u;
    w[0] = __builtin_convertvector(q >> 32, words) ^ w[1] ^ key0;
    w[2] = __builtin_convertvector(p >> 32, words) ^ w[3] ^ key1;
    w[1] = __builtin_convertvector(q, words);
    w[3] = __builtin_convertvector(p, words);
    key0 += 0x9E3779B9u;
    key1 += 0xBB67AE85u;
  }
}

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
