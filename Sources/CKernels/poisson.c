// Counts of Poisson's distribution that are a function of their pixel's number alone, in place of expected numbers.
#pragma STDC FP_CONTRACT OFF
#include "philox.h"

// Attempts after which a mean is taken for its own count: half of all, or more, succeed.
enum { EP_POISSON_ATTEMPTS = 64 };

// 1/n, the first unused.
enum { EP_POISSON_TERMS = 64 };
static const double ep_reciprocals[EP_POISSON_TERMS] = {
    1.0 / 1, 1.0 / 1, 1.0 / 2, 1.0 / 3, 1.0 / 4, 1.0 / 5, 1.0 / 6, 1.0 / 7,
    1.0 / 8, 1.0 / 9, 1.0 / 10, 1.0 / 11, 1.0 / 12, 1.0 / 13, 1.0 / 14, 1.0 / 15,
    1.0 / 16, 1.0 / 17, 1.0 / 18, 1.0 / 19, 1.0 / 20, 1.0 / 21, 1.0 / 22, 1.0 / 23,
    1.0 / 24, 1.0 / 25, 1.0 / 26, 1.0 / 27, 1.0 / 28, 1.0 / 29, 1.0 / 30, 1.0 / 31,
    1.0 / 32, 1.0 / 33, 1.0 / 34, 1.0 / 35, 1.0 / 36, 1.0 / 37, 1.0 / 38, 1.0 / 39,
    1.0 / 40, 1.0 / 41, 1.0 / 42, 1.0 / 43, 1.0 / 44, 1.0 / 45, 1.0 / 46, 1.0 / 47,
    1.0 / 48, 1.0 / 49, 1.0 / 50, 1.0 / 51, 1.0 / 52, 1.0 / 53, 1.0 / 54, 1.0 / 55,
    1.0 / 56, 1.0 / 57, 1.0 / 58, 1.0 / 59, 1.0 / 60, 1.0 / 61, 1.0 / 62, 1.0 / 63};

// ln (n − 1)! − ((n − ½) ln n − n + ½ ln 2π) for n = 1…15.
static const double ep_stirling[16] = {
    0, 0.0810614667953272582, 0.0413406959554092941, 0.0276779256849983391,
    0.0207906721037650931, 0.0166446911898211922, 0.013876128823070748, 0.0118967099458917701,
    0.0104112652619720965, 0.00925546218271273292, 0.00833056343336287126, 0.00757367548795184079,
    0.00694284010720952987, 0.00640899418800420707, 0.00595137011275884774, 0.00555473355196280137};

#define EP_BODY "poisson.inc"
#define REAL float
#define EP_PRECISION f
#include "levels.inc"
#undef REAL
#undef EP_PRECISION

// The steps one by one, for tests.
#define EP_POISSON_STEPS
#define REAL double
#define EP_PRECISION d
#include "levels.inc"
