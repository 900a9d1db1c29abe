"""Sorted once, counted often: orders, groups of ties, and ranks of resamples.

A resample is a row of counts (how often it holds each item), so its ranks follow from running
sums of the counts along an order that is found once. Two copies of one item are a tie, as they
would be in an array that holds it twice.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from nape_bench.metrics.scratch import Scratch

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from nape_bench.metrics.inputs import IntArray


class Order:
    """Items from the lowest to the highest value, with the groups of equal values.

    Attributes:
        items: [items] the item at each place.
        ends: [groups] the last place of each group of equal values.
        group: [items] the group of each item.
        sorted: Whether the items came in this order.
        tied: Whether any two values are equal.

    Args:
        values: [items] numbers, none of them NaN.
    """

    def __init__(self, values: NDArray[np.generic]) -> None:
        self.items: IntArray = np.argsort(values, kind="stable")
        along = values[self.items]
        last = np.append(along[1:] != along[:-1], True)
        self.ends: IntArray = np.flatnonzero(last)
        self.group: IntArray = np.empty(len(values), dtype=np.int64)
        self.group[self.items] = np.cumsum(last) - last
        self.sorted = bool(np.all(self.items[1:] > self.items[:-1]))
        self.tied = len(self.ends) < len(values)
        self._scratch = Scratch()

    def totals(self, counts: IntArray) -> tuple[IntArray, IntArray]:
        """Count each group, and all up to its end.

        Args:
            counts: int32 [draws, items] copies of each item.

        Returns:
            int32 [draws, groups] copies in each group, and in it and all lower groups. The
            first may be `counts` itself; both are overwritten by the next call.
        """
        own = counts if self.sorted else self._take(counts, self.items, "along")
        upto = self._scratch("upto", counts.shape, np.int32)
        np.cumsum(own, axis=1, out=upto)
        if not self.tied:
            return own, upto
        # Differences of running sums: several times faster than np.add.reduceat.
        upto = self._take(upto, self.ends, "group upto")
        own = self._scratch("group own", upto.shape, np.int32)
        own[:, 0] = upto[:, 0]
        np.subtract(upto[:, 1:], upto[:, :-1], out=own[:, 1:])
        return own, upto

    def double_ranks(self, counts: IntArray) -> tuple[IntArray, IntArray]:
        """Rank the items of resamples: twice the mean rank of an item's copies, less 1.

        Args:
            counts: int32 [draws, items] copies of each item.

        Returns:
            int32 [draws, items] double ranks, in the order in which the items came, and
            [draws, groups] copies in each group; both are overwritten by the next call.
        """
        own, upto = self.totals(counts)
        upto *= 2
        upto -= own
        if self.sorted and not self.tied:
            return upto, own
        return self._take(upto, self.group, "spread"), own

    def _take(self, rows: IntArray, columns: IntArray, name: str) -> IntArray:
        out = self._scratch(name, (len(rows), len(columns)), np.int32)
        # With mode="raise" NumPy would fill a copy first; all columns are known to exist.
        return np.take(rows, columns, axis=1, out=out, mode="clip")
