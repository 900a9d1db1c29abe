"""From the head's maps to what is scored: boxes, masks, classes of pixels, keypoints.

Panoptic-DeepLab's way (Cheng et al., CVPR 2020, section 3): peaks of the centre heat are digits,
and every pixel that is a digit's goes to the centre that its offset points nearest to.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch.nn import functional

from nape_bench.labels.multitask.head import distances
from nape_bench.labels.scenes.annotated import STUFF

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from nape_bench.labels.multitask.head import Answers

PEAKS = 8
"""Most digits that are looked for in a scene."""
CLASSES_EACH = 3
"""Classes that a peak is reported as, the likeliest first, each with its own score."""
LEAST_SCORE = 0.02
"""Detections below this are left out."""
SURE = 0.25
"""A peak above this is an instance of the panoptic answer."""


@dataclass(frozen=True)
class Decoded:
    """Answers for scenes, ready to be scored.

    Attributes:
        main: The main digit, int64 [n].
        semantic: The class of each pixel, int64 [n, side, side].
        panoptic: Class and instance of each pixel, int64 [n, side, side, 2]; the instance of stuff
            is 0.
        scene: The scene of each detection, int64 [detections].
        classes: Which digit each is, int64 [detections].
        scores: float64 [detections], 0 to 1.
        boxes: Left, top, right, bottom in pixels, float64 [detections, 4].
        masks: bool [detections, side, side].
        points: Heat of keypoints, float32 [n, 5, cells, cells].
    """

    main: NDArray[np.int64]
    semantic: NDArray[np.int64]
    panoptic: NDArray[np.int64]
    scene: NDArray[np.int64]
    classes: NDArray[np.int64]
    scores: NDArray[np.float64]
    boxes: NDArray[np.float64]
    masks: NDArray[np.bool_]
    points: NDArray[np.float32]


def decode(answers: Answers, side: int) -> Decoded:
    """Decode answers for scenes of `side` x `side` pixels."""
    cells = answers.semantic.shape[-1]
    step = side / cells
    wide = functional.interpolate(
        answers.semantic, (side, side), mode="bilinear", align_corners=False
    )
    offsets = (
        functional.interpolate(answers.offsets, (side, side), mode="bilinear", align_corners=False)
        * step
    )
    semantic, stuff = wide.argmax(1), wide[:, : len(STUFF)].argmax(1)
    is_thing = semantic >= len(STUFF)
    chance = answers.centres.sigmoid()
    any_class = chance.amax(1)
    top = functional.max_pool2d(any_class[:, None], 3, stride=1, padding=1)[:, 0]
    peaks = torch.where(any_class == top, any_class, 0.0).flatten(1)
    score, at = peaks.topk(min(PEAKS, peaks.shape[1]), dim=1)  # [n, peaks]
    middle = torch.stack([at % cells, at // cells], 2) + 0.5  # x, y in cells
    reach = _at(distances(answers.sides), at)
    boxes = torch.cat([middle - reach[..., :2], middle + reach[..., 2:]], 2) * step
    of_peak = _at(chance, at)  # [n, peaks, 10]
    centre = (boxes[..., :2] + boxes[..., 2:]) / 2
    nearest = _nearest(offsets, centre, score > LEAST_SCORE)
    masks = (nearest[:, None] == torch.arange(at.shape[1])[:, None, None]) & is_thing[:, None]
    values, kinds = of_peak.topk(CLASSES_EACH, dim=2)
    kept = (score > LEAST_SCORE)[..., None] & (values > LEAST_SCORE)
    scene, peak, rank = torch.nonzero(kept, as_tuple=True)
    sure = _nearest(offsets, centre, score > SURE)
    return Decoded(
        main=answers.main.argmax(1).numpy(),
        semantic=semantic.numpy(),
        panoptic=_panoptic(stuff, is_thing, sure, of_peak.argmax(2), score > SURE),
        scene=scene.numpy(),
        classes=kinds[scene, peak, rank].numpy(),
        scores=values[scene, peak, rank].double().numpy(),
        boxes=boxes[scene, peak].clamp(0, side).double().numpy(),
        masks=masks[scene, peak].numpy(),
        points=answers.points.numpy(),
    )


def _at(maps: torch.Tensor, cells: torch.Tensor) -> torch.Tensor:
    """Return values [n, peaks, channels] of maps [n, channels, h, w] at flat cells [n, peaks]."""
    flat = maps.flatten(2)
    return flat.gather(2, cells[:, None].expand(-1, flat.shape[1], -1)).transpose(1, 2)


def _nearest(offsets: torch.Tensor, centres: torch.Tensor, kept: torch.Tensor) -> torch.Tensor:
    """Return for each pixel the peak that it points nearest to, int64 [n, side, side].

    Args:
        offsets: In pixels, [n, 2, side, side].
        centres: x and y in pixels, [n, peaks, 2].
        kept: Whether a peak counts, [n, peaks].
    """
    line = torch.arange(offsets.shape[-1]) + 0.5
    x, y = offsets[:, 0] + line, offsets[:, 1] + line[:, None]
    away = (x[:, None] - centres[:, :, 0, None, None]) ** 2
    away = away + (y[:, None] - centres[:, :, 1, None, None]) ** 2
    away = away.masked_fill(~kept[..., None, None], torch.inf)
    return away.argmin(1)


def _panoptic(
    stuff: torch.Tensor,
    is_thing: torch.Tensor,
    nearest: torch.Tensor,
    digit: torch.Tensor,
    sure: torch.Tensor,
) -> NDArray[np.int64]:
    """Return class and instance of each pixel; without a sure peak in the scene all is stuff."""
    thing = is_thing & sure.any(1)[:, None, None]
    of_nearest = digit.gather(1, nearest.flatten(1)).view_as(nearest) + len(STUFF)
    instance = torch.where(thing, nearest + 1, 0)
    classes = torch.where(thing, of_nearest, stuff)
    return torch.stack([classes, instance], 3).numpy()
