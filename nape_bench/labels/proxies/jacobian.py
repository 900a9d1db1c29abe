"""Proxies from the gradients of the sum of outputs by each image: jacov, epe_nas."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from nape_bench.labels.proxies.values import UndefinedError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

K = 1e-5
"""What is added before logarithms and divisions."""

MANY_CLASSES = 100
"""With more classes than these, epe_nas compares classes instead of adding them up."""


def jacov(jacobian: ArrayLike) -> float:
    """Return how far the images' gradients are from each other (Mellor et al., 2020, version 1).

    With v the eigenvalues of the correlations between rows, it is - sum(log(v + k) + 1 / (v + k)),
    close to minus the number of images where rows are uncorrelated.

    Args:
        jacobian: [images, inputs], the gradient of each image.

    Raises:
        UndefinedError: The gradient of an image is constant or not finite.
    """
    v = np.linalg.eigvalsh(_correlations(np.asarray(jacobian, dtype=np.float64)))
    v = np.maximum(v, 0) + K  # they are not negative but for rounding
    return -float(np.sum(np.log(v) + 1 / v))


def epe_nas(jacobian: ArrayLike, classes: ArrayLike, num_classes: int) -> float:
    """Return how alike the gradients of images of one class are (Lopes et al., EPE-NAS, 2021).

    A class has s, the sum over all pairs of its images, in both orders, of log(|correlation| + k).
    Up to 100 classes it is the sum of |s|; with more, s is divided by the number of images, and it
    is the sum of |s - s'| over all pairs of classes, divided by the number of classes.

    Args:
        jacobian: [images, inputs], the gradient of each image.
        classes: [images], of what class each image is.
        num_classes: Classes that the network tells apart.

    Raises:
        UndefinedError: The gradient of an image is constant or not finite, or no class has two
            images.
    """
    rows, labels = np.asarray(jacobian, dtype=np.float64), np.asarray(classes)
    groups = [rows[labels == each] for each in np.unique(labels)]
    groups = [group for group in groups if len(group) > 1]
    if not groups:
        raise UndefinedError("no two images of the batch are of one class")
    sums = np.array([np.log(np.abs(_correlations(group)) + K).sum() for group in groups])
    if num_classes <= MANY_CLASSES:
        return float(np.abs(sums).sum())
    means = sums / [len(group) for group in groups]
    return float(np.abs(means[:, None] - means).sum() / len(groups))


def _correlations(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the correlations between rows, float64 [rows, rows]."""
    if not np.isfinite(rows).all():
        raise UndefinedError("gradients by the images are not finite")
    spread = np.ptp(rows, axis=1)
    if not spread.all():
        flat = np.flatnonzero(spread == 0)[0]
        raise UndefinedError(
            f"the output has one gradient {rows[flat, 0]:g} by all inputs of an image"
        )
    return np.asarray(np.corrcoef(rows))
