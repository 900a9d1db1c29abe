"""Metrics of the top of a ranking: what a search that trusts the predictor would find.

All read `y_pred` on the scale of the label: the highest prediction is the first pick where a
higher label is better (accuracy), the lowest where a lower one is (latency).

Tied predictions count by their expected value, every order of the tied items being equally
likely: a constant predictor gets what picking at random gets, and nothing depends on the order
in which items are listed. `k` above the number of items means all items.
"""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING

import numpy as np

from nape_bench.metrics.inputs import FloatArray, IntArray, Kernel, check_positive, check_ranked
from nape_bench.metrics.top import Head, Ranking, expected_regret

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import ArrayLike


def ndcg_at_k(
    y_true: ArrayLike, y_pred: ArrayLike, k: int = 10, *, higher_is_better: bool = True
) -> float:
    """Normalised discounted cumulative gain of the `k` best predicted, as GENNAPE computes it.

    relevance = 20 (y - worst) / (best - worst) over the items given (20 (worst - y) /
    (worst - best) the other way round: the best item has 20, the worst 0);
    DCG@k = sum over ranks r = 1..k of relevance_r / log2(r + 1);
    NDCG@k = DCG@k of the predicted order / DCG@k of the true order.

    The gain is linear in the relevance, so the factor 20 cancels. AceNAS, from which the scale
    comes, takes the gain 2^relevance - 1 and the 20 % quantile for the worst; GENNAPE's code
    takes the minimum and scikit-learn's linear gain with averaged ties, and so do we. A random
    order does not have 0 but, about, the mean relevance over the relevance of the k best.

    Args:
        y_true: [items] true values, not all equal.
        y_pred: [items] predictions.
        k: How many ranks count.
        higher_is_better: The direction of the label.

    Returns:
        A number from 0 to 1.

    Raises:
        ValueError: Input that `check_pair` refuses, all true values equal, or `k` below 1.
    """
    return _once(ndcg_kernel, y_true, y_pred, k, higher_is_better)


def top_k_overlap(
    y_true: ArrayLike, y_pred: ArrayLike, k: int = 10, *, higher_is_better: bool = True
) -> float:
    """Share of the `k` best predicted that are among the `k` truly best.

    An item whose true value equals that of the k-th best is among the best: which of the equals
    is picked makes no difference to who picks. So a perfect prediction has 1, ties or not.

    Args:
        y_true: [items] true values, not all equal.
        y_pred: [items] predictions.
        k: How many are picked.
        higher_is_better: The direction of the label.

    Returns:
        A number from 0 to 1; about k / items for a random order.

    Raises:
        ValueError: Input that `check_pair` refuses, all true values equal, or `k` below 1.
    """
    return _once(overlap_kernel, y_true, y_pred, k, higher_is_better)


def regret_at_k(
    y_true: ArrayLike, y_pred: ArrayLike, k: int = 1, *, higher_is_better: bool = True
) -> float:
    """How much worse than the best item the best of the `k` best predicted is.

    Best true value less best true value among the k best predicted (the other way round where
    lower is better): what is lost by measuring only the predictor's k picks.

    Args:
        y_true: [items] true values, not all equal.
        y_pred: [items] predictions.
        k: How many are picked.
        higher_is_better: The direction of the label.

    Returns:
        A number of at least 0 in the unit of the label.

    Raises:
        ValueError: Input that `check_pair` refuses, all true values equal, or `k` below 1.
    """
    return _once(regret_kernel, y_true, y_pred, k, higher_is_better)


def _of_values(make: Callable[[_Task], Kernel]) -> Callable[..., Kernel]:
    """Let a kernel be made from values; `k` above the number of items becomes that number."""

    @wraps(make)
    def kernel_of_values(
        y_true: FloatArray, y_pred: FloatArray, k: int, *, higher_is_better: bool
    ) -> Kernel:
        return make(_Task(y_true, y_pred, min(k, len(y_true)), higher_is_better))

    return kernel_of_values


