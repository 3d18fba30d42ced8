import numpy as np
import pytest

import exitplane as ep


def test_maps_come_back(tmp_path, rng):
    volume = ep.RealVoxelGridVolume(rng.normal(size=(5, 6, 7)).astype(np.float32), 1.5)
    ep.write_map(tmp_path / "map.mrc", volume)
    again = ep.read_map(tmp_path / "map.mrc")
    np.testing.assert_array_equal(again.voxels, volume.voxels)
    assert again.voxel_size == 1.5 and again.dtype == np.float32
    assert ep.read_map(tmp_path / "map.mrc", voxel_size=2, dtype=float).voxel_size == 2
    with pytest.raises(ValueError, match="read_map"):
        ep.read_stack(tmp_path / "map.mrc")


def test_stacks_come_back(tmp_path, rng):
    images = rng.normal(size=(3, 6, 5)).astype(np.float32)
    ep.write_stack(tmp_path / "images.mrcs", images, 1.25)
    again, size = ep.read_stack(tmp_path / "images.mrcs", dtype=np.float64)
    np.testing.assert_array_equal(again, images)
    assert size == 1.25
    with pytest.raises(ValueError, match="read_stack"):
        ep.read_map(tmp_path / "images.mrcs")


def test_structures_are_gaussians(tmp_path):
    path = tmp_path / "two.pdb"
    path.write_text(
        "ATOM      1  C   ALA A   1       1.000   2.000   3.000  1.00 20.00           C\n"
        "ATOM      2  C   ALA A   1       3.000   2.000   3.000  0.50 20.00           C\nEND\n")
    volume = ep.read_structure(path)
    assert volume.positions.shape == (2, 3) and volume.amplitudes.shape == (2, 5)
    np.testing.assert_allclose(volume.positions[1] - volume.positions[0], [2, 0, 0], atol=1e-6)
    np.testing.assert_allclose(volume.amplitudes[1], volume.amplitudes[0] / 2)
    # Carbon's five amplitudes of Peng et al. sum to its scattering factor at 0.
    np.testing.assert_allclose(volume.amplitudes[0].sum(), 2.5088, atol=2e-3)


def test_particles_are_poses(tmp_path):
    path = tmp_path / "particles.star"
    path.write_text(
        "data_optics\nloop_\n_rlnOpticsGroup #1\n_rlnImagePixelSize #2\n1 1.5\n\n"
        "data_particles\nloop_\n_rlnAngleRot #1\n_rlnAngleTilt #2\n_rlnAnglePsi #3\n_rlnOriginXAngst #4\n"
        "_rlnOriginYAngst #5\n_rlnOpticsGroup #6\n10 20 30 1 -2 1\n40 50 60 0 0 1\n")
    poses = ep.read_particles(path)
    expected = ep.Poses.from_relion([[10, 20, 30], [40, 50, 60]], [[1, -2], [0, 0]])
    np.testing.assert_allclose(poses.rotations, expected.rotations, atol=1e-14)
    np.testing.assert_array_equal(poses.shifts, expected.shifts)
