"""What the head's maps should say of scenes."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import torch

from nape_bench.labels.micro.batches import standardised
from nape_bench.labels.scenes.annotated import POINTS, THINGS
from nape_bench.labels.scenes.draw import scenes

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from nape_bench.labels.scenes.annotated import Annotated
    from nape_bench.labels.scenes.draw import Scenes

SPREAD = 0.12
"""Standard deviation of a centre's heat, as a part of its box's longer side."""
LEAST_SPREAD = 0.6
"""The least one, and that of keypoints, in cells."""
REACH = 1.0
"""Cells whose middle is nearer than this to a digit's centre, along both axes, tell its box."""


class Targets(NamedTuple):
    """Targets of scenes, as `head.Answers` but for these.

    Attributes:
        main: int64 [n].
        semantic: int64 [n, side, side], at full resolution.
        centres: Heat, 1 at the cell of a centre, float32 [n, 10, cells, cells].
        points: The same of keypoints that are seen, float32 [n, 5, cells, cells].
        sides: Distances in cells, not their logarithms, float32 [n, 4, cells, cells].
        near: Whether a cell tells a box, bool [n, cells, cells].
        offsets: float32 [n, 2, cells, cells].
        inside: Whether a cell is a digit's, bool [n, cells, cells].
    """

    main: torch.Tensor
    semantic: torch.Tensor
    centres: torch.Tensor
    points: torch.Tensor
    sides: torch.Tensor
    near: torch.Tensor
    offsets: torch.Tensor
    inside: torch.Tensor


def targets(scenes: Annotated, cells: int) -> Targets:
    """Return the targets of scenes for maps of `cells` x `cells`, which divides their side."""
    step = scenes.side // cells
    n, digits = scenes.present.shape
    line = np.arange(cells, dtype=np.float32) + 0.5
    boxes = scenes.boxes / step
    middles = (boxes[..., :2] + boxes[..., 2:]) / 2  # [n, digits, 2]
    longer = (boxes[..., 2:] - boxes[..., :2]).max(-1)
    centres = np.zeros((n, len(THINGS), cells, cells), dtype=np.float32)
    points = np.zeros((n, len(POINTS), cells, cells), dtype=np.float32)
    sides = np.ones((n, 4, cells, cells), dtype=np.float32)
    near = np.zeros((n, cells, cells), dtype=bool)
    offsets = np.zeros((n, 2, cells, cells), dtype=np.float32)
    seen_at = scenes.instance[:, step // 2 :: step, step // 2 :: step]
    for place in range(digits):
        here = scenes.present[:, place, None, None]
        spread = np.maximum(SPREAD * longer[:, place], LEAST_SPREAD)
        heat = _heat(middles[:, place], spread, line) * here
        of_class = scenes.classes[:, place]
        at = (np.arange(n), of_class)
        centres[at] = np.maximum(centres[at], heat)
        for kind in range(len(POINTS)):
            seen = scenes.seen[:, place, kind, None, None]
            small = np.full(n, LEAST_SPREAD, dtype=np.float32)
            dot = _heat(scenes.points[:, place, kind] / step, small, line) * seen
            points[:, kind] = np.maximum(points[:, kind], dot)
        across = middles[:, place, 0, None, None] - line
        down = middles[:, place, 1, None, None] - line[:, None]
        close = here & (np.abs(across) < REACH) & (np.abs(down) < REACH)
        box = boxes[:, place, :, None, None]
        edges = np.stack(
            np.broadcast_arrays(
                line - box[:, 0], line[:, None] - box[:, 1],
                box[:, 2] - line, box[:, 3] - line[:, None],
            ),
            axis=1,
        )  # fmt: skip
        close &= (edges > 0).all(1)
        sides = np.where(close[:, None], edges, sides)
        near |= close
        mine = (seen_at == place + 1)[:, None]
        offsets = np.where(mine, np.stack(np.broadcast_arrays(across, down), axis=1), offsets)
    return Targets(
        torch.from_numpy(scenes.main),
        torch.from_numpy(scenes.semantic.astype(np.int64)),
        torch.from_numpy(centres),
        torch.from_numpy(points),
        torch.from_numpy(sides.astype(np.float32)),
        torch.from_numpy(near),
        torch.from_numpy(offsets.astype(np.float32)),
        torch.from_numpy(seen_at > 0),
    )


@functools.lru_cache(maxsize=2)
def training(made_of: Scenes, cells: int) -> tuple[torch.Tensor, Targets]:
    """Return training scenes as networks read them, and their targets, made once in a process.

    Args:
        made_of: The scenes.
        cells: Height and width of the head's maps.

    Returns:
        Images float32 [n, 3, side, side], and targets; nobody may write to them.
    """
    known, _ = scenes(made_of)
    return standardised(known.pixels), targets(known, cells)


def _heat(
    middles: NDArray[Any], spread: NDArray[Any], line: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Return bumps [n, cells, cells] that are 1 in the cell of their middle [n, 2] (x, y)."""
    at = np.floor(middles).clip(0, len(line) - 1) + 0.5
    across = line - at[:, 0, None, None]
    down = line[:, None] - at[:, 1, None, None]
    bump: NDArray[np.float32] = np.exp(
        -(across**2 + down**2) / (2 * spread[:, None, None] ** 2)
    ).astype(np.float32)
    return bump
