"""The C library: its structures, its functions, and errors as exceptions.

Calls through ctypes release the interpreter's lock.
"""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

_double = ctypes.c_double
_int32 = ctypes.c_int32
_int64 = ctypes.c_int64
_pointer = ctypes.c_void_p


class Plane(ctypes.Structure):
    _fields_ = [
        ("rows", _int64), ("columns", _int64), ("padded_rows", _int64), ("padded_columns", _int64),
        ("pixel_size", _double),
    ]  # fmt: skip


class Map(ctypes.Structure):
    _fields_ = [
        ("scalar", _int32), ("voxels", _pointer), ("depth", _int64), ("rows", _int64), ("columns", _int64),
        ("voxel_size", _double),
    ]  # fmt: skip


class SliceOptions(ctypes.Structure):
    _fields_ = [
        ("interpolation", _int32), ("pad_scale", _double), ("corrects_gridding", _int32), ("accuracy", _double),
        ("slice_grid", _int32), ("outputs_integral", _int32), ("resamples", _int32), ("resolution", _double),
    ]  # fmt: skip


class VoxelOptions(ctypes.Structure):
    _fields_ = [("accuracy", _double), ("algorithm", _int32), ("expected_poses", _int64)]


class GaussianMixture(ctypes.Structure):
    _fields_ = [
        ("positions", _pointer), ("amplitudes", _pointer), ("variances", _pointer), ("count", _int64),
        ("gaussians", _int64),
    ]  # fmt: skip


class GaussianOptions(ctypes.Structure):
    _fields_ = [
        ("scalar", _int32), ("uses_error_functions", _int32), ("upsampling_factor", _int64), ("accuracy", _double),
        ("rows", _int64), ("columns", _int64),
    ]  # fmt: skip


class Atoms(ctypes.Structure):
    _fields_ = [
        ("positions", _pointer), ("weights", _pointer), ("type_of_atom", _pointer), ("count", _int64),
        ("amplitudes", _pointer), ("variances", _pointer), ("types", _int64), ("gaussians", _int64),
    ]  # fmt: skip


class AtomOptions(ctypes.Structure):
    _fields_ = [
        ("scalar", _int32), ("antialias", _int32), ("upsample_factor", _int64), ("accuracy", _double),
        ("rows", _int64), ("columns", _int64), ("differentiates_factors", _int32),
    ]  # fmt: skip


class PoseArrays(ctypes.Structure):
    _fields_ = [("rotations", _pointer), ("shifts", _pointer), ("count", _int64)]


class Buffer(ctypes.Structure):
    _fields_ = [("elements", _pointer), ("count", _int64)]


class Gradients(ctypes.Structure):
    _fields_ = [
        ("volume", ctypes.POINTER(Buffer)), ("volume_count", _int64), ("rotations", Buffer), ("shifts", Buffer),
    ]  # fmt: skip


_message = [ctypes.c_char_p, _int64]
_handle_out = ctypes.POINTER(_int64)

_functions: dict[str, list[Any]] = {
    "release": [_int64],
    "prepare_slices": [
        ctypes.POINTER(Map), ctypes.POINTER(Plane), ctypes.POINTER(SliceOptions), _int32, _handle_out],
    "prepare_voxels": [
        ctypes.POINTER(Map), ctypes.POINTER(Plane), ctypes.POINTER(VoxelOptions), _int32, _handle_out],
    "prepare_gaussians": [
        ctypes.POINTER(GaussianMixture), ctypes.POINTER(Plane), ctypes.POINTER(GaussianOptions), _handle_out],
    "prepare_atoms": [
        ctypes.POINTER(Atoms), ctypes.POINTER(Plane), ctypes.POINTER(AtomOptions), _handle_out],
    "project": [_int64, ctypes.POINTER(PoseArrays), _int32, Buffer],
    "pull_back": [_int64, ctypes.POINTER(PoseArrays), Buffer, _int32, Gradients],
    "least_squares": [_int64, ctypes.POINTER(PoseArrays), Buffer, _int32, Buffer, Gradients],
    "random_rotations": [ctypes.c_uint64, ctypes.c_uint64, _int64, Buffer],
    "open_map": [
        ctypes.c_char_p, _handle_out, ctypes.POINTER(_int64), ctypes.POINTER(_double), ctypes.POINTER(_int32)],
    "read_map": [_int64, _int32, Buffer],
    "write_map": [ctypes.c_char_p, ctypes.POINTER(Map), _int32],
    "open_structure": [ctypes.c_char_p, _handle_out, ctypes.POINTER(_int64)],
    "read_structure": [_int64, Buffer, Buffer, Buffer],
    "open_particles": [ctypes.c_char_p, _handle_out, ctypes.POINTER(_int64)],
    "read_particles": [_int64, Buffer, Buffer],
}  # fmt: skip


