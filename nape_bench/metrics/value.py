"""How far predicted values are from the truth."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from nape_bench.metrics.inputs import FloatArray, IntArray, Kernel, check_pair

if TYPE_CHECKING:
    from numpy.typing import ArrayLike


def mae(y_true: ArrayLike, y_pred: ArrayLike) -> float:
    """Mean absolute error, in the unit of the label: percentage points for accuracy in percent.

    Defined for any number of items from one, and for constants. Reported in GENNAPE, Table 4,
    "in accuracy points".

    Args:
        y_true: [items] true values.
        y_pred: [items] predicted values in the same unit.

    Returns:
        The mean of |y_pred - y_true|, at least 0.

    Raises:
        ValueError: Input that `check_pair` refuses.
    """
    true, pred = check_pair(y_true, y_pred)
    return float(np.mean(np.abs(pred - true)))


def mae_kernel(y_true: FloatArray, y_pred: FloatArray) -> Kernel:
    """Make `mae` ready for resampling (see `Kernel`).

    Args:
        y_true: [items] checked true values.
        y_pred: [items] checked predictions.
    """
    errors = np.abs(y_pred - y_true)

    def kernel(counts: IntArray) -> FloatArray:
        return counts.astype(np.float64) @ errors / len(errors)

    return kernel
