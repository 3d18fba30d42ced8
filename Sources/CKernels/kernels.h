// What the kernels share: levels of the instruction set and small vectors.
//
// A kernel is written once, in an .inc file, and compiled once a level: levels.inc includes EP_BODY for each. In it
// NAME(stem) ends in the precision and the level, PLAIN(stem) in the precision alone (EP_PRECISION).
#pragma once
#include "CKernels.h"

#if defined(__x86_64__) && defined(__linux__)
#define EP_HAS_LEVELS 1
#else
#define EP_HAS_LEVELS 0
#endif

#define EP_INLINE static inline __attribute__((always_inline))

#define EP_PASTE(stem, suffix) stem##_##suffix
#define EP_JOIN(stem, suffix) EP_PASTE(stem, suffix)
#define PLAIN(stem) EP_JOIN(stem, EP_PRECISION)
#define NAME(stem) EP_JOIN(PLAIN(stem), EP_LEVEL)

// Begins the definition of a kernel. After the last level EP_ENTRY makes what others call of it: the kernel of the
// level in use, at the cost of one branch a call.
#define EP_KERNEL(type, stem, parameters, arguments) \
  static type NAME(stem) parameters;                 \
  EP_ENTRY(type, stem, parameters, arguments)        \
  static type NAME(stem) parameters

#if EP_HAS_LEVELS
#define EP_MAKE_ENTRY(type, stem, parameters, arguments)             \
  type PLAIN(stem) parameters {                                      \
    switch (ep_instruction_set()) {                                  \
    case EP_X86_64_V4: return EP_JOIN(PLAIN(stem), v4) arguments;    \
    case EP_X86_64_V3: return EP_JOIN(PLAIN(stem), v3) arguments;    \
    default: return EP_JOIN(PLAIN(stem), baseline) arguments;        \
    }                                                                \
  }
#else
#define EP_MAKE_ENTRY(type, stem, parameters, arguments) \
  type PLAIN(stem) parameters { return EP_JOIN(PLAIN(stem), baseline) arguments; }
#endif

// The frequency that an entry of a spectrum's axis stands for.
EP_INLINE int32_t ep_signed_frequency(int32_t index, int32_t length) {
  return index < (length + 1) / 2 ? index : index - length;
}
