"""cryoJAX 0.6: FourierSliceExtraction, pad 1, real-space images, one jitted `lax.map` over the poses.

Settings tried: `lax.map` with and without `batch_size`, and the two ways cryoJAX has of gathering (`unroll`).
"""

import cryojax.simulator as cxs
import jax
import jax.numpy as jnp

from inputs import noise_map, random_quaternions
from measure import arguments, report

options = arguments(
    ("--box", dict(type=int, required=True)),
    ("--interpolation", dict(choices=["linear", "cubic"], default="linear")),
    ("--poses", dict(type=int, required=True)),
)
image = cxs.BasicImageConfig((options.box, options.box), pixel_size=1.0, voltage_in_kilovolts=300.0)
volume = cxs.FourierVoxelGridVolume.from_real_voxel_grid(noise_map(options.box), interp=options.interpolation)
quaternions = jnp.asarray(random_quaternions(options.poses))


def projector(batch_size, unroll):
    integrator = cxs.FourierSliceExtraction(unroll=unroll)

    def project(volume, quaternion):
        rotated = volume.rotate_to_pose(cxs.QuaternionPose(wxyz=quaternion))
        return integrator.integrate(rotated, image, outputs_real_space=True)

    return jax.jit(lambda v, qs: jax.lax.map(lambda q: project(v, q), qs, batch_size=batch_size))


# "auto" gathers at once for linear and unrolled for cubic; only cubic gains from the other way at times.
for unroll in ["auto"] if options.interpolation == "linear" else ["auto", False]:
    for batch_size in (None, 1, 4, 8, 16):
        run = projector(batch_size, unroll)
        report(options.workload, f"lax.map, batch_size={batch_size}, unroll={unroll}",
               lambda: run(volume, quaternions).block_until_ready(), options.poses, options.threads)
