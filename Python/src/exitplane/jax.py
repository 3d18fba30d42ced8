"""Projections that JAX differentiates.

`project_map`, `project_gaussians` and `project_atoms` have first derivatives to all their arrays, in reverse mode, under
``jit`` and ``vmap`` too (a batch is projected one after the other). They run on the host's processors, by
``jax.pure_callback``. Shapes and units are those of `exitplane`.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ._integrators import FFTAtomProjection, FourierSliceExtraction, GaussianMixtureProjection, Projector
from ._integrators import RealVoxelProjection
from ._plane import ImagePlane
from ._poses import Poses
from ._volumes import GaussianMixtureVolume, IndependentAtomVolume, RealVoxelGridVolume

__all__ = ["project_atoms", "project_gaussians", "project_map"]


def project_map(
    integrator: FourierSliceExtraction | RealVoxelProjection, voxels: jax.Array, voxel_size: float,
    rotations: jax.Array, shifts: jax.Array | None, plane: ImagePlane, *, threads: int = 0,
) -> jax.Array:  # fmt: skip
    """Images of a map.

    Parameters
    ----------
    integrator
        How.
    voxels
        ``(depth, rows, columns)``, ``[z, y, x]``, float32 or float64.
    voxel_size
        In ångströms; a plain number.
    rotations
        ``(n, 3, 3)``: orthonormal and right-handed to 1e-4, and taken as nine numbers each.
    shifts
        ``(n, 2)``, x and y in ångströms; ``None`` for none.
    plane
        What images are to be.
    threads
        How many at the most; 0 for all processors.

    Returns
    -------
    jax.Array
        ``(n, rows, columns)`` in the dtype of the voxels.
    """
    work = _Work("map", integrator, plane, threads, float(voxel_size))
    return _project(work, rotations, _shifts(rotations, shifts), (voxels,), ())


def project_gaussians(
    integrator: GaussianMixtureProjection, positions: jax.Array, amplitudes: jax.Array, variances: jax.Array,
    rotations: jax.Array, shifts: jax.Array | None, plane: ImagePlane, *, threads: int = 0,
) -> jax.Array:  # fmt: skip
    """Images of Gaussians.

    Parameters
    ----------
    integrator
        How.
    positions
        ``(n, 3)``, in ångströms, float32 or float64.
    amplitudes, variances
        ``(n, k)``: integrals in ångströms and σ² in Å².
    rotations, shifts, plane, threads
        As for `project_map`.

    Returns
    -------
    jax.Array
        ``(poses, rows, columns)`` in the dtype of the positions.
    """
    work = _Work("gaussians", integrator, plane, threads)
    return _project(work, rotations, _shifts(rotations, shifts), (positions, amplitudes, variances), ())


def project_atoms(
    integrator: FFTAtomProjection, positions: jax.Array, types: jax.Array, amplitudes: jax.Array,
    variances: jax.Array, rotations: jax.Array, shifts: jax.Array | None, plane: ImagePlane, *,
    weights: jax.Array | None = None, threads: int = 0,
) -> jax.Array:  # fmt: skip
    """Images of atoms, by a nonuniform FFT.

    Parameters
    ----------
    integrator
        How.
    positions
        ``(n, 3)``, in ångströms, float32 or float64.
    types
        ``(n,)``: integers from 0, which type each atom is.
    amplitudes, variances
        ``(types, k)``: integrals in ångströms and σ² in Å².
    weights
        ``(n,)``: what each atom counts; ``None`` for ones.
    rotations, shifts, plane, threads
        As for `project_map`.

    Returns
    -------
    jax.Array
        ``(poses, rows, columns)`` in the dtype of the positions.
    """
    weights = jnp.ones(len(positions), positions.dtype) if weights is None else weights
    work = _Work("atoms", integrator, plane, threads)
    arrays = (positions, weights, amplitudes, variances)
    return _project(work, rotations, _shifts(rotations, shifts), arrays, (jnp.asarray(types),))


class _Work:
    """What is projected and how, by value: equal work is traced once."""

    def __init__(
        self, kind: str, integrator: Any, plane: ImagePlane, threads: int, voxel_size: float | None = None
    ) -> None:
        self.kind, self.integrator, self.plane, self.threads = kind, integrator, plane, threads
        self.voxel_size = voxel_size

    def _key(self) -> tuple[Any, ...]:
        return self.kind, self.integrator, self.plane, self.threads, self.voxel_size

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Work) and self._key() == other._key()

    def __hash__(self) -> int:
        return hash(self._key())

    def projector(self, arrays: Any, constants: Any) -> Projector:
        a = [np.asarray(array) for array in arrays]
        volume: Any
        if self.kind == "map":
            volume = RealVoxelGridVolume(a[0], self.voxel_size or 0)
        elif self.kind == "gaussians":
            volume = GaussianMixtureVolume(*a)
        else:
            volume = IndependentAtomVolume(a[0], np.asarray(constants[0]), a[2], a[3], a[1])
        return self.integrator.prepare(volume, self.plane, threads=self.threads)


@partial(jax.custom_vjp, nondiff_argnums=(0,))
def _project(work: _Work, rotations: Any, shifts: Any, arrays: Any, constants: Any) -> jax.Array:
    def run(rotations: Any, shifts: Any, arrays: Any, constants: Any) -> Any:
        poses = Poses(np.asarray(rotations), np.asarray(shifts))
        return work.projector(arrays, constants).project(poses, threads=work.threads)

    shape = jax.ShapeDtypeStruct((rotations.shape[0], *work.plane.shape), arrays[0].dtype)
    return jax.pure_callback(run, shape, rotations, shifts, arrays, constants, vmap_method="sequential")


def _forward(work: _Work, rotations: Any, shifts: Any, arrays: Any, constants: Any) -> Any:
    return _project(work, rotations, shifts, arrays, constants), (rotations, shifts, arrays, constants)


def _backward(work: _Work, kept: Any, cotangents: Any) -> Any:
    def run(cotangents: Any, rotations: Any, shifts: Any, arrays: Any, constants: Any) -> Any:
        poses = Poses(np.asarray(rotations), np.asarray(shifts))
        parts, of_rotations, of_shifts = work.projector(arrays, constants)._pull_back(
            poses, np.asarray(cotangents), threads=work.threads)
        return tuple(
            np.asarray(gradient, array.dtype)
            for gradient, array in zip((of_rotations, of_shifts, *parts), (rotations, shifts, *arrays)))

    rotations, shifts, arrays, constants = kept
    shapes = tuple(jax.ShapeDtypeStruct(array.shape, array.dtype) for array in (rotations, shifts, *arrays))
    found = jax.pure_callback(run, shapes, cotangents, *kept, vmap_method="sequential")
    return found[0], found[1], tuple(found[2:]), (None,) * len(constants)


_project.defvjp(_forward, _backward)


def _shifts(rotations: Any, shifts: Any) -> Any:
    return jnp.zeros((rotations.shape[0], 2), rotations.dtype) if shifts is None else shifts