@_of_values
def ndcg_kernel(task: _Task) -> Kernel:
    """Make `ndcg_at_k` ready for resampling (see `Kernel`); relevance is scaled in each draw.

    Called with what `ndcg_at_k` takes, checked, `k` and `higher_is_better` always given.
    """
    k = task.k
    # Centring keeps digits where accuracies differ little; NDCG does not change by it.
    gain = task.truth - task.truth.min()
    discount = np.append(0.0, np.cumsum(1 / np.log2(np.arange(k) + 2)))

    def dcg(head: Head) -> FloatArray:
        last = np.minimum(head.upto, k)
        first = np.minimum(head.upto - head.own, k)
        share = discount[last] - discount[first]
        total: FloatArray = np.einsum("dg,dg->d", share, head.group_means(gain[head.items]))
        return total

    def kernel(counts: IntArray) -> FloatArray:
        best, worst = task.extremes(counts)
        # Taken off at the end, so that the relevance need not be made anew for each draw.
        nothing = gain[worst] * discount[k]
        ideal = dcg(task.true_best_first.head(counts, k)) - nothing
        actual = dcg(task.pred_best_first.head(counts, k)) - nothing
        ndcg = np.full(len(counts), np.nan)
        np.divide(actual, ideal, out=ndcg, where=gain[best] > gain[worst])
        return np.clip(ndcg, 0.0, 1.0, out=ndcg)

    return kernel


@_of_values
def overlap_kernel(task: _Task) -> Kernel:
    """Make `top_k_overlap` ready for resampling; called as `ndcg_kernel` is."""
    k = task.k

    def kernel(counts: IntArray) -> FloatArray:
        bar = task.truth[task.true_best_first.kth(counts, k)]
        head = task.pred_best_first.head(counts, k)
        hits = head.group_means(task.truth[head.items] >= bar[:, None])
        overlap: FloatArray = np.einsum("dg,dg->d", head.slots(k), hits) / k
        best, worst = task.extremes(counts)
        return np.where(task.truth[best] > task.truth[worst], overlap, np.nan)

    return kernel


@_of_values
def regret_kernel(task: _Task) -> Kernel:
    """Make `regret_at_k` ready for resampling; called as `ndcg_kernel` is."""

    def kernel(counts: IntArray) -> FloatArray:
        head = task.pred_best_first.head(counts, task.k)
        truth = task.truth[head.items]
        slots = head.slots(task.k)
        sizes = np.diff(head.starts, append=len(truth))
        # Groups are sorted by truth, so their first and last items tell whether all are equal.
        alike = truth[head.starts] == truth[head.starts + sizes - 1]
        # The best of a group is known where all of it is picked, or any pick is as good.
        sure = (slots > 0) & ((slots == head.own) | alike)
        picked = np.repeat(sure, sizes, axis=1) & (head.counts > 0)
        found = np.where(picked, truth, -np.inf).max(axis=1)
        best, worst = (task.truth[items] for items in task.extremes(counts))
        regret = best - found
        for draw, group in np.argwhere((slots > 0) & ~sure):
            inside = slice(head.starts[group], head.starts[group] + sizes[group])
            copies = np.repeat(truth[inside], head.counts[draw, inside])
            left = int(slots[draw, group])
            regret[draw] = expected_regret(best[draw], copies, left, found[draw])
        return np.where(best > worst, regret, np.nan)

    return kernel


class _Task:
    """True and predicted values turned so that higher is better, with their rankings.

    Args:
        y_true: [items] checked true values.
        y_pred: [items] checked predictions.
        k: How many of the best predicted count, 1 to items.
        higher_is_better: The direction of the label.
    """

    def __init__(
        self, y_true: FloatArray, y_pred: FloatArray, k: int, higher_is_better: bool
    ) -> None:
        self.k = k
        sign = 1.0 if higher_is_better else -1.0
        self.truth = sign * y_true
        self.true_best_first = Ranking.of(self.truth, self.truth)
        self.true_worst_first = Ranking.of(-self.truth, self.truth)
        # Ties by truth: the expected best of a group is read off from the best down.
        self.pred_best_first = Ranking.of(sign * y_pred, self.truth)

    def extremes(self, counts: IntArray) -> tuple[IntArray, IntArray]:
        """Find the best and the worst item of each draw: [draws], [draws]."""
        return self.true_best_first.kth(counts, 1), self.true_worst_first.kth(counts, 1)


def _once(
    make: Callable[..., Kernel],
    y_true: ArrayLike,
    y_pred: ArrayLike,
    k: int,
    higher_is_better: bool,
) -> float:
    """Compute a metric on the items themselves: the draw that holds each item once."""
    true, pred = check_ranked(y_true, y_pred)
    kernel = make(true, pred, check_positive(k, "k"), higher_is_better=higher_is_better)
    return float(kernel(np.ones((1, len(true)), dtype=np.int32))[0])
