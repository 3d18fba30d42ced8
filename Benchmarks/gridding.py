#!/usr/bin/env python3
"""What padding and gridding correction do to error and total mass, as Markdown for Docs/Accuracy.md.

    python3 Benchmarks/gridding.py [--exitplane PATH] [--venv-dir DIR]

Two maps: white noise over the whole box, the worst there is, and the demonstration's protein. The error is RMS over all
images within |k| < 0.5 cycles/pixel, relative to the RMS of the sum: beyond that disc a rotated frequency leaves the
grid, where the sum is periodic and linear and cubic interpolation are zero. The sum is FINUFFT's type 1 of the
voxels at eps 1e-12.
"""

import argparse
import pathlib
import subprocess
import sys
import tempfile

from environments import Environments

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--exitplane", type=pathlib.Path, default=pathlib.Path(".build/release/exitplane"))
parser.add_argument("--venv-dir")
parser.add_argument("--poses", type=int, default=12)
options = parser.parse_args()
Environments(options.venv_dir).enter("finufft")

import mrcfile
import numpy as np

import direct_sum

SETTINGS = (
    [("linear", ["--interpolation", "linear", "--no-gridding-correction"], pad) for pad in (1, 1.5, 2, 4)]
    + [("linear, corrected", ["--interpolation", "linear"], pad) for pad in (1, 1.5, 2, 4)]
    + [("cubic spline", ["--interpolation", "cubic", "--no-gridding-correction"], pad) for pad in (1, 1.5, 2)]
    + [("cubic, corrected", ["--interpolation", "cubic"], pad) for pad in (1, 1.5, 2)]
    + [(f"exact, {eps}", ["--interpolation", "exact", "--accuracy", eps], None)
       for eps in ("1e-2", "1e-3", "1e-4", "1e-5", "1e-6")]
)


def measure(volume, folder):
    path = folder / "map.mrc"
    direct_sum.write_map(path, volume)
    angles = direct_sum.random_angles(options.poses)
    poses = ["--euler=" + ",".join(f"{a:.6f}" for a in pose) for pose in angles]
    want = direct_sum.images(volume, [direct_sum.rotation_matrix(*pose) for pose in angles], eps=1e-12)
    rows = []
    for label, arguments, pad in SETTINGS:
        padding = [] if pad is None else ["--pad-scale", str(pad)]
        done = subprocess.run(
            [options.exitplane, "project", path, *poses, *arguments, *padding, "--output", folder / "out.mrcs"],
            capture_output=True, text=True)
        if done.returncode:
            sys.exit(done.stderr)
        got = mrcfile.read(folder / "out.mrcs").astype(float)
        error = direct_sum.relative_error(got, want)
        mass = np.max(np.abs(got.sum(axis=(1, 2)) / want.sum(axis=(1, 2)) - 1))
        rows.append((label, pad, error, mass))
    return rows


with tempfile.TemporaryDirectory() as scratch:
    folder = pathlib.Path(scratch)
    subprocess.run([options.exitplane, "demo", "--images", "1", "--output", folder / "demo"], check=True,
                   capture_output=True)
    protein = mrcfile.read(folder / "demo" / "map.mrc")
    noise = np.random.default_rng(5).standard_normal((64, 64, 64)).astype(np.float32)
    tables = [measure(noise, folder), measure(protein, folder)]
print("| interpolation | padding | error, white noise 64³ | error, protein 128³ | error of the total mass |")
print("|---|---|---|---|---|")
for a, b in zip(*tables):
    print(f"| {a[0]} | {'' if a[1] is None else a[1]} | {a[2]:.1e} | {b[2]:.1e} | {b[3]:.0e} |")
