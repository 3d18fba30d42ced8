"""cryoJAX: value and gradient of ½ Σ |P − y|² with respect to the volume and the poses, real-space images, jitted.

The volume's part is the Fourier grid of slices, the voxels, or the positions of atoms; the poses' are quaternions and
shifts. Gradients of a batch are those of the batch's sum.

Settings tried: batches of 1, 4 and 16 poses at once, in turn by `lax.map` or all together, the settings of the
projection alone (`peers/cryojax_*.py`), and reverse-mode differentiation with and without checkpoints of each pose.
"""

import os

from inputs import ELEMENTS, atoms, gaussian_map, noise_map, random_quaternions
from measure import arguments, report

options = arguments(
    ("--kind", dict(choices=["linear", "cubic", "gaussian", "fft-atom", "real-voxel"], required=True)),
    ("--size", dict(type=int, required=True, help="the box of a map, or the number of atoms")),
    ("--box", dict(type=int, default=256, help="of images of atoms")),
    ("--b-factor", dict(type=float, default=30.0)),
    ("--eps", dict(type=float, default=1e-6)),
    ("--poses", dict(type=int, required=True)),
    ("--backend", dict(choices=["nufftax", "jax-finufft"], default="jax-finufft", help="of 0.6's atoms")),
    ("--check", dict(action="store_true", help="compare with central differences, and measure nothing")),
)
os.environ["CRYOJAX_FINUFFT_BACKEND"] = options.backend

import cryojax.simulator as cxs
import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from cryojax.constants import PengScatteringFactorParameters

PIXEL_SIZE_IN_ANGSTROMS = 1.0
is_map = options.kind in ("linear", "cubic", "real-voxel")
box = options.size if is_map else options.box


def image_config():
    # Made anew each time: 0.5 keeps the grids it makes while it is traced, and they must not leave that trace.
    return cxs.BasicImageConfig((box, box), PIXEL_SIZE_IN_ANGSTROMS, voltage_in_kilovolts=300.0)


def slices():
    # Differences need a map without jumps at the grid's faces.
    voxels = gaussian_map(box) if options.check else noise_map(box)
    volume = cxs.FourierVoxelGridVolume.from_real_voxel_grid(voxels, interp=options.kind)
    integrators = {"": cxs.FourierSliceExtraction()}
    if options.kind == "cubic":
        integrators = {f"unroll={unroll}, ": cxs.FourierSliceExtraction(unroll=unroll) for unroll in ("auto", False)}
    return volume, lambda v: v.values, integrators


def real_voxels():
    from jax_finufft.options import Opts

    volume = cxs.RealVoxelGridVolume.from_real_voxel_grid(noise_map(box))
    return volume, lambda v: v.real_voxel_grid, {
        f"upsampfac={factor}, ": cxs.RealVoxelProjection(eps=options.eps, opts=Opts(upsampfac=factor))
        for factor in (1.25, 2.0)}


def gaussians():
    positions, numbers = atoms(options.size)
    volume = cxs.GaussianMixtureVolume.from_tabulated_parameters(
        positions, PengScatteringFactorParameters(numbers), extra_b_factors=options.b_factor)
    spreads = (cxs.suggest_n_spread(volume, PIXEL_SIZE_IN_ANGSTROMS),
               cxs.suggest_n_spread(volume, PIXEL_SIZE_IN_ANGSTROMS, mode="global"))
    return volume, lambda v: v.positions, {
        f"n_spread={n}, n_batches={batches}, ": cxs.GaussianMixtureProjection(n_spread=n, n_batches=batches)
        for n in spreads for batches in (1, 10)}


def fft_atoms():
    positions, numbers = atoms(options.size)
    elements = np.array(list(ELEMENTS))
    by_element = tuple(jnp.asarray(positions[numbers == z], dtype=jnp.float32) for z in elements)
    factors = PengScatteringFactorParameters(elements)
    if hasattr(cxs, "FFTAtomProjection"):
        from jax_finufft.options import Opts

        volume = cxs.IndependentAtomVolume.from_tabulated_parameters(
            by_element, factors, b_factor_by_element=options.b_factor)
        integrators = {
            f"upsampfac={factor}, nthreads={threads}, ": cxs.FFTAtomProjection(
                eps=options.eps, opts=Opts(upsampfac=factor, nthreads=threads))
            for factor in (1.25, 2.0) for threads in (0, 1)}
        return volume, lambda v: v.position_pytree, integrators
    volume = cxs.GaussianFourierVolume.from_tabulated_parameters(
        by_element, factors, b_factor_by_element=options.b_factor)
    return volume, lambda v: v.positions, {"": cxs.GaussianFourierProjection(eps=options.eps)}


