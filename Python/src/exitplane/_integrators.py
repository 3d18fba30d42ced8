from __future__ import annotations

import ctypes
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from . import _library
from ._plane import ImagePlane, shape_of_two
from ._poses import Poses, as_poses
from ._volumes import GaussianMixtureVolume, IndependentAtomVolume, Part, RealVoxelGridVolume


@dataclass
class Gradients:
    """What a loss L changes with.

    Attributes
    ----------
    volume
        Of a map an array in its shape and dtype; of Gaussians a `GaussianMixtureGradient`; of atoms an
        `IndependentAtomGradient`.
    rotations
        ``(n, 3, 3)``, float64: ``∂L/∂R``, its nine numbers each for itself. The third row is zero.
    shifts
        ``(n, 2)``, float64: ``∂L/∂t``, per ångström.
    """

    volume: Any
    rotations: NDArray[np.float64]
    shifts: NDArray[np.float64]

    def rotation_vectors(self, poses: Poses) -> NDArray[np.float64]:
        """``∂L/∂ω`` at ``ω = 0`` of the rotations ``exp([ω]×) R``, ``(n, 3)``: x, y and z of the image, per radian.

        Parameters
        ----------
        poses
            At which the gradients were found.
        """
        return np.cross(poses.rotations, self.rotations, axis=1).sum(axis=2)


class Projector:
    """A volume that is prepared for projections onto a plane; made by an integrator's `prepare`.

    What does not depend on poses is done once. The volume's arrays may be changed afterwards; this keeps what they were.
    Methods may be called from several threads at once, and let other threads of Python run.
    """

    def __init__(self, volume: Any, plane: ImagePlane, dtype: np.dtype[Any], handle: _library.Handle) -> None:
        self._volume_form = volume
        self._handle = handle
        self.plane = plane
        self.dtype = dtype

    def __repr__(self) -> str:
        return f"<projector of {self._volume_form!r} onto {self.plane}>"

    def project(self, poses: Poses, *, threads: int = 0) -> NDArray[Any]:
        """Images at poses.

        Parameters
        ----------
        poses
            n of them.
        threads
            How many at the most; 0 for all processors. No bit depends on it.

        Returns
        -------
        numpy.ndarray
            ``(n, rows, columns)`` in the volume's precision, the origin at pixel ``(rows // 2, columns // 2)``; the
            volume's unit times ångströms.
        """
        poses = as_poses(poses)
        threads = _library.thread_count(threads)
        images = np.empty((len(poses), *self.plane.shape), self.dtype)
        _library.call(
            "project", self._handle.number, ctypes.byref(poses._structure()), threads, _library.buffer(images))
        return images

    def pull_back(self, poses: Poses, cotangents: ArrayLike, *, threads: int = 0) -> Gradients:
        """The way back of `project`, its vector-Jacobian product.

        Parameters
        ----------
        poses
            n of them.
        cotangents
            ``(n, rows, columns)``: ``∂L/∂`` of every pixel.
        threads
            How many at the most; 0 for all processors. No bit depends on it.
        """
        poses = as_poses(poses)
        parts, rotations, shifts = self._pull_back(poses, cotangents, threads=threads)
        return Gradients(self._volume_form._gradient_of(parts), rotations, shifts)

    def value_and_gradient(
        self, poses: Poses, images: ArrayLike, *, threads: int = 0
    ) -> tuple[NDArray[np.float64], Gradients]:
        """How far images are from projections, ``½ Σ (P - y)²`` over the pixels of each, and what changes it.

        It takes one pass, where `project` and `pull_back` take two, and the memory of one gradient whatever the number
        of images.

        Parameters
        ----------
        poses
            n of them.
        images
            ``(n, rows, columns)``: y.
        threads
            How many at the most; 0 for all processors. No bit depends on it.

        Returns
        -------
        values : numpy.ndarray
            ``(n,)``, float64: each image's part of the loss, which is their sum.
        gradients : Gradients
            Of the sum.
        """
        poses = as_poses(poses)
        data = self._images("images", images, poses)
        values = np.empty(len(poses))
        parts, rotations, shifts = self._pull_back(poses, data, values=values, threads=threads)
        return values, Gradients(self._volume_form._gradient_of(parts), rotations, shifts)

    def _pull_back(
        self, poses: Poses, images: ArrayLike, *, wanted: tuple[bool, ...] | None = None,
        wants_rotations: bool = True, wants_shifts: bool = True, values: NDArray[np.float64] | None = None,
        threads: int = 0,
    ) -> tuple[tuple[Part, ...], Any, Any]:  # fmt: skip
        threads = _library.thread_count(threads)
        data = self._images("cotangents", images, poses)
        parts = self._volume_form._gradients(wanted or (True,) * self._volume_form._part_count)
        rotations = np.empty((len(poses), 3, 3)) if wants_rotations else None
        shifts = np.empty((len(poses), 2)) if wants_shifts else None
        gradients = _library.gradients(parts, rotations, shifts)
        structure = ctypes.byref(poses._structure())
        if values is None:
            _library.call(
                "pull_back", self._handle.number, structure, _library.buffer(data), threads, gradients)
        else:
            _library.call(
                "least_squares", self._handle.number, structure, _library.buffer(data), threads,
                _library.buffer(values), gradients)  # fmt: skip
        return parts, rotations, shifts

    def _images(self, name: str, images: ArrayLike, poses: Poses) -> NDArray[Any]:
        if not isinstance(images, np.ndarray) or images.ndim == 2:
            images = _library.array(name, images, dtype=self.dtype)
            images = images[None] if images.ndim == 2 else images
        return _library.array(name, images, dtype=self.dtype, shape=(len(poses), *self.plane.shape))


