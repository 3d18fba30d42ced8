"""The table of workloads: what is computed, and by whom. A new workload is one more entry in `WORKLOADS`."""

import dataclasses


@dataclasses.dataclass(frozen=True)
class Peer:
    """A script of `peers/`, run in an environment of `environments.py`."""

    label: str
    environment: str
    script: str
    arguments: str
    # A yardstick is shown in the table but is not a competitor.
    is_yardstick: bool = False


@dataclasses.dataclass(frozen=True)
class ExitPlane:
    """Our own `exitplane benchmark`, on the workload of this name or of another."""

    label: str = "ExitPlane"
    workload: str | None = None
    is_yardstick: bool = False


@dataclasses.dataclass(frozen=True)
class Processes:
    """Whole processes, started together and timed by the wall until the last has ended.

    The commands may name `{exitplane}`, `{inputs}` (a folder made by `prepare`), `{outputs}` (emptied before
    every run) and `{threads}`.
    """

    label: str
    commands: tuple[str, ...]
    # None for ours, which the commit tells.
    version_command: str | None = None
    is_yardstick: bool = False


@dataclasses.dataclass(frozen=True)
class Workload:
    description: str
    contestants: tuple
    # What the times of the table are: projections in one unit, and the unit's name.
    projections_per_unit: int = 1
    unit: str = "ms a projection"
    # A script of `peers/` that fills `{inputs}`, and its arguments.
    prepare: str | None = None


def slices(box, interpolation, poses, ours=None):
    """Slices; `ours` says what ours does where no peer does the same."""
    arguments = f"--box {box} --interpolation {interpolation} --poses {poses}"
    return Workload(
        f"Fourier slice, {ours or interpolation}, box {box}, pad 1, random poses, real-space images",
        (
            ExitPlane(),
            Peer("cryoJAX 0.6.0", "cryojax-0.6", "cryojax_slice.py", arguments),
            Peer("torch-projectors 0.13.1 and irfft2", "torch", "torch_projectors_slice.py", arguments),
            ExitPlane("inverse FFT alone, ours", workload=f"inverse-fft-{box}", is_yardstick=True),
            Peer("inverse FFT alone, torch (MKL)", "torch", "torch_projectors_slice.py",
                 arguments + " --inverse-fft-only", is_yardstick=True),
        ))


def gaussians(atoms, poses):
    arguments = f"--atoms {atoms} --poses {poses}"
    return Workload(
        f"{atoms:,} atoms of 5 Gaussians, B-factor 30 Å², 256 × 256, 1 Å, pixel averages, random poses",
        (
            ExitPlane(),
            Peer("cryoJAX 0.6.0, suggest_n_spread", "cryojax-0.6", "cryojax_gaussian.py", arguments),
            Peer("cryoJAX 0.6.0, dense", "cryojax-0.6", "cryojax_gaussian.py", f"--atoms {atoms} --poses 1 --dense"),
        ))


def atoms_by_nufft(atoms, poses):
    arguments = f"--atoms {atoms} --poses {poses}"
    script = "cryojax_atoms.py"
    return Workload(
        f"{atoms:,} atoms of 4 elements by non-uniform FFT, eps 1e-6, 256 × 256, 1 Å, pixel averages, random poses",
        (
            ExitPlane(),
            Peer("cryoJAX 0.5.1 FFTAtomProjection", "cryojax-0.5", script, arguments),
            Peer("cryoJAX 0.6.0 GaussianFourierProjection, nufftax", "cryojax-0.6", script,
                 arguments + " --backend nufftax"),
            Peer("cryoJAX 0.6.0 GaussianFourierProjection, jax-finufft", "cryojax-0.6", script,
                 arguments + " --backend jax-finufft"),
            Peer("cryoJAX 0.6.0 GaussianFourierProjection, jax-finufft on one thread", "cryojax-0.6", script,
                 arguments + " --backend jax-finufft --openmp-threads 1"),
        ))


