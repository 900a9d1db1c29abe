"""Micro accuracy with shared weights: architectures are parts of a small trained supernet."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from nape_bench.errors import NapeError
from nape_bench.labels.micro.digits import load_source
from nape_bench.labels.micro.scaled import scaled
from nape_bench.spaces import space as space_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from nape_bench.graph import ArchGraph
    from nape_bench.labels.micro.recipe import Scale, SharedRecipe
    from nape_bench.spaces import Spec


@dataclass(frozen=True)
class SharedMicro:
    """Accuracy in % with a supernet's weights (columns as `Micro`, supernet_seconds, supernet).

    The supernet of each seed is trained when it is first needed; `supernet_seconds` is the
    processor time of that, `seconds` is that of scoring the architecture. `supernet` tells one
    supernet from another: trained again, on another machine say, it may have other weights, and
    scores with these do not compare.

    Attributes:
        space: A once-for-all family; architectures of no other are measured.
        recipe: How its supernet is trained.
        scale: How small networks are.
        folder: Where supernets are kept; None trains them in the process that needs them.
        progress: Whether to tell on standard error how far a training is.
        name: What it is called.
    """

    space: str
    recipe: SharedRecipe
    scale: Scale
    folder: Path | None = None
    progress: bool = False
    name: str = "micro"

    @property
    def version(self) -> str:
        """The recipe's."""
        return self.recipe.version

    def check(self) -> None:
        """Make sure that the digits of the task are at hand."""
        load_source()

    def settings(self, space: str | None) -> dict[str, Any]:
        """Return the recipe and the scale.

        Raises:
            NapeError: The space is another than this measurement's.
        """
        self._check_space(space)
        return {**self.recipe.to_dict(), "scale": dataclasses.asdict(self.scale)}

    def in_store(self, store: Path, *, progress: bool) -> SharedMicro:
        """Return the same with its supernets in a folder of a label store."""
        folder = store.resolve() / "supernets"
        return dataclasses.replace(self, folder=folder, progress=progress)

    def build(self, space: str, spec: Spec) -> ArchGraph:
        """Build an architecture at the scale of its space.

        Raises:
            NapeError: The space is another than this measurement's.
        """
        self._check_space(space)
        return scaled(space_of(space), spec, self.scale, self.recipe.task)

    def run(self, graph: ArchGraph, seed: int) -> dict[str, Any]:  # noqa: ARG002
        """Refuse a graph: which part of a supernet it is, only a specification tells.

        Raises:
            NapeError: Always.
        """
        raise NapeError(
            f"{self.version}: weights are shared within {self.space}, a graph by itself has none: "
            "give an architecture of the space, or take a recipe that trains each by itself"
        )

    def run_spec(self, space: str, spec: Spec, seed: int) -> dict[str, Any]:
        """Score an architecture with the weights of the supernet of a seed.

        Raises:
            NapeError: The space is another than this measurement's, the architecture is of
                another supernet of its family, or the supernet diverged.
            StoreError: As `trained`.
        """
        self._check_space(space)
        from nape_bench.labels.micro.shared.score import score
        from nape_bench.labels.micro.shared.supernet import check_part
        from nape_bench.labels.micro.shared.trained import trained

        check_part(space, spec)
        supernet, training = trained(
            space, self.recipe, self.scale, seed, self.folder, progress=self.progress
        )
        outcome = score(supernet, spec, self.recipe)
        return {
            "accuracy": outcome.accuracy,
            "answers": outcome.answers,
            "seconds": round(outcome.seconds, 3),
            "epochs": outcome.epochs,
            "supernet_seconds": round(training.seconds, 3),
            "supernet": supernet.fingerprint,
        }

    def own_seconds(self, row: Mapping[str, Any]) -> float | None:
        """Return what scoring took: not training the supernet, or waiting until it was trained."""
        return row.get("seconds")

    def _check_space(self, space: str | None) -> None:
        if space != self.space:
            raise NapeError(
                f"{self.version}: weights are shared within {self.space}, not with "
                f"{space or 'graphs that are given as they are'}"
            )
