"""Recipes of micro training: everything that a label depends on besides architecture and seed."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from typing import Any

from nape_bench.labels.micro.images import Task
from nape_bench.registry import Registry


@dataclass(frozen=True)
class Scale:
    """How much smaller than its default build a family is trained.

    Attributes:
        width: Factor on all channel counts.
        depth: Repeats in a stage or stack; None is the family's own.
        resolution: Input height and width in pixels.
    """

    width: float
    depth: int | None
    resolution: int


SCALES: Registry[Scale] = Registry("micro scale of a space")
"""The scale of each family, by the name of its space."""
SCALES.add("hiaml", Scale(width=0.25, depth=1, resolution=16))


@dataclass(frozen=True)
class Recipe:
    """How a network is trained and scored.

    Stochastic gradient descent with Nesterov momentum; the learning rate rises linearly and falls
    along half a cosine. Every batch is shifted as a whole by up to `shift` pixels.

    Attributes:
        version: Its name. Labels of one version are comparable, so a change takes a new name.
        task: The images.
        epochs: Passes over the training images.
        batch: Images in a step; what is left over at the end of an epoch is left out.
        learning_rate: The highest one.
        warmup: The part of all steps in which the learning rate rises.
        momentum: Of stochastic gradient descent.
        weight_decay: On convolution and dense kernels alone.
        shift: Greatest shift in pixels, either way along both axes; borders are repeated.
        averaged: The class probabilities that are scored are the mean over the network as it is
            at the end of each of so many last epochs.
    """

    version: str = "micro-1"
    task: Task = field(default_factory=Task)
    epochs: int = 8
    batch: int = 64
    learning_rate: float = 0.2
    warmup: float = 0.15
    momentum: float = 0.9
    weight_decay: float = 5e-4
    shift: int = 2
    averaged: int = 3

    def to_dict(self) -> dict[str, Any]:
        """Return all settings as plain JSON."""
        return dataclasses.asdict(self)


MICRO = Recipe()
"""The recipe of published micro labels."""
