"""The best of a resample: how many copies of which item lie among the first k."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from nape_bench.metrics.inputs import FloatArray, IntArray


@dataclass(frozen=True)
class Head:
    """The beginning of a ranking, long enough to hold the first k copies of every draw.

    Attributes:
        items: [places] items, best first.
        counts: [draws, places] copies of each.
        starts: [groups] the place at which each group of tied items begins.
        own: [draws, groups] copies in each group.
        upto: [draws, groups] copies in it and all better groups.
    """

    items: IntArray
    counts: IntArray
    starts: IntArray
    own: IntArray
    upto: IntArray

    def slots(self, k: int) -> IntArray:
        """Say how many of the first `k` each group gets: [draws, groups], summing to k."""
        slots: IntArray = np.minimum(self.upto, k) - np.minimum(self.upto - self.own, k)
        return slots

    def group_means(self, values: NDArray[np.float64 | np.bool_]) -> FloatArray:
        """Average `values` ([places] or [draws, places]) over the copies in each group.

        Returns:
            [draws, groups], 0 where a draw holds no copy of a group.
        """
        sums = np.add.reduceat(self.counts * values, self.starts, axis=1)
        means = np.zeros(self.own.shape)
        np.divide(sums, self.own, out=means, where=self.own > 0)
        return means


@dataclass(frozen=True)
class Ranking:
    """Items from the best to the worst, with groups of ties.

    Attributes:
        items: [items] the item at each place.
        ends: [groups] the last place of each group.
    """

    items: IntArray
    ends: IntArray

    @classmethod
    def of(cls, goodness: FloatArray, among_ties: FloatArray) -> Ranking:
        """Rank by `goodness` [items], highest first, and ties by `among_ties`, highest first."""
        items = np.lexsort((-among_ties, -goodness))
        along = goodness[items]
        return cls(items, np.flatnonzero(np.append(along[1:] != along[:-1], True)))

    def head(self, counts: IntArray, k: int) -> Head:
        """Take as many groups from the top as the first `k` copies of any draw need.

        Args:
            counts: [draws, items] copies of each item.
            k: From 1 to the number of copies in a draw.
        """
        places = len(self._running(counts, k)[0])
        # A group of ties is taken whole.
        ends = self.ends[: np.searchsorted(self.ends, places - 1) + 1]
        items = self.items[: ends[-1] + 1]
        along = counts.take(items, axis=1)
        upto = np.cumsum(along, axis=1)[:, ends]
        own = upto.copy()
        own[:, 1:] -= upto[:, :-1]
        return Head(items, along, np.append(0, ends[:-1] + 1), own, upto)

    def kth(self, counts: IntArray, k: int) -> IntArray:
        """Find the item in which the `k`-th best copy of each draw lies: [draws].

        Args:
            counts: [draws, items] copies of each item.
            k: From 1 to the number of copies in a draw.
        """
        items, upto = self._running(counts, k)
        kth: IntArray = items[np.argmax(upto >= k, axis=1)]
        return kth

    def _running(self, counts: IntArray, k: int) -> tuple[IntArray, IntArray]:
        """Run down the ranking until every draw has `k` copies.

        Returns:
            [places] items from the best, and [draws, places] copies up to each.
        """
        reach = 2 * k + 16
        while True:
            items = self.items[:reach]
            upto = np.cumsum(counts.take(items, axis=1), axis=1)
            if upto[:, -1].min() >= k:
                return items, upto
            reach *= 2


def expected_regret(best: float, values: FloatArray, slots: int, floor: float) -> float:
    """Expect how far the best of `slots` values, drawn without replacement, is from `best`.

    Args:
        best: What is aimed at, at least as high as all values.
        values: [m] from the highest to the lowest.
        slots: How many are drawn, from 1 to m.
        floor: What is there already.

    Returns:
        The mean of best - max(floor, best drawn) over all draws, equally likely.
    """
    m = len(values)
    # Value j is the best drawn if it is drawn and none of the j higher ones is.
    left = m - np.arange(m - slots + 1)
    hit = slots / left
    none_before = np.append(1.0, np.cumprod(1 - hit[:-1]))
    return float((none_before * hit) @ (best - np.maximum(values[: len(left)], floor)))
