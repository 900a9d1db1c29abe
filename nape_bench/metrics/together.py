"""How several values of the same items go together: rank correlations, each with its interval."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from nape_bench.metrics.bootstrap import Interval, bootstrap_interval

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping, Sequence

    from numpy.typing import NDArray

    from nape_bench.metrics.inputs import FloatArray

LEAST = 3
"""Items that a correlation needs: two always give -1 or 1."""


@dataclass(frozen=True)
class Repeats:
    """How far two measurements of one key agree.

    Attributes:
        correlation: Spearman's rank correlation between them, over the keys that have two; None
            where it is not defined. These keys may be closer together than all are.
        between: Standard deviation between measurements of one key, root mean square.
        over: Standard deviation over all items.
    """

    correlation: Interval | None
    between: float
    over: float


def rank_correlations(
    columns: Mapping[str, FloatArray], *, draws: int = 1000, seed: int = 0
) -> dict[tuple[str, str], Interval | None]:
    """Return Spearman's rank correlation of each pair of columns, with a 95 % bootstrap interval.

    Args:
        columns: Name -> float64 [items]; NaN where an item has no value. A pair is compared over
            the items that have both.
        draws: How many resamples of items.
        seed: The same seed gives the same intervals.

    Returns:
        (name, later name) -> the correlation; None where one is not defined: fewer than three
        items have both, or all values of one are equal.
    """
    names = list(columns)
    return {
        (first, second): _correlation(columns[first], columns[second], draws, seed)
        for place, first in enumerate(names)
        for second in names[place + 1 :]
    }


def repeats(
    columns: Mapping[str, FloatArray], keys: Sequence[Hashable], *, draws: int = 1000, seed: int = 0
) -> dict[str, Repeats]:
    """Return how far measurements of one key agree, column by column.

    Items of one key were measured more than once. Those that agree in every column are copies of
    one measurement; of each key with several measurements the first two are compared. Items that
    lack a value are left out.

    Args:
        columns: Name -> float64 [items]; NaN where an item has no value.
        keys: What each item is, [items].
        draws: As in `rank_correlations`.
        seed: As in `rank_correlations`.
    """
    first, second = _repeats(np.column_stack(list(columns.values())), keys)
    told = {}
    for name, values in columns.items():
        correlation = _correlation(values[first], values[second], draws, seed)
        between = np.sqrt(np.mean((values[first] - values[second]) ** 2 / 2)) if len(first) else 0
        told[name] = Repeats(correlation, float(between), float(np.nanstd(values)))
    return told


def _repeats(values: FloatArray, keys: Sequence[Hashable]) -> tuple[NDArray[np.intp], ...]:
    """Return the places of the first two measurements of each key that has two.

    Args:
        values: [items, columns].
        keys: [items].
    """
    measured: dict[Hashable, dict[bytes, int]] = {}
    for place, (key, row) in enumerate(zip(keys, values, strict=True)):
        if np.isfinite(row).all():
            measured.setdefault(key, {}).setdefault(row.tobytes(), place)
    pairs = [list(places.values())[:2] for places in measured.values() if len(places) > 1]
    first, second = np.array(pairs, dtype=np.intp).reshape(-1, 2).T
    return first, second


def _correlation(a: FloatArray, b: FloatArray, draws: int, seed: int) -> Interval | None:
    both = np.isfinite(a) & np.isfinite(b)
    a, b = a[both], b[both]
    if len(a) < LEAST or any(np.ptp(values) == 0 for values in (a, b)):
        return None
    return bootstrap_interval(a, b, "spearman", draws=draws, seed=seed)
