"""Writes Tests/Goldens/optics_relion.json: images of one bright voxel by `relion_project --ctf`.

    pip install mrcfile
    python Scripts/oracles/relion_optics.py > Tests/Goldens/optics_relion.json

RELION 3.1.3 (Debian relion 3.1.3). The projection of a voxel of 1 at the origin is flat within the circle of the
Nyquist frequency and 0 beyond it, so an image is the transfer function itself, back in real space. Box 24, 1.3 Å.
relion_project takes no notice of beam tilt and odd Zernike coefficients, and projects undistorted; its transfer
function has rlnMagMat and rlnEvenZernike in it, which the "distorted" images show.
"""
import json
import os
import subprocess
import tempfile

import mrcfile
import numpy as np

BOX, PIXEL = 24, 1.3
KEYS = "defocus_u defocus_v angle phase_shift b_factor scale".split()
OPTICS = [(12000, 11000, 33, 0, 0, 1), (25000, 31000, -71.5, 0, 60, 0.8), (8000, 8500, 10, 90, 0, 1)]
GROUP = "OpticsGroupName OpticsGroup Voltage SphericalAberration AmplitudeContrast ImagePixelSize ImageSize " \
    "ImageDimensionality".split()
MAGNIFICATION = [1.06, 0.03, -0.02, 0.95]
EVEN_ZERNIKE = [0.3, -4, 2, 5, 20, -15, 6, 9, -12]
PARTICLE = "AngleRot AngleTilt AnglePsi OriginXAngst OriginYAngst DefocusU DefocusV DefocusAngle PhaseShift " \
    "CtfBfactor CtfScalefactor OpticsGroup".split()


def table(name, columns, rows):
    head = f"# version 30001\n\ndata_{name}\n\nloop_\n" + "".join(f"_rln{c}\n" for c in columns)
    return head + "".join(" ".join(map(str, row)) + "\n" for row in rows) + "\n\n"




def project(distorted):
    columns, row = GROUP, ["o1", 1, 300, 2.7, 0.1, PIXEL, BOX, 2]
    if distorted:
        columns = [*columns, "MagMat00", "MagMat01", "MagMat10", "MagMat11", "EvenZernike"]
        row += [*MAGNIFICATION, "[" + ",".join(map(str, EVEN_ZERNIKE)) + "]"]
    with open("poses.star", "w") as file:
        file.write(table("optics", columns, [row]))
        file.write(table("particles", PARTICLE, [(0, 0, 0, 0, 0, *row, 1) for row in OPTICS]))
    command = ["relion_project", "--i", "voxel.mrc", "--o", "out", "--ang", "poses.star", "--ctf"]
    subprocess.run([*command, "--angpix", str(PIXEL)], check=True, capture_output=True)
    return [
        {**dict(zip(KEYS, row)), "values": [float(f"{v:.7g}") for v in image.ravel()]}
        for row, image in zip(OPTICS, mrcfile.read("out.mrcs"))]


with tempfile.TemporaryDirectory() as folder:
    os.chdir(folder)
    voxels = np.zeros((BOX, BOX, BOX), np.float32)
    voxels[BOX // 2, BOX // 2, BOX // 2] = 1
    with mrcfile.new("voxel.mrc") as file:
        file.set_data(voxels)
        file.voxel_size = PIXEL
    images, distorted = project(False), project(True)

print(json.dumps({
    "version": "RELION 3.1.3", "box": BOX, "pixel_size": PIXEL, "voltage": 300, "cs": 2.7, "amplitude_contrast": 0.1,
    "images": images, "magnification": MAGNIFICATION, "even_zernike": EVEN_ZERNIKE, "distorted": distorted,
}))
