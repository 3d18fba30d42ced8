"""cryoJAX 0.6: GaussianMixtureProjection of atoms of five Gaussians, pixel averages, dense or spread.

Settings tried: `n_batches` over the atoms; for spreading, `suggest_n_spread` a Gaussian or one for all, and batches
of poses.
"""

import cryojax.simulator as cxs
import jax
import jax.numpy as jnp
from cryojax.constants import PengScatteringFactorParameters

from inputs import atoms, random_quaternions
from measure import arguments, report

options = arguments(
    ("--atoms", dict(type=int, required=True)),
    ("--box", dict(type=int, default=256)),
    ("--b-factor", dict(type=float, default=30.0)),
    ("--poses", dict(type=int, required=True)),
    ("--dense", dict(action="store_true")),
)
PIXEL_SIZE_IN_ANGSTROMS = 1.0
image = cxs.BasicImageConfig((options.box,) * 2, PIXEL_SIZE_IN_ANGSTROMS, voltage_in_kilovolts=300.0)
positions, numbers = atoms(options.atoms)
volume = cxs.GaussianMixtureVolume.from_tabulated_parameters(
    positions, PengScatteringFactorParameters(numbers), extra_b_factors=options.b_factor)
quaternions = jnp.asarray(random_quaternions(options.poses))


def projector(integrator, batch_size):
    def project(volume, quaternion):
        rotated = volume.rotate_to_pose(cxs.QuaternionPose(wxyz=quaternion))
        return integrator.integrate(rotated, image, outputs_real_space=True)

    return jax.jit(lambda v, qs: jax.lax.map(lambda q: project(v, q), qs, batch_size=batch_size))


if options.dense:
    # Dense sums are faster when a batch of atoms fits the cache.
    settings = [(None, n_batches, None) for n_batches in (1, 10, 100)]
else:
    settings = [
        (n_spread, n_batches, batch_size)
        for n_spread in (cxs.suggest_n_spread(volume, PIXEL_SIZE_IN_ANGSTROMS),
                         cxs.suggest_n_spread(volume, PIXEL_SIZE_IN_ANGSTROMS, mode="global"))
        for n_batches, batch_size in ((1, None), (1, 4), (10, None))
    ]
for n_spread, n_batches, batch_size in settings:
    run = projector(cxs.GaussianMixtureProjection(n_spread=n_spread, n_batches=n_batches), batch_size)
    report(options.workload, f"n_spread={n_spread}, n_batches={n_batches}, batch_size={batch_size}",
           lambda: run(volume, quaternions).block_until_ready(), options.poses, options.threads)
