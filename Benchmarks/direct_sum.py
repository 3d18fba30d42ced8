"""Projections by the sum that defines them, computed by FINUFFT. Import it in an environment that has FINUFFT."""

import finufft
import mrcfile
import numpy as np


def rotation_matrix(rot, tilt, psi):
    """RELION's angles, volume to image: Rz(-psi) Ry(-tilt) Rz(-rot), right-handed active rotations, degrees."""
    def z(a):
        c, s = np.cos(np.radians(a)), np.sin(np.radians(a))
        return np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]])

    c, s = np.cos(np.radians(-tilt)), np.sin(np.radians(-tilt))
    return z(-psi) @ np.array([[c, 0, s], [0, 1, 0], [-s, 0, c]]) @ z(-rot)


def random_angles(count, seed=3):
    """Uniform over all rotations, `(count, 3)` in degrees, rounded to six decimals."""
    rng = np.random.default_rng(seed)
    return np.column_stack([rng.uniform(-180, 180, count), np.degrees(np.arccos(rng.uniform(-1, 1, count))),
                            rng.uniform(-180, 180, count)]).round(6)


def grid_points(box):
    """The x, y and z of a cubic map's voxels from its origin, `(3, box³)`."""
    axis = np.arange(box) - box // 2
    z, y, x = np.meshgrid(axis, axis, axis, indexing="ij")
    return np.stack([x.ravel(), y.ravel(), z.ravel()]).astype(float)


def images(volume, rotations, pad=1, eps=1e-10):
    """A map's images in a box of its own side, or cropped from one that is `pad` times as wide."""
    n, side = volume.shape[0], round(pad * volume.shape[0])
    points, values = grid_points(n), volume.ravel().astype(complex)
    result = []
    for rotation in rotations:
        x, y = (rotation @ points)[:2] * (2 * np.pi / side)
        f = finufft.nufft2d1(y, x, values, (side, side), eps=eps, isign=-1, modeord=1)
        # The image of the half spectrum, as an inverse real transform takes it.
        image = np.fft.fftshift(np.fft.irfft2(f[:, : side // 2 + 1], s=(side, side)))
        first = side // 2 - n // 2
        result.append(image[first : first + n, first : first + n])
    return np.array(result)


def relative_error(got, want):
    """RMS over images within |k| < 0.5 cycles/pixel. Phases of the origin do not matter to differences."""
    k = np.fft.fftfreq(want.shape[-1])
    inside = np.hypot(k[:, None], k[None, :]) < 0.5
    difference = np.fft.fft2(got.astype(float) - want)[:, inside]
    return np.linalg.norm(difference) / np.linalg.norm(np.fft.fft2(want)[:, inside])


def write_map(path, volume):
    with mrcfile.new(path, overwrite=True) as file:
        file.set_data(volume.astype(np.float32))
        file.voxel_size = 1.0
        file.set_volume()