def _load() -> ctypes.CDLL:
    name = "libexitplane_c.dylib" if sys.platform == "darwin" else "libexitplane_c.so"
    # The variable is for those who work on the library.
    path = os.environ.get("EXITPLANE_LIBRARY") or str(Path(__file__).parent / name)
    try:
        library = ctypes.CDLL(path)
    except OSError as error:
        raise ImportError(f"the library of exitplane cannot be loaded: {error}") from error
    for function, arguments in _functions.items():
        entry = getattr(library, f"exitplane_{function}")
        entry.argtypes = arguments + _message
        entry.restype = _int32
    library.exitplane_version.restype = ctypes.c_char_p
    library.exitplane_processors.restype = _int32
    return library


_library = _load()
_entries = {name: getattr(_library, f"exitplane_{name}") for name in _functions}

version: str = _library.exitplane_version().decode()
_exceptions: dict[int, type[Exception]] = {3: OSError, 6: OSError}
_capacity = 2048


def call(function: str, *arguments: Any) -> None:
    """Calls a function of the library.

    Raises
    ------
    OSError
        For a file that cannot be read or written.
    ValueError
        For all else that the library refuses, with its sentence.
    """
    message = ctypes.create_string_buffer(_capacity)
    status = _entries[function](*arguments, message, _capacity)
    if status:
        raise _exceptions.get(status, ValueError)(message.value.decode(errors="replace"))


class Handle:
    """What the library has made, released with this object."""

    __slots__ = ("number",)

    def __init__(self) -> None:
        self.number = _int64(0)

    def out(self) -> Any:
        return ctypes.byref(self.number)

    # As a default the function is there when the interpreter ends, too.
    def __del__(self, release: Any = _entries["release"]) -> None:
        if self.number.value:
            release(self.number, None, 0)
            self.number.value = 0

    def __reduce__(self) -> Any:
        raise TypeError("what exitplane has prepared lives in this process alone: prepare it again in the other")


def processors() -> int:
    """The number of processors that this process may use."""
    return int(_library.exitplane_processors())


def pointer(array: NDArray[Any] | None) -> int | None:
    return None if array is None else array.ctypes.data


def buffer(array: NDArray[Any] | None) -> Buffer:
    return Buffer(None, 0) if array is None else Buffer(array.ctypes.data, array.size)


def gradients(
    volume: Sequence[NDArray[Any] | None], rotations: NDArray[Any] | None, shifts: NDArray[Any] | None
) -> Gradients:
    parts = (Buffer * len(volume))(*[buffer(array) for array in volume])
    return Gradients(parts, len(volume), buffer(rotations), buffer(shifts))


def thread_count(threads: int) -> int:
    threads = integer("threads", threads)
    if not 0 <= threads < 1 << 16:
        raise ValueError(f"threads is {threads}; it must be 0, for all processors, or up to 65535")
    return threads


def integer(name: str, value: Any) -> int:
    """
    Raises
    ------
    TypeError
        For what is no integer; a bool is none.
    """
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, (int, np.integer)):
        raise TypeError(f"{name} is a {type(value).__name__}; it must be an integer")
    value = int(value)
    if abs(value) >= 1 << 62:
        raise ValueError(f"{name} is {value}; no integer here is so large")
    return value


def number(name: str, value: Any) -> float:
    """
    Raises
    ------
    TypeError
        For what is no real number.
    """
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, (int, float, np.integer, np.floating)):
        raise TypeError(f"{name} is a {type(value).__name__}; it must be a number")
    return float(value)


def array(
    name: str, values: Any, *, dtype: Any = None, shape: tuple[int | str, ...] | None = None
) -> NDArray[Any]:
    """Dense, aligned, real and of native byte order; a copy only where it must be.

    Parameters
    ----------
    values
        Whatever NumPy makes an array of, or has ``__dlpack__`` for memory of the CPU.
    dtype
        ``None`` for that of the values, float32 or float64; others become float32 where that holds them (half
        precision, integers of 16 bits and less), else float64.
    shape
        Lengths, or names of those that may be any.
    """
    if not isinstance(values, np.ndarray) and hasattr(values, "__dlpack__") and not hasattr(values, "__array__"):
        values = np.from_dlpack(values)
    try:
        found = np.asarray(values)
    except (TypeError, ValueError, RuntimeError) as error:
        raise TypeError(f"{name} is no array of numbers: {error}") from error
    if found.dtype.kind not in "fiu":
        raise TypeError(f"{name} has the dtype {found.dtype}; real numbers are needed")
    if dtype is None:
        dtype = np.float32 if np.can_cast(found.dtype, np.float32, "safe") else np.float64
    if shape is not None:
        wanted = "(" + ", ".join(map(str, shape)) + ("," if len(shape) == 1 else "") + ")"
        fits = found.ndim == len(shape) and all(
            isinstance(need, str) or need == length for need, length in zip(shape, found.shape)
        )
        if not fits:
            raise ValueError(f"{name} has the shape {found.shape}; it must be {wanted}")
    return np.require(found, dtype=np.dtype(dtype).newbyteorder("="), requirements=["C", "A"])
