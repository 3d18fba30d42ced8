"""Deterministic inputs, the same for every peer. Needs NumPy only."""

import numpy as np

# Heavy atoms of a protein: atomic number and share.
ELEMENTS = {6: 0.63, 7: 0.17, 8: 0.19, 16: 0.01}
# About one heavy atom in 20 cubic ångströms of protein.
ATOMS_PER_CUBIC_ANGSTROM = 0.05


def random_quaternions(count, seed=1):
    """Uniform over SO(3), `(count, 4)` as (w, x, y, z)."""
    q = np.random.default_rng(seed).normal(size=(count, 4))
    return (q / np.linalg.norm(q, axis=1, keepdims=True)).astype(np.float32)


def rotation_matrices(quaternions):
    w, x, y, z = np.asarray(quaternions, dtype=float).T
    rows = [
        [1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)],
        [2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)],
        [2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)],
    ]
    return np.moveaxis(np.array(rows), -1, 0)


def quaternions_of(matrices):
    """Rotation matrices `(count, 3, 3)` as (w, x, y, z), by the largest of the four."""
    result = []
    for m in np.asarray(matrices, dtype=float):
        squares = np.array([1 + m[0, 0] + m[1, 1] + m[2, 2], 1 + m[0, 0] - m[1, 1] - m[2, 2],
                            1 - m[0, 0] + m[1, 1] - m[2, 2], 1 - m[0, 0] - m[1, 1] + m[2, 2]])
        i = int(np.argmax(squares))
        w, x, y = m[2, 1] - m[1, 2], m[0, 2] - m[2, 0], m[1, 0] - m[0, 1]
        if i == 0:
            q = [squares[0], w, x, y]
        elif i == 1:
            q = [w, squares[1], m[0, 1] + m[1, 0], m[0, 2] + m[2, 0]]
        elif i == 2:
            q = [x, m[0, 1] + m[1, 0], squares[2], m[1, 2] + m[2, 1]]
        else:
            q = [y, m[0, 2] + m[2, 0], m[1, 2] + m[2, 1], squares[3]]
        result.append(np.array(q) / np.linalg.norm(q))
    return np.array(result)


def noise_map(box, seed=2):
    """White noise, `(box, box, box)`, single precision: a slice costs the same whatever the map holds."""
    return np.random.default_rng(seed).standard_normal((box, box, box), dtype=np.float32)


def gaussian_map(box, voxel_size_in_angstroms=1.0, blobs=60, seed=3):
    """Gaussian blobs of 2 to 8 voxels within a ball of a quarter of the box, single precision."""
    rng = np.random.default_rng(seed)
    coordinates = np.arange(box) - box // 2
    volume = np.zeros((box,) * 3, np.float32)
    for _ in range(blobs):
        centre = _in_ball(rng, 1, box / 4)[0]
        sigma = rng.uniform(2, 8)
        x, y, z = (np.exp(-((coordinates - c) ** 2) / (2 * sigma**2)).astype(np.float32) for c in centre)
        volume += z[:, None, None] * y[:, None] * x
    return volume


def atoms(count, seed=4):
    """Positions in ångströms, uniform in a ball at a protein's density, and atomic numbers."""
    rng = np.random.default_rng(seed)
    radius = (count / ATOMS_PER_CUBIC_ANGSTROM * 3 / (4 * np.pi)) ** (1 / 3)
    numbers = rng.choice(list(ELEMENTS), size=count, p=list(ELEMENTS.values()))
    return _in_ball(rng, count, radius), numbers


def _in_ball(rng, count, radius):
    directions = rng.normal(size=(count, 3))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    return directions * radius * rng.uniform(size=(count, 1)) ** (1 / 3)
