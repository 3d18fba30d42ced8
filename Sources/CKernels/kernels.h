// What the kernels share: instruction-set clones and small vectors.
#pragma once
#include "CKernels.h"

#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define EP_NO_CLONES 1 // ThreadSanitizer starts after the loader's resolvers and crashes in them.
#endif
#endif

// The levels by name: "avx2" alone would leave fused multiply-add out.
#if defined(__x86_64__) && defined(__linux__) && !defined(EP_NO_CLONES)
#define EP_CLONES __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define EP_CLONES
#endif

#define EP_INLINE static inline __attribute__((always_inline))

// The frequency that an entry of a spectrum's axis stands for.
EP_INLINE int32_t ep_signed_frequency(int32_t index, int32_t length) {
  return index < (length + 1) / 2 ? index : index - length;
}
