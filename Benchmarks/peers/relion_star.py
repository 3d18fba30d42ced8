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


def write_poses(path, angles_in_degrees, origins_in_angstroms, box, pixel_size_in_angstroms):
    """`angles` as rot, tilt, psi and `origins` as rlnOriginXAngst, rlnOriginYAngst, one row a particle."""
    rows = (
        "{:.6f} {:.6f} {:.6f} {:.6f} {:.6f} 1\n".format(*angles, *origin)
        for angles, origin in zip(angles_in_degrees, origins_in_angstroms))
    path.write_text(OPTICS.format(pixel_size=pixel_size_in_angstroms, box=box) + "".join(rows))
