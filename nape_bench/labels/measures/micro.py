"""Micro accuracy: the network, made small, is really trained."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from nape_bench.errors import NapeError
from nape_bench.labels.measures.base import MEASURES, Measure
from nape_bench.labels.measures.shared_micro import SharedMicro
from nape_bench.labels.micro.digits import load_source
from nape_bench.labels.micro.recipe import GRAPH_SCALE, RECIPES, SCALES, Recipe, SharedRecipe
from nape_bench.labels.micro.scaled import scaled, scaled_graph
from nape_bench.spaces import space as space_of

if TYPE_CHECKING:
    from nape_bench.graph import ArchGraph
    from nape_bench.labels.micro.recipe import Scale
    from nape_bench.spaces import Spec


@dataclass(frozen=True)
class Micro:
    """Accuracy in % after micro training (columns accuracy, answers, seconds, epochs).

    `answers` has the accuracy for each question of the recipe's task by itself.

    An architecture of a space is trained at the scale that `SCALES` has for the space. Graphs that
    are given as they are, and architectures of a space without a scale, are made small by
    `GRAPH_SCALE` (`scaled.scaled_graph`), so that their labels are comparable with each other, not
    with those of a space that has a scale.

    Attributes:
        recipe: How; None is the recipe that the scale names.
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
        return self.recipe or _of_scale(GRAPH_SCALE)

    def _recipe_for(self, space: str) -> Recipe:
        return self.recipe or _of_scale(_scale(space))

    def check(self) -> None:
        """Make sure that the digits of the task are at hand."""
        load_source()

    def settings(self, space: str | None) -> dict[str, Any]:
        """Return the recipe and the scale, of a space or of graphs."""
        scale = _scale(space)
        recipe = self.recipe or _of_scale(scale)
        return {**recipe.to_dict(), "scale": dataclasses.asdict(scale)}

    def for_space(self, space: str) -> Measure:
        """Return the same with the recipe and the epochs that the scale of a space names.

        A recipe that was given holds for every space.
        """
        recipe = self._recipe_for(space)
        if isinstance(recipe, SharedRecipe):
            return SharedMicro(space, recipe, _scale(space))
        return dataclasses.replace(self, recipe=recipe)

    def build(self, space: str, spec: Spec) -> ArchGraph:
        """Build an architecture at the scale of its space."""
        family, task = space_of(space), self._recipe_for(space).task
        if space in SCALES:
            return scaled(family, spec, SCALES[space], task)
        return scaled_graph(family.build(spec), GRAPH_SCALE, task)

    def run(self, graph: ArchGraph, seed: int) -> dict[str, Any]:
        """Train a network.

        Raises:
            NapeError: The graph has no square input of 3 channels, or the recipe is one of shared
                weights.
            GraphError: It cannot be made small, or given the outputs of the task.
        """
        if isinstance(self._recipe, SharedRecipe):
            raise NapeError(
                f"{self.version}: weights are shared by networks of a space, not graphs"
            )
        from nape_bench.labels.micro.train import train

        outcome = train(scaled_graph(graph, GRAPH_SCALE, self._recipe.task), self._recipe, seed)
        return {
            "accuracy": outcome.accuracy,
            "answers": outcome.answers,
            "seconds": round(outcome.seconds, 3),
            "epochs": outcome.epochs,
            "error": None if outcome.diverged is None else f"diverged: {outcome.diverged}",
        }


def _scale(space: str | None) -> Scale:
    """Return the scale of a space; that of graphs for None, and for a space without one."""
    if space is None or space not in SCALES:
        return GRAPH_SCALE
    return SCALES[space]


def _of_scale(scale: Scale) -> Recipe:
    """Return the recipe that a scale names, with its epochs."""
    recipe = RECIPES[scale.recipe]
    return dataclasses.replace(recipe, epochs=scale.epochs or recipe.epochs)


MEASURES.add("micro", Micro())
