"""Writes Tests/Goldens/optics_cryojax.json: cryoJAX's contrast transfer functions and image models, in double.

    pip install cryojax==0.6.0
    python Scripts/oracles/cryojax_optics.py > Tests/Goldens/optics_cryojax.json

Transfer functions (AstigmaticCTF, −sin χ) are of the half spectrum of 15 × 17 pixels of 1.1 Å, where there is no
Nyquist frequency, at our wavelength. Images are of three Gaussians in 25 × 21 pixels of 1.5 Å. Our formula of the
wavelength differs from cryoJAX's by 3.5e-5: there the voltage is the one at which cryoJAX has our wavelength for
300 kV, which leaves 2e-5 in the Lorentz factor. cryoJAX (0.5.1 and 0.6.0) measures the angle of astigmatism from y
towards x, as arctan2(x, y): it is given 90° less ours.
"""
import json
import os

os.environ["JAX_PLATFORMS"] = "cpu"
import jax

jax.config.update("jax_enable_x64", True)
import cryojax
import cryojax.simulator as cxs
import jax.numpy as jnp
import numpy as np
from cryojax.constants import wavelength_from_kilovolts

KEYS = "defocus_u defocus_v angle voltage cs amplitude_contrast phase_shift".split()
OPTICS = [
    (12000, 11000, 33, 300, 2.7, 0.1, 0),
    (25000, 31000, -71.5, 200, 1.4, 0.07, 0),
    (-4000, -5500, 152, 120, 0.01, 0.0, 90),
    (8000, 8000, 0, 300, 2.7, 1.0, 12.5),
]


def wavelength(kilovolts):
    volts = 1000 * kilovolts
    return 12.2643247 / np.sqrt(volts * (1 + 0.978466e-6 * volts))


def ctf(u, v, angle, cs):
    return cxs.AstigmaticCTF(
        defocus_in_angstroms=(u + v) / 2, astigmatism_in_angstroms=u - v, astigmatism_angle=90 - angle,
        spherical_aberration_in_mm=cs)


functions = []
for row in OPTICS:
    p = dict(zip(KEYS, row))
    grid = cxs.BasicImageConfig((15, 17), 1.1, 300.0).get_frequency_grid(physical=True)
    values = ctf(p["defocus_u"], p["defocus_v"], p["angle"], p["cs"])(
        grid, wavelength_in_angstroms=wavelength(p["voltage"]),
        amplitude_contrast_ratio=p["amplitude_contrast"], phase_shift=p["phase_shift"])
    functions.append({**p, "values": np.asarray(values).ravel().tolist()})

lower, upper = 250.0, 350.0
for _ in range(100):
    middle = (lower + upper) / 2
    if float(wavelength_from_kilovolts(middle)) > wavelength(300):
        lower = middle
    else:
        upper = middle

positions = np.array([[2.0, -3.5, 4.0], [-5.25, 1.0, -2.0], [0.5, 6.0, 1.0]])
amplitudes = np.array([[6.0], [9.0], [4.0]])
variances = np.array([[3.0], [4.5], [3.5]])
volume = cxs.GaussianMixtureVolume(positions, amplitudes, variances)
integrator = cxs.GaussianMixtureProjection(sampling_mode="average")
config = cxs.DoseImageConfig((25, 21), 1.5, voltage_in_kilovolts=lower, electron_dose=30.0)
theory = cxs.WeakPhaseScatteringTheory(
    integrator, cxs.ContrastTransferTheory(ctf(9000, 7000, 25, 2.7), amplitude_contrast_ratio=0.12))
pose = cxs.EulerAnglePose()
flat = lambda model: np.asarray(model.simulate()).ravel().tolist()
images = {
    "phase": np.asarray(
        jnp.fft.irfftn(theory.compute_object_spectrum(volume, config), s=config.padded_shape)).ravel().tolist(),
    "contrast": flat(cxs.ContrastImageModel(volume, pose, config, theory)),
    "intensity": flat(cxs.IntensityImageModel(volume, pose, config, theory)),
    "counts": flat(cxs.ElectronCountsImageModel(volume, pose, config, theory, cxs.PoissonDetector())),
}


def rounded(values):
    return [float(f"{v:.10g}") for v in values]


print(json.dumps({
    "versions": {"cryojax": cryojax.__version__, "jax": jax.__version__},
    "functions": [{**f, "values": rounded(f["values"])} for f in functions],
    "images": {
        "rows": 25, "columns": 21, "pixel_size": 1.5, "dose": 30.0, "positions": positions.tolist(),
        "amplitudes": amplitudes.ravel().tolist(), "variances": variances.ravel().tolist(),
        "defocus_u": 9000, "defocus_v": 7000, "angle": 25, "cs": 2.7, "amplitude_contrast": 0.12,
        **{k: rounded(v) for k, v in images.items()},
    },
}))
