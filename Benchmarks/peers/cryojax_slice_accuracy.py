"""cryoJAX 0.6: images of the maps and rotations of a folder, for their error, and the time of one projection.

Its own deconvolution of the interpolant is in `from_real_voxel_grid`. A rotated volume is the object turned, as here.
"""

import pathlib

import cryojax.simulator as cxs
import jax
import jax.numpy as jnp
import numpy as np

from inputs import quaternions_of, random_quaternions
from measure import arguments, report

options = arguments(
    ("--folder", dict(type=pathlib.Path, required=True)),
    ("--interpolation", dict(choices=["linear", "cubic"], required=True)),
    ("--pad", dict(type=float, required=True)),
)
wanted = jnp.asarray(quaternions_of(np.load(options.folder / "rotations.npy")), jnp.float32)
for index in (0, 1):
    values = np.load(options.folder / f"map{index}.npy")
    box = values.shape[0]
    image = cxs.BasicImageConfig((box, box), pixel_size=1.0, voltage_in_kilovolts=300.0)
    volume = cxs.FourierVoxelGridVolume.from_real_voxel_grid(
        values, interp=options.interpolation, pad_scale=options.pad)

    def projector(unroll):
        integrator = cxs.FourierSliceExtraction(unroll=unroll)

        def project(volume, quaternion):
            rotated = volume.rotate_to_pose(cxs.QuaternionPose(wxyz=quaternion))
            return integrator.integrate(rotated, image, outputs_real_space=True)

        return project

    project = projector("auto")
    np.save(options.folder / f"out{index}.npy",
            np.asarray(jax.jit(lambda v, qs: jax.lax.map(lambda q: project(v, q), qs))(volume, wanted)))

quaternions = jnp.asarray(random_quaternions(32))
for unroll in ["auto"] if options.interpolation == "linear" else ["auto", False]:
    project = projector(unroll)
    for batch_size in (None, 1, 8):
        call = jax.jit(lambda v, qs: jax.lax.map(lambda q: project(v, q), qs, batch_size=batch_size))
        report(options.workload, f"lax.map, batch_size={batch_size}, unroll={unroll}",
               lambda: call(volume, quaternions).block_until_ready(), len(quaternions), options.threads)
