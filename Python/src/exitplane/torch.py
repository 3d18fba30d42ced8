"""Projections that PyTorch differentiates.

`project_map`, `project_gaussians` and `project_atoms` take tensors on the CPU and have first derivatives to all of them,
in reverse mode; ``torch.func.grad`` and ``torch.func.vmap`` pass through. Shapes and units are those of `exitplane`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

from ._integrators import FFTAtomProjection, FourierSliceExtraction, GaussianMixtureProjection, Projector
from ._integrators import RealVoxelProjection
from ._plane import ImagePlane
from ._poses import Poses
from ._volumes import GaussianMixtureVolume, IndependentAtomVolume, RealVoxelGridVolume

__all__ = ["project_atoms", "project_gaussians", "project_map"]


def project_map(
    integrator: FourierSliceExtraction | RealVoxelProjection, voxels: Tensor, voxel_size: float, rotations: Tensor,
    shifts: Tensor | None, plane: ImagePlane, *, threads: int = 0,
) -> Tensor:  # fmt: skip
    """Images of a map.

    Parameters
    ----------
    integrator
        How.
    voxels
        ``(depth, rows, columns)``, ``[z, y, x]``, float32 or float64.
    voxel_size
        In ångströms.
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
    Tensor
        ``(n, rows, columns)`` in the dtype of the voxels.
    """

    def volume(arrays: list[Any]) -> RealVoxelGridVolume:
        return RealVoxelGridVolume(arrays[0], voxel_size)

    return _project(_Work(integrator, volume, plane, threads), rotations, shifts, voxels)


def project_gaussians(
    integrator: GaussianMixtureProjection, positions: Tensor, amplitudes: Tensor, variances: Tensor,
    rotations: Tensor, shifts: Tensor | None, plane: ImagePlane, *, threads: int = 0,
) -> Tensor:  # fmt: skip
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
    Tensor
        ``(poses, rows, columns)`` in the dtype of the positions.
    """

    def volume(arrays: list[Any]) -> GaussianMixtureVolume:
        return GaussianMixtureVolume(*arrays)

    return _project(_Work(integrator, volume, plane, threads), rotations, shifts, positions, amplitudes, variances)


