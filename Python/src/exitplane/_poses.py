from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from . import _library


class Poses:
    """Where objects stand: rotated, then moved in the image plane.

    A point ``r`` of the object goes to ``R @ r + (t_x, t_y, 0)``, and the image is the integral along z of what is then
    there.

    Parameters
    ----------
    rotations
        ``(n, 3, 3)`` or ``(3, 3)``: rotation matrices. They are taken as they are, nine numbers each, but must be
        orthonormal and right-handed to 1e-4 where something is projected.
    shifts
        ``(n, 2)``, or ``(2,)`` for all: x and y in ångströms; ``None`` for none.

    Attributes
    ----------
    rotations : numpy.ndarray
        ``(n, 3, 3)``, float64.
    shifts : numpy.ndarray
        ``(n, 2)``, float64, in ångströms.
    """

    __slots__ = ("rotations", "shifts")

    rotations: NDArray[np.float64]
    shifts: NDArray[np.float64]

    def __init__(self, rotations: ArrayLike, shifts: ArrayLike | None = None) -> None:
        matrices = _library.array("rotations", rotations, dtype=np.float64)
        if matrices.shape == (3, 3):
            matrices = matrices[None]
        if matrices.ndim != 3 or matrices.shape[1:] != (3, 3):
            raise ValueError(f"rotations has the shape {matrices.shape}; it must be (n, 3, 3) or (3, 3)")
        count = len(matrices)
        moves = np.zeros((count, 2)) if shifts is None else _library.array("shifts", shifts, dtype=np.float64)
        if moves.shape == (2,):
            moves = np.ascontiguousarray(np.broadcast_to(moves, (count, 2)))
        if moves.shape != (count, 2):
            raise ValueError(f"shifts has the shape {moves.shape}; it must be ({count}, 2), x and y of each pose")
        for name, values in (("rotations", matrices), ("shifts", moves)):
            if not np.isfinite(values).all():
                wrong = int(np.argwhere(~np.isfinite(values))[0][0])
                raise ValueError(f"{name} of pose {wrong} is {values[wrong].tolist()}; it must be finite")
        self.rotations = matrices
        self.shifts = moves

    # From other representations

    @classmethod
    def identity(cls, count: int = 1) -> Poses:
        """As the object itself stands."""
        return cls(np.tile(np.eye(3), (_count(count), 1, 1)))

    @classmethod
    def random(cls, count: int, seed: int = 0, shifts: ArrayLike | None = None) -> Poses:
        """Uniform over all orientations: the library's own, which the command's ``--random-poses`` are too.

        A pose is a function of the seed and its index alone.
        """
        seed = _library.integer("seed", seed)
        if seed < 0:
            raise ValueError(f"seed is {seed}; it must be 0 or more")
        rotations = np.empty((_count(count), 3, 3))
        _library.call("random_rotations", seed, 0, len(rotations), _library.buffer(rotations))
        return cls(rotations, shifts)

    @classmethod
    def from_euler(cls, angles: ArrayLike, shifts: ArrayLike | None = None) -> Poses:
        """``R = Rz(psi) Ry(theta) Rz(phi)``, right-handed active rotations about fixed axes.

        Parameters
        ----------
        angles
            ``(n, 3)``: phi, theta and psi in degrees.
        shifts
            ``(n, 2)``: x and y in ångströms.
        """
        phi, theta, psi = _library.array("angles", np.atleast_2d(_real("angles", angles)), dtype=np.float64,
                                         shape=("n", 3)).T  # fmt: skip
        return cls(_about_z(psi) @ _about_y(theta) @ _about_z(phi), shifts)

    @classmethod
    def from_relion(cls, angles: ArrayLike, origins: ArrayLike | None = None) -> Poses:
        """RELION's angles and origins.

        Parameters
        ----------
        angles
            ``(n, 3)``: rlnAngleRot, rlnAngleTilt and rlnAnglePsi in degrees.
        origins
            ``(n, 2)``: rlnOriginXAngst and rlnOriginYAngst in ångströms.
        """
        shifts = None if origins is None else -_real("origins", origins)
        return cls.from_euler(-_real("angles", angles), shifts)

    @classmethod
    def from_quaternions(cls, quaternions: ArrayLike, shifts: ArrayLike | None = None) -> Poses:
        """Quaternions ``(w, x, y, z)`` of any length but zero, ``(n, 4)``."""
        q = _library.array("quaternions", np.atleast_2d(_real("quaternions", quaternions)), dtype=np.float64,
                           shape=("n", 4))  # fmt: skip
        length = np.linalg.norm(q, axis=1, keepdims=True)
        if not (np.isfinite(length) & (length > 0)).all():
            raise ValueError("a quaternion is zero or not finite; it must be neither")
        w, x, y, z = (q / length).T
        rotations = np.stack([
            1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y),
            2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x),
            2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y),
        ], axis=-1)  # fmt: skip
        return cls(rotations.reshape(-1, 3, 3), shifts)

    @classmethod
    def from_scipy(cls, rotation: Any, shifts: ArrayLike | None = None) -> Poses:
        """Of a ``scipy.spatial.transform.Rotation``."""
        return cls(rotation.as_matrix(), shifts)

    # To other representations

    def relion_angles(self) -> NDArray[np.float64]:
        """rlnAngleRot, rlnAngleTilt and rlnAnglePsi in degrees, ``(n, 3)``, with the tilt in 0 to 180."""
        r = self.rotations
        # Rz(-psi) Ry(-tilt) Rz(-rot): third row (sin tilt cos rot, sin tilt sin rot, cos tilt), third column
        # (-sin tilt cos psi, sin tilt sin psi, cos tilt).
        sine = np.hypot(r[:, 2, 0], r[:, 2, 1])
        tilt = np.arctan2(sine, r[:, 2, 2])
        upright = sine <= 1e-12
        rot = np.where(upright, 0.0, np.arctan2(r[:, 2, 1], r[:, 2, 0]))
        psi = np.where(upright, np.arctan2(r[:, 0, 1], r[:, 1, 1]), np.arctan2(r[:, 1, 2], -r[:, 0, 2]))
        return np.degrees(np.stack([rot, tilt, psi], axis=1))

    def relion_origins(self) -> NDArray[np.float64]:
        """rlnOriginXAngst and rlnOriginYAngst in ångströms, ``(n, 2)``."""
        return -self.shifts

    def to_scipy(self) -> Any:
        """A ``scipy.spatial.transform.Rotation``; the shifts are not in it."""
        from scipy.spatial.transform import Rotation

        return Rotation.from_matrix(self.rotations)

    # A sequence

    def __len__(self) -> int:
        return len(self.rotations)

    def __getitem__(self, index: Any) -> Poses:
        rotations, shifts = self.rotations[index], self.shifts[index]
        return Poses(rotations, shifts)

    def __iter__(self) -> Iterator[Poses]:
        return (self[index] for index in range(len(self)))

    def __repr__(self) -> str:
        return f"<{len(self)} poses>"

    def _structure(self) -> _library.PoseArrays:
        return _library.PoseArrays(_library.pointer(self.rotations), _library.pointer(self.shifts), len(self))


