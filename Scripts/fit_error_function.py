"""Fits the polynomials of Sources/CKernels/gaussian_fit.inc.

    pip install mpmath numpy scipy
    python Scripts/fit_error_function.py > Sources/CKernels/gaussian_fit.inc

erf(a) = 1 - 2**(-a P(a)) for 0 <= a <= LIMIT, and 2**f = 1 + f Q(f) for |f| <= 1/2: one branch, no division.
P is the polynomial whose worst error of the *error function* is least: an error d of P changes erf by
ln 2 * a * erfc(a) * d, which is the weight of the fit. Beyond LIMIT erf rounds to 1. Both fits are Remez
exchanges in 60 digits; the errors printed are of the polynomials themselves and, evaluated as the kernels
do (with fused multiply-adds), of the rounded result.
"""
import mpmath as mp
import numpy as np

mp.mp.dps = 60


def remez(function, weight, low, high, degree, rounds=30):
    """The polynomial of least weighted maximum error and that error."""
    points = [(low + high) / 2 - (high - low) / 2 * mp.cos(mp.pi * (i + 0.5) / (degree + 2)) for i in range(degree + 2)]
    grid = [(low + high) / 2 - (high - low) / 2 * mp.cos(mp.pi * (i + 0.5) / (60 * degree)) for i in range(60 * degree)]
    values = [(x, function(x), weight(x)) for x in grid]
    for _ in range(rounds):
        rows = [[x**j for j in range(degree + 1)] + [(-1) ** i / weight(x)] for i, x in enumerate(points)]
        solution = mp.lu_solve(mp.matrix(rows), mp.matrix([function(x) for x in points]))
        coefficients = list(solution)[: degree + 1]
        errors = [w * (mp.polyval(coefficients[::-1], x) - f) for x, f, w in values]
        # One extremum a run of equal signs; the exchange keeps degree + 2 consecutive ones of the largest.
        extrema, best = [], 0
        for i in range(1, len(errors)):
            if errors[i] * errors[best] < 0:
                extrema.append(best)
                best = i
            elif abs(errors[i]) > abs(errors[best]):
                best = i
        extrema.append(best)
        while len(extrema) > degree + 2:
            extrema.pop(0 if abs(errors[extrema[0]]) < abs(errors[extrema[-1]]) else -1)
        assert len(extrema) == degree + 2, "the exchange lost a sign change"
        points = [grid[i] for i in extrema]
        largest, smallest = (f(abs(errors[i]) for i in extrema) for f in (max, min))
        if largest < smallest * mp.mpf("1.001"):
            break
    return coefficients, max(abs(e) for e in errors)


def exponent(a):
    return 2 / (mp.sqrt(mp.pi) * mp.log(2)) if a == 0 else -mp.log(mp.erfc(a), 2) / a


def exponential(f):
    return mp.log(2) if f == 0 else (mp.power(2, f) - 1) / f


def horner(coefficients, x, real):
    """Horner's scheme with fused multiply-adds: product and sum in twice the digits, rounded once."""
    wide = np.float64 if real is np.float32 else np.longdouble
    result = np.full_like(x, real(coefficients[-1]))
    for c in coefficients[-2::-1]:
        result = (result.astype(wide) * x.astype(wide) + wide(real(c))).astype(real)
    return result


def rounded_error(p, q, limit, real, count):
    a = np.linspace(0, float(limit) * 1.2, count).astype(real)
    z = np.minimum(a, real(limit))
    y = horner(p, z, real) * z
    n = np.rint(y)
    f = (n - y).astype(real)
    wide = np.float64 if real is np.float32 else np.longdouble
    # erf = (1 - s) - s f Q(f) with s = 2**-n: 1 - s is exact, and where n = 0 the error is relative to erf.
    scale = np.ldexp(real(1), -n.astype(int))
    tail = horner(q, f, real) * f
    result = ((1 - scale).astype(wide) - scale.astype(wide) * tail.astype(wide)).astype(real)
    exact = [mp.erf(mp.mpf(float(x))) for x in a]
    return max(abs(mp.mpf(float(r)) - e) for r, e in zip(result, exact))


def table(name, coefficients, real):
    digits, end, columns = (9, "f", 6) if real is np.float32 else (17, "", 4)
    text = [f"{float(real(float(c))):.{digits - 1}e}{end}" for c in coefficients]
    rows = [", ".join(text[i : i + columns]) for i in range(0, len(text), columns)]
    return f"static const {'float' if real is np.float32 else 'double'} {name}[] = {{\n    " + ",\n    ".join(rows) + "};"


print("// Written by Scripts/fit_error_function.py, which says what these are.")
for suffix, real, limit, degree, exponential_degree in (("f", np.float32, 4, 7, 5), ("d", np.float64, 6, 20, 10)):
    p, p_error = remez(exponent, lambda a: mp.log(2) * a * mp.erfc(a), mp.mpf(10) ** -6, mp.mpf(limit), degree)
    q, q_error = remez(exponential, lambda f: abs(f) * mp.power(2, -f), mp.mpf(-1) / 2, mp.mpf(1) / 2, exponential_degree)
    error = rounded_error(p, q, limit, real, 20001)
    print(f"\n// {real.__name__}: error of P {mp.nstr(p_error, 2)}, of Q {mp.nstr(q_error, 2)}, of erf rounded {mp.nstr(error, 2)}.")
    print(f"enum {{ ep_erf_degree_{suffix} = {degree}, ep_exp2_degree_{suffix} = {exponential_degree}, ep_erf_limit_{suffix} = {limit} }};")
    print(table(f"ep_erf_{suffix}", p, real))
    print(table(f"ep_exp2_{suffix}", q, real))
