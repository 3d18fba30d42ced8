"""torch-projectors: images of the maps and rotations of a folder, for their error, and the time of one projection.

Padding is its `oversampling`: the map is padded with zeros before its transform. It has no gridding correction. Its
rotation matrices take coordinates of the slice to those of the volume, the inverse of ours.
"""

import pathlib

import numpy as np
import torch
import torch_projectors

from inputs import random_quaternions, rotation_matrices
from measure import arguments, report

options = arguments(
    ("--folder", dict(type=pathlib.Path, required=True)),
    ("--interpolation", dict(choices=["linear", "cubic"], required=True)),
    ("--pad", dict(type=float, required=True)),
)
torch.set_num_threads(options.threads)
wanted = np.load(options.folder / "rotations.npy")


def images(transform, rotations, box):
    spectra = torch_projectors.project_3d_to_2d_forw(
        transform, rotations, output_shape=(box, box), interpolation=options.interpolation,
        oversampling=options.pad)
    return torch.fft.irfft2(spectra, s=(box, box))


def as_rotations(matrices):
    return torch.from_numpy(np.ascontiguousarray(matrices)).float()[None]


with torch.no_grad():
    for index in (0, 1):
        values = np.load(options.folder / f"map{index}.npy")
        box = values.shape[0]
        padded = round(box * options.pad)
        before = padded // 2 - box // 2
        grid = np.zeros((padded,) * 3, np.float32)
        grid[(slice(before, before + box),) * 3] = values
        transform = torch.fft.rfftn(torch.from_numpy(np.fft.ifftshift(grid)))[None]
        got = images(transform, as_rotations(wanted.transpose(0, 2, 1)), box)[0]
        np.save(options.folder / f"out{index}.npy", np.fft.fftshift(got.numpy(), axes=(1, 2)))
    rotations = as_rotations(rotation_matrices(random_quaternions(32)))
    for batch_size in (1, 16, 32):
        batches = [rotations[:, i : i + batch_size].contiguous() for i in range(0, 32, batch_size)]

        def call():
            for batch in batches:
                images(transform, batch, box)

        report(options.workload, f"batches of {batch_size}", call, 32, options.threads)
