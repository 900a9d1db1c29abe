"""Scenes with all their annotations, packed in arrays."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

STUFF: tuple[str, ...] = ("plain", "striped", "checked", "speckled")
"""Classes of regions, told apart by their texture; digits are the classes after them."""
THINGS: tuple[str, ...] = tuple("0123456789")
CLASSES = len(STUFF) + len(THINGS)
POINTS: tuple[str, ...] = ("top", "right", "bottom", "left", "centre")
"""Keypoints of a digit: the outermost points of its ink along each direction, and its centroid."""


class Annotated(NamedTuple):
    """Scenes and their annotations; each scene has room for the same number of digits.

    Coordinates are in pixels, x to the right and y down; the centre of the first pixel is (.5, .5).

    Attributes:
        pixels: uint8 [n, 3, side, side].
        semantic: uint8 [n, side, side], the class that is seen at each pixel: the place in
            `STUFF`, or `len(STUFF)` more than the digit.
        instance: uint8 [n, side, side], 1 more than the place of the digit that is seen there; 0
            where there is none.
        present: bool [n, digits], whether there is a digit in this place.
        classes: int64 [n, digits], which digit it is.
        boxes: float32 [n, digits, 4], left, top, right, bottom of what is seen of it.
        points: float32 [n, digits, 5, 2], x and y of each keypoint.
        seen: bool [n, digits, 5], whether nothing is in front of the keypoint.
        main: int64 [n], the digit of which most is seen.
        sources: int64 [n, digits], the rows of `sources.all_digits` that digits are.
    """

    pixels: NDArray[np.uint8]
    semantic: NDArray[np.uint8]
    instance: NDArray[np.uint8]
    present: NDArray[np.bool_]
    classes: NDArray[np.int64]
    boxes: NDArray[np.float32]
    points: NDArray[np.float32]
    seen: NDArray[np.bool_]
    main: NDArray[np.int64]
    sources: NDArray[np.int64]

    @property
    def side(self) -> int:
        """Height and width in pixels."""
        return int(self.pixels.shape[-1])
