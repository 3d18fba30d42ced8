"""A map and RELION poses for the whole-process race: `map.mrc`, `poses.star`, and its halves `poses-1`, `poses-2`."""

import argparse
import pathlib

import mrcfile
import numpy as np

from inputs import gaussian_map
from relion_star import write_poses

parser = argparse.ArgumentParser()
parser.add_argument("--box", type=int, required=True)
parser.add_argument("--poses", type=int, required=True)
parser.add_argument("--ctf", action="store_true", help="give every particle a defocus and astigmatism")
parser.add_argument("--folder", type=pathlib.Path, required=True)
options = parser.parse_args()

with mrcfile.new(options.folder / "map.mrc", gaussian_map(options.box), overwrite=True) as file:
    file.voxel_size = 1.0
    file.set_volume()
rng = np.random.default_rng(6)
angles = np.column_stack([
    rng.uniform(-180, 180, options.poses),
    np.degrees(np.arccos(rng.uniform(-1, 1, options.poses))),
    rng.uniform(-180, 180, options.poses),
])
origins = rng.uniform(-9, 9, (options.poses, 2))
defoci = None
if options.ctf:
    mean, difference = rng.uniform(8000, 20000, options.poses), rng.uniform(0, 400, options.poses)
    defoci = np.column_stack([
        mean + difference / 2, mean - difference / 2, rng.uniform(0, 180, options.poses)])
half = options.poses // 2
for name, part in (("poses", slice(None)), ("poses-1", slice(half)), ("poses-2", slice(half, None))):
    write_poses(options.folder / f"{name}.star", angles[part], origins[part], options.box, 1.0,
                None if defoci is None else defoci[part])
