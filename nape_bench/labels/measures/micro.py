"""Micro accuracy: the network, made small, is really trained."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from nape_bench.labels.measures.base import MEASURES
from nape_bench.labels.micro.images import load_source
from nape_bench.labels.micro.recipe import MICRO, SCALES, Recipe
from nape_bench.spaces import space as space_of

if TYPE_CHECKING:
    from nape_bench.graph import ArchGraph
    from nape_bench.spaces import Spec

CLASSES = 10


@dataclass(frozen=True)
class Micro:
    """Accuracy in % after micro training (columns accuracy, seconds, epochs).

    An architecture of a space is trained at the scale `SCALES` has for the space; a graph is
    trained as it is, at its own resolution and channel counts.
    """

    recipe: Recipe = field(default_factory=lambda: MICRO)
    name: str = "micro"

    @property
    def version(self) -> str:
        """The recipe's."""
        return self.recipe.version

    def check(self) -> None:
        """Make sure that the digits of the task are at hand."""
        load_source()

    def settings(self, space: str | None) -> dict[str, Any]:
        """Return the recipe and the scale of a space; the scale of graphs is None."""
        scale = None if space is None else dataclasses.asdict(SCALES[space])
        return {**self.recipe.to_dict(), "scale": scale}

    def build(self, space: str, spec: Spec) -> ArchGraph:
        """Build an architecture at the scale of its space."""
        scale = SCALES[space]
        return space_of(space).build(
            spec,
            width=scale.width,
            depth=scale.depth,
            resolution=scale.resolution,
            num_classes=CLASSES,
        )

    def run(self, graph: ArchGraph, seed: int) -> dict[str, Any]:
        """Train a network.

        Raises:
            NapeError: The graph has no square input of 3 channels or not 10 classes.
        """
        from nape_bench.labels.micro.train import train

        outcome = train(graph, self.recipe, seed)
        return {
            "accuracy": outcome.accuracy,
            "seconds": round(outcome.seconds, 3),
            "epochs": outcome.epochs,
            "error": None if outcome.diverged is None else f"diverged: {outcome.diverged}",
        }


MEASURES.add("micro", Micro())
