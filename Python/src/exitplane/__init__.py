"""What an electron microscope would see of a molecule: projections of maps and atoms, and their gradients.

`exitplane.torch` and `exitplane.jax` have the same for PyTorch and JAX; this needs NumPy alone.
"""

from ._files import read_map, read_particles, read_stack, read_structure, write_map, write_stack
from ._integrators import (
    FFTAtomProjection,
    FourierSliceExtraction,
    GaussianMixtureProjection,
    Gradients,
    Projector,
    RealVoxelProjection,
)
from ._library import processors
from ._library import version as __version__
from ._plane import ImagePlane
from ._poses import Poses
from ._volumes import (
    GaussianMixtureGradient,
    GaussianMixtureVolume,
    IndependentAtomGradient,
    IndependentAtomVolume,
    RealVoxelGridVolume,
)

__all__ = [
    "FFTAtomProjection",
    "FourierSliceExtraction",
    "GaussianMixtureGradient",
    "GaussianMixtureProjection",
    "GaussianMixtureVolume",
    "Gradients",
    "ImagePlane",
    "IndependentAtomGradient",
    "IndependentAtomVolume",
    "Poses",
    "Projector",
    "RealVoxelGridVolume",
    "RealVoxelProjection",
    "__version__",
    "processors",
    "read_map",
    "read_particles",
    "read_stack",
    "read_structure",
    "write_map",
    "write_stack",
]
