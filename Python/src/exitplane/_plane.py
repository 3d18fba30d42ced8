from __future__ import annotations

from dataclasses import dataclass

from . import _library


def shape_of_two(name: str, shape: object) -> tuple[int, int]:
    """A side, or rows and columns."""
    if isinstance(shape, int) and not isinstance(shape, bool):
        return shape, shape
    try:
        rows, columns = shape  # type: ignore[misc]
    except (TypeError, ValueError):
        raise TypeError(f"{name} is {shape!r}; it must be (rows, columns), or one number for both") from None
    return _library.integer(f"{name}[0]", rows), _library.integer(f"{name}[1]", columns)


@dataclass(frozen=True, init=False)
class ImagePlane:
    """What images are to be.

    Parameters
    ----------
    shape
        Rows and columns of the images, or one number for both.
    pixel_size
        In ångströms.
    padded_shape
        The shape in which images are computed, to be cropped about their origin; ``None`` for ``shape``.

    Raises
    ------
    ValueError
        For a side outside 1 to 32768, a pixel size not above 0 Å, or a padded shape below the shape.
    """

    shape: tuple[int, int]
    pixel_size: float
    padded_shape: tuple[int, int]

    def __init__(
        self, shape: int | tuple[int, int], pixel_size: float, padded_shape: int | tuple[int, int] | None = None
    ) -> None:
        sides = shape_of_two("shape", shape)
        padded = sides if padded_shape is None else shape_of_two("padded_shape", padded_shape)
        size = _library.number("pixel_size", pixel_size)
        for side in sides + padded:
            if not 1 <= side <= 32768:
                raise ValueError(f"the side of an image is {side}; it must be 1 to 32768")
        if padded[0] < sides[0] or padded[1] < sides[1]:
            raise ValueError(f"padded_shape is {padded}; it must be at least the shape, {sides}, on both axes")
        if not 0 < size < float("inf"):
            raise ValueError(f"pixel_size is {size} Å; it must be finite and above 0 Å")
        object.__setattr__(self, "shape", sides)
        object.__setattr__(self, "pixel_size", size)
        object.__setattr__(self, "padded_shape", padded)

    def _structure(self) -> _library.Plane:
        return _library.Plane(*self.shape, *self.padded_shape, self.pixel_size)
