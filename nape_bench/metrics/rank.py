"""Spearman's rank correlation; Kendall's is in `kendall`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from nape_bench.metrics.inputs import check_ranked
from nape_bench.metrics.order import Order
from nape_bench.metrics.scratch import Scratch, row_dots

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from nape_bench.metrics.inputs import FloatArray, IntArray, Kernel


def spearman(y_true: ArrayLike, y_pred: ArrayLike) -> float:
    """Spearman's rank correlation (SRCC): Pearson's correlation of the ranks.

    Tied values share the mean of their ranks, as in `scipy.stats.spearmanr`. A constant
    prediction holds no order, so its correlation is 0 by policy (SciPy gives NaN).

    Args:
        y_true: [items] true values, not all equal.
        y_pred: [items] predictions or scores, higher for what should have a higher true value.

    Returns:
        A number from -1 to 1.

    Raises:
        ValueError: Input that `check_pair` refuses, or true values that are all equal.
    """
    true, pred = check_ranked(y_true, y_pred)
    return float(spearman_kernel(true, pred)(np.ones((1, len(true)), dtype=np.int32))[0])


def spearman_kernel(y_true: FloatArray, y_pred: FloatArray) -> Kernel:
    """Make `spearman` ready for resampling (see `Kernel`): exact, linear in items for a draw.

    With t copies in a group of ties and T copies up to its end, twice the mean rank less 1 is
    m = 2T - t. Over n copies m has the mean n and the sum of squares n^3 + (n^3 - sum t^3) / 3,
    so the correlation is 3 (sum m_true m_pred - n^3) / sqrt((n^3 - sum t_true^3)(n^3 - sum
    t_pred^3)). All terms are integers, which float64 holds exactly up to about 170,000 items.

    Args:
        y_true: [items] checked true values; the kernel is fastest where they are ascending.
        y_pred: [items] checked predictions.
    """
    true, pred = Order(y_true), Order(y_pred)
    cube = float(len(y_true)) ** 3
    scratch = Scratch()

    def untied(own: IntArray) -> FloatArray:
        values = scratch("a", own.shape, np.float64)
        squares = scratch("b", own.shape, np.float64)
        np.copyto(values, own)
        np.multiply(values, values, out=squares)
        return cube - row_dots(values, squares)

    def kernel(counts: IntArray) -> FloatArray:
        true_ranks, true_own = true.double_ranks(counts)
        pred_ranks, pred_own = pred.double_ranks(counts)
        weighted = scratch("a", counts.shape, np.float64)
        other = scratch("b", counts.shape, np.float64)
        np.multiply(counts, true_ranks, out=weighted, dtype=np.float64)
        np.copyto(other, pred_ranks)
        cross = row_dots(weighted, other)
        true_untied = untied(true_own)
        # Without ties the groups are the items, whichever order they are in.
        same = not (true.tied or pred.tied)
        product = true_untied * (true_untied if same else untied(pred_own))
        rho = np.zeros(len(counts))
        np.divide(3 * (cross - cube), np.sqrt(product), out=rho, where=product > 0)
        rho[true_untied == 0] = np.nan
        return np.clip(rho, -1.0, 1.0)

    return kernel
