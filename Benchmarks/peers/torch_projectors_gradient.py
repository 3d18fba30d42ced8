"""torch-projectors: value and gradient of ½ Σ |P − y|² by autograd, or back-projection with weights.

Gradients are with respect to the half transform of the volume, the rotation matrices and the shifts, of images that
torch's inverse real FFT makes of the slices, in batches of poses.
"""

import torch
import torch_projectors

from inputs import noise_map, random_quaternions, rotation_matrices
from measure import arguments, report

options = arguments(
    ("--box", dict(type=int, required=True)),
    ("--interpolation", dict(choices=["linear", "cubic"], default="linear")),
    ("--poses", dict(type=int, required=True)),
    ("--backproject", dict(action="store_true")),
    ("--check", dict(action="store_true", help="compare with central differences, and measure nothing")),
)
torch.set_num_threads(options.threads)
torch.manual_seed(5)
box, poses, interpolation = options.box, options.poses, options.interpolation
transform = torch.fft.rfftn(torch.from_numpy(noise_map(box)))[None].requires_grad_(not options.backproject)
rotations = torch.from_numpy(rotation_matrices(random_quaternions(poses))).float()[None]
shifts = torch.empty(1, poses, 2).uniform_(-3, 3)
targets = torch.randn(1, poses, box, box)


def value_and_gradient(batch):
    """Of the poses of a batch; the volume's part is added to `transform.grad`."""
    turns, moves = rotations[:, batch].clone().requires_grad_(), shifts[:, batch].clone().requires_grad_()
    spectra = torch_projectors.project_3d_to_2d_forw(transform, turns, shifts=moves, interpolation=interpolation)
    images = torch.fft.irfft2(spectra, s=(box, box))
    loss = 0.5 * ((images - targets[:, batch]) ** 2).sum()
    loss.backward()
    return loss.detach(), turns.grad, moves.grad


def check():
    loss, turns, moves = value_and_gradient(slice(0, poses))
    print(f"loss {loss:.6g}; largest entries {transform.grad.abs().max():.4g}, {turns.abs().max():.4g}, {moves.abs().max():.4g}")
    direction = torch.randn_like(transform.detach())
    with torch.no_grad():
        def at(e):
            spectra = torch_projectors.project_3d_to_2d_forw(
                transform + e * direction, rotations, shifts=shifts, interpolation=interpolation)
            return 0.5 * ((torch.fft.irfft2(spectra, s=(box, box)) - targets) ** 2).sum()
        e = 1.0
        slope = (at(e) - at(-e)) / (2 * e)
        product = (transform.grad * direction.conj()).real.sum()
    print(f"volume: {slope:.6g} by differences, {product:.6g} by gradient")


def measure(size):
    batches = [slice(i, min(i + size, poses)) for i in range(0, poses, size)]
    if options.backproject:
        spectra = torch.fft.rfft2(targets)
        weights = torch.rand_like(spectra.real)

        def run():
            for batch in batches:
                torch_projectors.backproject_2d_to_3d_forw(
                    spectra[:, batch], rotations[:, batch], weights=weights[:, batch], shifts=shifts[:, batch],
                    interpolation=interpolation)
    else:

        def run():
            transform.grad = None
            for batch in batches:
                value_and_gradient(batch)

    report(options.workload, f"batches of {size}", run, poses, options.threads)


if options.check:
    check()
else:
    for size in sorted({1, 4, 16, poses}):
        if size <= poses:
            measure(size)
