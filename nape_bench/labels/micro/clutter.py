"""The task of recipes micro-1 and micro-4: which digit is it, in coloured clutter.

An image shows one whole digit in light ink of any colour over a background of another, with waves
on it, among pieces of other digits in other colours; its class is the digit. Digits are turned,
slanted, scaled and shifted, and there are few training images, so that networks differ in what
they make of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from nape_bench.labels.micro.digits import (
    CLASSES,
    Floats,
    any_places,
    digits,
    grid,
    one_side,
    pools,
    put,
    uniform,
)
from nape_bench.labels.micro.images import Images

if TYPE_CHECKING:
    from numpy.typing import NDArray

PIECE_SIZE = (0.78, 1.43)
PIECE_SHIFT = 0.5
PIECE_OPACITY = 0.8


@dataclass(frozen=True)
class Clutter:
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

    @property
    def questions(self) -> tuple[tuple[str, int], ...]:
        """Which digit it is."""
        return (("digit", CLASSES),)

    @property
    def scored(self) -> tuple[str, ...]:
        """The only question."""
        return ("digit",)

    def draw(self, resolution: int) -> tuple[Images, Images]:
        """Draw training and test images (`images.Task.draw`)."""
        rng = np.random.default_rng(self.seed)
        train, test = pools(self.test_share, rng)
        return (
            _draw(self, self.train, resolution, train, rng),
            _draw(self, self.test, resolution, test, rng),
        )


def _draw(
    task: Clutter, n: int, resolution: int, pool: NDArray[np.int64], rng: np.random.Generator
) -> Images:
    """Draw `n` images whose digits are all from `pool`, each shown as whole about as often."""
    maps, names = digits()
    whole = pool[np.arange(n) % len(pool)]
    canvas = _background(n, resolution, rng)
    for _ in range(task.pieces):
        piece = maps[rng.choice(pool, n)]
        mask = put(piece, resolution, any_places(n, PIECE_SIZE, PIECE_SHIFT, rng))
        mask *= one_side(n, resolution, rng)
        tint = uniform(rng, *task.clutter, n, 3, 1, 1)
        canvas += PIECE_OPACITY * mask[:, None] * (tint - canvas)
    mask = put(maps[whole], resolution, any_places(n, task.size, task.shift, rng))
    ink = uniform(rng, *task.ink, n, 3, 1, 1)
    canvas += mask[:, None] * (ink - canvas)
    canvas += rng.normal(0, task.noise, canvas.shape).astype(np.float32)
    pixels = np.clip(canvas * 255 + 0.5, 0, 255).astype(np.uint8)
    return Images(pixels, names[whole][:, None], whole)


def _background(n: int, resolution: int, rng: np.random.Generator) -> Floats:
    """Return float32 [n, 3, h, w]: a colour that drifts over the canvas, with waves on it."""
    y, x = grid(resolution)
    base = uniform(rng, 0.1, 0.6, n, 3, 1, 1)
    drift = uniform(rng, -0.15, 0.15, 2, n, 3, 1, 1)
    turn = uniform(rng, 0, 2 * np.pi, n, 1, 1, 1)
    pitch = uniform(rng, 4, 12, n, 1, 1, 1)
    phase = uniform(rng, 0, 2 * np.pi, n, 1, 1, 1)
    waves = np.sin(pitch * (np.cos(turn) * x + np.sin(turn) * y) + phase)
    depth = uniform(rng, -0.12, 0.12, n, 3, 1, 1)
    canvas: Floats = base + drift[0] * x + drift[1] * y + depth * waves
    return canvas
