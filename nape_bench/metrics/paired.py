"""Whether one entry is really better than another: the paired bootstrap."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from nape_bench.metrics.bootstrap import (
    by_seed,
    check_level,
    find_metric,
    in_canonical_order,
    percentile_interval,
)
from nape_bench.metrics.inputs import FloatArray, check_parts, check_positive, check_seeds
from nape_bench.metrics.resample import resampled

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from nape_bench.metrics.registry import Metric

ROUNDING = 1e-12
"""Differences below this share of the values are rounding, and count as none."""


@dataclass(frozen=True)
class PairedTest:
    """Two entries compared by one metric on the same items.

    Attributes:
        metric: The name of the metric.
        value_a: The metric of the first entry, the mean over its seeds.
        value_b: The metric of the second entry.
        difference: `value_a - value_b`; whether positive is better is the metric's to say.
        low: The lower end of the difference's bootstrap interval.
        high: The upper end.
        p_value: Two-sided, see `paired_test`.
        n: How many items were scored; where seeds have parts of their own, the fewest.
    """

    metric: str
    value_a: float
    value_b: float
    difference: float
    low: float
    high: float
    p_value: float
    n: int


def paired_test(
    y_true: ArrayLike,
    pred_a: ArrayLike,
    pred_b: ArrayLike,
    metric: str | Metric = "spearman",
    *,
    higher_is_better: bool = True,
    draws: int = 1000,
    seed: int = 0,
    level: float = 0.95,
    parts: ArrayLike | None = None,
) -> PairedTest:
    """Compare two entries on the same items and seeds by resampling both together.

    Each draw takes the same items and the same seeds for both entries, so what makes a test
    item hard or a seed lucky for both cancels. An entry with one row (a predictor without
    randomness, such as FLOPs) is set against every seed of the other.

    The p-value is twice the smaller of the shares of draws whose difference is at most and at
    least 0, with one added to both counts, and at most 1: it falls below 1 - `level` about where
    the interval leaves out 0, and is never below 2 / (draws + 1). It is as good as the interval
    (see `nape_bench.metrics.bootstrap`), and knows nothing of how many pairs were compared.

    Args:
        y_true: [items] true values.
        pred_a: [items] or [seeds, items] predictions of the first entry.
        pred_b: The same for the second entry, with as many seeds, or either with one.
        metric: A name in `METRICS`, or a metric.
        higher_is_better: The direction of the label.
        draws: How many resamples.
        seed: The same seed gives the same result.
        level: The share of draws inside the interval.
        parts: bool [seeds, items], the items that each seed is scored on; by default all. An
            entry with one row is scored on each seed's.

    Returns:
        The difference, its interval and its p-value.

    Raises:
        ValueError: Input that `check_seeds` or `check_parts` refuses; different
            numbers of seeds, none of them 1; all true values equal where the metric is one of
            order; `draws` below 1.
        KeyError: A name that no metric has; the message gives the nearest.
    """
    chosen = find_metric(metric)
    true, a = check_seeds(y_true, pred_a, "pred_a")
    _, b = check_seeds(y_true, pred_b, "pred_b")
    check_positive(draws, "draws")
    check_level(level)
    if len(a) != len(b) and 1 not in (len(a), len(b)):
        raise ValueError(
            f"pred_a has {len(a)} seeds and pred_b has {len(b)}: give both the same seeds, "
            "or one row for an entry without randomness"
        )
    scored = check_parts(parts, max(len(a), len(b)), len(true))
    if scored is not None:
        a, b = (np.broadcast_to(entry, scored.shape) for entry in (a, b))
    true, both, scored = in_canonical_order(
        true, np.concatenate([a, b]), None if scored is None else np.concatenate([scored, scored])
    )
    part = None if scored is None else scored[: len(a)]
    entries = [by_seed(true, rows, part) for rows in (both[: len(a)], both[len(a) :])]
    kernels = [[chosen.resampler(*pair, higher_is_better) for pair in entry] for entry in entries]
    drawn_a, drawn_b = resampled(kernels, len(true), draws, seed, part)
    drawn = _difference(drawn_a, drawn_b)
    low, high = percentile_interval(drawn, level)
    value_a, value_b = (
        float(np.mean([chosen.compute(*pair, higher_is_better) for pair in entry]))
        for entry in entries
    )
    return PairedTest(
        chosen.name,
        value_a,
        value_b,
        value_a - value_b,
        low,
        high,
        _p_value(drawn),
        min(len(own) for own, _ in entries[0]),
    )


def _difference(a: FloatArray, b: FloatArray) -> FloatArray:
    difference = a - b
    difference[np.abs(difference) <= ROUNDING * np.maximum(np.abs(a), np.abs(b))] = 0.0
    return difference


def _p_value(drawn: FloatArray) -> float:
    kept = drawn[~np.isnan(drawn)]
    smaller = min(np.count_nonzero(kept <= 0), np.count_nonzero(kept >= 0))
    return float(min(1.0, 2 * (smaller + 1) / (len(kept) + 1)))
