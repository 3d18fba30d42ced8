"""cryoJAX's atoms by non-uniform FFT: FFTAtomProjection (0.5) or GaussianFourierProjection (0.6).

Four elements, Peng's factors plus a B-factor, pixel averages, eps 1e-6. Version 0.6 has two transforms, chosen by
the environment variable CRYOJAX_FINUFFT_BACKEND before it is imported: hence the option.

Settings tried for jax-finufft: its defaults, little oversampling, and one thread a transform: starting two for so few
points can cost more than they bring, and XLA may run the elements side by side.
"""

import os

from inputs import ELEMENTS, atoms, random_quaternions
from measure import arguments, report

options = arguments(
    ("--atoms", dict(type=int, required=True)),
    ("--box", dict(type=int, default=256)),
    ("--b-factor", dict(type=float, default=30.0)),
    ("--poses", dict(type=int, required=True)),
    ("--eps", dict(type=float, default=1e-6)),
    ("--openmp-threads", dict(type=int, help="of one transform; 0.6 has no working option for it")),
    ("--backend", dict(choices=["nufftax", "jax-finufft"], default="jax-finufft")),
)
os.environ["CRYOJAX_FINUFFT_BACKEND"] = options.backend
if options.openmp_threads:
    os.environ["OMP_NUM_THREADS"] = str(options.openmp_threads)

import cryojax.simulator as cxs
import jax
import jax.numpy as jnp
import numpy as np
from cryojax.constants import PengScatteringFactorParameters
from jax_finufft.options import Opts

positions, numbers = atoms(options.atoms)
elements = np.array(list(ELEMENTS))
by_element = tuple(jnp.asarray(positions[numbers == z], dtype=jnp.float32) for z in elements)
factors = PengScatteringFactorParameters(elements)
if hasattr(cxs, "FFTAtomProjection"):
    volume = cxs.IndependentAtomVolume.from_tabulated_parameters(
        by_element, factors, b_factor_by_element=options.b_factor)
    integrators = {
        "default": cxs.FFTAtomProjection(eps=options.eps),
        "nthreads=1": cxs.FFTAtomProjection(eps=options.eps, opts=Opts(nthreads=1)),
        "upsampfac=1.25": cxs.FFTAtomProjection(eps=options.eps, opts=Opts(upsampfac=1.25)),
        "upsampfac=1.25, nthreads=1": cxs.FFTAtomProjection(
            eps=options.eps, opts=Opts(upsampfac=1.25, nthreads=1)),
    }
else:
    volume = cxs.GaussianFourierVolume.from_tabulated_parameters(
        by_element, factors, b_factor_by_element=options.b_factor)
    integrators = {"default": cxs.GaussianFourierProjection(eps=options.eps)}
quaternions = jnp.asarray(random_quaternions(options.poses))

for name, integrator in integrators.items():
    # Made anew each time: 0.5 keeps the grids it makes while it is traced, and they must not leave that trace.
    image = cxs.BasicImageConfig((options.box,) * 2, pixel_size=1.0, voltage_in_kilovolts=300.0)

    def project(volume, quaternion):
        rotated = volume.rotate_to_pose(cxs.QuaternionPose(wxyz=quaternion))
        return integrator.integrate(rotated, image, outputs_real_space=True)

    run = jax.jit(lambda v, qs: jax.lax.map(lambda q: project(v, q), qs))
    report(options.workload, name, lambda: run(volume, quaternions).block_until_ready(), options.poses, options.threads)
