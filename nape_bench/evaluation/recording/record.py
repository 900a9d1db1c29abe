"""record: run what a recipe asks for and is not recorded yet, one protocol after another."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from nape_bench.errors import DataError
from nape_bench.evaluation.evaluator import Evaluator
from nape_bench.evaluation.fits import Fits
from nape_bench.evaluation.protocols import protocol
from nape_bench.evaluation.protocols.at_hand import AtHand
from nape_bench.evaluation.recording.records import read_records, write_records
from nape_bench.evaluation.run import evaluate, facts, scored_seeds
from nape_bench.labels.locks import locked
from nape_bench.metrics import EVALUATOR_VERSION

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from nape_bench.evaluation.recording.recipe import Recipe
    from nape_bench.evaluation.result import Result
    from nape_bench.predictors import Predictor

LOCK_FILE = ".lock"
MISSING, NOT_AT_HAND, STALE, CURRENT = "missing", "not at hand", "stale", "recorded"
OWN = "own code"


@dataclass(frozen=True)
class Done:
    """What became of one protocol.

    Attributes:
        protocol: Its name.
        result: What was recorded now.
        before: What was recorded before, or None.
    """

    protocol: str
    result: Result
    before: Result | None

    @property
    def same(self) -> bool:
        """Whether the same was predicted before, to the last bit."""
        old, new = self.before, self.result
        return (
            old is not None
            and old.ids == new.ids
            and old.predictions.keys() == new.predictions.keys()
            and all(np.array_equal(old.predictions[s], new.predictions[s]) for s in new.predictions)
        )


def record(
    folder: Path,
    recipe: Recipe,
    *,
    own: Predictor | None = None,
    only: Sequence[str] | None = None,
    again: bool = False,
    progress: bool = False,
) -> Iterator[Done]:
    """Run a recipe on its protocols, and keep each result once it is there.

    What is recorded and still holds is not run again, so that a run that was killed goes on where
    it was. Protocols whose labels are not at hand keep what was recorded; protocols that the recipe
    does not name lose it. Of a recipe of somebody's own nothing is run unless the predictor is
    given. Protocols that follow each other and are fitted to the same labels share the fit; seconds
    of each are as if they did not.

    Args:
        folder: The baseline's folder.
        recipe: Its recipe.
        own: The predictor, where the recipe is of somebody's own.
        only: Names of protocols to run, of the recipe's; all if not said.
        again: Whether to run what is recorded too.
        progress: Whether progress is shown on standard error.

    Yields:
        Each protocol that was run, once its result is written.

    Raises:
        DataError: Another process records into the folder now.
    """
    if recipe.is_own and own is None:
        return
    folder.mkdir(parents=True, exist_ok=True)
    with locked(folder / LOCK_FILE, wait=False) as mine:
        if not mine:
            raise DataError(f"{folder}: another run records into it now")
        kept = {
            name: result
            for name, result in read_records(folder).items()
            if name in recipe.protocols
        }
        at_hand = AtHand()
        # Somebody's own need not be one that can be copied once it was fitted.
        fits = Fits() if own is None else None
        for name in recipe.protocols if only is None else only:
            before, wanted = kept.get(name), protocol(name)
            if not at_hand.has(wanted):
                continue
            predictor, evaluator = own or recipe.make(), Evaluator(wanted)
            if before is not None and not again and _holds(recipe, before, predictor, evaluator):
                continue
            kept[name] = evaluate(
                predictor, evaluator, seeds=recipe.seeds, progress=progress, fits=fits
            )
            # In the recipe's order, however they came.
            write_records(folder, {key: kept[key] for key in recipe.protocols if key in kept})
            yield Done(name, kept[name], before)
        write_records(folder, {key: kept[key] for key in recipe.protocols if key in kept})


def state(
    recipe: Recipe, name: str, recorded: Result | None, *, own: Predictor | None = None
) -> str:
    """Say whether a protocol's labels are at hand, and whether what is recorded still holds.

    Returns:
        `OWN`, where the recipe is of somebody's own and the predictor is not given;
        `NOT_AT_HAND`; `MISSING`; `STALE` where the settings, the seeds, the labels or the major
        version of the evaluator are others than they were; `CURRENT`.
    """
    if recipe.is_own and own is None:
        return OWN
    wanted = protocol(name)
    if not AtHand().has(wanted):
        return NOT_AT_HAND
    if recorded is None:
        return MISSING
    holds = _holds(recipe, recorded, own or recipe.make(), Evaluator(wanted))
    return CURRENT if holds else STALE


def _holds(recipe: Recipe, recorded: Result, predictor: Predictor, evaluator: Evaluator) -> bool:
    labels = evaluator.task.dataset
    seeds = None if recipe.seeds is None else range(recipe.seeds)
    return (
        recorded.predictor == facts(predictor)
        and recorded.seeds == scored_seeds(type(predictor), evaluator.task, seeds)
        # Where labels were found may differ.
        and replace(recorded.dataset, source=labels.source) == labels
        # Among them the labels to be fitted to, where these are another dataset's.
        and set(evaluator.notes) <= set(recorded.notes)
        and recorded.evaluator.split(".")[0] == EVALUATOR_VERSION.split(".")[0]
    )
