import numpy as np
import pytest

jax = pytest.importorskip("jax")
jax.config.update("jax_enable_x64", True)

import jax.numpy as jnp  # noqa: E402
from jax.test_util import check_grads  # noqa: E402

import exitplane as ep  # noqa: E402
from exitplane.jax import project_atoms, project_gaussians, project_map  # noqa: E402

PLANE = ep.ImagePlane((7, 6), 1.5)
POSES = ep.Poses.random(2, seed=1, shifts=[[0.3, -0.4], [1.1, 0.2]])
ROTATIONS, SHIFTS = jnp.asarray(POSES.rotations), jnp.asarray(POSES.shifts)
# The differences that derivatives are held to leave rotations orthonormal to 1e-4.
CHECK = {"order": 1, "modes": ["rev"], "eps": 1e-6, "atol": 1e-5, "rtol": 1e-5}


@pytest.mark.parametrize("integrator", [
    ep.FourierSliceExtraction("cubic", pad_scale=1.5), ep.FourierSliceExtraction(accuracy=1e-9),
    ep.RealVoxelProjection(accuracy=1e-9),
], ids=repr)  # fmt: skip
def test_maps(integrator, rng):
    voxels = jnp.asarray(rng.normal(size=(5, 5, 5)))

    def project(voxels, rotations, shifts):
        return project_map(integrator, voxels, 1.5, rotations, shifts, PLANE)

    check_grads(project, (voxels, ROTATIONS, SHIFTS), **CHECK)


def test_gaussians(rng):
    arrays = [jnp.asarray(a) for a in (rng.normal(size=(3, 3)), rng.uniform(1, 2, (3, 2)), rng.uniform(1, 3, (3, 2)))]
    integrator = ep.GaussianMixtureProjection(accuracy=1e-13)
    check_grads(lambda *a: project_gaussians(integrator, *a, PLANE), (*arrays, ROTATIONS, SHIFTS), **CHECK)


def test_atoms(rng):
    arrays = [jnp.asarray(a) for a in (rng.normal(size=(4, 3)), rng.uniform(1, 2, (2, 2)), rng.uniform(1, 3, (2, 2)))]
    types, integrator = jnp.array([1, 0, 1, 1]), ep.FFTAtomProjection(accuracy=1e-11)

    def project(positions, amplitudes, variances, rotations, shifts):
        return project_atoms(integrator, positions, types, amplitudes, variances, rotations, shifts, PLANE)

    check_grads(project, (*arrays, ROTATIONS, SHIFTS), **CHECK)


def test_transforms(rng):
    voxels = jnp.asarray(rng.normal(size=(2, 5, 5, 5)))
    traces = 0

    def loss(voxels, shifts):
        nonlocal traces
        traces += 1
        return (project_map(ep.FourierSliceExtraction("cubic"), voxels, 1.5, ROTATIONS, shifts, PLANE) ** 2).sum()

    gradient = jax.grad(loss, argnums=(0, 1))
    together = jax.vmap(gradient, in_axes=(0, None))(voxels, SHIFTS)
    for index in range(2):
        for part, expected in zip(together, gradient(voxels[index], SHIFTS)):
            np.testing.assert_allclose(part[index], expected, rtol=1e-12)
    of_sum = jax.grad(lambda v: jax.vmap(loss, in_axes=(0, None))(v, SHIFTS).sum())(voxels)
    np.testing.assert_allclose(of_sum, together[0], rtol=1e-12)
    compiled, before = jax.jit(gradient), traces
    for _ in range(3):
        np.testing.assert_allclose(compiled(voxels[0], SHIFTS)[0], together[0][0], rtol=1e-12)
    assert traces == before + 1


def test_the_same_as_numpy_in_single_precision(rng):
    voxels = rng.normal(size=(6, 6, 6)).astype(np.float32)
    images = project_map(ep.FourierSliceExtraction(), jnp.asarray(voxels), 1.5, ROTATIONS, SHIFTS, PLANE)
    expected = ep.FourierSliceExtraction().project(ep.RealVoxelGridVolume(voxels, 1.5), POSES, PLANE)
    np.testing.assert_array_equal(images, expected)


def test_bad_input():
    with pytest.raises(Exception, match="need a cubic map"):
        project_map(ep.FourierSliceExtraction(), jnp.ones((4, 5, 5)), 1.5, ROTATIONS, SHIFTS, PLANE).block_until_ready()
