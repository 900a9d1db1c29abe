"""All that a result table says of one entry, in one call."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nape_bench.metrics.bootstrap import Interval, bootstrap_intervals, find_metric
from nape_bench.metrics.registry import METRICS, Metric

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import ArrayLike

EVALUATOR_VERSION = "1"
"""Version of what scores: its major part changes where the same predictions would get another
score. Results of different majors never share a table."""


def score(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    *,
    higher_is_better: bool = True,
    is_value: bool = True,
    draws: int = 1000,
    seed: int = 0,
    metrics: Iterable[str | Metric] | None = None,
    parts: ArrayLike | None = None,
) -> dict[str, Interval]:
    """Score predictions: each metric with its 95 % bootstrap interval.

    Args:
        y_true: [items] true values.
        y_pred: [items], or [seeds, items] predictions, in the order of `y_true`. A prediction is
            read on the scale of the label: where a lower label is better, so is a lower one.
        higher_is_better: The direction of the label.
        is_value: Whether predictions are in the label's unit; a mere score has no MAE.
        draws: How many resamples.
        seed: The same seed gives the same intervals.
        metrics: Which metrics, by name; all that apply if not said.
        parts: bool [seeds, items], the items that each seed is scored on, where a seed has seen
            the labels of some; by default all.

    Returns:
        The interval of each metric by its name; its `value` is the mean over seeds.

    Raises:
        ValueError: Input that `check_seeds` or `check_parts` refuses; all true values
            equal where a metric of order is asked for; a metric that needs values asked for of a
            score.
        KeyError: A name that no metric has; the message gives the nearest.
    """
    if metrics is None:
        chosen = [m for m in METRICS.values() if is_value or not m.needs_value]
    else:
        chosen = [find_metric(metric) for metric in metrics]
        refused = [m.name for m in chosen if m.needs_value and not is_value]
        if refused:
            raise ValueError(
                f"{', '.join(refused)} needs predictions in the unit of the label, and these are "
                "scores (is_value=False): leave it out, or score a predictor of values"
            )
    return bootstrap_intervals(
        y_true,
        y_pred,
        chosen,
        higher_is_better=higher_is_better,
        draws=draws,
        seed=seed,
        parts=parts,
    )