class _Integrator:
    """What all integrators can do."""

    def prepare(self, volume: Any, plane: ImagePlane, *, threads: int = 0) -> Projector:
        """Does once what does not depend on poses.

        Parameters
        ----------
        volume
            What is projected.
        plane
            What images are to be.
        threads
            How many at the most; 0 for all processors. No bit depends on it.
        """
        if not isinstance(plane, ImagePlane):
            raise TypeError(f"plane is a {type(plane).__name__}; it must be an exitplane.ImagePlane")
        if not isinstance(volume, self._volume_type):
            raise TypeError(
                f"volume is a {type(volume).__name__}; {type(self).__name__} projects a {self._volume_type.__name__}")
        handle = _library.Handle()
        self._prepare(volume, plane, _library.thread_count(threads), handle)
        return Projector(volume, plane, volume.dtype, handle)

    def project(self, volume: Any, poses: Poses, plane: ImagePlane, *, threads: int = 0) -> NDArray[Any]:
        """Images at poses, ``(n, rows, columns)``; see `Projector.project`."""
        poses = as_poses(poses)
        return self.prepare(volume, plane, threads=threads).project(poses, threads=threads)

    def pull_back(
        self, volume: Any, poses: Poses, cotangents: ArrayLike, plane: ImagePlane, *, threads: int = 0
    ) -> Gradients:
        """The way back of `project`; see `Projector.pull_back`."""
        return self.prepare(volume, plane, threads=threads).pull_back(poses, cotangents, threads=threads)

    def value_and_gradient(
        self, volume: Any, poses: Poses, images: ArrayLike, plane: ImagePlane, *, threads: int = 0
    ) -> tuple[NDArray[np.float64], Gradients]:
        """How far images are from projections, and what changes it; see `Projector.value_and_gradient`."""
        return self.prepare(volume, plane, threads=threads).value_and_gradient(poses, images, threads=threads)

    _volume_type: type

    def _prepare(self, volume: Any, plane: ImagePlane, threads: int, handle: _library.Handle) -> None:
        raise NotImplementedError


