"""RELION 3.1's STAR file of poses, written by hand: what is raced and compared must not hang on our own writer."""

OPTICS = """
# version 30001

data_optics

loop_
_rlnOpticsGroup #1
_rlnOpticsGroupName #2
_rlnImagePixelSize #3
_rlnImageSize #4
_rlnImageDimensionality #5
_rlnVoltage #6
_rlnSphericalAberration #7
_rlnAmplitudeContrast #8
1 opticsGroup1 {pixel_size} {box} 2 300.0 2.7 0.1

# version 30001

data_particles

loop_
_rlnAngleRot #1
_rlnAngleTilt #2
_rlnAnglePsi #3
_rlnOriginXAngst #4
_rlnOriginYAngst #5
_rlnOpticsGroup #6
"""
DEFOCI = """_rlnDefocusU #7
_rlnDefocusV #8
_rlnDefocusAngle #9
"""


def write_poses(path, angles_in_degrees, origins_in_angstroms, box, pixel_size_in_angstroms, defoci=None):
    """`angles` as rot, tilt, psi and `origins` as rlnOriginXAngst, rlnOriginYAngst, one row a particle.

    `defoci`, where given, are U and V in ångströms and the astigmatism's angle in degrees.
    """
    values = [(*angles, *origin, 1) for angles, origin in zip(angles_in_degrees, origins_in_angstroms)]
    if defoci is not None:
        values = [(*row, *defocus) for row, defocus in zip(values, defoci)]
    rows = (" ".join(f"{value:.6f}" if number != 5 else str(value) for number, value in enumerate(row)) + "\n"
            for row in values)
    head = OPTICS.format(pixel_size=pixel_size_in_angstroms, box=box) + ("" if defoci is None else DEFOCI)
    path.write_text(head + "".join(rows))
