"""Holds an installed package to direct sums: ``python -m exitplane.selftest``.

The sums are those of Docs/Conventions.md, written in NumPy alone.
"""

from __future__ import annotations

import math
import sys
from typing import Any

import numpy as np

import exitplane as ep


def frequencies(shape: tuple[int, int], pixel_size: float) -> tuple[Any, Any]:
    """``q_y`` and ``q_x`` of every entry of a full spectrum, in 1/Å."""
    rows, columns = (np.fft.fftfreq(length, pixel_size) for length in shape)
    return np.meshgrid(rows, columns, indexing="ij")


def image_of_spectrum(spectrum: Any) -> Any:
    """The image whose origin, to which the spectrum's phases refer, is at its central pixel."""
    return np.fft.fftshift(np.fft.ifft2(spectrum).real)


def direct_map(voxels: Any, rotation: Any, shift: Any, shape: tuple[int, int], spacing: float) -> Any:
    """``P(k) = h Σ v exp(-2πi k·(R r + t))`` over all voxels."""
    axes = [(np.arange(length) - length // 2) * spacing for length in voxels.shape]
    z, y, x = np.meshgrid(*axes, indexing="ij")
    points = rotation @ np.stack([x.ravel(), y.ravel(), z.ravel()])
    qy, qx = frequencies(shape, spacing)
    phases = qx[..., None] * (points[0] + shift[0]) + qy[..., None] * (points[1] + shift[1])
    return image_of_spectrum(spacing * np.exp(-2j * np.pi * phases) @ voxels.ravel())


def direct_gaussians(
    positions: Any, amplitudes: Any, variances: Any, rotation: Any, shift: Any, shape: tuple[int, int], spacing: float
) -> Any:
    """Gaussians averaged over pixels."""
    erf = np.vectorize(math.erf)
    points = positions @ rotation.T
    image = np.zeros(shape)
    for point, a, v in zip(points, amplitudes, variances):
        for amplitude, variance in zip(a, v):
            width = math.sqrt(2 * variance)
            factors = []
            for axis, length in ((1, shape[0]), (0, shape[1])):
                d = (np.arange(length) - length // 2) * spacing - point[axis] - shift[axis]
                factors.append((erf((d + spacing / 2) / width) - erf((d - spacing / 2) / width)) / (2 * spacing))
            image += amplitude * np.outer(*factors)
    return image


def direct_atoms(
    positions: Any, types: Any, amplitudes: Any, variances: Any, weights: Any, rotation: Any, shift: Any,
    shape: tuple[int, int], spacing: float,
) -> Any:  # fmt: skip
    """``P(q) = (1/h²) Σ w f(q) exp(-2πi q·(R r + t))``, averaged over pixels."""
    qy, qx = frequencies(shape, spacing)
    points = positions @ rotation.T
    spectrum = np.zeros(shape, complex)
    for point, kind, weight in zip(points, types, weights):
        factor = sum(
            a * np.exp(-2 * np.pi**2 * v * (qx**2 + qy**2)) for a, v in zip(amplitudes[kind], variances[kind]))
        spectrum += weight * factor * np.exp(-2j * np.pi * (qx * (point[0] + shift[0]) + qy * (point[1] + shift[1])))
    return image_of_spectrum(spectrum * np.sinc(qx * spacing) * np.sinc(qy * spacing) / spacing**2)


def error(found: Any, expected: Any) -> float:
    """Relative to the root mean square of what is expected."""
    return float(np.linalg.norm(found - expected) / np.linalg.norm(expected))


def cases() -> list[tuple[str, Any, Any, float]]:
    """Names, what is found, what is expected, and the relative error that is allowed."""
    rng = np.random.default_rng(1)
    found: list[tuple[str, Any, Any, float]] = []
    poses = ep.Poses.random(2, seed=5, shifts=rng.normal(size=(2, 2)))
    plane = ep.ImagePlane((11, 13), 1.3)
    voxels = rng.normal(size=(9, 9, 9))
    expected = np.stack([
        direct_map(voxels, rotation, shift, plane.shape, 1.3)
        for rotation, shift in zip(poses.rotations, poses.shifts)])  # fmt: skip
    map_integrators: list[tuple[str, Any, float]] = [
        ("exact slices", ep.FourierSliceExtraction(accuracy=1e-9), 1e-8),
        ("spread voxels", ep.RealVoxelProjection(accuracy=1e-9, algorithm="spreading"), 1e-8),
        ("gathered voxels", ep.RealVoxelProjection(accuracy=1e-9, algorithm="gathering"), 1e-8),
    ]
    for name, integrator, tolerance in map_integrators:
        volume = ep.RealVoxelGridVolume(voxels, 1.3)
        found.append((name, integrator.project(volume, poses, plane), expected, tolerance))
    single = ep.RealVoxelGridVolume(voxels.astype(np.float32), 1.3)
    found.append((
        "exact slices, single precision", ep.FourierSliceExtraction(accuracy=1e-5).project(single, poses, plane),
        expected, 2e-5))  # fmt: skip

    positions = rng.normal(scale=3, size=(6, 3))
    amplitudes, variances = rng.uniform(1, 2, (6, 2)), rng.uniform(0.5, 3, (6, 2))
    expected = np.stack([
        direct_gaussians(positions, amplitudes, variances, rotation, shift, plane.shape, 1.3)
        for rotation, shift in zip(poses.rotations, poses.shifts)])  # fmt: skip
    mixture = ep.GaussianMixtureVolume(positions, amplitudes, variances)
    images = ep.GaussianMixtureProjection(accuracy=1e-12).project(mixture, poses, plane)
    found.append(("Gaussians", images, expected, 1e-9))

    types, weights = np.array([1, 0, 1, 0, 1, 1]), rng.uniform(0.5, 1, 6)
    expected = np.stack([
        direct_atoms(
            positions, types, amplitudes[:2], variances[:2], weights, rotation, shift, plane.shape, 1.3)
        for rotation, shift in zip(poses.rotations, poses.shifts)])  # fmt: skip
    atoms = ep.IndependentAtomVolume(positions, types, amplitudes[:2], variances[:2], weights)
    found.append(("FFT atoms", ep.FFTAtomProjection(accuracy=1e-10).project(atoms, poses, plane), expected, 1e-8))

    # The way back: <A v, y> = <v, Aᵀ y> for what is linear, and central differences for the poses.
    volume = ep.RealVoxelGridVolume(voxels, 1.3)
    cotangents = rng.normal(size=(2, *plane.shape))
    for name, integrator in (
        ("linear slices", ep.FourierSliceExtraction("linear", pad_scale=1.5)),
        ("cubic slices", ep.FourierSliceExtraction("cubic", pad_scale=1.5)),
        ("exact slices", ep.FourierSliceExtraction(accuracy=1e-9)),
        ("voxels", ep.RealVoxelProjection(accuracy=1e-9)),
    ):
        projector = integrator.prepare(volume, plane)
        gradients = projector.pull_back(poses, cotangents)
        product = np.vdot(projector.project(poses), cotangents)
        found.append((f"{name}, transposed", np.vdot(voxels, gradients.volume), product, 1e-9))
        if name == "linear slices":
            continue  # Their slopes jump at the faces of cells.
        step = 1e-5
        for axis in range(2):
            moved = []
            for sign in (1, -1):
                shifts = poses.shifts.copy()
                shifts[:, axis] += sign * step
                moved.append(np.vdot(projector.project(ep.Poses(poses.rotations, shifts)), cotangents))
            slope = (moved[0] - moved[1]) / (2 * step)
            found.append((f"{name}, shifted along {'xy'[axis]}", gradients.shifts[:, axis].sum(), slope, 1e-6))
    return found


def main() -> int:
    failures = 0
    for name, result, expected, tolerance in cases():
        off = error(np.asarray(result), np.asarray(expected))
        passed = off <= tolerance
        failures += not passed
        print(f"{'ok' if passed else 'WRONG':6}{name:36}{off:9.1e}  (allowed {tolerance:.0e})")
    print(f"exitplane {ep.__version__}: " + (f"{failures} wrong" if failures else "as it should be"))
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
