import threading

import numpy as np
import pytest

import exitplane as ep
from exitplane import selftest

INTEGRATORS = [
    ep.FourierSliceExtraction("linear"),
    ep.FourierSliceExtraction("cubic"),
    ep.FourierSliceExtraction("exact"),
    ep.RealVoxelProjection(),
]


@pytest.fixture
def voxels(rng):
    return rng.normal(size=(12, 12, 12))


@pytest.mark.parametrize("integrator", INTEGRATORS, ids=repr)
def test_no_bit_depends_on_threads(integrator, voxels, rng):
    volume = ep.RealVoxelGridVolume(voxels.astype(np.float32), 2)
    plane = ep.ImagePlane(12, 2)
    poses = ep.Poses.random(9, seed=1, shifts=rng.normal(size=(9, 2)))
    images = [integrator.project(volume, poses, plane, threads=threads) for threads in (1, 2, 3)]
    assert images[0].dtype == np.float32 and images[0].shape == (9, 12, 12)
    gradients = [integrator.pull_back(volume, poses, images[0], plane, threads=threads) for threads in (1, 2, 3)]
    for other in (1, 2):
        np.testing.assert_array_equal(images[0], images[other])
        np.testing.assert_array_equal(gradients[0].volume, gradients[other].volume)
        np.testing.assert_array_equal(gradients[0].rotations, gradients[other].rotations)


@pytest.mark.parametrize("integrator", INTEGRATORS, ids=repr)
@pytest.mark.parametrize("padded", [None, (16, 15)])
def test_value_and_gradient_is_the_way_back_of_the_residual(integrator, padded, voxels, rng):
    volume = ep.RealVoxelGridVolume(voxels, 2)
    plane = ep.ImagePlane((12, 11), 2, padded)
    poses = ep.Poses.random(3, seed=1, shifts=rng.normal(size=(3, 2)))
    data = rng.normal(size=(3, 12, 11))
    projector = integrator.prepare(volume, plane)
    residuals = projector.project(poses) - data
    expected = projector.pull_back(poses, residuals)
    values, found = projector.value_and_gradient(poses, data)
    np.testing.assert_allclose(values, (residuals**2).sum(axis=(1, 2)) / 2, rtol=1e-12)
    for name in ("volume", "rotations", "shifts"):
        a, b = getattr(found, name), getattr(expected, name)
        np.testing.assert_allclose(a, b, atol=1e-10 * abs(b).max())


@pytest.mark.parametrize(
    "integrator", [*INTEGRATORS[1:3], ep.RealVoxelProjection(accuracy=1e-10)], ids=repr)
def test_rotations_by_central_differences(integrator, voxels, rng):
    projector = integrator.prepare(ep.RealVoxelGridVolume(voxels, 2), ep.ImagePlane((12, 11), 2))
    poses = ep.Poses.random(1, seed=4, shifts=[0.7, -0.4])
    g = rng.normal(size=(1, 12, 11))
    found = projector.pull_back(poses, g).rotations[0]
    step = 1e-6
    for row in range(3):
        for column in range(3):
            slopes = []
            for sign in (1, -1):
                moved = poses.rotations.copy()
                moved[0, row, column] += sign * step
                slopes.append(np.vdot(projector.project(ep.Poses(moved, poses.shifts)), g))
            slope = (slopes[0] - slopes[1]) / (2 * step)
            assert abs(found[row, column] - slope) <= 1e-6 * abs(found).max()


def test_gaussian_gradients_by_central_differences(rng):
    positions, amplitudes = rng.normal(scale=3, size=(4, 3)), rng.uniform(1, 2, (4, 2))
    variances = rng.uniform(0.5, 3, (4, 2))
    plane, poses = ep.ImagePlane((12, 13), 1.1), ep.Poses.random(2, seed=1)
    integrator = ep.GaussianMixtureProjection(accuracy=1e-13)
    g = rng.normal(size=(2, 12, 13))
    found = integrator.pull_back(ep.GaussianMixtureVolume(positions, amplitudes, variances), poses, g, plane).volume
    arrays = {"positions": positions, "amplitudes": amplitudes, "variances": variances}
    check_by_differences(
        arrays, found, lambda a: np.vdot(integrator.project(ep.GaussianMixtureVolume(**a), poses, plane), g), rng)


