"""Verification: what was found, and its rivals, are really trained."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from nape_bench.errors import DataError
from nape_bench.labels import Micro, label_graphs
from nape_bench.search.scales import recipe_for

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from nape_bench.graph import ArchGraph

DRAWS = 10_000
LEVEL = 0.95


@dataclass(frozen=True)
class Difference:
    """A difference of means with its bootstrap interval.

    Attributes:
        value: The first mean less the second.
        low: Lower end of the 95 % interval, over networks and seeds.
        high: Upper end of it.
    """

    value: float
    low: float
    high: float

    @property
    def verdict(self) -> str:
        """Whether the interval is above 0, below, or holds it."""
        return "above" if self.low > 0 else "below" if self.high < 0 else "open"


@dataclass(frozen=True)
class Measured:
    """What trainings gave.

    Attributes:
        accuracy: Hash -> accuracy in % of each seed, float64 [seeds]; networks of which all
            trainings ended.
        failed: Hash -> why a training of it did not: it diverged, or cannot be run.
    """

    accuracy: dict[str, np.ndarray]
    failed: dict[str, str]


def measure(
    graphs: Sequence[ArchGraph], space: str, store: Path, *, seeds: int, progress: bool = False
) -> Measured:
    """Train networks at the micro scale of a space, or take what the store has.

    Args:
        graphs: The networks, built at that scale.
        space: Its name; it says by which recipe.
        store: Folder of a label store, which only grows: a run that was ended goes on.
        seeds: Trainings of each.
        progress: Whether to show progress.

    Raises:
        DataError: Another run on the store is at a network; or the store is broken.
    """
    report = label_graphs(
        graphs, store=store, measure=Micro(recipe_for(space)), seeds=seeds, jobs=0,
        progress=progress,
    )  # fmt: skip
    found: dict[str, dict[int, float]] = {}
    failed: dict[str, str] = {}
    for row in report.rows:
        if row["error"] is not None:
            failed.setdefault(row["text"], f"seed {row['seed']}: {row['error']}")
        else:
            found.setdefault(row["text"], {})[row["seed"]] = float(row["accuracy"])
    whole = {key: of for key, of in found.items() if key not in failed}
    lacking = [
        g.hash for g in graphs if g.hash not in failed and len(whole.get(g.hash, ())) < seeds
    ]
    if lacking:
        raise DataError(f"{store}: another run is at graph {lacking[0]}; wait for it to end")
    accuracy = {key: np.array([of[seed] for seed in range(seeds)]) for key, of in whole.items()}
    return Measured(accuracy, failed)


def difference(
    first: Sequence[np.ndarray], second: Sequence[np.ndarray], *, seed: int = 0
) -> Difference:
    """Compare the means of two sets of networks; networks and their seeds are drawn again.

    Args:
        first: Values of each network's seeds.
        second: The same of other networks. One network alone: its seeds vary, it does not.
        seed: What resamples are drawn from.
    """
    rng = np.random.default_rng(seed)
    means = [_resampled(np.stack(values), rng) for values in (first, second)]
    low, high = np.quantile(means[0] - means[1], [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    value = float(np.mean(np.stack(first)) - np.mean(np.stack(second)))
    return Difference(value, float(low), float(high))


def _resampled(values: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return the mean of each of many resamples of networks and of seeds, float64 [draws]."""
    networks, seeds = values.shape
    rows = rng.integers(networks, size=(DRAWS, networks, 1))
    columns = rng.integers(seeds, size=(DRAWS, networks, seeds))
    result: np.ndarray = values[rows, columns].mean(axis=(1, 2))
    return result
