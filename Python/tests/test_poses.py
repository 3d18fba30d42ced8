import numpy as np
import pytest

import exitplane as ep


def about(axis, degrees):
    a = np.radians(degrees)
    c, s = np.cos(a), np.sin(a)
    return np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]]) if axis == "z" else np.array([[c, 0, s], [0, 1, 0], [-s, 0, c]])


def test_relion_angles_are_extrinsic_and_negative():
    poses = ep.Poses.from_relion([30, 60, -15], [[1, -2]])
    np.testing.assert_allclose(poses.rotations[0], about("z", 15) @ about("y", -60) @ about("z", -30), atol=1e-15)
    np.testing.assert_array_equal(poses.shifts, [[-1, 2]])


def test_relion_angles_come_back():
    poses = ep.Poses.random(20, seed=3)
    again = ep.Poses.from_relion(poses.relion_angles(), poses.relion_origins())
    np.testing.assert_allclose(again.rotations, poses.rotations, atol=1e-12)


@pytest.mark.parametrize("tilt", [0, 180])
def test_upright_relion_angles_come_back(tilt):
    poses = ep.Poses.from_relion([20, tilt, 50])
    np.testing.assert_allclose(ep.Poses.from_relion(poses.relion_angles()).rotations, poses.rotations, atol=1e-12)


def test_quaternions_of_any_length():
    half = np.radians(40) / 2
    poses = ep.Poses.from_quaternions(3 * np.array([np.cos(half), 0, 0, np.sin(half)]))
    np.testing.assert_allclose(poses.rotations[0], about("z", 40), atol=1e-15)


def test_scipy_rotations():
    transform = pytest.importorskip("scipy.spatial.transform")
    rotation = transform.Rotation.random(4, random_state=1)
    poses = ep.Poses.from_scipy(rotation)
    np.testing.assert_array_equal(poses.rotations, rotation.as_matrix())
    np.testing.assert_allclose(poses.to_scipy().as_matrix(), rotation.as_matrix(), atol=1e-12)


def test_random_poses_are_functions_of_seed_and_index():
    np.testing.assert_array_equal(ep.Poses.random(3, seed=7).rotations, ep.Poses.random(5, seed=7)[:3].rotations)
    assert not np.allclose(ep.Poses.random(1, seed=7).rotations, ep.Poses.random(1, seed=8).rotations)


def test_rotation_vectors_of_a_gradient(rng):
    poses = ep.Poses.random(2, seed=1)
    g = rng.normal(size=(2, 3, 3))
    found = ep.Gradients(None, g, np.zeros((2, 2))).rotation_vectors(poses)
    step = 1e-6
    for pose in range(2):
        for axis in range(3):
            w = np.zeros(3)
            w[axis] = step
            cross = np.array([[0, -w[2], w[1]], [w[2], 0, -w[0]], [-w[1], w[0], 0]])
            slope = (g[pose] * (cross @ poses.rotations[pose])).sum() / step
            np.testing.assert_allclose(found[pose, axis], slope, rtol=1e-9)