@dataclass(frozen=True)
class FourierSliceExtraction(_Integrator):
    """Central slices of a cubic map's transform, interpolated.

    Parameters
    ----------
    interpolation
        ``"linear"``, ``"cubic"`` (B-splines) or ``"exact"`` (a window that keeps an accuracy).
    accuracy
        The relative error of exact slices; ``None`` for 1e-3.
    pad_scale
        The zero-padding of linear and cubic slices, as a factor of the map's side; ``None`` for what Docs/Accuracy.md
        recommends.
    corrects_gridding
        Of linear and cubic slices: divides the map by what interpolation does to it; ``None`` for yes.
    slice_grid
        ``"image"`` (RELION's way: what falls outside the image's box wraps into it) or ``"volume"`` (cryoJAX's way): on
        whose frequencies slices are taken.
    outputs_integral
        Images are integrals along the beam; otherwise plain sums of voxels.
    resamples
        Allows images of other pixel sizes than the map's voxels.
    resolution
        Leaves out what lies beyond it, in ångströms; ``None`` for nothing.
    """

    interpolation: str = "exact"
    accuracy: float | None = None
    pad_scale: float | None = None
    corrects_gridding: bool | None = None
    slice_grid: str = "image"
    outputs_integral: bool = True
    resamples: bool = False
    resolution: float | None = None

    def __post_init__(self) -> None:
        _one_of("interpolation", self.interpolation, ("linear", "cubic", "exact"))
        _one_of("slice_grid", self.slice_grid, ("image", "volume"))
        _positive("accuracy", self.accuracy)
        _positive("pad_scale", self.pad_scale)
        _positive("resolution", self.resolution)
        if self.interpolation == "exact":
            for name in ("pad_scale", "corrects_gridding"):
                if getattr(self, name) is not None:
                    raise ValueError(f"{name} is for linear and cubic slices; exact ones have an accuracy")
        elif self.accuracy is not None:
            raise ValueError("accuracy is for exact slices; linear and cubic ones have a pad_scale")

    _volume_type = RealVoxelGridVolume

    def _prepare(self, volume: RealVoxelGridVolume, plane: ImagePlane, threads: int, handle: _library.Handle) -> None:
        options = _library.SliceOptions(
            ("linear", "cubic", "exact").index(self.interpolation), self.pad_scale or 0,
            self.corrects_gridding is not False, self.accuracy or 0, ("image", "volume").index(self.slice_grid),
            bool(self.outputs_integral), bool(self.resamples), self.resolution or 0)  # fmt: skip
        _library.call(
            "prepare_slices", ctypes.byref(volume._structure()), ctypes.byref(plane._structure()),
            ctypes.byref(options), threads, handle.out())  # fmt: skip


@dataclass(frozen=True)
class RealVoxelProjection(_Integrator):
    """The defining sum over a map's voxels, each a point, by a nonuniform FFT; the map need not be a cube.

    Parameters
    ----------
    accuracy
        The relative error; ``None`` for 1e-6.
    algorithm
        ``"automatic"`` (by cost), ``"spreading"`` (the time of a pose is the voxels') or ``"gathering"`` (the pixels',
        after a transform of the map).
    expected_poses
        About how many poses there will be, by which the algorithm is chosen; ``None`` for a hundred.
    """

    accuracy: float | None = None
    algorithm: str = "automatic"
    expected_poses: int | None = None

    def __post_init__(self) -> None:
        _one_of("algorithm", self.algorithm, ("automatic", "spreading", "gathering"))
        _positive("accuracy", self.accuracy)
        if self.expected_poses is not None and _library.integer("expected_poses", self.expected_poses) < 1:
            raise ValueError(f"expected_poses is {self.expected_poses}; it must be 1 or more")

    _volume_type = RealVoxelGridVolume

    def _prepare(self, volume: RealVoxelGridVolume, plane: ImagePlane, threads: int, handle: _library.Handle) -> None:
        options = _library.VoxelOptions(
            self.accuracy or 0, ("automatic", "spreading", "gathering").index(self.algorithm),
            self.expected_poses or 0)  # fmt: skip
        _library.call(
            "prepare_voxels", ctypes.byref(volume._structure()), ctypes.byref(plane._structure()),
            ctypes.byref(options), threads, handle.out())  # fmt: skip


