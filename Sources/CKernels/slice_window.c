// Slices interpolated with a compact window of any width, in single and double precision.
#include "kernels.h"

#define REAL float
#define NAME(stem) stem##_f
#include "slice_window.inc"
#undef REAL
#undef NAME

#define REAL double
#define NAME(stem) stem##_d
#include "slice_window.inc"
