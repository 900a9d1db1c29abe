"""Losses of the head's maps."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch.nn import functional

from nape_bench.labels.multitask.head import distances

if TYPE_CHECKING:
    from nape_bench.labels.multitask.head import Answers
    from nape_bench.labels.multitask.targets import Targets

WEIGHTS = {
    "main": 0.5,
    "semantic": 2.0,
    "centres": 0.5,
    "points": 0.3,
    "sides": 1.0,
    "offsets": 0.3,
}
"""How much each loss counts."""


def loss_of(answers: Answers, wanted: Targets) -> torch.Tensor:
    """Return the weighted sum of all tasks' losses."""
    losses = losses_of(answers, wanted)
    return torch.stack([WEIGHTS[name] * loss for name, loss in losses.items()]).sum()


def losses_of(answers: Answers, wanted: Targets) -> dict[str, torch.Tensor]:
    """Return the loss of each output, each a mean over scenes, pixels or what counts of them."""
    side = wanted.semantic.shape[-1]
    semantic = functional.interpolate(
        answers.semantic, size=(side, side), mode="bilinear", align_corners=False
    )
    near, inside = wanted.near[:, None], wanted.inside[:, None]
    apart = (answers.offsets - wanted.offsets).abs() * inside
    return {
        "main": functional.cross_entropy(answers.main, wanted.main),
        "semantic": functional.cross_entropy(semantic, wanted.semantic),
        "centres": focal(answers.centres, wanted.centres),
        "points": focal(answers.points, wanted.points),
        "sides": _overlap_loss(distances(answers.sides), wanted.sides, near),
        "offsets": apart.sum() / (2 * inside.sum()).clamp(min=1),
    }


def focal(logits: torch.Tensor, heat: torch.Tensor) -> torch.Tensor:
    """Return the penalty-reduced focal loss over heat maps, for each peak (Zhou et al., 2019).

    Equation 1 of Objects as Points, with its exponents 2 and 4.
    """
    chance = logits.sigmoid()
    peak = heat == 1
    hit = (1 - chance) ** 2 * functional.logsigmoid(logits) * peak
    miss = (1 - heat) ** 4 * chance**2 * functional.logsigmoid(-logits) * ~peak
    return -(hit.sum() + miss.sum()) / peak.sum().clamp(min=1)


def _overlap_loss(given: torch.Tensor, wanted: torch.Tensor, near: torch.Tensor) -> torch.Tensor:
    """Return the mean of -log IoU of boxes around the same cells (Yu et al., UnitBox, 2016)."""
    common = torch.minimum(given, wanted)
    shared = (common[:, 0] + common[:, 2]) * (common[:, 1] + common[:, 3])
    areas = [(b[:, 0] + b[:, 2]) * (b[:, 1] + b[:, 3]) for b in (given, wanted)]
    overlap = shared / (areas[0] + areas[1] - shared)
    told = near[:, 0]
    return -(overlap.clamp(min=1e-6).log() * told).sum() / told.sum().clamp(min=1)
