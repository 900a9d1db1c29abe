"""Recipes of micro training: everything that a label depends on besides architecture and seed."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from nape_bench.labels.micro.attributes import Attributes
from nape_bench.labels.micro.clutter import Clutter
from nape_bench.registry import Registry

if TYPE_CHECKING:
    from nape_bench.labels.micro.images import Task


@dataclass(frozen=True)
class Scale:
    """How much smaller than its default build a family is trained.

    Attributes:
        width: Factor on all channel counts.
        depth: Repeats in a stage or stack; None is the family's own.
        resolution: Input height and width in pixels that it is built for.
        cap: Greatest height and width of a map, the image's included: strides above it are left
            out (`graph.cap.cap_maps`). None leaves all.
        epochs: Passes over the training images; None is the recipe's. Families whose networks
            have many operations get fewer, so that a training takes some ten seconds.
        recipe: Version of the recipe that new labels of the family are made with.
    """

    width: float
    depth: int | None
    resolution: int
    cap: int | None = None
    epochs: int | None = None
    recipe: str = "micro-2"


@dataclass(frozen=True)
class Recipe:
    """How a network is trained and scored.

    The learning rate rises linearly and falls along half a cosine. Every batch is shifted as a
    whole by up to `shift` pixels. Each question of the task has its own outputs; the loss is the
    mean of their cross-entropies.

    Attributes:
        version: Its name. Labels of one version are comparable, so a change takes a new name.
        task: The images and the questions.
        epochs: Passes over the training images.
        batch: Images in a step; what is left over at the end of an epoch is left out.
        learning_rate: The highest one of stochastic gradient descent.
        warmup: The part of all steps in which the learning rate rises.
        momentum: Of stochastic gradient descent (Nesterov's).
        weight_decay: On convolution and dense kernels that are trained so.
        shift: Greatest shift in pixels, either way along both axes; borders are repeated.
        averaged: The class probabilities that are scored are the mean over the network as it is
            at the end of each of so many last epochs.
        muon_rate: The highest learning rate of Muon, which trains convolution kernels that a
            BatchNorm follows (`muon.Muon`); None trains all by stochastic gradient descent.
        muon_momentum: Its momentum.
        branch_gain: What residual branches are scaled by before training
            (`branches.set_branch_gain`).
    """

    version: str
    task: Task
    epochs: int = 8
    batch: int = 64
    learning_rate: float = 0.2
    warmup: float = 0.15
    momentum: float = 0.9
    weight_decay: float = 5e-4
    shift: int = 2
    averaged: int = 3
    muon_rate: float | None = None
    muon_momentum: float = 0.6
    branch_gain: float = 1.0

    def to_dict(self) -> dict[str, Any]:
        """Return all settings as plain JSON."""
        return dataclasses.asdict(self)


@dataclass(frozen=True)
class SharedRecipe(Recipe):
    """How a supernet is trained, and its sub-networks are scored with its weights.

    The largest network is trained first, by itself. Then each step trains a few sub-networks, drawn
    uniformly, on the same images; the loss is the mean of theirs. Weights that a step does not use
    stay as they are. `averaged` has no meaning here.

    Attributes:
        largest_epochs: In so many epochs at first the largest network alone is trained, before
            the smaller ones (progressive shrinking; Cai et al., Once-for-All, ICLR 2020,
            section 3.3).
        networks: Sub-networks in a step after these.
        recalibration: Training images, the first ones, that the BatchNorm statistics of a
            sub-network are taken of before it is scored.
    """

    largest_epochs: int = 0
    networks: int = 2
    recalibration: int = 1024


RECIPES: Registry[Recipe] = Registry("micro recipe")
"""All recipes that labels were published with, by version."""
RECIPES.add("micro-1", Recipe("micro-1", Clutter()))
RECIPES.add(
    "micro-2",
    Recipe(
        "micro-2",
        Attributes(),
        learning_rate=0.05,
        averaged=1,
        muon_rate=0.2,
    ),
)

RECIPES.add(
    "micro-3",
    dataclasses.replace(RECIPES["micro-2"], version="micro-3", muon_rate=0.1, branch_gain=0.0),
)

RECIPES.add("micro-4", dataclasses.replace(RECIPES["micro-3"], version="micro-4", task=Clutter()))

RECIPES.add(
    "micro-shared-1",
    SharedRecipe(
        "micro-shared-1",
        Attributes(scored=("digit",)),
        epochs=48,
        largest_epochs=16,
        learning_rate=0.05,
        averaged=1,
        muon_rate=0.1,
        branch_gain=0.0,
    ),
)

GRAPH_SCALE = Scale(0.25, None, resolution=16, cap=16, recipe="micro-4")
"""The scale of graphs that are given as they are (`scaled.scaled_graph`)."""

SCALES: Registry[Scale] = Registry("micro scale of a space")
"""The scale of each family, by the name of its space."""
SCALES.add("nb101", Scale(0.25, 1, resolution=12, epochs=4, recipe="micro-3"))
SCALES.add("nb201", Scale(width=0.5, depth=1, resolution=16))
SCALES.add("nb301", Scale(0.25, 1, resolution=12, epochs=1, recipe="micro-3"))
SCALES.add("ofa_pn", Scale(0.25, None, resolution=48, cap=12, recipe="micro-shared-1"))
SCALES.add("ofa_mbv3", Scale(0.25, None, resolution=48, cap=12, recipe="micro-shared-1"))
SCALES.add("ofa_resnet", Scale(0.125, None, resolution=48, cap=12, recipe="micro-shared-1"))
SCALES.add("hiaml", Scale(0.25, 1, resolution=16, recipe="micro-1"))
SCALES.add("inception", Scale(0.25, 1, resolution=16, epochs=2, recipe="micro-3"))
SCALES.add("two_path", Scale(0.25, 1, resolution=16, recipe="micro-4"))
SCALES.add("nb_macro", Scale(0.5, None, resolution=16, epochs=2, recipe="micro-4"))
