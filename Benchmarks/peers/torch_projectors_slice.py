"""torch-projectors: slices of a half transform, then torch's inverse real FFT, in batches of poses.

With --inverse-fft-only the slices are made beforehand: what remains is MKL's inverse FFT, the limit of the method.
"""

import torch
import torch_projectors

from inputs import noise_map, random_quaternions, rotation_matrices
from measure import arguments, report

options = arguments(
    ("--box", dict(type=int, required=True)),
    ("--interpolation", dict(choices=["linear", "cubic"], default="linear")),
    ("--poses", dict(type=int, required=True)),
    ("--inverse-fft-only", dict(action="store_true")),
)
torch.set_num_threads(options.threads)
box, poses = options.box, options.poses
transform = torch.fft.rfftn(torch.from_numpy(noise_map(box)))[None]
rotations = torch.from_numpy(rotation_matrices(random_quaternions(poses))).float()[None]


def slices(batch):
    return torch_projectors.project_3d_to_2d_forw(transform, batch, interpolation=options.interpolation)


with torch.no_grad():
    for batch_size in (1, 4, 16, poses):
        batches = [rotations[:, i : i + batch_size].contiguous() for i in range(0, poses, batch_size)]
        if options.inverse_fft_only:
            spectra = [slices(batch) for batch in batches]

            def run():
                for spectrum in spectra:
                    torch.fft.irfft2(spectrum, s=(box, box))
        else:

            def run():
                for batch in batches:
                    torch.fft.irfft2(slices(batch), s=(box, box))

        report(options.workload, f"batches of {batch_size}", run, poses, options.threads)
