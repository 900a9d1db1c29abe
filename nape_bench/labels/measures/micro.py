"""Micro accuracy: the network, made small, is really trained."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from nape_bench.graph.cap import cap_maps
from nape_bench.labels.measures.base import MEASURES
from nape_bench.labels.micro.digits import load_source
from nape_bench.labels.micro.images import outputs
from nape_bench.labels.micro.recipe import MICRO, RECIPES, SCALES, Recipe
from nape_bench.spaces import space as space_of

if TYPE_CHECKING:
    from nape_bench.graph import ArchGraph
    from nape_bench.spaces import Spec


@dataclass(frozen=True)
class Micro:
    """Accuracy in % after micro training (columns accuracy, answers, seconds, epochs).

    `answers` has the accuracy for each question of the recipe's task by itself.

    An architecture of a space is trained at the scale `SCALES` has for the space; a graph is
    trained as it is, at its own resolution and channel counts.

    Attributes:
        recipe: How; None is the recipe that the scale of a space names, for graphs `MICRO`.
        name: What it is called.
    """

    recipe: Recipe | None = None
    name: str = "micro"

    @property
    def version(self) -> str:
        """The recipe's."""
        return self._recipe.version

    @property
    def _recipe(self) -> Recipe:
        return self.recipe or MICRO

    def check(self) -> None:
        """Make sure that the digits of the task are at hand."""
        load_source()

    def settings(self, space: str | None) -> dict[str, Any]:
        """Return the recipe and the scale of a space; the scale of graphs is None."""
        if space is None:
            return {**self._recipe.to_dict(), "scale": None}
        fitted = self.for_space(space)
        return {**fitted._recipe.to_dict(), "scale": dataclasses.asdict(SCALES[space])}

    def for_space(self, space: str) -> Micro:
        """Return the same with the recipe and the epochs that the scale of a space asks for."""
        scale = SCALES[space]
        recipe = self.recipe or RECIPES[scale.recipe]
        epochs = scale.epochs or recipe.epochs
        return dataclasses.replace(self, recipe=dataclasses.replace(recipe, epochs=epochs))

    def build(self, space: str, spec: Spec) -> ArchGraph:
        """Build an architecture at the scale of its space."""
        scale = SCALES[space]
        graph = space_of(space).build(
            spec,
            width=scale.width,
            depth=scale.depth,
            resolution=scale.resolution,
            num_classes=outputs(self._recipe.task),
        )
        return graph if scale.cap is None else cap_maps(graph, scale.cap)

    def run(self, graph: ArchGraph, seed: int) -> dict[str, Any]:
        """Train a network.

        Raises:
            NapeError: The graph has no square input of 3 channels or not the outputs of the task.
        """
        from nape_bench.labels.micro.train import train

        outcome = train(graph, self._recipe, seed)
        return {
            "accuracy": outcome.accuracy,
            "answers": outcome.answers,
            "seconds": round(outcome.seconds, 3),
            "epochs": outcome.epochs,
            "error": None if outcome.diverged is None else f"diverged: {outcome.diverged}",
        }


MEASURES.add("micro", Micro())
