"""Whatever is wrong is said in a sentence, and nothing crashes."""

import copy
import os
import pickle

import numpy as np
import pytest

import exitplane as ep
from exitplane import _library

CUBE = np.ones((6, 6, 6))
PLANE = ep.ImagePlane(6, 1)
SLICES = ep.FourierSliceExtraction()
POSES = ep.Poses.identity()


def volume(voxels=CUBE, size=1.0):
    return ep.RealVoxelGridVolume(voxels, size)


def with_nan(shape):
    array = np.ones(shape)
    array.flat[-1] = np.nan
    return array


@pytest.mark.parametrize("make, sentence", [
    (lambda: volume(np.ones((6, 6))), r"voxels has the shape \(6, 6\)"),
    (lambda: volume(size=0), "voxel_size is 0.0 Å"),
    (lambda: volume(size=np.nan), "voxel_size is nan"),
    (lambda: SLICES.project(volume(with_nan((6, 6, 6))), POSES, PLANE), r"voxel \(z 5, y 5, x 5\) is nan"),
    (lambda: SLICES.project(volume(np.ones((0, 6, 6))), POSES, PLANE), "map depth is 0"),
    (lambda: SLICES.project(volume(np.ones((5, 6, 6))), POSES, PLANE), "need a cubic map"),
    (lambda: SLICES.project(volume(), POSES, ep.ImagePlane(6, 1.1)), "1.1"),
    (lambda: ep.RealVoxelProjection(accuracy=3.0).project(volume(), POSES, PLANE), "must be"),
    (lambda: ep.ImagePlane(0, 1), "side of an image is 0"),
    (lambda: ep.ImagePlane(40000, 1), "40000"),
    (lambda: ep.ImagePlane(6, -1), "pixel_size is -1.0 Å"),
    (lambda: ep.ImagePlane(6, 1, 5), "padded_shape"),
    (lambda: ep.Poses(np.ones((2, 3))), "rotations has the shape"),
    (lambda: ep.Poses(with_nan((3, 3))), "rotations of pose 0"),
    (lambda: ep.Poses(np.eye(3), [[1, 2], [3, 4]]), "shifts has the shape"),
    (lambda: ep.Poses(np.eye(3), [np.inf, 0]), "shifts of pose 0"),
    (lambda: ep.Poses.from_relion([0, np.nan, 0]), "not finite"),
    (lambda: ep.Poses.from_quaternions([0, 0, 0, 0]), "zero or not finite"),
    (lambda: ep.Poses.random(-1), "count is -1"),
    (lambda: SLICES.project(volume(), ep.Poses(2 * np.eye(3)), PLANE), "pose 0: rotation matrix"),
    (lambda: SLICES.project(volume(), ep.Poses(-np.eye(3)), PLANE), r"orthonormal with determinant \+1"),
    (lambda: SLICES.pull_back(volume(), POSES, np.ones((2, 6, 6)), PLANE), r"must be \(1, 6, 6\)"),
    (lambda: SLICES.project(volume(), POSES, PLANE, threads=-1), "threads is -1"),
    (lambda: ep.FourierSliceExtraction("quintic"), "linear, cubic, exact"),
    (lambda: ep.FourierSliceExtraction("linear", accuracy=1e-3), "for exact slices"),
    (lambda: ep.FourierSliceExtraction(pad_scale=2), "for linear and cubic slices"),
    (lambda: ep.FourierSliceExtraction("cubic", pad_scale=0.5).project(volume(), POSES, PLANE), "pad scale is 0.5"),
    (lambda: ep.FourierSliceExtraction("cubic", pad_scale=16).prepare(
        volume(np.zeros((120, 120, 120), np.float32)), ep.ImagePlane(120, 1)), "a smaller box or padding"),
    (lambda: ep.GaussianMixtureVolume(np.ones((2, 3)), np.ones((3, 1)), np.ones((3, 1))), "amplitudes has the shape"),
    (lambda: ep.GaussianMixtureProjection().project(
        ep.GaussianMixtureVolume(np.ones((1, 3)), [1.0], [0.0]), POSES, PLANE), "above 0 Å²"),
    (lambda: ep.GaussianMixtureProjection().project(
        ep.GaussianMixtureVolume(np.ones((0, 3)), np.ones((0, 1)), np.ones((0, 1))), POSES, PLANE), "at least 1"),
    (lambda: ep.GaussianMixtureProjection(upsampling_factor=0).project(
        ep.GaussianMixtureVolume(np.ones((1, 3)), [1.0], [1.0]), POSES, PLANE), "upsampling factor is 0"),
    (lambda: ep.IndependentAtomVolume(np.ones((1, 3)), [1], [[1.0]], [[1.0]]), "there are 1"),
    (lambda: ep.FFTAtomProjection(upsample_factor=2).project(
        ep.IndependentAtomVolume(np.ones((1, 3)), [0], [[1.0]], [[1.0]]), POSES, PLANE), "odd"),
    (lambda: ep.read_map(__file__), "test_bad_input.py"),
    (lambda: ep.read_particles(__file__), "test_bad_input.py"),
])  # fmt: skip
def test_wrong_values(make, sentence):
    with pytest.raises(ValueError, match=sentence):
        make()


