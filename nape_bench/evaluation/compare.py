"""compare: whether one entry is really better than another on a protocol, and where they differ."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from nape_bench.errors import ProtocolError
from nape_bench.evaluation.pictures import open_again
from nape_bench.metrics import METRICS, PairedTest, paired_test

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from nape_bench.data import Dataset
    from nape_bench.evaluation.result import Result
    from nape_bench.evaluation.task import Task

LEVEL = 0.05
"""Entries with a higher p-value cannot be told apart."""
QUARTERS = 4


@dataclass(frozen=True)
class Group:
    """A part of the test, and how well each entry ranks it.

    Attributes:
        by: What it is a part by: the label, "FLOPs", "depth" (layers with weights on the longest
            path) or "subset".
        name: Which part: "lowest" to "highest" of quarters, or a subset's name.
        low: The lowest value in a quarter; None for subsets.
        high: The highest.
        rows: How many rows.
        error_a: Mean over rows and seeds of the first entry's error in rank, in places of the
            whole test.
        error_b: That of the second.
    """

    by: str
    name: str
    low: float | None
    high: float | None
    rows: int
    error_a: float
    error_b: float


@dataclass(frozen=True)
class Row:
    """One architecture, with ranks from 1 for the best; means over seeds.

    Attributes:
        id: Its id.
        truth: Its true label.
        rank: Its rank by the true label.
        rank_a: Its rank by the first entry.
        rank_b: Its rank by the second.
        error_a: Mean error in rank of the first entry.
        error_b: Mean error in rank of the second.
    """

    id: str
    truth: float
    rank: float
    rank_a: float
    rank_b: float
    error_a: float
    error_b: float

    @property
    def gain(self) -> float:
        """How many places the first entry is nearer to the truth than the second."""
        return self.error_b - self.error_a


@dataclass(frozen=True)
class Comparison:
    """Two entries on one protocol.

    Attributes:
        protocol: Its name.
        names: What the two entries are called.
        test: The paired test; its difference is the first entry's value less the second's.
        unit: Unit of the metric, "" for none.
        target: The label, and its unit.
        groups: Parts of the test.
        rows: All scored architectures, in the order of the test.
        notes: What a reader must know, in sentences.
    """

    protocol: str
    names: tuple[str, str]
    test: PairedTest
    unit: str
    target: str
    groups: tuple[Group, ...]
    rows: tuple[Row, ...] = field(repr=False)
    notes: tuple[str, ...] = ()

    @property
    def better(self) -> str | None:
        """The name of the better entry; None where they cannot be told apart."""
        if self.test.p_value >= LEVEL or self.test.difference == 0:
            return None
        first = (self.test.difference > 0) == METRICS[self.test.metric].higher_is_better
        return self.names[0] if first else self.names[1]

    def differing(self, count: int) -> tuple[Row, ...]:
        """Return the rows on which the entries differ most, by how much nearer one of them is."""
        return tuple(sorted(self.rows, key=lambda row: -abs(row.gain))[:count])


def compare(
    a: Result,
    b: Result,
    metric: str = "spearman",
    *,
    names: tuple[str, str] | None = None,
    dataset: Dataset | None = None,
    draws: int = 1000,
) -> Comparison:
    """Compare two results on the same protocol.

    Both are compared on the seeds that both have; an entry of one seed stands against every seed of
    the other, unless each seed sees labels of its own. Ranks are taken among the rows that a seed
    is scored on.

    Args:
        a: The first result.
        b: The second.
        metric: The name of a metric.
        names: What they are called; by default their predictors' names.
        dataset: The protocol's dataset, where it lies in a folder that must be named.
        draws: Resamples of the paired test.

    Raises:
        ProtocolError: They are results of different protocols or have no seed in common, or the
            metric needs values where one has only scores.
        UnknownNameError: The labels are not at hand.
        DataError: The labels at hand are others than a result is about.
        KeyError: No metric has the name; the message gives the nearest.
    """
    called = names or (a.predictor.name, b.predictor.name)
    if a.protocol != b.protocol:
        raise ProtocolError(f"{called[0]} is on {a.protocol}, and {called[1]} on {b.protocol}")
    chosen = METRICS[metric]
    for name, result in zip(called, (a, b), strict=True):
        if chosen.needs_value and not result.predictor.is_value:
            raise ProtocolError(f"{chosen.title} needs values, and {name} predicts only a score")
    task = open_again(a, dataset)
    open_again(b, dataset, task)
    seeds, notes = _seeds(a, b, called, shots=task.protocol.shots)
    higher, truth = task.dataset.higher_is_better, np.asarray(task.test.y, dtype=np.float64)
    parts = task.parts(seeds)
    of_a, of_b = (_predicted(result, seeds) for result in (a, b))
    test = paired_test(truth, of_a, of_b, metric, higher_is_better=higher, draws=draws, parts=parts)
    scored = np.ones((len(seeds), len(truth)), dtype=bool) if parts is None else parts
    ranks = [
        _ranks(np.broadcast_to(values, scored.shape), scored, higher)
        for values in (truth, of_a, of_b)
    ]
    errors = [np.abs(each - ranks[0]) for each in ranks[1:]]
    unit = task.dataset.unit
    return Comparison(
        protocol=a.protocol,
        names=called,
        test=test,
        unit=unit if chosen.unit == "label" else "",
        target=f"{task.dataset.target} ({unit})" if unit else task.dataset.target,
        groups=tuple(_groups(task, truth, *errors)),
        rows=tuple(_rows(task.test.ids, truth, ranks, errors)),
        notes=notes,
    )


def _seeds(
    a: Result, b: Result, names: tuple[str, str], *, shots: int
) -> tuple[tuple[int, ...], tuple[str, ...]]:
    """Return the seeds that both are compared on, and what must be said of them."""
    single = [len(a.seeds) == 1, len(b.seeds) == 1]
    # With labels drawn for each seed, one seed has seen what others are scored on.
    if any(single) and a.seeds != b.seeds and not shots:
        more = b if single[0] else a
        name = names[0] if single[0] else names[1]
        told = f"{name} has one seed, which stands against each of the {len(more.seeds)} others."
        return more.seeds, (told,) if len(more.seeds) > 1 else ()
    both = tuple(seed for seed in a.seeds if seed in b.seeds)
    if not both:
        raise ProtocolError(
            f"{a.protocol}: {names[0]} has seeds {', '.join(map(str, a.seeds))} and {names[1]} "
            f"{', '.join(map(str, b.seeds))}: run both with the same"
        )
    if len(both) < max(len(a.seeds), len(b.seeds)):
        return both, (f"Compared on the seeds that both have: {', '.join(map(str, both))}.",)
    return both, ()


def _predicted(result: Result, seeds: tuple[int, ...]) -> np.ndarray:
    """Return predictions, float64 [seeds, rows], or [1, rows] of an entry of one seed."""
    chosen = result.seeds if len(result.seeds) == 1 else seeds
    return np.stack([result.predictions[seed] for seed in chosen])


def _ranks(values: np.ndarray, scored: np.ndarray, higher_is_better: bool) -> np.ndarray:
    """Rank from 1 for the best among the scored rows of each seed, [seeds, rows]; others NaN."""
    from scipy.stats import rankdata

    signed = np.where(scored, -values if higher_is_better else values, np.nan)
    ranks: np.ndarray = rankdata(signed, axis=1, nan_policy="omit")
    return ranks


def _rows(
    ids: list[str], truth: np.ndarray, ranks: list[np.ndarray], errors: list[np.ndarray]
) -> Iterator[Row]:
    kept = np.flatnonzero(np.isfinite(ranks[0]).any(axis=0))
    columns = [np.nanmean(each[:, kept], axis=0).tolist() for each in (*ranks, *errors)]
    for row, *numbers in zip(kept.tolist(), *columns, strict=True):
        yield Row(ids[row], float(truth[row]), *numbers)


def _groups(task: Task, truth: np.ndarray, a: np.ndarray, b: np.ndarray) -> Iterator[Group]:
    from nape_bench.predictors.statistics import graph_statistics

    statistics, columns = graph_statistics(task.test.graphs)
    values: Mapping[str, np.ndarray] = {
        task.dataset.target: truth,
        "FLOPs": task.test.graphs.flops().astype(np.float64),
        "depth": statistics[:, columns.index("weighted_depth")],
    }
    for by, each in values.items():
        for name, mask in _quarters(each):
            low, high = float(each[mask].min()), float(each[mask].max())
            yield _group(by, name, mask, a, b, low, high)
    for name, mask in task.subsets.items():
        yield _group("subset", name, mask, a, b, None, None)


def _group(
    by: str,
    name: str,
    mask: np.ndarray,
    a: np.ndarray,
    b: np.ndarray,
    low: float | None,
    high: float | None,
) -> Group:
    errors = (float(np.nanmean(each[:, mask])) for each in (a, b))
    return Group(by, name, low, high, int(mask.sum()), *errors)


def _quarters(values: np.ndarray) -> Iterator[tuple[str, np.ndarray]]:
    """Cut rows at the quartiles; equal values stay together, so that there may be fewer parts."""
    edges = np.quantile(values, np.arange(1, QUARTERS) / QUARTERS)
    part = np.searchsorted(edges, values, side="left")
    for i, name in enumerate(("lowest", "low", "high", "highest")):
        if (part == i).any():
            yield name, part == i
