"""Multi-task labels: a body is really trained on scenes, and scored by the metric of each task."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from nape_bench.errors import NapeError
from nape_bench.labels.measures.base import MEASURES
from nape_bench.labels.micro.digits import load_source
from nape_bench.labels.multitask.recipe import RECIPE, MultitaskRecipe
from nape_bench.spaces import SupernetSpace
from nape_bench.spaces import space as space_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from nape_bench.graph import ArchGraph
    from nape_bench.labels.multitask.body import Body
    from nape_bench.labels.multitask.train import Outcome
    from nape_bench.spaces import Spec


@dataclass(frozen=True)
class Multitask:
    """The metric of each task in %, after a body was trained on scenes with a head.

    Columns are `multitask.metrics.TASKS`, seconds, and in millions of multiply-adds for a scene
    body_flops and flops, which counts the head too. Bodies of once-for-all families begin with the
    weights of a micro supernet (supernet_seconds), others from scratch.

    Attributes:
        pseudo: Whether bodies are fitted for a short time to a head that the family shares
            (head_seconds), instead of each being trained with a head of its own.
        recipe: How.
        folder: Where supernets and shared heads are kept; None trains them in the process that
            needs them.
        progress: Whether to tell on standard error how far the training of a supernet is.
    """

    pseudo: bool = False
    recipe: MultitaskRecipe = RECIPE
    folder: Path | None = None
    progress: bool = False

    @property
    def name(self) -> str:
        """What it is called."""
        return "multitask_pseudo" if self.pseudo else "multitask"

    @property
    def version(self) -> str:
        """The recipe's."""
        return self.recipe.version

    def check(self) -> None:
        """Make sure that digits, and what scores the tasks, are installed."""
        from nape_bench.labels.multitask.metrics import check_libraries

        load_source()
        check_libraries()

    def settings(self, space: str | None) -> dict[str, Any]:
        """Return the recipe.

        Raises:
            NapeError: The space has no supernet, and so no shared head.
        """
        self._check_space(space)
        return self.recipe.to_dict()

    def in_store(self, store: Path, *, progress: bool) -> Multitask:
        """Return the same with its supernets and heads in a folder of a label store."""
        folder = store.resolve() / "supernets"
        return dataclasses.replace(self, folder=folder, progress=progress)

    def build(self, space: str, spec: Spec) -> ArchGraph:
        """Build an architecture at the scale at which it is trained, classifier included."""
        from nape_bench.labels.multitask.start import graph_of

        return graph_of(space, spec, self.recipe)

    def run(self, graph: ArchGraph, seed: int) -> dict[str, Any]:
        """Train a graph's body from scratch.

        Raises:
            NapeError: Heads are shared by architectures of a space, not by graphs.
            GraphError: It cannot be made small, or has no maps for a pyramid.
        """
        self._check_space(None)
        from nape_bench.labels.multitask.start import drawn_body, small

        body = drawn_body(small(graph, self.recipe), seed)
        return self._individually(body, seed, body.channels)

    def run_spec(self, space: str, spec: Spec, seed: int) -> dict[str, Any]:
        """Train an architecture's body.

        Raises:
            NapeError: The architecture is of another supernet of its family, or that diverged.
            StoreError: As `shared.trained.trained`.
        """
        self._check_space(space)
        from nape_bench.labels.micro.shared.supernet import check_part
        from nape_bench.labels.multitask.shared import shared_by
        from nape_bench.labels.multitask.start import (
            drawn_body,
            pretrained_body,
            supernet_of,
            widest_channels,
        )
        from nape_bench.torch_threads import one_thread

        if not isinstance(space_of(space), SupernetSpace):
            body = drawn_body(self.build(space, spec), seed)
            return self._individually(body, seed, body.channels)
        check_part(space, spec)
        with one_thread():
            if not self.pseudo:
                supernet, took = supernet_of(
                    space, self.recipe, self.folder, progress=self.progress
                )
                body = pretrained_body(supernet, space, spec, self.recipe)
                own = self._individually(body, seed, widest_channels(supernet, self.recipe))
                return {
                    **own,
                    "supernet_seconds": round(took, 3),
                    "supernet": supernet.fingerprint,
                }
            shared = shared_by(space, self.recipe, seed, self.folder, progress=self.progress)
            body = pretrained_body(shared.supernet, space, spec, self.recipe)
            return {
                **self._behind(shared.head, body, seed),
                "head_seconds": round(shared.seconds, 3),
                "supernet": shared.supernet.fingerprint,
            }

    def own_seconds(self, row: Mapping[str, Any]) -> float | None:
        """Return what training took: not that of supernet or shared head, or waiting for them."""
        return row.get("seconds")

    def _individually(self, body: Body, seed: int, widest: Sequence[int]) -> dict[str, Any]:
        """Train a body with a head of its own, a part of the one for `widest` channels."""
        from nape_bench.labels.multitask.start import drawn_head
        from nape_bench.labels.multitask.train import fit
        from nape_bench.torch_threads import one_thread

        recipe = self.recipe
        with one_thread():
            head = drawn_head(body.channels, widest, seed)
            rates = (recipe.body_rate, recipe.head_rate)
            return _row(body, fit(body, head, recipe, recipe.epochs, rates, seed))

    def _behind(self, head: Any, body: Body, seed: int) -> dict[str, Any]:
        """Fit a body and a copy of the shared head to each other."""
        from nape_bench.labels.multitask.head import narrowed
        from nape_bench.labels.multitask.train import fit

        recipe = self.recipe
        rates = (recipe.fine_rate, recipe.fine_rate)
        own = narrowed(head, body.channels)
        return _row(body, fit(body, own, recipe, recipe.fine_epochs, rates, seed))

    def _check_space(self, space: str | None) -> None:
        family = None if space is None else space_of(space)
        if self.pseudo and not isinstance(family, SupernetSpace):
            raise NapeError(
                f"{self.name}: a head is shared by bodies of a once-for-all family, not by "
                f"{space or 'graphs that are given as they are'}: measure multitask"
            )


def _row(body: Body, outcome: Outcome) -> dict[str, Any]:
    from nape_bench.labels.multitask.head import multiply_adds

    flops = body.graph.flops()
    diverged = outcome.diverged
    return {
        **{task: round(score, 4) for task, score in outcome.scores.items()},
        "seconds": round(outcome.seconds, 3),
        "body_flops": flops / 1e6,
        "flops": (flops + multiply_adds(body.levels)) / 1e6,
        "error": None if diverged is None else f"diverged: {diverged}",
    }


MEASURES.add("multitask", Multitask())
MEASURES.add("multitask_pseudo", Multitask(pseudo=True))
