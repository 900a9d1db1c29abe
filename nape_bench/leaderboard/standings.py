"""Ranks on one protocol and over a track: pure functions of scores."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.stats import rankdata

from nape_bench.leaderboard.board import Place, Standing
from nape_bench.metrics import friedman_nemenyi

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from nape_bench.leaderboard.checking.metadata import Entry
    from nape_bench.leaderboard.checking.scoring import Score

BY = "spearman"
"""The metric that ranks: predictors of scores have it too, and it knows no unit."""
DRAWS = 2000
LEAST_SECONDS = 0.1
"""Below this the time of a run is no cost: what it takes to count FLOPs differs by chance."""


@dataclass(frozen=True)
class Scored:
    """What a submission scored on a protocol.

    Attributes:
        score: The score.
        entry: What the submission says of the run.
        is_stored: Whether the board's folder has no labels to score it on.
        is_ranked: Whether the submission takes part; one that is superseded is only shown.
    """

    score: Score
    entry: Entry
    is_stored: bool
    is_ranked: bool


def places(scored: Mapping[str, Scored]) -> tuple[Place, ...]:
    """Rank submissions on one protocol, best first; what is not ranked comes last.

    Args:
        scored: By submission.
    """
    ranked = [name for name, each in scored.items() if each.is_ranked]
    values = [_value(scored[name].score) for name in ranked]
    ranks = dict(zip(ranked, rankdata(-np.array(values)).tolist(), strict=True)) if ranked else {}
    best = pareto(
        {n: (_value(s.score), (float(s.entry.labels), s.entry.seconds)) for n, s in scored.items()}
    )
    made = [
        Place(
            name,
            each.score,
            ranks.get(name),
            each.entry.labels,
            each.entry.seconds,
            each.is_stored,
            name in ranks and name in best,
        )
        for name, each in scored.items()
    ]
    return tuple(sorted(made, key=lambda p: (p.rank is None, -_value(p.score), p.submission)))


def standings(
    protocols: Sequence[str], ranked: Mapping[str, Mapping[str, Place]]
) -> tuple[tuple[Standing, ...], float, float]:
    """Compare submissions over the protocols of a track.

    Args:
        protocols: The protocols.
        ranked: Places by submission and protocol.

    Returns:
        The standings, those on all protocols first, by mean rank; the p-value of Friedman's test;
        and Nemenyi's critical difference.
    """
    whole = [name for name, by in ranked.items() if len(by) == len(protocols)]
    test = (
        friedman_nemenyi([[_value(ranked[n][p].score) for p in protocols] for n in whole])
        if whole
        else None
    )
    ranks = dict(zip(whole, test.mean_ranks, strict=True)) if test else {}
    least = min(ranks.values(), default=0.0)
    gap = test.critical_difference if test else float("inf")
    costs = {name: _costs(list(ranked[name].values())) for name in ranked}
    means = {name: float(np.mean(_values(ranked[name]))) for name in ranked}
    front = pareto({name: (means[name], costs[name]) for name in whole})
    made = [
        Standing(
            name,
            len(ranked[name]),
            means[name],
            *_interval(_values(ranked[name])),
            ranks.get(name),
            ranks[name] - least <= gap if name in ranks and np.isfinite(gap) else None,
            *costs[name],
            name in front,
        )
        for name in ranked
    ]
    made.sort(
        key=lambda s: (
            s.mean_rank is None,
            s.mean_rank if s.mean_rank is not None else -s.protocols,
            -s.mean,
            s.submission,
        )
    )
    return tuple(made), test.p_value if test else 1.0, gap


def pareto(entries: Mapping[str, tuple[float, tuple[float, float | None]]]) -> set[str]:
    """Return the entries that no other beats in quality and cost at once.

    Args:
        entries: Quality, and labels and seconds, by name; seconds that are not told are as the
            longest.
    """
    points = {
        name: (-quality, labels, float("inf") if seconds is None else max(seconds, LEAST_SECONDS))
        for name, (quality, (labels, seconds)) in entries.items()
    }
    return {
        name
        for name, own in points.items()
        if not any(
            other != own and all(a <= b for a, b in zip(other, own, strict=True))
            for other in points.values()
        )
    }


def _interval(values: Sequence[float]) -> tuple[float | None, float | None]:
    """Return the 95 % bootstrap interval of a mean over protocols."""
    if len(values) < 2:
        return None, None
    rng = np.random.default_rng(0)
    picks = rng.integers(0, len(values), size=(DRAWS, len(values)))
    low, high = np.percentile(np.asarray(values)[picks].mean(axis=1), [2.5, 97.5])
    return float(low), float(high)


def _costs(own: Sequence[Place]) -> tuple[float, float | None]:
    seconds = [place.seconds for place in own]
    told = None if None in seconds else float(np.mean([s for s in seconds if s is not None]))
    return float(np.mean([place.labels for place in own])), told


def _values(by: Mapping[str, Place]) -> list[float]:
    return [_value(place.score) for place in by.values()]


def _value(score: Score) -> float:
    return score.metrics[BY].value
