"""Writes Tests/Goldens/8zpm_cryojax.json: cryoJAX's projections and map of a structure, in double precision.

    pip install cryojax==0.5.1
    python Scripts/oracles/cryojax_structure.py ../shared/structures/8zpm.cif > Tests/Goldens/8zpm_cryojax.json

Dense sums over all atoms, five Gaussians each (Peng et al.), with and without B-factors, averaged over pixels and
at points, in a box of 96 at 1.2 Å, at generic RELION poses with shifts; and the map of GaussianMixtureRenderFn.
Of images every 7th row and column is kept, of the map every 9th plane, row and column, beside the peak of all.
"""
import json
import os
import sys

os.environ["JAX_PLATFORMS"] = "cpu"
import jax

jax.config.update("jax_enable_x64", True)
import cryojax
import cryojax.simulator as cxs
import numpy as np
from cryojax.constants import PengScatteringFactorParameters
from cryojax.io import read_atoms_from_pdb
from cryojax.rotations import SO3

BOX, PIXEL = 96, 1.2
POSES = [  # rot, tilt, psi (degrees), origin x, y (Å)
    (32.5, 71.25, -118.0, 2.35, -4.1),
    (-150.75, 14.5, 63.2, -7.9, 0.66),
    (97.0, 133.3, 171.4, 0.0, 0.0),
]


def about(axis, degrees):
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    return {"z": np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]]), "y": np.array([[c, 0, s], [0, 1, 0], [-s, 0, c]])}[axis]


positions, numbers, properties = read_atoms_from_pdb(sys.argv[1], loads_properties=True, center=True)
config = cxs.BasicImageConfig((BOX, BOX), PIXEL, voltage_in_kilovolts=300.0)
peng = PengScatteringFactorParameters(numbers)


def volume(with_b_factors):
    extra = np.asarray(properties["b_factors"], dtype=float) if with_b_factors else None
    return cxs.GaussianMixtureVolume.from_tabulated_parameters(positions, peng, extra_b_factors=extra)


images = []
for with_b_factors in (True, False):
    for mode in ("average", "point"):
        integrator = cxs.GaussianMixtureProjection(sampling_mode=mode)
        for rot, tilt, psi, x, y in POSES:
            # RELION's matrix takes the volume to the image; its origin is where the particle is moved back from.
            matrix = about("z", -psi) @ about("y", -tilt) @ about("z", -rot)
            pose = cxs.QuaternionPose(wxyz=SO3.from_matrix(matrix).wxyz, offset_x_in_angstroms=-x, offset_y_in_angstroms=-y)
            posed = volume(with_b_factors).rotate_to_pose(pose).translate_to_pose(pose)
            image = np.asarray(integrator.integrate(posed, config, outputs_real_space=True))
            images.append(dict(
                b_factors=with_b_factors, average=mode == "average", pose=[rot, tilt, psi, x, y],
                peak=float(np.abs(image).max()), sum=float(image.sum()),
                values=[float(f"{v:.9g}") for v in image[::7, ::7].ravel()]))
            if len(sys.argv) > 2:
                np.save(os.path.join(sys.argv[2], f"image{len(images) - 1}.npy"), image)
grid = np.asarray(cxs.GaussianMixtureRenderFn((BOX,) * 3, PIXEL)(volume(True)))
if len(sys.argv) > 2:
    np.save(os.path.join(sys.argv[2], "map.npy"), grid)
print(json.dumps(dict(
    versions=dict(cryojax=cryojax.__version__, jax=jax.__version__), structure="8zpm.cif", box=BOX, pixel_size=PIXEL,
    image_step=7, map_step=9, images=images,
    map=dict(peak=float(grid.max()), sum=float(grid.sum()), values=[float(f"{v:.9g}") for v in grid[::9, ::9, ::9].ravel()]))))
