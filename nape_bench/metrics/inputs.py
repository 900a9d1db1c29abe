"""What metrics accept: finite numbers of equal length, turned into float64; all else is refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

FloatArray: TypeAlias = NDArray[np.float64]
IntArray: TypeAlias = NDArray[np.signedinteger]
BoolArray: TypeAlias = NDArray[np.bool_]

Kernel: TypeAlias = Callable[[IntArray], FloatArray]
"""A metric made ready for resampling: counts [draws, items] of each item in each draw -> [draws].

A row of counts stands for the resample that holds item i `counts[i]` times; its value is the
metric of that resample, and NaN where all its true values are equal and the metric is of order.
"""


def finite_array(values: ArrayLike, name: str, ndim: tuple[int, ...] = (1,)) -> FloatArray:
    """Turn numbers into a float64 array, or say what is wrong with them.

    Args:
        values: Integers or floats of any width.
        name: What the caller calls them, for messages.
        ndim: Numbers of dimensions that are accepted.

    Returns:
        A float64 array with at least one element, all finite.

    Raises:
        ValueError: Not numbers, another number of dimensions, empty, or not finite; the message
            names the first index that is not finite.
    """
    array = np.asarray(values)
    if array.dtype.kind not in "iuf":
        raise ValueError(f"{name} must hold real numbers, not {array.dtype}")
    if array.ndim not in ndim:
        shapes = " or ".join({1: "[items]", 2: "[seeds, items]"}[d] for d in ndim)
        raise ValueError(f"{name} must have the shape {shapes}, not {list(array.shape)}")
    if array.size == 0:
        raise ValueError(f"{name} is empty (shape {list(array.shape)}): nothing to score")
    array = array.astype(np.float64)
    finite = np.isfinite(array)
    if not finite.all():
        first = tuple(int(i) for i in np.argwhere(~finite)[0])
        raise ValueError(
            f"{name}[{', '.join(map(str, first))}] is {array[first]} "
            f"({np.count_nonzero(~finite)} of {array.size} values are not finite): "
            "metrics take finite numbers only, so drop or repair these before scoring"
        )
    return array


def check_pair(y_true: ArrayLike, y_pred: ArrayLike) -> tuple[FloatArray, FloatArray]:
    """Check true and predicted values of the same items.

    Args:
        y_true: [items] true values.
        y_pred: [items] predictions in the same order.

    Returns:
        Both as float64 [items].

    Raises:
        ValueError: See `finite_array`; or the lengths differ.
    """
    true = finite_array(y_true, "y_true")
    pred = finite_array(y_pred, "y_pred")
    _same_items(true, pred, "y_pred")
    return true, pred


def check_seeds(
    y_true: ArrayLike, y_pred: ArrayLike, name: str = "y_pred"
) -> tuple[FloatArray, FloatArray]:
    """Check true values, and the predictions of one seed or several.

    Args:
        y_true: [items] true values.
        y_pred: [items] or [seeds, items] predictions in the same order.
        name: What the caller calls the predictions, for messages.

    Returns:
        float64 [items] and float64 [seeds, items].

    Raises:
        ValueError: See `finite_array`; or the numbers of items differ.
    """
    true = finite_array(y_true, "y_true")
    pred = np.atleast_2d(finite_array(y_pred, name, ndim=(1, 2)))
    _same_items(true, pred, name)
    return true, pred


def check_parts(parts: ArrayLike | None, seeds: int, items: int) -> BoolArray | None:
    """Check which items each seed is scored on.

    Args:
        parts: bool [seeds, items]; None where each is scored on all.
        seeds: How many seeds there are.
        items: How many items there are.

    Returns:
        bool [seeds, items], or None where it is all items for all seeds.

    Raises:
        ValueError: It is no bool array of that shape, or a seed is scored on nothing.
    """
    if parts is None:
        return None
    array = np.asarray(parts)
    if array.dtype != np.bool_ or array.shape != (seeds, items):
        raise ValueError(
            f"parts must be bool [{seeds} seeds, {items} items], not {array.dtype} "
            f"{list(array.shape)}"
        )
    empty = np.flatnonzero(~array.any(axis=1))
    if len(empty):
        raise ValueError(f"parts leave seed {empty[0]} no item: nothing to score")
    return None if array.all() else array


def check_order(y_true: FloatArray) -> None:
    """Refuse true values that are all equal: they hold no order to be found.

    Args:
        y_true: [items] checked true values.

    Raises:
        ValueError: All are equal, as a single item is.
    """
    if np.all(y_true == y_true[0]):
        raise ValueError(
            f"all {len(y_true)} true values are {y_true[0]}: they have no order, so a metric of "
            "order is not defined; score more items, or ask for mae alone"
        )


def check_ranked(y_true: ArrayLike, y_pred: ArrayLike) -> tuple[FloatArray, FloatArray]:
    """Check true and predicted values of the same items for a metric of order.

    Args:
        y_true: [items] true values, not all equal.
        y_pred: [items] predictions in the same order.

    Returns:
        Both as float64 [items].

    Raises:
        ValueError: See `check_pair` and `check_order`.
    """
    true, pred = check_pair(y_true, y_pred)
    check_order(true)
    return true, pred


def check_positive(value: int, name: str) -> int:
    """Check a number that counts something.

    Args:
        value: The number.
        name: What the caller calls it, for messages.

    Returns:
        It as a plain int.

    Raises:
        ValueError: It is not an integer, or less than 1.
    """
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < 1:
        raise ValueError(f"{name} must be an integer of at least 1, not {value!r}")
    return int(value)


def _same_items(true: FloatArray, pred: FloatArray, name: str) -> None:
    if pred.shape[-1] != len(true):
        raise ValueError(
            f"y_true has {len(true)} items and {name} has {pred.shape[-1]}: "
            "give one prediction for each true value, in the same order"
        )