def project_atoms(
    integrator: FFTAtomProjection, positions: Tensor, types: Tensor, amplitudes: Tensor, variances: Tensor,
    rotations: Tensor, shifts: Tensor | None, plane: ImagePlane, *, weights: Tensor | None = None, threads: int = 0,
) -> Tensor:  # fmt: skip
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
    Tensor
        ``(poses, rows, columns)`` in the dtype of the positions.
    """
    kinds = types.detach().numpy()
    if weights is None:
        weights = torch.ones(len(positions), dtype=positions.dtype)

    def volume(arrays: list[Any]) -> IndependentAtomVolume:
        return IndependentAtomVolume(arrays[0], kinds, arrays[2], arrays[3], arrays[1])

    work = _Work(integrator, volume, plane, threads)
    return _project(work, rotations, shifts, positions, weights, amplitudes, variances)


class _Work:
    """What is projected and how; keeps the projector that was made last for the way back."""

    def __init__(self, integrator: Any, volume: Any, plane: ImagePlane, threads: int) -> None:
        self.integrator = integrator
        self.volume = volume
        self.plane = plane
        self.threads = threads
        self._last: tuple[Any, Projector] | None = None

    def projector(self, tensors: tuple[Tensor, ...]) -> Projector:
        key = tuple((t.data_ptr(), t._version, t.shape, t.stride()) for t in tensors)
        if self._last is None or self._last[0] != key:
            volume = self.volume([_array(tensor) for tensor in tensors])
            # Tensors are kept too: memory that was given up could come again under the same address.
            made = self.integrator.prepare(volume, self.plane, threads=self.threads)
            self._last, self._tensors = (key, made), tensors
        return self._last[1]


def _project(work: _Work, rotations: Tensor, shifts: Tensor | None, *arrays: Tensor) -> Tensor:
    for name, tensor in (("rotations", rotations), ("shifts", shifts), *(("an array", array) for array in arrays)):
        if tensor is None:
            continue
        if not isinstance(tensor, Tensor):
            raise TypeError(f"{name} is a {type(tensor).__name__}; it must be a tensor")
        if tensor.device.type != "cpu":
            raise TypeError(f"{name} is on {tensor.device}; it must be on the CPU")
        if tensor.dtype not in (torch.float32, torch.float64):
            raise TypeError(f"{name} has the dtype {tensor.dtype}; it must be float32 or float64")
    if shifts is None:
        shifts = torch.zeros((*rotations.shape[:-2], 2), dtype=rotations.dtype)
    return _apply(_Project, work, rotations, shifts, *arrays)


def _apply(function: type[torch.autograd.Function], *arguments: Any) -> Any:
    return function.apply(*arguments)


class _Project(torch.autograd.Function):
    @staticmethod
    def forward(work: _Work, rotations: Tensor, shifts: Tensor, *arrays: Tensor) -> Tensor:
        poses = Poses(_array(rotations), _array(shifts))
        return torch.from_numpy(work.projector(arrays).project(poses, threads=work.threads))

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:
        ctx.work = inputs[0]
        ctx.save_for_backward(*inputs[1:])

    @staticmethod
    def backward(ctx: Any, *cotangents: Tensor) -> Any:
        wanted = tuple(ctx.needs_input_grad[1:])
        found = iter(_apply(_PullBack, ctx.work, wanted, cotangents[0], *ctx.saved_tensors))
        return None, *(next(found) if asked else None for asked in wanted)

    @staticmethod
    def vmap(info: Any, in_dims: tuple[Any, ...], *arguments: Any) -> tuple[Tensor, int]:
        work, *tensors = arguments
        images = [_apply(_Project, work, *each) for each in _unbatched(info.batch_size, in_dims[1:], tensors)]
        return torch.stack(images), 0


class _PullBack(torch.autograd.Function):
    """The gradients that are wanted; they have none of their own."""

    @staticmethod
    def forward(
        work: _Work, wanted: tuple[bool, ...], cotangents: Tensor, rotations: Tensor, shifts: Tensor, *arrays: Tensor
    ) -> tuple[Tensor, ...]:
        poses = Poses(_array(rotations), _array(shifts))
        parts, of_rotations, of_shifts = work.projector(arrays)._pull_back(
            poses, _array(cotangents), wanted=wanted[2:], wants_rotations=wanted[0], wants_shifts=wanted[1],
            threads=work.threads)  # fmt: skip
        found = (of_rotations, of_shifts, *parts)
        return tuple(
            torch.from_numpy(gradient).to(tensor.dtype).reshape(tensor.shape)
            for gradient, tensor in zip(found, (rotations, shifts, *arrays)) if gradient is not None)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: tuple[Tensor, ...]) -> None:
        pass

    @staticmethod
    def backward(ctx: Any, *cotangents: Tensor) -> Any:
        raise RuntimeError("projections of exitplane have first derivatives alone")

    @staticmethod
    def vmap(
        info: Any, in_dims: tuple[Any, ...], *arguments: Any
    ) -> tuple[tuple[Tensor, ...], tuple[int, ...]]:  # fmt: skip
        work, wanted, *tensors = arguments
        found = [
            _apply(_PullBack, work, wanted, *each)
            for each in _unbatched(info.batch_size, in_dims[2:], tensors)]
        return tuple(torch.stack(part) for part in zip(*found)), (0,) * len(found[0])


def _unbatched(size: int, dims: tuple[Any, ...], tensors: list[Tensor]) -> Any:
    for index in range(size):
        yield [
            tensor if dim is None else tensor.select(dim, index) for dim, tensor in zip(dims, tensors)]


def _array(tensor: Tensor) -> np.ndarray[Any, Any]:
    return tensor.detach().contiguous().numpy()