@dataclass(frozen=True)
class GaussianMixtureProjection(_Integrator):
    """Sums of Gaussians in real space.

    Images have the precision of the positions.

    Parameters
    ----------
    use_error_functions
        Averages over pixels; otherwise takes the values at their centres.
    upsampling_factor
        Pixels computed for each one, on both axes.
    accuracy
        Gaussians are computed down to this part of their peak; ``None`` for 1e-6.
    shape
        Rows and columns that are computed before cropping or padding; ``None`` for the plane's padded shape.
    """

    use_error_functions: bool = True
    upsampling_factor: int = 1
    accuracy: float | None = None
    shape: tuple[int, int] | None = None

    def __post_init__(self) -> None:
        _positive("accuracy", self.accuracy)
        _library.integer("upsampling_factor", self.upsampling_factor)
        _set_shape(self)

    _volume_type = GaussianMixtureVolume

    def _prepare(self, volume: GaussianMixtureVolume, plane: ImagePlane, threads: int, handle: _library.Handle) -> None:
        positions, amplitudes, variances = volume._doubles()
        mixture = _library.GaussianMixture(
            _library.pointer(positions), _library.pointer(amplitudes), _library.pointer(variances),
            *amplitudes.shape)  # fmt: skip
        options = _library.GaussianOptions(
            volume.dtype.itemsize, bool(self.use_error_functions), self.upsampling_factor, self.accuracy or 0,
            *(self.shape or (0, 0)))  # fmt: skip
        _library.call(
            "prepare_gaussians", ctypes.byref(mixture), ctypes.byref(plane._structure()), ctypes.byref(options),
            handle.out())  # fmt: skip


@dataclass(frozen=True)
class FFTAtomProjection(_Integrator):
    """Atoms in Fourier space, by a nonuniform FFT; images are periodic.

    Images have the precision of the positions.

    Parameters
    ----------
    antialias
        Averages over pixels; otherwise takes the values at their centres.
    upsample_factor
        Odd: computes on pixels smaller by it and averages blocks of them.
    accuracy
        The relative error; ``None`` for 1e-6.
    shape
        Rows and columns that are computed before cropping or padding; ``None`` for the plane's padded shape.
    """

    antialias: bool = True
    upsample_factor: int = 1
    accuracy: float | None = None
    shape: tuple[int, int] | None = None

    def __post_init__(self) -> None:
        _positive("accuracy", self.accuracy)
        _library.integer("upsample_factor", self.upsample_factor)
        _set_shape(self)

    _volume_type = IndependentAtomVolume

    def _prepare(self, volume: IndependentAtomVolume, plane: ImagePlane, threads: int, handle: _library.Handle) -> None:
        def doubles(values: NDArray[Any] | None) -> NDArray[Any] | None:
            return None if values is None else np.require(values, np.float64, ["C", "A"])

        kept = [doubles(part) for part in (volume.positions, volume.weights, volume.amplitudes, volume.variances)]
        positions, weights, amplitudes, variances = map(_library.pointer, kept)
        atoms = _library.Atoms(
            positions, weights, _library.pointer(volume.types), len(volume), amplitudes, variances,
            *volume.amplitudes.shape)  # fmt: skip
        options = _library.AtomOptions(
            volume.dtype.itemsize, bool(self.antialias), self.upsample_factor, self.accuracy or 0,
            *(self.shape or (0, 0)), True)  # fmt: skip
        _library.call(
            "prepare_atoms", ctypes.byref(atoms), ctypes.byref(plane._structure()), ctypes.byref(options),
            handle.out())  # fmt: skip


def _one_of(name: str, value: Any, values: tuple[str, ...]) -> None:
    if value not in values:
        raise ValueError(f"{name} is {value!r}; it must be one of {', '.join(values)}")


def _positive(name: str, value: Any) -> None:
    if value is not None and not 0 < _library.number(name, value) < float("inf"):
        raise ValueError(f"{name} is {value}; it must be finite and above 0")


def _set_shape(integrator: Any) -> None:
    if integrator.shape is not None:
        shape = shape_of_two("shape", integrator.shape)
        if min(shape) < 1:
            raise ValueError(f"shape is {shape}; it must be 1 or more on both axes")
        object.__setattr__(integrator, "shape", shape)
