"""cryoJAX 0.5: RealVoxelProjection of a map by jax-finufft, single precision, one jitted `lax.map` over the poses."""

import cryojax.simulator as cxs
import jax
import jax.numpy as jnp
from jax_finufft.options import Opts

from inputs import noise_map, random_quaternions
from measure import arguments, report

options = arguments(
    ("--box", dict(type=int, required=True)),
    ("--poses", dict(type=int, required=True)),
    ("--eps", dict(type=float, default=1e-6)),
)
volume = cxs.RealVoxelGridVolume.from_real_voxel_grid(noise_map(options.box))
quaternions = jnp.asarray(random_quaternions(options.poses))

for name, opts in {
    "default": None,
    "upsampfac=1.25": Opts(upsampfac=1.25),
    "upsampfac=2, unsorted": Opts(upsampfac=2.0, spread_sort=False),
    "upsampfac=1.25, unsorted": Opts(upsampfac=1.25, spread_sort=False),
}.items():
    integrator = cxs.RealVoxelProjection(eps=options.eps, opts=opts)
    # Made anew each time: 0.5 keeps the grids it makes while it is traced, and they must not leave that trace.
    image = cxs.BasicImageConfig((options.box,) * 2, pixel_size=1.0, voltage_in_kilovolts=300.0)

    def project(volume, quaternion):
        rotated = volume.rotate_to_pose(cxs.QuaternionPose(wxyz=quaternion))
        return integrator.integrate(rotated, image, outputs_real_space=True)

    run = jax.jit(lambda v, qs: jax.lax.map(lambda q: project(v, q), qs))
    report(options.workload, name, lambda: run(volume, quaternions).block_until_ready(), options.poses, options.threads)
