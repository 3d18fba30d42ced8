// Random numbers that are a function of their counter and key alone.
//
// Whoever includes this turns contraction off first: every processor gives the same bits, so that shards of a run
// may be computed on machines that differ.
#pragma once
#include "kernels.h"

typedef uint32_t words __attribute__((ext_vector_type(16)));
typedef uint64_t wide_words __attribute__((ext_vector_type(16)));

// Philox 4×32 of ten rounds on sixteen counters at once: J. K. Salmon et al., "Parallel random numbers: as easy
// as 1, 2, 3", SC11 (2011).
//
// Words lie in the lower halves of lanes of 64 bits, whose upper halves mean nothing: that is where multiplication
// wants its factors and leaves its product, and spares the moves between lanes that cost three times as much.
EP_INLINE void philox(const uint64_t *keys, wide_words *w) {
  const uint64_t low = 0xFFFFFFFF;
#pragma clang loop unroll(full)
  for (int round = 0; round < 10; round++) {
    const wide_words p = (w[0] & low) * 0xD2511F53u;
    const wide_words q = (w[2] & low) * 0xCD9E8D57u;
    w[0] = (q >> 32) ^ w[1] ^ keys[2 * round];
    w[2] = (p >> 32) ^ w[3] ^ keys[2 * round + 1];
    w[1] = q;
    w[3] = p;
  }
}

// The keys of its rounds, which the seed gives: `EP_PHILOX_KEYS` of them.
enum { EP_PHILOX_KEYS = 20 };
EP_INLINE void philox_keys(uint64_t seed, uint64_t *keys) {
  for (uint32_t round = 0; round < 10; round++) {
    keys[2 * round] = (uint32_t)seed + round * 0x9E3779B9u;
    keys[2 * round + 1] = (uint32_t)(seed >> 32) + round * 0xBB67AE85u;
  }
}