@pytest.mark.parametrize("make, sentence", [
    (lambda: volume(np.ones((2, 2, 2), complex)), "complex128"),
    (lambda: volume("map.mrc"), "real numbers"),
    (lambda: volume(size="1"), "voxel_size is a str"),
    (lambda: ep.ImagePlane(6.0, 1), "must be"),
    (lambda: ep.ImagePlane((6, 6.5), 1), "must be an integer"),
    (lambda: SLICES.project(CUBE, POSES, PLANE), "RealVoxelGridVolume"),
    (lambda: SLICES.project(volume(), np.eye(3), PLANE), "exitplane.Poses"),
    (lambda: SLICES.project(volume(), POSES, (6, 6)), "ImagePlane"),
    (lambda: SLICES.project(volume(), POSES, PLANE, threads=1.5), "threads is a float"),
    (lambda: ep.IndependentAtomVolume(np.ones((1, 3)), [0.0], [[1.0]], [[1.0]]), "must be integers"),
    (lambda: ep.write_map("x.mrc", CUBE), "RealVoxelGridVolume"),
    (lambda: pickle.dumps(SLICES.prepare(volume(), PLANE)), "prepare it again"),
    (lambda: copy.deepcopy(SLICES.prepare(volume(), PLANE)), "prepare it again"),
])  # fmt: skip
def test_wrong_types(make, sentence):
    with pytest.raises(TypeError, match=sentence):
        make()


def test_missing_files(tmp_path):
    for read in (ep.read_map, ep.read_stack, ep.read_structure, ep.read_particles):
        with pytest.raises(OSError, match="missing"):
            read(tmp_path / "missing.pdb")
    with pytest.raises(OSError, match="nowhere"):
        ep.write_map(tmp_path / "nowhere" / "map.mrc", volume())


def test_no_poses():
    none = ep.Poses(np.ones((0, 3, 3)))
    projector = SLICES.prepare(volume(), PLANE)
    assert projector.project(none).shape == (0, 6, 6)
    gradients = projector.pull_back(none, np.ones((0, 6, 6)))
    np.testing.assert_array_equal(gradients.volume, np.zeros((6, 6, 6)))
    values, _ = projector.value_and_gradient(none, np.ones((0, 6, 6)))
    assert values.shape == (0,)


def test_cotangents_that_are_no_numbers_make_gradients_that_are_none():
    for integrator in (SLICES, ep.FourierSliceExtraction("linear"), ep.RealVoxelProjection()):
        found = integrator.pull_back(volume(), POSES, with_nan((1, 6, 6)), PLANE)
        assert np.isnan(found.volume).any()


def test_handles_that_name_nothing():
    projector = SLICES.prepare(volume(), PLANE)
    number = projector._handle.number.value
    del projector
    images = np.empty((1, 6, 6))
    with pytest.raises(ValueError, match="not released yet"):
        _library.call("project", number, POSES._structure(), 0, _library.buffer(images))
    with pytest.raises(ValueError, match="not in use"):
        _library.call("release", number)


def test_null_and_wrong_sizes_behind_the_door():
    projector = SLICES.prepare(volume(), PLANE)
    number = projector._handle.number
    images = np.empty((1, 6, 6))
    with pytest.raises(ValueError, match="poses is null"):
        _library.call("project", number, None, 0, _library.buffer(images))
    with pytest.raises(ValueError, match="rotation matrices is null"):
        _library.call("project", number, _library.PoseArrays(None, None, 1), 0, _library.buffer(images))
    with pytest.raises(ValueError, match="it must be 36"):
        _library.call("project", number, POSES._structure(), 0, _library.buffer(images[:, :5]))
    with pytest.raises(ValueError, match="aligned"):
        place = _library.Buffer(images.ctypes.data + 1, 36)
        _library.call("project", number, POSES._structure(), 0, place)
    with pytest.raises(ValueError, match="0 or more"):
        _library.call("project", number, _library.PoseArrays(None, None, -1), 0, _library.buffer(images))
    with pytest.raises(ValueError, match="must be less"):
        _library.call("project", number, _library.PoseArrays(None, None, 1 << 61), 0, _library.buffer(images))


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
def test_a_fork_after_threads_goes_on():
    projector = SLICES.prepare(volume(np.random.default_rng(1).normal(size=(6, 6, 6))), PLANE)
    poses = ep.Poses.random(8)
    expected = projector.project(poses, threads=2)
    child = os.fork()
    if child == 0:
        same = np.array_equal(projector.project(poses, threads=2), expected)
        os._exit(0 if same else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
