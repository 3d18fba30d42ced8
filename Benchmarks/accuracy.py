#!/usr/bin/env python3
"""Error against time of every interpolation, ours and the peers', as a table and a figure for Docs/Accuracy.md.

    python3 Benchmarks/accuracy.py [--boxes 128 256] [--exitplane PATH] [--venv-dir DIR] [--figure PATH]

Two maps a box: white noise over all of it, the worst there is, and the demonstration's protein. The error is RMS over
all images within |k| < 0.5 cycles/pixel, relative to the RMS of the direct sum: beyond that disc a rotated frequency
leaves the grid, where the sum is periodic and linear and cubic interpolation are zero. The sum is FINUFFT's type 1 of
the voxels at eps 1e-10. With padding cryoJAX takes the image of the padded box and crops it, so it is held to the sum
in that box, cropped. Times are milliseconds a projection of a prepared map to a real-space image, single precision,
the best of several repeats; the peers run in turn with ours.
"""

import argparse
import json
import os
import pathlib
import subprocess
import sys
import tempfile

import machine
from environments import Environments

HERE = pathlib.Path(__file__).resolve().parent
parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--exitplane", type=pathlib.Path, default=HERE.parent / ".build/release/exitplane")
parser.add_argument("--venv-dir")
parser.add_argument("--boxes", type=int, nargs="+", default=[128, 256])
parser.add_argument("--poses", type=int, default=6)
parser.add_argument("--threads", type=int, default=2)
parser.add_argument("--figure", type=pathlib.Path, default=HERE.parent / "Docs/Pictures/accuracy.svg")
options = parser.parse_args()
environments = Environments(options.venv_dir)
environments.enter("figures")

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import mrcfile
import numpy as np

import direct_sum

MAPS = ("white noise", "protein")
# Interpolation, label of the setting and the option that sets it.
OURS = (
    [("linear", f"pad {pad}", ["--pad-scale", str(pad)]) for pad in (1, 2, 4)]
    + [("cubic", f"pad {pad}", ["--pad-scale", str(pad)]) for pad in (1, 1.5, 2)]
    + [("exact", eps, ["--accuracy", eps]) for eps in ("1e-2", "1e-3", "1e-4", "1e-5", "1e-6")]
)
# Name, environment, script, interpolation and paddings.
PEERS = [
    ("cryoJAX 0.6.0", "cryojax-0.6", "cryojax_slice_accuracy.py", interpolation, (1, 1.5, 2))
    for interpolation in ("linear", "cubic")
] + [
    ("torch-projectors 0.13.1", "torch", "torch_projectors_slice_accuracy.py", interpolation, (1, 2))
    for interpolation in ("linear", "cubic")
]


def pin():
    if (cpus := machine.cpus_for(options.threads)) is not None:
        os.sched_setaffinity(0, cpus)


def run(command):
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, preexec_fn=pin)
    if done.returncode:
        sys.exit(f"{' '.join(map(str, command))}\n{done.stderr}")
    return done.stdout


def milliseconds(workload, setting):
    out = run([options.exitplane, "benchmark", workload, *setting, "--threads", options.threads, "--json"])
    return json.loads(out.splitlines()[-1])["milliseconds_per_projection"]


def measure(box, folder):
    """Rows of (method, curve, ms, errors by map)."""
    angles = direct_sum.random_angles(options.poses)
    rotations = np.array([direct_sum.rotation_matrix(*pose) for pose in angles])
    np.save(folder / "rotations.npy", rotations)
    run([options.exitplane, "render", folder / "demo/model.pdb", "--box", box, "--voxel-size", 179.2 / box,
         "--output", folder / "protein.mrc"])
    volumes = [np.random.default_rng(5).standard_normal((box,) * 3).astype(np.float32),
               np.array(mrcfile.read(folder / "protein.mrc"))]
    wanted = []
    for i, volume in enumerate(volumes):
        np.save(folder / f"map{i}.npy", volume)
        direct_sum.write_map(folder / f"map{i}.mrc", volume)
        wanted.append(direct_sum.images(volume, rotations))

    rows = []
    poses = ["--euler=" + ",".join(f"{a:.6f}" for a in pose) for pose in angles]
    for interpolation, label, setting in OURS:
        errors = []
        for i, want in enumerate(wanted):
            run([options.exitplane, "project", folder / f"map{i}.mrc", *poses, "--interpolation", interpolation,
                 *setting, "--output", folder / "out.mrcs"])
            errors.append(direct_sum.relative_error(mrcfile.read(folder / "out.mrcs"), want))
        rows.append((f"ExitPlane, {interpolation}, {label}", f"ExitPlane, {interpolation}",
                     milliseconds(f"slice-{interpolation}-{box}", setting), errors))
        print(rows[-1], file=sys.stderr)
    for name, environment, script, interpolation, pads in PEERS:
        environments.prepare(environment)
        for pad in pads:
            out = run([environments.python(environment), HERE / "peers" / script, "--workload", "accuracy",
                       "--threads", options.threads, "--folder", folder, "--interpolation", interpolation,
                       "--pad", pad])
            best = min(json.loads(line)["milliseconds_per_projection"] for line in out.splitlines())
            crops = name.startswith("cryoJAX") and pad > 1
            sums = [direct_sum.images(volume, rotations, pad) for volume in volumes] if crops else wanted
            errors = [direct_sum.relative_error(np.load(folder / f"out{i}.npy"), want) for i, want in enumerate(sums)]
            rows.append((f"{name}, {interpolation}, pad {pad}", f"{name}, {interpolation}", best, errors))
            print(rows[-1], file=sys.stderr)
    return rows


def draw(tables):
    styles = {}
    for (label, colour), marker in zip(
            (("ExitPlane, linear", "#9ecae1"), ("ExitPlane, cubic", "#4292c6"), ("ExitPlane, exact", "#08306b"),
             ("cryoJAX 0.6.0, linear", "#fdae6b"), ("cryoJAX 0.6.0, cubic", "#d94801"),
             ("torch-projectors 0.13.1, linear", "#a1d99b"), ("torch-projectors 0.13.1, cubic", "#006d2c")),
            "oooss^^"):
        styles[label] = dict(color=colour, marker=marker, label=label)
    figure, axes = plt.subplots(len(tables), len(MAPS), figsize=(10, 4.2 * len(tables)), squeeze=False)
    for line, (box, rows) in zip(axes, tables.items()):
        for column, (axis, name) in enumerate(zip(line, MAPS)):
            for curve, style in styles.items():
                points = [(ms, errors[column]) for _, c, ms, errors in rows if c == curve]
                axis.loglog(*zip(*points), **style)
            axis.set_title(f"{name}, {box}³")
            axis.set_xlabel(f"ms a projection, {options.threads} threads")
            axis.set_ylabel("relative RMS error")
            axis.grid(True, which="major", alpha=0.3)
    axes[0][0].legend(fontsize=7)
    figure.tight_layout()
    options.figure.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(options.figure, metadata={"Date": None} if options.figure.suffix == ".svg" else None)


with tempfile.TemporaryDirectory() as scratch:
    folder = pathlib.Path(scratch)
    run([options.exitplane, "demo", "--images", "1", "--output", folder / "demo"])
    tables = {box: measure(box, folder) for box in options.boxes}
draw(tables)
for box, rows in tables.items():
    print(f"\n| box {box} | ms a projection | error, white noise | error, protein |")
    print("|---|---|---|---|")
    for label, _, ms, errors in rows:
        print(f"| {label} | {ms:.3g} | {errors[0]:.1e} | {errors[1]:.1e} |")
