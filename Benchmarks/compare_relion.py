#!/usr/bin/env python3
"""Compare projections of one map and one STAR file: ours, RELION's, and the defining sum over the voxels.

    python3 Benchmarks/compare_relion.py MAP [--exitplane PATH] [-- MORE ARGUMENTS OF exitplane project]

For every image, within |k| < 0.5 cycles/pixel (RELION fills that disc only), and for each pair A, B: the correlation
without the zero frequency, the scale s that minimises |A - s B|², and the error |A - B| / |B|. The sum is
P̂(k) = h Σ v exp(-2πi k·(R r + t)) over all voxels, by FINUFFT's type 1 in double precision at eps 1e-12, itself held
to a plain sum at a few frequencies. RELION's images are voxel sums, so they are multiplied by h. Exits 1 when a limit
given on the command line is missed.
"""

import argparse
import pathlib
import subprocess
import sys
import tempfile

from environments import Environments

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("map", type=pathlib.Path)
parser.add_argument("--exitplane", type=pathlib.Path, help="our command; without it RELION is held to the sum alone")
parser.add_argument("--poses", type=int, default=60)
parser.add_argument("--largest-shift", type=float, default=9.0, help="in ångströms")
parser.add_argument("--pad", default="2", help="RELION's padding, and ours unless MORE says otherwise")
parser.add_argument("--seed", type=int, default=7)
parser.add_argument("--venv-dir")
parser.add_argument("--keep", type=pathlib.Path, help="leave the STAR file and the stacks in this folder")
parser.add_argument("--least-correlation-with-relion", type=float)
parser.add_argument("--least-correlation-with-sum", type=float)
parser.add_argument("--largest-scale-error", type=float)
parser.add_argument("--largest-error", type=float, help="of ours against the sum")
parser.add_argument("--each", action="store_true", help="print every image")
# What follows -- is for exitplane: argparse itself would read no positional arguments after options.
split = sys.argv.index("--") if "--" in sys.argv else len(sys.argv)
options = parser.parse_args(sys.argv[1:split])
options.more = sys.argv[split + 1:]
Environments(options.venv_dir).enter("finufft")

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent / "peers"))

import finufft
import mrcfile
import numpy as np

from direct_sum import grid_points, rotation_matrix
from relion_star import write_poses


class DefiningSum:
    """P̂(k) of a cubic map at all frequencies of its own box, DC in the corner, phases about pixel n/2."""

    def __init__(self, volume, voxel_size):
        self.box, self.voxel_size = volume.shape[0], voxel_size
        self.points = grid_points(self.box)
        self.values = volume.ravel().astype(float)
        self.frequencies = np.fft.fftfreq(self.box)

    def spectrum(self, matrix, shift_in_pixels):
        x, y = (matrix @ self.points)[:2] * (2 * np.pi / self.box)
        sums = finufft.nufft2d1(
            y, x, self.values.astype(complex), (self.box, self.box), eps=1e-12, isign=-1, modeord=1)
        return self.voxel_size * self._shifted(sums, shift_in_pixels)

    def at(self, matrix, shift_in_pixels, rows, columns):
        """The same at a few frequencies, term by term."""
        x, y = (matrix @ self.points)[:2] + np.reshape(shift_in_pixels, (2, 1))
        return self.voxel_size * np.array([
            np.sum(self.values * np.exp(-2j * np.pi * (self.frequencies[c] * x + self.frequencies[r] * y)))
            for r, c in zip(rows, columns)])

    def _shifted(self, spectrum, shift):
        phase = self.frequencies[None, :] * shift[0] + self.frequencies[:, None] * shift[1]
        return spectrum * np.exp(-2j * np.pi * phase)


def spectra_of_stack(path, box):
    with mrcfile.open(path) as file:
        images = file.data.astype(float)
    if images.shape != (options.poses, box, box):
        sys.exit(f"{path} holds {images.shape}, not {(options.poses, box, box)}")
    return np.fft.fft2(np.fft.ifftshift(images, axes=(1, 2)))


def run(command):
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))} failed:\n{done.stdout}{done.stderr}")