def test_atom_gradients_by_central_differences(rng):
    arrays = {
        "positions": rng.normal(scale=3, size=(5, 3)), "weights": rng.uniform(0.5, 1, 5),
        "amplitudes": rng.uniform(1, 2, (3, 2)), "variances": rng.uniform(0.5, 3, (3, 2)),
    }  # fmt: skip
    types = [2, 0, 2, 2, 0]  # No atom is of type 1.
    plane, poses = ep.ImagePlane((12, 13), 1.1), ep.Poses.random(2, seed=1)
    integrator = ep.FFTAtomProjection(accuracy=1e-12)
    g = rng.normal(size=(2, 12, 13))
    found = integrator.pull_back(ep.IndependentAtomVolume(types=types, **arrays), poses, g, plane).volume
    check_by_differences(
        arrays, found,
        lambda a: np.vdot(integrator.project(ep.IndependentAtomVolume(types=types, **a), poses, plane), g), rng)
    np.testing.assert_array_equal(found.amplitudes[1], 0)


def check_by_differences(arrays, found, loss, rng, step=1e-5):
    for name, values in arrays.items():
        direction = rng.normal(size=values.shape)
        slopes = [loss({**arrays, name: values + sign * step * direction}) for sign in (1, -1)]
        expected = (slopes[0] - slopes[1]) / (2 * step)
        np.testing.assert_allclose(np.vdot(getattr(found, name), direction), expected, rtol=1e-6, err_msg=name)


def test_maps_that_are_no_cubes(rng):
    voxels = rng.normal(size=(5, 8, 7))
    poses = ep.Poses.random(1, seed=2)
    found = ep.RealVoxelProjection(accuracy=1e-10).project(
        ep.RealVoxelGridVolume(voxels, 1.5), poses, ep.ImagePlane((9, 11), 1.5))
    expected = selftest.direct_map(voxels, poses.rotations[0], (0, 0), (9, 11), 1.5)
    assert selftest.error(found[0], expected) < 1e-9


def test_cropped_images_are_the_middle_of_padded_ones(voxels):
    volume, poses = ep.RealVoxelGridVolume(voxels, 2), ep.Poses.random(2)
    integrator = ep.FourierSliceExtraction("cubic")
    whole = integrator.project(volume, poses, ep.ImagePlane(16, 2))
    cropped = integrator.project(volume, poses, ep.ImagePlane(10, 2, 16))
    np.testing.assert_array_equal(cropped, whole[:, 3:13, 3:13])


def test_one_projector_for_many_threads_of_python(voxels):
    projector = ep.FourierSliceExtraction("cubic").prepare(ep.RealVoxelGridVolume(voxels, 2), ep.ImagePlane(12, 2))
    poses = ep.Poses.random(8)
    expected = projector.project(poses)
    found = [None] * 8

    def work(index):
        found[index] = projector.project(poses[index : index + 1], threads=1)[0]

    threads = [threading.Thread(target=work, args=(index,)) for index in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    np.testing.assert_array_equal(np.stack(found), expected)


def test_what_memory_holds_does_not_matter(voxels, rng):
    plane, poses = ep.ImagePlane(12, 2), ep.Poses.random(2)
    integrator = ep.FourierSliceExtraction("cubic")
    expected = integrator.project(ep.RealVoxelGridVolume(voxels, 2), poses, plane)
    frozen = voxels.copy()
    frozen.flags.writeable = False
    swapped = voxels.astype(voxels.dtype.newbyteorder())
    strided = np.ascontiguousarray(voxels.transpose(2, 1, 0)).transpose(2, 1, 0)
    shifted = np.frombuffer(b"\0" + voxels.tobytes(), np.uint8)[1:].view(np.float64).reshape(voxels.shape)
    for array in (frozen, swapped, strided, shifted, memoryview(voxels), voxels.tolist()):
        np.testing.assert_array_equal(integrator.project(ep.RealVoxelGridVolume(array, 2), poses, plane), expected)


def test_a_projector_keeps_what_the_volume_was(voxels):
    volume = ep.RealVoxelGridVolume(voxels, 2)
    projector = ep.RealVoxelProjection().prepare(volume, ep.ImagePlane(12, 2))
    before = projector.project(ep.Poses.identity())
    voxels[:] = 0
    np.testing.assert_array_equal(projector.project(ep.Poses.identity()), before)