def as_poses(poses: Any) -> Poses:
    """
    Raises
    ------
    TypeError
        For what is neither poses nor, by ``as_matrix``, a rotation of SciPy's.
    """
    if isinstance(poses, Poses):
        return poses
    if hasattr(poses, "as_matrix"):
        return Poses.from_scipy(poses)
    raise TypeError(f"poses is a {type(poses).__name__}; it must be exitplane.Poses, made of matrices, angles or others")


def _count(count: int) -> int:
    count = _library.integer("count", count)
    if count < 0:
        raise ValueError(f"count is {count}; it must be 0 or more")
    return count


def _real(name: str, values: ArrayLike) -> NDArray[np.float64]:
    return _library.array(name, values, dtype=np.float64)


def _sine_cosine(degrees: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Exact at multiples of 90°, so that such views fall on grid points."""
    turns = np.rint(degrees / 90)
    rest = np.radians(degrees - 90 * turns)
    s, c = np.sin(rest), np.cos(rest)
    quadrant = np.mod(turns, 4)
    return (
        np.choose(quadrant.astype(int), [s, c, -s, -c]),
        np.choose(quadrant.astype(int), [c, -s, -c, s]),
    )


def _about_z(degrees: NDArray[np.float64]) -> NDArray[np.float64]:
    _require_finite(degrees)
    s, c = _sine_cosine(degrees)
    o, i = np.zeros_like(s), np.ones_like(s)
    return np.stack([c, -s, o, s, c, o, o, o, i], axis=-1).reshape(-1, 3, 3)


def _about_y(degrees: NDArray[np.float64]) -> NDArray[np.float64]:
    _require_finite(degrees)
    s, c = _sine_cosine(degrees)
    o, i = np.zeros_like(s), np.ones_like(s)
    return np.stack([c, o, s, o, i, o, -s, o, c], axis=-1).reshape(-1, 3, 3)


def _require_finite(degrees: NDArray[np.float64]) -> None:
    if not np.isfinite(degrees).all():
        raise ValueError("an angle is not finite; it must be")
