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

import finufft
import mrcfile
import numpy as np

SETTINGS = (
    [("linear", ["--interpolation", "linear", "--no-gridding-correction"], pad) for pad in (1, 1.5, 2, 4)]
    + [("linear, corrected", ["--interpolation", "linear"], pad) for pad in (1, 1.5, 2, 4)]
    + [("cubic spline", ["--interpolation", "cubic", "--no-gridding-correction"], pad) for pad in (1, 1.5, 2)]
    + [("cubic, corrected", ["--interpolation", "cubic"], pad) for pad in (1, 1.5, 2)]
    + [(f"exact, {eps}", ["--interpolation", "exact", "--accuracy", eps], None)
       for eps in ("1e-2", "1e-3", "1e-4", "1e-5", "1e-6")]
)


def matrix(rot, tilt, psi):
    def z(a):
        c, s = np.cos(np.radians(a)), np.sin(np.radians(a))
        return np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]])

    c, s = np.cos(np.radians(-tilt)), np.sin(np.radians(-tilt))
    return z(-psi) @ np.array([[c, 0, s], [0, 1, 0], [-s, 0, c]]) @ z(-rot)


def direct(volume, angles):
    n = volume.shape[0]
    axis = np.arange(n) - n // 2
    z, y, x = (a.ravel().astype(float) for a in np.meshgrid(axis, axis, axis, indexing="ij"))
    images = []
    for pose in angles:
        r = matrix(*pose)
        u, v = (r[0, 0] * x + r[0, 1] * y + r[0, 2] * z), (r[1, 0] * x + r[1, 1] * y + r[1, 2] * z)
        f = finufft.nufft2d1(v * 2 * np.pi / n, u * 2 * np.pi / n, volume.ravel().astype(complex), (n, n),
                             eps=1e-12, isign=-1, modeord=1)
        # The image of the half spectrum, as an inverse real transform takes it.
        images.append(np.fft.fftshift(np.fft.irfft2(f[:, : n // 2 + 1], s=(n, n))))
    return np.array(images)


def measure(name, volume, folder):
    n = volume.shape[0]
    path = folder / "map.mrc"
    with mrcfile.new(path, overwrite=True) as file:
        file.set_data(volume.astype(np.float32))
        file.voxel_size = 1.0
        file.set_volume()
    rng = np.random.default_rng(3)
    angles = np.column_stack([rng.uniform(-180, 180, options.poses),
                              np.degrees(np.arccos(rng.uniform(-1, 1, options.poses))),
                              rng.uniform(-180, 180, options.poses)]).round(6)
    poses = [word for pose in angles for word in ("--euler=" + ",".join(f"{a:.6f}" for a in pose),)]
    want = direct(volume, angles)
    rows = []
    for label, arguments, pad in SETTINGS:
        padding = [] if pad is None else ["--pad-scale", str(pad)]
        done = subprocess.run(
            [options.exitplane, "project", path, *poses, *arguments, *padding, "--output", folder / "out.mrcs"],
            capture_output=True, text=True)
        if done.returncode:
            sys.exit(done.stderr)
        got = mrcfile.read(folder / "out.mrcs").astype(float)
        k = np.fft.fftfreq(n)
        inside = np.hypot(k[:, None], k[None, :]) < 0.5
        # Phases of the origin do not matter to differences.
        error = np.linalg.norm(np.fft.fft2(got - want)[:, inside]) / np.linalg.norm(np.fft.fft2(want)[:, inside])
        mass = np.max(np.abs(got.sum(axis=(1, 2)) / want.sum(axis=(1, 2)) - 1))
        rows.append((label, pad, error, mass))
    return rows


with tempfile.TemporaryDirectory() as scratch:
    folder = pathlib.Path(scratch)
    subprocess.run([options.exitplane, "demo", "--images", "1", "--output", folder / "demo"], check=True,
                   capture_output=True)
    protein = mrcfile.read(folder / "demo" / "map.mrc")
    noise = np.random.default_rng(5).standard_normal((64, 64, 64)).astype(np.float32)
    tables = [measure("noise", noise, folder), measure("protein", protein, folder)]
print("| interpolation | padding | error, white noise 64³ | error, protein 128³ | error of the total mass |")
print("|---|---|---|---|---|")
for a, b in zip(*tables):
    print(f"| {a[0]} | {'' if a[1] is None else a[1]} | {a[2]:.1e} | {b[2]:.1e} | {b[3]:.0e} |")
