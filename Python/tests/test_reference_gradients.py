"""Gradients that somebody else's automatic differentiation made, where EXITPLANE_GRADIENTS names their folder."""

import json
import os
from pathlib import Path

import numpy as np
import pytest

import exitplane as ep

FOLDER = os.environ.get("EXITPLANE_GRADIENTS")
CASES = json.loads((Path(FOLDER) / "gradients.json").read_text())["cases"] if FOLDER else []
# The file's programs hold the plane at -n/2 alone, and these gradients see the difference (Docs/Decisions, Nyquist).
OTHER_PLANES = {
    "FourierSliceExtraction/linear/box-20/pad-1.5/volume/20x20": ("voxels", "rotation", "shift"),
    "FourierSliceExtraction/cubic/box-20/pad-1.0/volume/20x20": ("voxels",),
    "FourierSliceExtraction/cubic/box-20/pad-1.0/image/20x25": ("voxels",),
}
pytestmark = pytest.mark.skipif(not FOLDER, reason="EXITPLANE_GRADIENTS does not name the reference gradients")


def read(entry):
    return np.fromfile(Path(FOLDER) / entry["file"], entry["dtype"]).reshape(entry["shape"])


def integrator_of(case):
    options = dict(case["options"])
    method = case["method"]
    if "gridding_correction" in options:
        options["corrects_gridding"] = options.pop("gridding_correction")
    if "eps" in options:
        options["accuracy"] = options.pop("eps")
    return getattr(ep, method)(**options)


def volume_of(case):
    inputs = {name: read(entry) for name, entry in case["inputs"].items()}
    if "voxels" in inputs:
        return ep.RealVoxelGridVolume(inputs["voxels"], case["voxel_size"])
    if "atom_types" not in case:
        return ep.GaussianMixtureVolume(**inputs)
    types = np.empty(len(inputs["positions"]), int)
    for number, kind in enumerate(case["atom_types"]):
        types[kind["members"]] = number
    return ep.IndependentAtomVolume(
        inputs["positions"], types, [kind["amplitudes"] for kind in case["atom_types"]],
        [kind["variances"] for kind in case["atom_types"]])


@pytest.mark.parametrize("case", CASES or [None], ids=lambda case: case["name"] if case else "none")
def test_reference(case):
    plane = ep.ImagePlane(tuple(case["image_plane"]["shape"]), case["image_plane"]["pixel_size"])
    poses = ep.Poses(case["rotation_matrix"], case["shift_in_angstroms"])
    projector = integrator_of(case).prepare(volume_of(case), plane)
    found = projector.pull_back(poses, read(case["cotangent"])[None])
    parts = {"rotation": found.rotation_vectors(poses)[0], "shift": found.shifts[0]}
    for name in case["expected"]:
        if name not in parts:
            parts[name] = found.volume if name == "voxels" else getattr(found.volume, name)
    # The file's images have no Nyquist entries, and the cotangents do not see them.
    image, cotangent = read(case["image"]), read(case["cotangent"])
    product = np.vdot(projector.project(poses)[0] - image, cotangent)
    assert abs(product) <= case["tolerance"] * np.linalg.norm(image) * np.linalg.norm(cotangent)
    for name, entry in case["expected"].items():
        if name in OTHER_PLANES.get(case["name"], ()):
            continue
        expected = read(entry)
        assert np.linalg.norm(parts[name] - expected) <= case["tolerance"] * np.linalg.norm(expected), name
