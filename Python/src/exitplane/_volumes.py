from __future__ import annotations

from typing import Any, Optional

import numpy as np
from numpy.typing import ArrayLike, NDArray

from . import _library

# An array of a gradient, or None where it was not asked for.
Part = Optional[NDArray[Any]]


class RealVoxelGridVolume:
    """A map in real space.

    Parameters
    ----------
    voxels
        ``(depth, rows, columns)``, indexed ``[z, y, x]``, float32 or float64, the origin at index ``n // 2`` of every
        axis; in Å⁻² for images in Å⁻¹. It is not copied where it is dense.
    voxel_size
        In ångströms.
    """

    __slots__ = ("voxels", "voxel_size")

    voxels: NDArray[Any]
    voxel_size: float

    def __init__(self, voxels: ArrayLike, voxel_size: float) -> None:
        self.voxels = _library.array("voxels", voxels, shape=("depth", "rows", "columns"))
        self.voxel_size = _library.number("voxel_size", voxel_size)
        if not 0 < self.voxel_size < float("inf"):
            raise ValueError(f"voxel_size is {self.voxel_size} Å; it must be finite and above 0 Å")

    @property
    def shape(self) -> tuple[int, ...]:
        return self.voxels.shape

    @property
    def dtype(self) -> np.dtype[Any]:
        return self.voxels.dtype

    def __repr__(self) -> str:
        return f"<map of {' × '.join(map(str, self.shape))} voxels of {self.voxel_size:g} Å, {self.dtype}>"

    def _structure(self) -> _library.Map:
        return _library.Map(
            self.dtype.itemsize, _library.pointer(self.voxels), *self.shape, self.voxel_size)  # fmt: skip

    def _gradients(self, wanted: tuple[bool, ...]) -> tuple[Part, ...]:
        return (np.empty_like(self.voxels) if wanted[0] else None,)

    def _gradient_of(self, parts: tuple[Part, ...]) -> Any:
        return parts[0]

    _part_count = 1


class GaussianMixtureVolume:
    """Isotropic Gaussians, one or more at each position: ``Σ a (2πσ²)^(-3/2) exp(-|r - p|² / 2σ²)``.

    Parameters
    ----------
    positions
        ``(n, 3)``: x, y and z in ångströms.
    amplitudes
        ``(n, k)``, or ``(n,)`` for one Gaussian each: integrals in ångströms.
    variances
        Of the same shape: σ² in Å², above 0.
    """

    __slots__ = ("positions", "amplitudes", "variances")

    positions: NDArray[Any]
    amplitudes: NDArray[Any]
    variances: NDArray[Any]

    def __init__(self, positions: ArrayLike, amplitudes: ArrayLike, variances: ArrayLike) -> None:
        self.positions = _library.array("positions", positions, shape=("n", 3))
        self.amplitudes = _columns("amplitudes", amplitudes, self.positions)
        self.variances = _columns("variances", variances, self.positions)
        if self.amplitudes.shape != self.variances.shape:
            raise ValueError(
                f"amplitudes has the shape {self.amplitudes.shape} and variances {self.variances.shape}; "
                "they must be alike")

    @property
    def dtype(self) -> np.dtype[Any]:
        return self.positions.dtype

    def __len__(self) -> int:
        return len(self.positions)

    def __repr__(self) -> str:
        return f"<{len(self)} positions of {self.amplitudes.shape[1]} Gaussians>"

    def _doubles(self) -> tuple[NDArray[np.float64], ...]:
        return tuple(
            np.require(part, np.float64, ["C", "A"]) for part in (self.positions, self.amplitudes, self.variances))

    def _gradients(self, wanted: tuple[bool, ...]) -> tuple[Part, ...]:
        return tuple(
            np.empty(part.shape) if asked else None
            for part, asked in zip((self.positions, self.amplitudes, self.variances), wanted))

    def _gradient_of(self, parts: tuple[Part, ...]) -> Any:
        return GaussianMixtureGradient(*parts)

    _part_count = 3


