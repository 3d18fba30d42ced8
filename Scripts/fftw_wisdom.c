// Writes Sources/ExitPlane/Kernels/FFTWisdom.swift: what FFTW's planner finds when it may measure, for the
// inverse transforms that end a projection. Docs/Decisions/0004 says why it is kept.
//
//   cc -O2 -o /tmp/fftw_wisdom Scripts/fftw_wisdom.c -lfftw3f -lfftw3
//   /tmp/fftw_wisdom > Sources/ExitPlane/Kernels/FFTWisdom.swift
//
// On a quiet machine. Each side is planned several times; the plan that runs quickest is kept where it gains
// 5 % at least. Progress and gains go to standard error.
#define _GNU_SOURCE
#include <fftw3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static const int sides[] = {64, 96, 128, 160, 192, 224, 256, 288, 320, 360, 384, 400, 448, 512};

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec + 1e-9 * t.tv_nsec;
}

#define PRECISION(X, REAL)                                                                                   \
  static double X##_time(X##_plan plan) {                                                                    \
    double best = 1e9;                                                                                       \
    for (int repeat = 0; repeat < 40; repeat++) {                                                            \
      const double start = now();                                                                            \
      for (int i = 0; i < 10; i++) X##_execute(plan);                                                        \
      const double seconds = (now() - start) / 10;                                                           \
      if (seconds < best) best = seconds;                                                                    \
    }                                                                                                        \
    return best;                                                                                             \
  }                                                                                                          \
                                                                                                             \
  static void X##_print(const char *name) {                                                                  \
    printf("  static let %s: [Int: String] = [\n", name);                                                    \
    const char *comma = "";                                                                                  \
    for (size_t s = 0; s < sizeof sides / sizeof *sides; s++) {                                              \
      const int n = sides[s];                                                                                \
      const size_t samples = (size_t)n * (n / 2 + 1);                                                        \
      X##_complex *half = X##_malloc(samples * sizeof *half);                                                \
      REAL *real = X##_malloc((size_t)n * n * sizeof *real);                                                 \
      X##_forget_wisdom();                                                                                   \
      X##_plan guess = X##_plan_dft_c2r_2d(n, n, half, real, FFTW_ESTIMATE);                                 \
      memset(half, 0, samples * sizeof *half);                                                               \
      double best = X##_time(guess);                                                                         \
      const double estimated = best;                                                                         \
      char *wisdom = NULL;                                                                                   \
      for (int attempt = 0; attempt < 6; attempt++) {                                                        \
        X##_forget_wisdom();                                                                                 \
        X##_plan plan = X##_plan_dft_c2r_2d(n, n, half, real, attempt % 2 ? FFTW_PATIENT : FFTW_MEASURE);    \
        memset(half, 0, samples * sizeof *half);                                                             \
        const double seconds = X##_time(plan);                                                               \
        if (seconds < best) {                                                                                \
          best = seconds;                                                                                    \
          free(wisdom);                                                                                      \
          wisdom = X##_export_wisdom_to_string();                                                            \
        }                                                                                                    \
        X##_destroy_plan(plan);                                                                              \
      }                                                                                                      \
      fprintf(stderr, "%s %d: %.4f ms estimated, %.4f measured\n", name, n, 1e3 * estimated, 1e3 * best);    \
      if (wisdom && best < 0.95 * estimated) {                                                               \
        printf("%s    %d: \"\"\"\n", comma, n);                                                              \
        for (char *line = strtok(wisdom, "\n"); line; line = strtok(NULL, "\n")) printf("    %s\n", line);   \
        printf("    \"\"\"");                                                                                \
        comma = ",\n";                                                                                       \
      }                                                                                                      \
      free(wisdom);                                                                                          \
      X##_destroy_plan(guess);                                                                               \
      X##_free(half);                                                                                        \
      X##_free(real);                                                                                        \
    }                                                                                                        \
    printf(",\n  ]\n");                                                                                      \
  }

PRECISION(fftwf, float)
PRECISION(fftw, double)

int main(void) {
  printf("// Written by Scripts/fftw_wisdom.c with %s.\n\n", fftwf_version);
  printf("/// Plans of the inverse transforms of square images by their side, as FFTW's own measurements chose them.\n");
  printf("///\n/// FFTW takes them where its version and instruction sets are those of the machine that made them, and\n");
  printf("/// otherwise not at all.\nenum FFTWisdom {\n");
  fftwf_print("single");
  printf("\n");
  fftw_print("double");
  printf("}\n");
  return 0;
}
