"""The recipe of multi-task labels: everything that they depend on besides body and seed."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from typing import Any

from nape_bench.labels.scenes.draw import Scenes
from nape_bench.registry import Registry


@dataclass(frozen=True)
class MultitaskRecipe:
    """How a body is trained on scenes with a head, and how a head is shared by bodies.

    All is trained by AdamW; learning rates rise linearly and fall along half a cosine.

    Attributes:
        version: Its name. Labels of one version are comparable, so a change takes a new name.
        scenes: What is trained and tested on.
        epochs: Passes over the training scenes of a body that is trained individually.
        batch: Scenes in a step; what is left over at the end of an epoch is left out.
        head_rate: The highest learning rate of the head.
        body_rate: That of the body.
        weight_decay: Of kernels.
        warmup: The part of all steps in which rates rise.
        supernet: Recipe of the micro supernet that bodies of once-for-all families begin from.
        supernet_seed: Its seed; AIO-P's bodies all come from one published supernet.
        bins: Bodies are parted into so many depths, by their number of operations, for latents.
        per_bin: Bodies of each depth whose maps latents are drawn from.
        head_epochs: Passes over the training scenes of a head that is to be shared.
        fine_epochs: Passes with which a body and the shared head are fitted to each other.
        fine_rate: The highest learning rate of that, of body and head.
    """

    version: str
    scenes: Scenes = field(default_factory=Scenes)
    epochs: int = 3
    batch: int = 8
    head_rate: float = 4e-3
    body_rate: float = 2e-3
    weight_decay: float = 0.02
    warmup: float = 0.1
    supernet: str = "micro-shared-1"
    supernet_seed: int = 0
    bins: int = 4
    per_bin: int = 3
    head_epochs: int = 6
    fine_epochs: int = 1
    fine_rate: float = 2e-3

    def to_dict(self) -> dict[str, Any]:
        """Return all settings as plain JSON."""
        return dataclasses.asdict(self)


RECIPES: Registry[MultitaskRecipe] = Registry("multi-task recipe")
"""All recipes, by version; labels name the one that they were made by."""
RECIPE = RECIPES.add("multitask-1", MultitaskRecipe("multitask-1"))
"""The recipe that new labels are made by."""