class GaussianMixtureGradient:
    """What a loss changes with a `GaussianMixtureVolume`; arrays of float64 in its shapes.

    Attributes
    ----------
    positions : numpy.ndarray
        ``(n, 3)``, per ångström.
    amplitudes : numpy.ndarray
        ``(n, k)``, per ångström.
    variances : numpy.ndarray
        ``(n, k)``, per Å².
    """

    __slots__ = ("positions", "amplitudes", "variances")

    def __init__(self, positions: Part, amplitudes: Part, variances: Part) -> None:
        self.positions = positions
        self.amplitudes = amplitudes
        self.variances = variances


class IndependentAtomVolume:
    """Atoms, each of a type whose scattering factor is a sum of Gaussians, ``f(q) = Σ a exp(-2π² σ² q²)``.

    Parameters
    ----------
    positions
        ``(n, 3)``: x, y and z in ångströms.
    types
        ``(n,)``: integers from 0, which type each atom is.
    amplitudes
        ``(types, k)``: a in ångströms.
    variances
        ``(types, k)``: σ² in Å².
    weights
        ``(n,)``: what each atom counts, its occupancy; ``None`` for ones.
    """

    __slots__ = ("positions", "types", "amplitudes", "variances", "weights")

    def __init__(
        self, positions: ArrayLike, types: ArrayLike, amplitudes: ArrayLike, variances: ArrayLike,
        weights: ArrayLike | None = None,
    ) -> None:  # fmt: skip
        self.positions: NDArray[Any] = _library.array("positions", positions, shape=("n", 3))
        kinds = np.asarray(types)
        if kinds.dtype.kind not in "iu":
            raise TypeError(f"types has the dtype {kinds.dtype}; it must be integers")
        if kinds.shape != (len(self.positions),):
            raise ValueError(f"types has the shape {kinds.shape}; it must be ({len(self.positions)},)")
        self.amplitudes: NDArray[Any] = _library.array("amplitudes", amplitudes, shape=("types", "k"))
        self.variances: NDArray[Any] = _library.array("variances", variances, shape=self.amplitudes.shape)
        if kinds.size and not 0 <= kinds.min() <= kinds.max() < len(self.amplitudes):
            raise ValueError(f"types goes from {kinds.min()} to {kinds.max()}; there are {len(self.amplitudes)}")
        self.types: NDArray[np.int32] = np.ascontiguousarray(kinds, np.int32)
        self.weights: NDArray[Any] | None = (
            None if weights is None else _library.array("weights", weights, shape=(len(self.positions),)))

    @property
    def dtype(self) -> np.dtype[Any]:
        return self.positions.dtype

    def __len__(self) -> int:
        return len(self.positions)

    def __repr__(self) -> str:
        return f"<{len(self)} atoms of {len(self.amplitudes)} types>"

    def _gradients(self, wanted: tuple[bool, ...]) -> tuple[Part, ...]:
        shapes = (self.positions.shape, (len(self),), self.amplitudes.shape, self.variances.shape)
        return tuple(np.empty(shape) if asked else None for shape, asked in zip(shapes, wanted))

    def _gradient_of(self, parts: tuple[Part, ...]) -> Any:
        return IndependentAtomGradient(*parts)

    _part_count = 4


class IndependentAtomGradient:
    """What a loss changes with an `IndependentAtomVolume`; arrays of float64 in its shapes.

    Attributes
    ----------
    positions : numpy.ndarray
        ``(n, 3)``, per ångström.
    weights : numpy.ndarray
        ``(n,)``, for atoms without weights as if theirs were 1.
    amplitudes : numpy.ndarray
        ``(types, k)``, per ångström.
    variances : numpy.ndarray
        ``(types, k)``, per Å².
    """

    __slots__ = ("positions", "weights", "amplitudes", "variances")

    def __init__(self, positions: Part, weights: Part, amplitudes: Part, variances: Part) -> None:
        self.positions = positions
        self.weights = weights
        self.amplitudes = amplitudes
        self.variances = variances


def _columns(name: str, values: ArrayLike, positions: NDArray[Any]) -> NDArray[Any]:
    found = _library.array(name, values)
    if found.ndim == 1:
        found = found[:, None]
    if found.ndim != 2 or len(found) != len(positions):
        raise ValueError(f"{name} has the shape {found.shape}; it must be ({len(positions)}, k)")
    return found
