"""Concordant and discordant pairs, counted for each item without looking at every pair."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from nape_bench.metrics.order import Order

if TYPE_CHECKING:
    from nape_bench.metrics.inputs import FloatArray, IntArray


def agreement(y_true: FloatArray, y_pred: FloatArray) -> FloatArray:
    """Concordant less discordant pairs that each item is in, in time of order n log n.

    Args:
        y_true: [items] checked true values.
        y_pred: [items] checked predictions.

    Returns:
        [items] sum over j of sign(true_i - true_j) sign(pred_i - pred_j); exact.
    """
    true, pred = Order(y_true), Order(y_pred)
    # Of each item: equal in the one value, lower in the other.
    tied_true = _lower_within(true, pred)
    tied_pred = _lower_within(pred, true)
    both = _lower_in_both(true, pred)
    lower_true, lower_pred = _lower(true), _lower(pred)
    higher_true = len(y_true) - lower_true - own_group(true)
    lower_pred_only = lower_pred - both - tied_true
    lower_true_only = lower_true - both - tied_pred
    higher_true_tied_pred = own_group(pred) - tied_pred - _same_in_both(true, pred)
    higher_both = higher_true - lower_pred_only - higher_true_tied_pred
    balance: IntArray = both + higher_both - lower_pred_only - lower_true_only
    return balance.astype(np.float64)


def _sizes(order: Order) -> IntArray:
    return np.diff(order.ends, prepend=-1)


def own_group(order: Order) -> IntArray:
    """Count the items that are equal to each item, itself included.

    Returns:
        [items], at least 1.
    """
    return _sizes(order)[order.group]


def _lower(order: Order) -> IntArray:
    """Of each item, how many are lower."""
    return (order.ends + 1 - _sizes(order))[order.group]


def _joint(first: Order, second: Order) -> Order:
    """The order by the first value, then by the second; ties are equal in both."""
    return Order(first.group * len(second.ends) + second.group)


def _same_in_both(first: Order, second: Order) -> IntArray:
    return own_group(_joint(first, second))


def _lower_within(first: Order, second: Order) -> IntArray:
    """Of each item, how many are equal in the first value and lower in the second."""
    return _lower(_joint(first, second)) - _lower(first)


def _lower_in_both(true: Order, pred: Order) -> IntArray:
    """Of each item, how many are lower in both values.

    Items are laid out by prediction and split by the highest bit of their place in the true
    order, then each half by the next bit, and so on. In each split, the items of the lower half
    that lie before an item of the upper half are lower than it in both; each pair of items is
    parted once. Ties are laid out so that they never count.
    """
    n = len(true.items)
    # Equal truths: the higher prediction first. Equal predictions: the higher place first.
    by_true = np.lexsort((-pred.group, true.group))
    place = np.empty(n, dtype=np.int64)
    place[by_true] = np.arange(n)
    layout = np.lexsort((-place, pred.group))
    below = np.zeros(n, dtype=np.int64)
    for bit in reversed(range(max(1, (n - 1).bit_length()))):
        at = place[layout]
        upper = (at >> bit & 1).astype(bool)
        block = at >> (bit + 1)
        zeros = np.cumsum(~upper)
        # Places are 0..n-1 and each block lies together, so a block starts at its first place.
        start = block << (bit + 1)
        before = np.where(start > 0, zeros[start - 1], 0)
        below[layout[upper]] += (zeros - before)[upper]
        halves = np.empty_like(layout)
        lower_to = start + zeros - before - 1
        upper_to = np.minimum(start + (1 << bit), n) + np.arange(n) - start - (zeros - before)
        halves[np.where(upper, upper_to, lower_to)] = layout
        layout = halves
    return below
