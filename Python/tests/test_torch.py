import numpy as np
import pytest

torch = pytest.importorskip("torch")

import exitplane as ep  # noqa: E402
from exitplane.torch import project_atoms, project_gaussians, project_map  # noqa: E402

PLANE = ep.ImagePlane((7, 6), 1.5)
POSES = ep.Poses.random(2, seed=1, shifts=[[0.3, -0.4], [1.1, 0.2]])
ROTATIONS, SHIFTS = torch.tensor(POSES.rotations), torch.tensor(POSES.shifts)


def leaf(array):
    return torch.tensor(array, requires_grad=True)


# Linear slices bend at the faces of cells, and here no point lies on one.
@pytest.mark.parametrize("integrator", [
    ep.FourierSliceExtraction("linear", pad_scale=1.5), ep.FourierSliceExtraction("cubic", pad_scale=1.5),
    ep.FourierSliceExtraction("cubic", corrects_gridding=False, slice_grid="volume"),
    ep.FourierSliceExtraction(accuracy=1e-9), ep.RealVoxelProjection(accuracy=1e-9, algorithm="spreading"),
    ep.RealVoxelProjection(accuracy=1e-9, algorithm="gathering"),
], ids=repr)  # fmt: skip
def test_maps(integrator, rng):
    voxels = leaf(rng.normal(size=(5, 5, 5)))
    inputs = (voxels, leaf(POSES.rotations), leaf(POSES.shifts))

    def project(voxels, rotations, shifts):
        return project_map(integrator, voxels, 1.5, rotations, shifts, PLANE)

    torch.autograd.gradcheck(project, inputs, atol=1e-6, rtol=1e-4)


@pytest.mark.parametrize("integrator", [
    ep.GaussianMixtureProjection(accuracy=1e-13), ep.GaussianMixtureProjection(False, accuracy=1e-13),
    ep.GaussianMixtureProjection(upsampling_factor=2, accuracy=1e-13),
], ids=repr)  # fmt: skip
def test_gaussians(integrator, rng):
    inputs = (
        leaf(rng.normal(size=(3, 3))), leaf(rng.uniform(1, 2, (3, 2))), leaf(rng.uniform(1, 3, (3, 2))),
        leaf(POSES.rotations), leaf(POSES.shifts))  # fmt: skip
    torch.autograd.gradcheck(
        lambda *tensors: project_gaussians(integrator, *tensors, PLANE), inputs, atol=1e-6, rtol=1e-4)


def test_atoms(rng):
    types = torch.tensor([1, 0, 1, 1])
    inputs = (
        leaf(rng.normal(size=(4, 3))), leaf(rng.uniform(1, 2, (2, 2))), leaf(rng.uniform(1, 3, (2, 2))),
        leaf(POSES.rotations), leaf(POSES.shifts), leaf(rng.uniform(0.5, 1, 4)))  # fmt: skip

    def project(positions, amplitudes, variances, rotations, shifts, weights):
        return project_atoms(
            ep.FFTAtomProjection(accuracy=1e-11), positions, types, amplitudes, variances, rotations, shifts, PLANE,
            weights=weights)  # fmt: skip

    torch.autograd.gradcheck(project, inputs, atol=1e-6, rtol=1e-4)


def test_the_same_as_numpy_in_single_precision(rng):
    voxels = rng.normal(size=(6, 6, 6)).astype(np.float32)
    integrator = ep.FourierSliceExtraction()
    volume = ep.RealVoxelGridVolume(voxels, 1.5)
    tensor = leaf(voxels)
    images = project_map(integrator, tensor, 1.5, ROTATIONS.float(), SHIFTS.float(), PLANE)
    single = ep.Poses(POSES.rotations.astype(np.float32), POSES.shifts.astype(np.float32))
    np.testing.assert_array_equal(images.detach().numpy(), integrator.project(volume, single, PLANE))
    (images**2).sum().backward()
    expected = integrator.pull_back(volume, single, 2 * images.detach().numpy(), PLANE)
    np.testing.assert_array_equal(tensor.grad.numpy(), expected.volume)


def test_changed_in_place_is_prepared_anew(rng):
    voxels = torch.tensor(rng.normal(size=(6, 6, 6)))
    before = project_map(ep.RealVoxelProjection(), voxels, 1.5, ROTATIONS, None, PLANE)
    voxels *= 2
    torch.testing.assert_close(project_map(ep.RealVoxelProjection(), voxels, 1.5, ROTATIONS, None, PLANE), 2 * before)


def test_func_transforms(rng):
    voxels = torch.tensor(rng.normal(size=(2, 5, 5, 5)))
    integrator = ep.FourierSliceExtraction("cubic")

    def loss(voxels, shifts):
        return (project_map(integrator, voxels, 1.5, ROTATIONS, shifts, PLANE) ** 2).sum()

    gradient = torch.func.grad(loss, argnums=(0, 1))
    together = torch.func.vmap(gradient, in_dims=(0, None))(voxels, SHIFTS)
    for index in range(2):
        for part, expected in zip(together, gradient(voxels[index], SHIFTS)):
            torch.testing.assert_close(part[index], expected)
    rotations = torch.stack([ROTATIONS, ROTATIONS.flip(0)])
    images = torch.func.vmap(
        lambda r: project_map(integrator, voxels[0], 1.5, r, None, PLANE))(rotations)
    torch.testing.assert_close(images[1], images[0].flip(0))


def test_no_second_derivatives(rng):
    voxels = leaf(rng.normal(size=(5, 5, 5)))
    loss = (project_map(ep.RealVoxelProjection(), voxels, 1.5, ROTATIONS, None, PLANE) ** 2).sum()
    (gradient,) = torch.autograd.grad(loss, voxels, create_graph=True)
    with pytest.raises(RuntimeError, match="first derivatives"):
        gradient.sum().backward()


@pytest.mark.parametrize("voxels, error", [
    (np.ones((5, 5, 5)), TypeError), (torch.ones(5, 5, 5, dtype=torch.float16), TypeError),
    (torch.ones(5, 5), ValueError), (torch.full((5, 5, 5), torch.nan), ValueError),
])  # fmt: skip
def test_bad_input(voxels, error):
    with pytest.raises(error):
        project_map(ep.FourierSliceExtraction(), voxels, 1.5, ROTATIONS, SHIFTS, PLANE)