volume, part, integrators = {
    "linear": slices, "cubic": slices, "real-voxel": real_voxels, "gaussian": gaussians, "fft-atom": fft_atoms,
}[options.kind]()
quaternions = jnp.asarray(random_quaternions(options.poses))
shifts = jnp.asarray(np.random.default_rng(5).uniform(-3, 3, (options.poses, 2)), dtype=jnp.float32)
targets = jnp.asarray(np.random.default_rng(6).standard_normal((options.poses, box, box), dtype=np.float32))


def loss_of_one(integrator, numbers, quaternion, shift, target):
    rotated = eqx.tree_at(part, volume, numbers).rotate_to_pose(cxs.QuaternionPose(wxyz=quaternion))
    spectrum = integrator.integrate(rotated, image_config(), outputs_real_space=False)
    # A product of two vectors, which costs nothing beside cryoJAX's own grid of phases.
    turns = [jnp.exp(-2j * jnp.pi * k * t) for k, t in zip((jnp.fft.rfftfreq(box), jnp.fft.fftfreq(box)), shift)]
    return 0.5 * jnp.sum((jnp.fft.irfft2(spectrum * turns[0] * turns[1][:, None], s=(box, box)) - target) ** 2)


def gradient(integrator, size, checkpoint):
    one = lambda *arguments: loss_of_one(integrator, *arguments)
    one = jax.checkpoint(one) if checkpoint else one

    def loss(numbers, quaternions, shifts, targets):
        return jnp.sum(jax.lax.map(lambda pose: one(numbers, *pose), (quaternions, shifts, targets), batch_size=size))

    return jax.jit(jax.value_and_grad(loss, argnums=(0, 1, 2)))


def check(run):
    """Prints the relative error of directional derivatives, of all parts together."""
    value, gradients = run(part(volume), quaternions, shifts, targets)
    rng = np.random.default_rng(7)
    point = (part(volume), quaternions, shifts)

    def random(x):
        d = rng.standard_normal(x.shape) + (1j * rng.standard_normal(x.shape) if jnp.iscomplexobj(x) else 0)
        return jnp.asarray(d / np.sqrt(np.mean(np.abs(d) ** 2)), x.dtype) * jnp.sqrt(jnp.mean(jnp.abs(x) ** 2))

    for i in range(3):
        direction = [jax.tree.map(lambda x: random(x) if j == i else 0 * x, point[j]) for j in range(3)]
        move = lambda e: jax.tree.map(lambda x, d: x + e * d, list(point), direction)
        e = 1e-2 if i == 0 else 1e-3  # slices have cells, with slopes of their own
        slope = (run(*move(e), targets)[0] - run(*move(-e), targets)[0]) / (2 * e)
        # JAX's gradient of a complex array is the conjugate of ∂/∂re + i ∂/∂im.
        pairs = zip(jax.tree.leaves(gradients), jax.tree.leaves(direction))
        product = sum(float(jnp.real(jnp.sum(g * d))) for g, d in pairs)
        print(f"{('volume', 'quaternions', 'shifts')[i]}: {float(slope):.6g} by differences, {product:.6g} by gradient")


# jax-finufft 1.3.1 has no rule of batches for this JAX.
sizes = (1, 4, 16) if options.kind in ("linear", "cubic", "gaussian") or options.backend == "nufftax" else ()
for name, integrator in integrators.items():
    if options.check:
        check(gradient(integrator, None, False))
        break
    for size, checkpoint in ((None, False), (None, True), *((size, False) for size in sizes)):
        if size and size > options.poses:
            continue
        run = gradient(integrator, size, checkpoint)
        report(options.workload, f"{name}batches of {size}{', checkpoints' if checkpoint else ''}",
               lambda: jax.block_until_ready(run(part(volume), quaternions, shifts, targets)),
               options.poses, options.threads)
