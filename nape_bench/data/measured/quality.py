"""How good labels are: their spread, their noise, and what ranks architectures in the same way."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from nape_bench.data.readme import markdown_table
from nape_bench.metrics import spearman

if TYPE_CHECKING:
    from collections.abc import Mapping

    from nape_bench.data.measured.base import Label


@dataclass(frozen=True)
class Quality:
    """Figures of one label; those that are not defined are None.

    Attributes:
        least: Least label.
        median: Median label.
        greatest: Greatest label.
        spread: Standard deviation over architectures.
        distinct: Number of distinct labels.
        missing: Architectures without one.
        repeat_spread: Standard deviation between seeds of one architecture (root mean square),
            once what a seed has in common for all of them is taken out: it ranks none higher.
        between: Spearman rank correlation between seeds.
        reachable: Rank correlation that a perfect predictor would have, about.
        beside: What else is known of the architectures -> Spearman rank correlation with it.
    """

    least: float
    median: float
    greatest: float
    spread: float
    distinct: int
    missing: int
    repeat_spread: float | None
    between: float | None
    reachable: float | None
    beside: dict[str, float | None]


def quality(label: Label, beside: Mapping[str, np.ndarray]) -> Quality:
    """Work out the figures of a label.

    Args:
        label: The label.
        beside: Names of other values of the same architectures, float64 [architectures]; NaN
            where one has none.
    """
    there = label.values[np.isfinite(label.values)]
    noise = None
    if label.repeats is not None and label.repeats.shape[1] > 1:
        centred = label.repeats - np.nanmean(label.repeats, axis=0)
        variance = centred.var(axis=1, ddof=1)
        noise = float(np.sqrt(np.nanmean(variance)))
    return Quality(
        least=float(there.min()),
        median=float(np.median(there)),
        greatest=float(there.max()),
        spread=float(there.std(ddof=1)),
        distinct=len(np.unique(there)),
        missing=len(label.values) - len(there),
        repeat_spread=noise,
        between=label.info.noise_ceiling,
        reachable=label.info.reachable,
        beside={name: rank_correlation(label.values, other) for name, other in beside.items()},
    )


def rank_correlation(a: np.ndarray, b: np.ndarray) -> float | None:
    """Return the Spearman correlation over rows that have both; None where there is no order."""
    both = np.isfinite(a) & np.isfinite(b)
    if any(len(np.unique(values[both])) < 2 for values in (a, b)):
        return None
    return spearman(a[both], b[both])


def quality_table(labels: Mapping[str, Quality]) -> str:
    """Return the figures of labels as a Markdown table, one row a label."""
    beside = next(iter(labels.values())).beside
    head = ["label", "least", "median", "greatest", "sd", "sd between seeds", "distinct", "missing"]
    head += ["r between seeds", "reachable", *(f"r {name}" for name in beside)]
    rows = []
    for name, told in labels.items():
        row = [f"`{name}`", *map(plain, (told.least, told.median, told.greatest, told.spread))]
        row += [plain(told.repeat_spread), str(told.distinct), str(told.missing or "")]
        row += [correlation(told.between), correlation(told.reachable)]
        rows.append([*row, *(correlation(told.beside[other]) for other in beside)])
    return markdown_table(head, rows)


def plain(value: float | None) -> str:
    """Write a number with four digits that count; nothing for None."""
    return "" if value is None else f"{value:.4g}"


def correlation(value: float | None) -> str:
    """Write a correlation with three decimals; nothing for None."""
    return "" if value is None else f"{value:.3f}"
