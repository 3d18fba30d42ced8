"""FINUFFT's 2D type 1 alone, points and strengths in memory, sorting included, single precision.

`random`: uniform points. `grid`: the voxels of a rotated cubic grid in their stored order, as a projection has them.
FINUFFT takes complex strengths only; ours are real, with a zero imaginary part here.
"""

import finufft
import numpy as np

from inputs import noise_map, random_quaternions, rotation_matrices
from measure import arguments, report

options = arguments(
    ("--points", dict(choices=["random", "grid"], required=True)),
    ("--count", dict(type=int, default=1_000_000, help="random points")),
    ("--box", dict(type=int, default=128, help="edge of the grid")),
    ("--modes", dict(type=int, required=True)),
    ("--eps", dict(type=float, default=1e-6)),
)
if options.points == "random":
    rng = np.random.default_rng(5)
    x, y = rng.uniform(-np.pi, np.pi, (2, options.count))
    strengths = rng.normal(size=options.count)
else:
    axis = (np.arange(options.box) - options.box // 2) * 2 * np.pi / options.box
    r = np.stack([g.ravel() for g in np.meshgrid(axis, axis, axis, indexing="ij")][::-1])
    # Corners of the cube turn out of the box: FINUFFT folds them back by periodicity.
    x, y = (rotation_matrices(random_quaternions(1))[0] @ r)[:2]
    strengths = noise_map(options.box).ravel()
x, y = (np.ascontiguousarray(c, dtype=np.float32) for c in (x, y))
strengths = strengths.astype(np.complex64)

exact = finufft.nufft2d1(
    y.astype(float), x.astype(float), strengths.astype(complex), (options.modes,) * 2, eps=1e-12, isign=-1)

for upsampling in (0.0, 1.25, 2.0):
    for sort in (0, 1):
        plan = finufft.Plan(
            1, (options.modes,) * 2, eps=options.eps, isign=-1, dtype="complex64", nthreads=options.threads,
            upsampfac=upsampling, spread_sort=sort)

        def run():
            plan.setpts(y, x)
            plan.execute(strengths)

        plan.setpts(y, x)
        error = np.linalg.norm(plan.execute(strengths) - exact) / np.linalg.norm(exact)
        report(options.workload, f"upsampfac={upsampling or 'auto'}, spread_sort={sort}", run, 1, options.threads,
               relative_error=float(f"{error:.3g}"))
