"""Stuff of scenes: regions without a number, each of one of four textures."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from nape_bench.labels.micro.digits import Floats, grid, uniform
from nape_bench.labels.scenes.annotated import STUFF

if TYPE_CHECKING:
    from numpy.typing import NDArray

WAVES = (7.0, 10.0)
"""Least and greatest number of half waves of a texture across half a canvas, times pi."""
BEND = 0.12
"""How far the borders of regions swing, in half canvases."""
SPECKLED = 0.3
"""Part of a speckled region that is specks."""


def draw_regions(
    n: int, regions: int, side: int, rng: np.random.Generator
) -> tuple[Floats, NDArray[np.uint8]]:
    """Draw backgrounds of regions around random points, whose borders swing.

    Args:
        n: Number of canvases.
        regions: Regions of each; two that touch may have the same texture.
        side: Height and width in pixels.
        rng: What they are drawn from.

    Returns:
        Canvases float32 [n, 3, side, side], 0 to 1, and the texture at each pixel, as its place
        in `STUFF`, uint8 [n, side, side].
    """
    y, x = grid(side)
    swing = uniform(rng, 0, 2 * np.pi, 2, n, 1, 1)
    bent_y = y + BEND * np.sin(4 * x + swing[0])
    bent_x = x + BEND * np.sin(4 * y + swing[1])
    centres = uniform(rng, -1, 1, 2, regions, n, 1, 1)
    distances = (bent_y - centres[0]) ** 2 + (bent_x - centres[1]) ** 2  # [regions, n, h, w]
    region = distances.argmin(0)
    kinds = rng.integers(len(STUFF), size=(n, regions))
    canvas = np.zeros((n, 3, side, side), dtype=np.float32)
    texture = np.zeros((n, side, side), dtype=np.uint8)
    for number in range(regions):
        kind = kinds[:, number]
        inside = region == number
        texture[inside] = np.broadcast_to(kind[:, None, None], inside.shape)[inside]
        base = uniform(rng, 0.1, 0.5, n, 3, 1, 1)
        apart = uniform(rng, 0.18, 0.3, n, 1, 1, 1) * rng.choice([-1.0, 1.0], (n, 3, 1, 1))
        light = np.clip(base + apart * _pattern(kind, side, rng)[:, None], 0, 1)
        canvas = np.where(inside[:, None], light, canvas).astype(np.float32)
    return canvas, texture


def _pattern(kind: NDArray[np.int64], side: int, rng: np.random.Generator) -> Floats:
    """Return how far each pixel has the second colour, float32 [n, side, side], -1 to 1."""
    n = len(kind)
    y, x = grid(side)
    turn = uniform(rng, 0, np.pi, n, 1, 1)
    pitch = uniform(rng, *WAVES, n, 1, 1)
    phase = uniform(rng, 0, 2 * np.pi, 2, n, 1, 1)
    along = np.cos(turn) * x + np.sin(turn) * y
    across = np.cos(turn) * y - np.sin(turn) * x
    stripes = np.sin(pitch * along + phase[0])
    checks = np.sign(stripes) * np.sign(np.sin(pitch * across + phase[1]))
    drift = 0.4 * along
    specks = np.where(rng.random((n, side, side)) < SPECKLED, 1.0, -0.4)
    patterns = np.stack([drift, stripes, checks, specks])  # in the order of STUFF
    chosen: Floats = patterns[kind, np.arange(n)].astype(np.float32)
    return chosen