def slice_gradients(box, interpolation, poses, ours=None):
    """Gradients of slices; `ours` says what ours does where no peer does the same."""
    arguments = f"--poses {poses}"
    return Workload(
        f"value and gradient of ½|P − y|² to the Fourier grid and the pose: {ours or interpolation} slices, box {box}, "
        "pad 1, random poses and shifts",
        (
            ExitPlane(),
            Peer("cryoJAX 0.6.0, value_and_grad", "cryojax-0.6", "cryojax_gradient.py",
                 f"{arguments} --kind {interpolation} --size {box}"),
            Peer("torch-projectors 0.13.1, autograd and irfft2", "torch", "torch_projectors_gradient.py",
                 f"{arguments} --box {box} --interpolation {interpolation}"),
        ))


def atom_gradients(kind, atoms, poses):
    """Of positions and pose; cryoJAX has both kinds in 0.6.0, and non-uniform FFTs in 0.5.1 too."""
    arguments = f"--kind {kind} --size {atoms} --poses {poses}"
    script = "cryojax_gradient.py"
    peers = {
        "gaussian": (Peer("cryoJAX 0.6.0, value_and_grad, n_spread", "cryojax-0.6", script, arguments),),
        "fft-atom": (
            Peer("cryoJAX 0.6.0, value_and_grad, nufftax", "cryojax-0.6", script, arguments + " --backend nufftax"),
            Peer("cryoJAX 0.6.0, value_and_grad, jax-finufft", "cryojax-0.6", script, arguments),
            Peer("cryoJAX 0.5.1, value_and_grad", "cryojax-0.5", script, arguments),
        ),
    }
    method = {"gaussian": "sums of 5 Gaussians", "fft-atom": "non-uniform FFT, eps 1e-6"}
    return Workload(
        f"value and gradient of ½|P − y|² to positions and pose: {atoms:,} atoms by {method[kind]}, 256 × 256, 1 Å, "
        "pixel averages, random poses and shifts",
        (ExitPlane(), *peers[kind]))


def back_projections(interpolation, poses):
    return Workload(
        f"back-projection of spectra and weights, {interpolation}, box 256, pad 1, random poses and shifts",
        (
            ExitPlane(),
            Peer("torch-projectors 0.13.1, backproject_2d_to_3d_forw", "torch", "torch_projectors_gradient.py",
                 f"--box 256 --interpolation {interpolation} --poses {poses} --backproject"),
        ))


def transforms(description, arguments):
    return Workload(
        f"2D type-1 non-uniform FFT alone, {description}, eps 1e-6, single precision",
        (ExitPlane(), Peer("FINUFFT 2.5.1", "finufft", "finufft_transform.py", arguments)),
        unit="ms a transform")


OURS = (
    "{exitplane} project {inputs}/map.mrc --poses {inputs}/poses.star --output {outputs}/stack.mrcs"
    " --pad-scale 2 --threads {threads}")
RELION = "relion_project --i {inputs}/map.mrc --ang {inputs}/%s.star --o {outputs}/%s --pad 2"
SIMULATE = (
    "{exitplane} simulate {inputs}/map.mrc --poses {inputs}/poses.star --noise-std 1 --output {outputs}/set"
    " --pad-scale 2 --threads {threads}")
RELION_SIMULATE = RELION + " --ctf --add_noise --white_noise 1"


def simulation(poses):
    return Workload(
        f"whole process: map of 256³ in, {poses:,} images with CTF and white noise out, pad 2, shifts, box 256",
        (
            Processes("ExitPlane", (SIMULATE + " --interpolation linear",)),
            Processes("ExitPlane, cubic", (SIMULATE + " --interpolation cubic",)),
            Processes("relion_project, one process (it has no threads)", (RELION_SIMULATE % ("poses", "stack"),),
                      "relion_project --version"),
            Processes("relion_project, two processes of half the poses",
                      (RELION_SIMULATE % ("poses-1", "stack-1"), RELION_SIMULATE % ("poses-2", "stack-2")),
                      "relion_project --version"),
        ),
        projections_per_unit=poses, unit="s a run",
        prepare=f"make_project_inputs.py --box 256 --poses {poses} --ctf")


