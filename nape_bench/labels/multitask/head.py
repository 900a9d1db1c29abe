"""The head: a small feature pyramid network, and maps for every task from its finest level.

Lin et al., Feature Pyramid Networks, CVPR 2017, for the pyramid; Zhou et al., Objects as Points,
2019, for centres and boxes; Cheng et al., Panoptic-DeepLab, CVPR 2020, for offsets, by which pixels
find their instance.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import torch
from torch import nn
from torch.nn import functional

from nape_bench.labels.scenes.annotated import CLASSES, POINTS, THINGS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nape_bench.graph.pyramid import Level

WIDTH = 32
"""Channels of the head's maps."""
RARE = -2.2
"""What logits of heat maps begin as: probability .1, so that the many empty cells cost little."""
FARTHEST = 4.0
"""Greatest logarithm of a distance in cells; without a limit one bad step would end a training."""
PARTS = (CLASSES, len(THINGS), len(POINTS), 4, 2)


class Answers(NamedTuple):
    """What the head says of scenes; maps are of its finest level, `cells` high and wide.

    Attributes:
        main: Logits of the main digit, float32 [n, 10].
        semantic: Logits of classes, float32 [n, 14, cells, cells].
        centres: Logits of a digit's centre being there, float32 [n, 10, cells, cells].
        points: Logits of a keypoint being there, float32 [n, 5, cells, cells].
        sides: Logarithms of the distances from a cell to the left, top, right and bottom of the
            box around it, in cells, float32 [n, 4, cells, cells].
        offsets: Across and down from a cell to the centre of its digit, in cells, float32
            [n, 2, cells, cells].
    """

    main: torch.Tensor
    semantic: torch.Tensor
    centres: torch.Tensor
    points: torch.Tensor
    sides: torch.Tensor
    offsets: torch.Tensor


class Head(nn.Module):
    """All tasks' outputs from a feature pyramid.

    Args:
        channels: Channels of each level, the finest first; two levels or one do as well.

    Attributes:
        channels: The same.
    """

    def __init__(self, channels: Sequence[int]) -> None:
        super().__init__()
        self.channels = list(channels)
        self.laterals = nn.ModuleList(
            nn.Sequential(nn.Conv2d(given, WIDTH, 1, bias=False), nn.BatchNorm2d(WIDTH))
            for given in channels
        )
        self.trunk = nn.Sequential(*_convolved(WIDTH, WIDTH), *_convolved(WIDTH, WIDTH))
        self.maps = nn.Conv2d(WIDTH, sum(PARTS), 1)
        self.main = nn.Linear(channels[-1], len(THINGS))
        rare = slice(PARTS[0], PARTS[0] + PARTS[1] + PARTS[2])
        with torch.no_grad():
            nn.init.normal_(self.maps.weight, std=0.01)
            self.maps.get_parameter("bias").zero_()[rare] = RARE

    def forward(self, levels: Sequence[torch.Tensor]) -> Answers:
        """Map float32 [n, channels, side, side] of each level, the finest first, to answers."""
        narrow = [lateral(maps) for lateral, maps in zip(self.laterals, levels, strict=True)]
        merged = narrow[-1]
        for finer in reversed(narrow[:-1]):
            merged = finer + functional.interpolate(merged, size=finer.shape[-2:])
        maps = torch.split(self.maps(self.trunk(merged)), list(PARTS), dim=1)
        return Answers(self.main(levels[-1].mean((2, 3))), *maps)


@torch.no_grad()
def narrowed(head: Head, channels: Sequence[int]) -> Head:
    """Return a copy of a head that reads the first channels of each level."""
    made = Head(channels)
    given = head.state_dict()
    for name, values in made.state_dict().items():
        part = tuple(slice(0, length) for length in values.shape)
        values.copy_(given[name][part])
    return made.to(memory_format=torch.channels_last)  # type: ignore[call-overload, no-any-return]


def distances(sides: torch.Tensor) -> torch.Tensor:
    """Return the distances in cells that logarithms of `Answers.sides` stand for."""
    return sides.clamp(max=FARTHEST).exp()


def multiply_adds(levels: Sequence[Level]) -> int:
    """Return the multiply-adds of convolutions and dense layers of a head, for one scene."""
    cells = levels[0].side ** 2
    laterals = sum(level.channels * WIDTH * level.side**2 for level in levels)
    return (
        laterals + (2 * 9 * WIDTH + sum(PARTS)) * WIDTH * cells + levels[-1].channels * len(THINGS)
    )


def _convolved(given: int, made: int) -> list[nn.Module]:
    return [nn.Conv2d(given, made, 3, padding=1, bias=False), nn.BatchNorm2d(made), nn.ReLU()]
