"""Measurements: what a labelling run can do to an architecture."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from nape_bench.labels.micro.images import load_source
from nape_bench.labels.micro.recipe import MICRO, SCALES, Recipe
from nape_bench.registry import Registry

if TYPE_CHECKING:
    from nape_bench.spaces import Spec


class Measure(Protocol):
    """A measurement; it is sent to other processes, so it can be pickled."""

    @property
    def name(self) -> str:
        """What it is called ("micro")."""

    @property
    def version(self) -> str:
        """The name of its settings: results of one version are comparable."""

    def check(self) -> None:
        """Make sure that the measurement can be run here.

        Raises:
            NapeError: Something is missing; the message says what to do.
        """

    def settings(self, space: str) -> dict[str, Any]:
        """Return as plain JSON all that results for a space depend on.

        Raises:
            UnknownNameError: It has no settings for this space.
        """

    def run(self, space: str, spec: Spec, seed: int) -> dict[str, Any]:
        """Measure one architecture.

        Returns:
            Columns of the row to store, plain JSON. A result that failed has `error`, a reason.
        """


@dataclass(frozen=True)
class Micro:
    """Accuracy in % after micro training (columns accuracy, seconds, epochs)."""

    recipe: Recipe = field(default_factory=lambda: MICRO)
    name: str = "micro"

    @property
    def version(self) -> str:
        """The recipe's."""
        return self.recipe.version

    def check(self) -> None:
        """Make sure that the digits of the task are at hand."""
        load_source()

    def settings(self, space: str) -> dict[str, Any]:
        """Return the recipe and the scale of a space."""
        return {**self.recipe.to_dict(), "scale": dataclasses.asdict(SCALES[space])}

    def run(self, space: str, spec: Spec, seed: int) -> dict[str, Any]:
        """Build the architecture at the scale of its space and train it."""
        from nape_bench.labels.micro.train import train
        from nape_bench.spaces import space as space_of

        scale = SCALES[space]
        graph = space_of(space).build(
            spec, width=scale.width, depth=scale.depth, resolution=scale.resolution, num_classes=10
        )
        outcome = train(graph, self.recipe, seed)
        return {
            "accuracy": outcome.accuracy,
            "seconds": round(outcome.seconds, 3),
            "epochs": outcome.epochs,
            "error": None if outcome.diverged is None else f"diverged: {outcome.diverged}",
        }


MEASURES: Registry[Measure] = Registry("measurement")
"""All measurements by name."""
MEASURES.add("micro", Micro())