def compare(a, b, inside):
    """Correlations without and with the zero frequency, scale and error of `a` over `b`, an image each."""
    a, b = a[:, inside], b[:, inside]
    rows = []
    for p, q in zip(a, b):
        # Frequency zero comes first in the corner layout.
        without, with_zero = (
            np.vdot(v, u).real / (np.linalg.norm(u) * np.linalg.norm(v)) for u, v in ((p[1:], q[1:]), (p, q)))
        rows.append((
            without, with_zero, np.vdot(q, p).real / np.vdot(q, q).real, np.linalg.norm(p - q) / np.linalg.norm(q)))
    return np.array(rows)


def main(folder):
    with mrcfile.open(options.map) as file:
        volume, voxel_size = file.data.copy(), float(file.voxel_size.x)
    box = volume.shape[0]
    rng = np.random.default_rng(options.seed)
    angles = np.column_stack([
        rng.uniform(-180, 180, options.poses),
        np.degrees(np.arccos(rng.uniform(-1, 1, options.poses))),
        rng.uniform(-180, 180, options.poses),
    ]).round(6)
    origins = rng.uniform(-options.largest_shift, options.largest_shift, (options.poses, 2)).round(6)
    star = folder / "poses.star"
    write_poses(star, angles, origins, box, voxel_size)

    definition = DefiningSum(volume, voxel_size)
    # RELION's origins say where the particle's centre lies: minus the shift of the object.
    poses = [(rotation_matrix(*a), -o / voxel_size) for a, o in zip(angles, origins)]
    sums = np.array([definition.spectrum(*pose) for pose in poses])
    rows, columns = rng.integers(0, box, (2, 20))
    plain = definition.at(*poses[0], rows, columns)
    error = np.linalg.norm(sums[0][rows, columns] - plain) / np.linalg.norm(plain)
    print(f"{options.poses} poses of {options.map.name}, {box}³ at {voxel_size:g} Å; "
          f"FINUFFT against the plain sum at {len(rows)} frequencies: {error:.1e}")
    if error > 1e-9:
        sys.exit("the defining sum is wrong: nothing can be compared with it")

    run(["relion_project", "--i", options.map, "--ang", star, "--o", folder / "relion", "--pad", options.pad])
    stacks = {"sum": sums, "RELION": voxel_size * spectra_of_stack(folder / "relion.mrcs", box)}
    if options.exitplane:
        padding = [] if "--pad-scale" in options.more else ["--pad-scale", options.pad]
        run([options.exitplane, "project", options.map, "--poses", star, "--output", folder / "ours.mrcs",
             *padding, *options.more])
        stacks["ours"] = spectra_of_stack(folder / "ours.mrcs", box)

    k = np.fft.fftfreq(box)
    inside = np.hypot(k[:, None], k[None, :]) < 0.5
    failed = []
    print("\n| | correlation: least | median | least with zero frequency | scale: least | median | largest "
          "| largest error |")
    print("|---|---|---|---|---|---|---|---|")
    for a, b in (("RELION", "sum"), ("ours", "sum"), ("ours", "RELION")):
        if a not in stacks:
            continue
        found = compare(stacks[a], stacks[b], inside)
        correlation, with_zero, scale, error = found.T
        print(f"| {a} against {b} | {correlation.min():.6f} | {np.median(correlation):.6f} | {with_zero.min():.6f} "
              f"| {scale.min():.5f} | {np.median(scale):.5f} | {scale.max():.5f} | {error.max():.1e} |")
        if options.each:
            for i, row in enumerate(found):
                print(f"<!-- {i + 1:3d} correlation {row[0]:.6f}, with zero {row[1]:.6f}, "
                      f"scale {row[2]:.5f}, error {row[3]:.1e} -->")
        if a == "ours":
            least = options.least_correlation_with_sum if b == "sum" else options.least_correlation_with_relion
            if least is not None and not correlation.min() > least:
                failed.append(f"correlation with {b} {correlation.min():.6f}, not above {least}")
            if b == "sum" and options.largest_scale_error is not None:
                if not np.abs(scale - 1).max() <= options.largest_scale_error:
                    failed.append(f"scale off by {np.abs(scale - 1).max():.4f}, above {options.largest_scale_error}")
            if b == "sum" and options.largest_error is not None and not error.max() <= options.largest_error:
                failed.append(f"error {error.max():.1e}, above {options.largest_error:g}")
    for reason in failed:
        print(reason, file=sys.stderr)
    return 1 if failed else 0


if options.keep:
    options.keep.mkdir(parents=True, exist_ok=True)
    sys.exit(main(options.keep))
with tempfile.TemporaryDirectory() as temporary:
    sys.exit(main(pathlib.Path(temporary)))
