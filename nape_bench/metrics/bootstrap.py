"""Bootstrap intervals of metrics, over test items and over seeds.

What the intervals are worth:

- They say how the value would vary with another test set of this size from the same source,
  and, where several seeds are given, with other seeds. One seed: items alone.
- With S seeds the spread between seeds is seen through S values, and the bootstrap shows
  (S - 1) / S of its variance: with two or three seeds an interval is too narrow in that part.
- A resample holds copies and leaves out about 37 % of the items, so metrics of the top (NDCG,
  overlap, regret) are shifted in it, and the value itself may lie outside of their interval.
  Read those as a scale, not as a test.
- Resamples whose true values are all equal have no order; they are left out for metrics of
  order. This happens with a handful of items only.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from nape_bench.metrics.inputs import (
    BoolArray,
    FloatArray,
    check_parts,
    check_positive,
    check_seeds,
)
from nape_bench.metrics.registry import METRICS, Metric
from nape_bench.metrics.resample import resampled

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import ArrayLike


@dataclass(frozen=True)
class Interval:
    """A metric with its bootstrap percentile interval.

    Attributes:
        value: The metric; with several seeds the mean of `per_seed`.
        low: The lower end of the interval.
        high: The upper end.
        n: How many items were scored; where seeds have parts of their own, the fewest.
        per_seed: The metric of each seed.
    """

    value: float
    low: float
    high: float
    n: int
    per_seed: tuple[float, ...]


def bootstrap_interval(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    metric: str | Metric = "spearman",
    *,
    higher_is_better: bool = True,
    draws: int = 1000,
    seed: int = 0,
    level: float = 0.95,
    parts: ArrayLike | None = None,
) -> Interval:
    """Compute one metric and its interval; see `bootstrap_intervals`."""
    chosen = find_metric(metric)
    intervals = bootstrap_intervals(
        y_true,
        y_pred,
        [chosen],
        higher_is_better=higher_is_better,
        draws=draws,
        seed=seed,
        level=level,
        parts=parts,
    )
    return intervals[chosen.name]


def bootstrap_intervals(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    metrics: Iterable[str | Metric],
    *,
    higher_is_better: bool = True,
    draws: int = 1000,
    seed: int = 0,
    level: float = 0.95,
    parts: ArrayLike | None = None,
) -> dict[str, Interval]:
    """Compute metrics and their bootstrap percentile intervals, all on the same resamples.

    The result does not depend on the order in which items are listed.

    Args:
        y_true: [items] true values.
        y_pred: [items], or [seeds, items] predictions.
        metrics: Names in `METRICS`, or metrics.
        higher_is_better: The direction of the label.
        draws: How many resamples.
        seed: The same seed gives the same intervals.
        level: The share of draws inside the interval.
        parts: bool [seeds, items], the items that each seed is scored on, where a seed has seen
            the labels of some; by default all.

    Returns:
        The interval of each metric by its name, in the order asked for.

    Raises:
        ValueError: Input that `check_seeds` or `check_parts` refuses; all true values equal where
            a metric of order is asked for; `draws` below 1; `level` not between 0 and 1.
        KeyError: A name that no metric has; the message gives the nearest.
    """
    true, pred = check_seeds(y_true, y_pred)
    scored = check_parts(parts, *pred.shape)
    check_positive(draws, "draws")
    check_level(level)
    chosen = [find_metric(metric) for metric in metrics]
    if not chosen:
        return {}
    true, pred, scored = in_canonical_order(true, pred, scored)
    pairs = by_seed(true, pred, scored)
    kernels = [[m.resampler(*pair, higher_is_better) for pair in pairs] for m in chosen]
    drawn = resampled(kernels, len(true), draws, seed, scored)
    fewest = min(len(own) for own, _ in pairs)
    result = {}
    for metric, values in zip(chosen, drawn, strict=True):
        per_seed = [metric.compute(*pair, higher_is_better) for pair in pairs]
        low, high = percentile_interval(values, level)
        result[metric.name] = Interval(float(np.mean(per_seed)), low, high, fewest, tuple(per_seed))
    return result


def find_metric(metric: str | Metric) -> Metric:
    """Give the metric of a name, and a metric as it is."""
    return METRICS[metric] if isinstance(metric, str) else metric


def in_canonical_order(
    true: FloatArray, pred: FloatArray, parts: BoolArray | None
) -> tuple[FloatArray, FloatArray, BoolArray | None]:
    """Sort items by truth, then predictions: results no longer depend on how they were listed.

    Args:
        true: [items].
        pred: [rows, items].
        parts: [rows, items] which items each row is scored on; None is all.

    Returns:
        All, with their items sorted.
    """
    if parts is None:
        order = np.lexsort((*pred[::-1], true))
        return true[order], np.ascontiguousarray(pred[:, order]), None
    order = np.lexsort((*parts[::-1], *pred[::-1], true))
    return true[order], np.ascontiguousarray(pred[:, order]), parts[:, order]


def by_seed(
    true: FloatArray, pred: FloatArray, parts: BoolArray | None
) -> list[tuple[FloatArray, FloatArray]]:
    """Give the true and predicted values that each seed is scored on.

    Args:
        true: [items].
        pred: [seeds, items].
        parts: [seeds, items] which items each seed is scored on; None is all.
    """
    if parts is None:
        return [(true, row) for row in pred]
    return [(true[part], row[part]) for row, part in zip(pred, parts, strict=True)]


def percentile_interval(values: FloatArray, level: float) -> tuple[float, float]:
    """Cut off the same share of the draws at both ends.

    Args:
        values: [draws]; NaN for draws that are left out.
        level: The share that stays inside.

    Returns:
        The lower and the upper end, interpolated between draws.

    Raises:
        ValueError: All draws are left out.
    """
    kept = values[~np.isnan(values)]
    if len(kept) == 0:
        raise ValueError(
            f"no resample of {len(values)} had two different true values: ask for more draws, "
            "or score more items"
        )
    low, high = np.quantile(kept, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def check_level(level: float) -> None:
    """Refuse a level that is not strictly between 0 and 1."""
    if not 0 < level < 1:
        raise ValueError(f"level must lie between 0 and 1 (0.95 for 95 %), not {level!r}")
