// The affinity mask hides behind a feature macro that Swift's Glibc module does not set.
#if defined(__linux__)
#define _GNU_SOURCE
#include <sched.h>
#endif
#include "CKernels.h"
#include <unistd.h>

int32_t ep_available_processors(void) {
#if defined(__linux__)
  cpu_set_t mask;
  if (sched_getaffinity(0, sizeof mask, &mask) == 0 && CPU_COUNT(&mask) > 0) return CPU_COUNT(&mask);
#endif
  const long online = sysconf(_SC_NPROCESSORS_ONLN);
  return online > 0 ? (int32_t)online : 1;
}
