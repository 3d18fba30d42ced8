#include "kernels.h"
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

enum { NOT_SET = -1, UNKNOWN = -2 };

static _Atomic int32_t process_level = NOT_SET;
static _Thread_local int32_t thread_level = NOT_SET;

int32_t ep_best_instruction_set(void) {
#if EP_HAS_LEVELS
  if (__builtin_cpu_supports("x86-64-v4")) return EP_X86_64_V4;
  if (__builtin_cpu_supports("x86-64-v3")) return EP_X86_64_V3;
#endif
  return EP_BASELINE;
}

int32_t ep_instruction_set_of_environment(void) {
  static const char *const names[] = {"baseline", "x86-64-v3", "x86-64-v4"};
  const char *const name = getenv("EXITPLANE_INSTRUCTION_SET");
  if (!name) return NOT_SET;
  for (int32_t level = 0; level < 3; level++)
    if (strcmp(name, names[level]) == 0) return level;
  return UNKNOWN;
}

int32_t ep_instruction_set(void) {
  if (thread_level >= 0) return thread_level;
  int32_t level = atomic_load_explicit(&process_level, memory_order_relaxed);
  if (level >= 0) return level;
  const int32_t best = ep_best_instruction_set(), wanted = ep_instruction_set_of_environment();
  level = wanted >= 0 && wanted < best ? wanted : best;
  atomic_store_explicit(&process_level, level, memory_order_relaxed);
  return level;
}

void ep_use_instruction_set_on_thread(int32_t level) { thread_level = level; }

#if EP_HAS_LEVELS
int32_t ep_has_avx(void) { return __builtin_cpu_supports("avx") != 0; }
int32_t ep_has_avx2_fma(void) { return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"); }
int32_t ep_has_fma4(void) { return __builtin_cpu_supports("fma4") != 0; }
#else
int32_t ep_has_avx(void) { return 0; }
int32_t ep_has_avx2_fma(void) { return 0; }
int32_t ep_has_fma4(void) { return 0; }
#endif
