"""The task of recipe micro-2: several questions about one digit in coloured clutter.

An image shows one whole digit, in ink of one of eight hues, among pieces of other digits in any
colours, on a background that drifts from colour to colour. Asked are the hue of the ink, how the
digit is turned, how large and how stretched it is, and which digit it is. Digit and turn are
trained, so that the others have to share the network with them, but not scored: telling shapes
takes off late in so short a training, and ranks architectures by how soon it does, while colour
and measures are learnt by every network, and rank them much more as CIFAR-10 does. The choice was
made on cells of NAS-Bench-201 that are in no dataset (`cards/nb201.md` has the figures).
"""

from __future__ import annotations

import colorsys
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from nape_bench.labels.micro.digits import (
    CLASSES,
    Floats,
    Places,
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

HUES, TURNS, SIZES, STRETCHES = 8, 8, 8, 6
DRAWN_AT_ONCE = 1000
PIECE_SIZE = (0.78, 1.43)
PIECE_SHIFT = 0.5
PIECE_OPACITY = 0.8
PIECE_LIGHT = (0.1, 0.7)


@dataclass(frozen=True)
class Attributes:
    """What the images are made of; the same task gives the same images.

    Every attribute is cut into classes of equal width; `inner` keeps values off the borders. Sizes
    and shifts are parts of the canvas's height, light is 0 (black) to 1 in each channel.

    Attributes:
        train: Number of training images.
        test: Number of test images.
        pieces: Pieces of clutter in an image.
        turn: Greatest angle of the whole digit, either way, in radians.
        size: Least and greatest height of the source's image of the whole digit.
        stretch: Greatest logarithm of height over width, either way.
        slant: Greatest slant, either way.
        shift: Greatest shift of the whole digit from the centre, either way along both axes.
        inner: The part of a class's width that values of turn, size and stretch are drawn from.
        hue_inner: The same for hues.
        wash: Least and greatest part of white in an ink.
        noise: Standard deviation of the noise on every pixel and channel.
        test_share: Part of the source's digits that test images are made of.
        seed: What the images are drawn from.
        scored: The questions whose mean is the accuracy.
    """

    train: int = 4000
    test: int = 8000
    pieces: int = 3
    turn: float = 0.75
    size: tuple[float, float] = (0.7, 1.22)
    stretch: float = 0.35
    slant: float = 0.1
    shift: float = 0.1
    inner: float = 0.8
    hue_inner: float = 0.6
    wash: tuple[float, float] = (0.1, 0.4)
    noise: float = 0.04
    test_share: float = 0.4
    seed: int = 2026
    scored: tuple[str, ...] = ("hue", "size", "stretch")

    @property
    def questions(self) -> tuple[tuple[str, int], ...]:
        """Name and number of classes of each question."""
        return (
            ("hue", HUES),
            ("turn", TURNS),
            ("size", SIZES),
            ("stretch", STRETCHES),
            ("digit", CLASSES),
        )

    def draw(self, resolution: int) -> tuple[Images, Images]:
        """Draw training and test images (`images.Task.draw`)."""
        rng = np.random.default_rng(self.seed)
        train, test = pools(self.test_share, rng)
        return (
            _draw(self, self.train, resolution, train, rng),
            _draw(self, self.test, resolution, test, rng),
        )


def _draw(
    task: Attributes, n: int, resolution: int, pool: NDArray[np.int64], rng: np.random.Generator
) -> Images:
    """Draw `n` images whose digits are all from `pool`, each shown as whole about as often."""
    whole = pool[np.arange(n) % len(pool)]
    parts = [
        _images(task, resolution, whole[at : at + DRAWN_AT_ONCE], pool, rng)
        for at in range(0, n, DRAWN_AT_ONCE)
    ]
    return Images(*(np.concatenate(column) for column in zip(*parts, strict=True)))


def _images(
    task: Attributes,
    resolution: int,
    whole: NDArray[np.int64],
    pool: NDArray[np.int64],
    rng: np.random.Generator,
) -> Images:
    """Draw an image for each of the source's digits that `whole` names."""
    maps, names = digits()
    n = len(whole)
    canvas = _background(n, resolution, rng)
    for _ in range(task.pieces):
        piece = maps[rng.choice(pool, n)]
        mask = put(piece, resolution, any_places(n, PIECE_SIZE, PIECE_SHIFT, rng))
        mask *= one_side(n, resolution, rng)
        tint = uniform(rng, *PIECE_LIGHT, n, 3, 1, 1)
        canvas += PIECE_OPACITY * mask[:, None] * (tint - canvas)
    hue, shade = _valued(n, HUES, task.hue_inner, (0.0, 1.0), rng)
    turn, angle = _valued(n, TURNS, task.inner, (-task.turn, task.turn), rng)
    size, scale = _valued(n, SIZES, task.inner, task.size, rng)
    stretch, ratio = _valued(n, STRETCHES, task.inner, (-task.stretch, task.stretch), rng)
    slant = uniform(rng, -task.slant, task.slant, n, 1, 1)
    across, down = uniform(rng, -2 * task.shift, 2 * task.shift, 2, n, 1, 1)
    place = Places(
        angle[:, None, None],
        slant,
        scale[:, None, None],
        np.exp(ratio / 2)[:, None, None],
        down,
        across,
    )
    mask = put(maps[whole], resolution, place)
    canvas += mask[:, None] * (_ink(task, shade, rng) - canvas)
    canvas += rng.normal(0, task.noise, canvas.shape).astype(np.float32)
    pixels = np.clip(canvas * 255 + 0.5, 0, 255).astype(np.uint8)
    return Images(pixels, np.stack([hue, turn, size, stretch, names[whole]], axis=1), whole)


def _valued(
    n: int, classes: int, inner: float, span: tuple[float, float], rng: np.random.Generator
) -> tuple[NDArray[np.int64], Floats]:
    """Draw a class and a value within it, for each of `n` images.

    Returns:
        Classes int64 [n] and values float32 [n] in `span`, which is cut into equal classes.
    """
    drawn = rng.integers(classes, size=n)
    within = 0.5 + inner * (rng.random(n) - 0.5)
    low, high = span
    return drawn, (low + (drawn + within) / classes * (high - low)).astype(np.float32)


def _ink(task: Attributes, hue: Floats, rng: np.random.Generator) -> Floats:
    """Return light ink of given hues (0 to 1 around the circle), float32 [n, 3, 1, 1]."""
    pure = np.array([colorsys.hsv_to_rgb(shade, 1, 1) for shade in hue.tolist()], np.float32)
    wash = uniform(rng, *task.wash, len(hue), 1)
    light = uniform(rng, 0.75, 1, len(hue), 1)
    ink: Floats = 0.2 + 0.8 * (pure * (1 - wash) + wash) * light
    return ink[:, :, None, None]


def _background(n: int, resolution: int, rng: np.random.Generator) -> Floats:
    """Return float32 [n, 3, h, w]: a colour that drifts over the canvas."""
    y, x = grid(resolution)
    base = uniform(rng, 0.15, 0.5, n, 3, 1, 1)
    drift = uniform(rng, -0.12, 0.12, 2, n, 3, 1, 1)
    canvas: Floats = base + drift[0] * x + drift[1] * y
    return canvas
