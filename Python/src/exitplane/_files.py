from __future__ import annotations

import ctypes
import os
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from . import _library
from ._poses import Poses
from ._volumes import GaussianMixtureVolume, RealVoxelGridVolume


def read_map(
    path: str | os.PathLike[str], voxel_size: float | None = None, dtype: DTypeLike = np.float32
) -> RealVoxelGridVolume:
    """A map (MRC 2014, its modes 0, 1, 2, 6 and 12, compressed by gzip or not).

    Parameters
    ----------
    path
        Of the file.
    voxel_size
        In ångströms, in place of the header's.
    dtype
        float32 or float64.
    """
    samples, spacing, is_stack = _read(path, dtype)
    if is_stack:
        raise ValueError(f"{os.fspath(path)} is a stack of images; read it by read_stack")
    size = spacing if voxel_size is None else _library.number("voxel_size", voxel_size)
    if not size:
        raise ValueError(f"{os.fspath(path)}: the header gives no voxel size; state it as voxel_size")
    return RealVoxelGridVolume(samples, size)


def read_stack(path: str | os.PathLike[str], dtype: DTypeLike = np.float32) -> tuple[NDArray[Any], float]:
    """A stack of images (MRC).

    Returns
    -------
    images : numpy.ndarray
        ``(n, rows, columns)``.
    pixel_size : float
        In ångströms; 0 where the header says none.
    """
    samples, spacing, is_stack = _read(path, dtype)
    if not is_stack and len(samples) > 1:
        raise ValueError(f"{os.fspath(path)} is a map; read it by read_map")
    return samples, spacing


def write_map(path: str | os.PathLike[str], volume: RealVoxelGridVolume) -> None:
    """Writes a map as MRC 2014 of mode 2 (float32); it has its name when it is whole."""
    if not isinstance(volume, RealVoxelGridVolume):
        raise TypeError(f"volume is a {type(volume).__name__}; it must be a RealVoxelGridVolume")
    _library.call("write_map", os.fsencode(path), ctypes.byref(volume._structure()), 0)


def write_stack(path: str | os.PathLike[str], images: ArrayLike, pixel_size: float) -> None:
    """Writes a stack of images as MRC 2014 of mode 2 (float32); it has its name when it is whole.

    Parameters
    ----------
    path
        Of the file, which should end in .mrcs.
    images
        ``(n, rows, columns)``.
    pixel_size
        In ångströms.
    """
    stack = RealVoxelGridVolume(images, pixel_size)
    _library.call("write_map", os.fsencode(path), ctypes.byref(stack._structure()), 1)


def read_structure(path: str | os.PathLike[str]) -> GaussianMixtureVolume:
    """A structure (PDB or mmCIF) as five Gaussians an atom, by the scattering factors of Peng et al. (1996).

    Occupancies multiply amplitudes and B-factors widen variances; the origin is the centre of mass.
    """
    handle, shape = _library.Handle(), (ctypes.c_int64 * 2)()
    _library.call("open_structure", os.fsencode(path), handle.out(), shape)
    count, gaussians = shape
    arrays = [np.empty(size) for size in ((count, 3), (count, gaussians), (count, gaussians))]
    _library.call("read_structure", handle.number, *map(_library.buffer, arrays))
    return GaussianMixtureVolume(*arrays)


def read_particles(path: str | os.PathLike[str]) -> Poses:
    """The poses of a RELION STAR file's particles, of 3.0 or 3.1 and later."""
    handle, count = _library.Handle(), ctypes.c_int64()
    _library.call("open_particles", os.fsencode(path), handle.out(), ctypes.byref(count))
    rotations, shifts = np.empty((count.value, 3, 3)), np.empty((count.value, 2))
    _library.call("read_particles", handle.number, _library.buffer(rotations), _library.buffer(shifts))
    return Poses(rotations, shifts)


def _read(path: str | os.PathLike[str], dtype: DTypeLike) -> tuple[NDArray[Any], float, bool]:
    precision = np.dtype(dtype)
    if precision not in (np.float32, np.float64):
        raise TypeError(f"dtype is {precision}; it must be float32 or float64")
    handle, shape = _library.Handle(), (ctypes.c_int64 * 3)()
    spacing, is_stack = ctypes.c_double(), ctypes.c_int32()
    _library.call(
        "open_map", os.fsencode(path), handle.out(), shape, ctypes.byref(spacing), ctypes.byref(is_stack))
    samples = np.empty(tuple(shape), precision)
    _library.call("read_map", handle.number, precision.itemsize, _library.buffer(samples))
    return samples, spacing.value, bool(is_stack.value)