WORKLOADS = {
    "slice-linear-128": slices(128, "linear", poses=200),
    "slice-linear-256": slices(256, "linear", poses=64),
    "slice-linear-384": slices(384, "linear", poses=32),
    "slice-cubic-128": slices(128, "cubic", poses=64),
    "slice-cubic-256": slices(256, "cubic", poses=32),
    "slice-exact-128": slices(128, "cubic", poses=64, ours="ours exact to 1e-3, the peers' cubic"),
    "slice-exact-256": slices(256, "cubic", poses=32, ours="ours exact to 1e-3, the peers' cubic"),
    "gaussian-5k": gaussians(5_000, poses=8),
    "gaussian-50k": gaussians(50_000, poses=2),
    "real-voxel-128": Workload(
        "map of 128³ by non-uniform FFT, eps 1e-6, 100 random poses (the preparation for them is in ours), "
        "single precision",
        (ExitPlane(), Peer("cryoJAX 0.5.1 RealVoxelProjection", "cryojax-0.5", "cryojax_real_voxel.py",
                           "--box 128 --poses 4"))),
    "fft-atom-5k": atoms_by_nufft(5_000, poses=20),
    "fft-atom-50k": atoms_by_nufft(50_000, poses=10),
    "gradient-slice-linear-128": slice_gradients(128, "linear", poses=32),
    "gradient-slice-linear-256": slice_gradients(256, "linear", poses=16),
    "gradient-slice-cubic-128": slice_gradients(128, "cubic", poses=32),
    "gradient-slice-cubic-256": slice_gradients(256, "cubic", poses=16),
    "gradient-slice-exact-128": slice_gradients(128, "cubic", poses=32, ours="ours exact to 1e-3, the peers' cubic"),
    "gradient-slice-exact-256": slice_gradients(256, "cubic", poses=16, ours="ours exact to 1e-3, the peers' cubic"),
    "gradient-real-voxel-128": Workload(
        "value and gradient of ½|P − y|² to the voxels and the pose: map of 128³ by non-uniform FFT, eps 1e-6, random "
        "poses and shifts",
        (ExitPlane(), Peer("cryoJAX 0.5.1, value_and_grad", "cryojax-0.5", "cryojax_gradient.py",
                           "--kind real-voxel --size 128 --poses 2"))),
    "gradient-gaussian-5k": atom_gradients("gaussian", 5_000, poses=8),
    "gradient-gaussian-50k": atom_gradients("gaussian", 50_000, poses=2),
    "gradient-fft-atom-5k": atom_gradients("fft-atom", 5_000, poses=16),
    "gradient-fft-atom-50k": atom_gradients("fft-atom", 50_000, poses=8),
    "backproject-linear-256": back_projections("linear", poses=16),
    "backproject-cubic-256": back_projections("cubic", poses=16),
    "nufft-random": transforms("10⁶ random points, 512 × 512 modes", "--points random --modes 512"),
    "nufft-grid": transforms("voxels of a rotated 128³ grid, 128 × 128 modes", "--points grid --box 128 --modes 128"),
    "project-256": Workload(
        "whole process: map of 256³ in, stack of 500 images out, pad 2, shifts, box 256",
        (
            Processes("ExitPlane", (OURS + " --interpolation linear",)),
            Processes("ExitPlane, cubic", (OURS + " --interpolation cubic",)),
            Processes("relion_project, one process (it has no threads)", (RELION % ("poses", "stack"),),
                      "relion_project --version"),
            Processes("relion_project, two processes of half the poses",
                      (RELION % ("poses-1", "stack-1"), RELION % ("poses-2", "stack-2")),
                      "relion_project --version"),
        ),
        projections_per_unit=500, unit="s a run", prepare="make_project_inputs.py --box 256 --poses 500"),
    "simulate-256": simulation(1_000),
    "simulate-256-long": simulation(10_000),
}
