"""A Gaussian process whose kernel is a sum over blocks of columns, each with its own scale."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy.optimize import minimize

if TYPE_CHECKING:
    from collections.abc import Sequence

LENGTH, LENGTH_DEVIATION = 1.5, 0.7
VARIANCE_DEVIATION = 1.5
NOISE, NOISE_DEVIATION = 0.1, 1.0
"""Lognormal priors: medians of lengths and noise, and deviations of all logarithms; the variances
of the blocks share a total of 1. Distances are means over columns of standardised squares."""
JITTER = 1e-6
STEPS = 60


class AdditiveGP(NamedTuple):
    """What was learnt.

    Attributes:
        blocks: Columns of the training rows, float64 [n, columns] each.
        variances: Variance of each block, float64 [blocks].
        lengths: Length scale of each block, float64 [blocks].
        weights: Inverse covariance times labels, float64 [n].
    """

    blocks: tuple[np.ndarray, ...]
    variances: np.ndarray
    lengths: np.ndarray
    weights: np.ndarray

    @classmethod
    def fit(cls, blocks: Sequence[np.ndarray], y: np.ndarray) -> AdditiveGP:
        """Find variances, lengths and noise of the greatest posterior density.

        Args:
            blocks: Standardised columns, float64 [n, columns] each; none may be empty.
            y: Labels of mean 0 and deviation 1 or about, float64 [n].
        """
        count = len(blocks)
        squares = [_squares(block, block) for block in blocks]
        means = np.log([*[1 / count] * count, *[LENGTH] * count, NOISE])
        spread = np.array(
            [*[VARIANCE_DEVIATION] * count, *[LENGTH_DEVIATION] * count, NOISE_DEVIATION]
        )
        found = minimize(
            _loss, means, (squares, y, means, spread), "L-BFGS-B", jac=True,
            options={"maxiter": STEPS},
        ).x  # fmt: skip
        variances, lengths = np.exp(found[:count]), np.exp(found[count:-1])
        covariance = sum(
            variance * _matern(each / length**2)[0]
            for variance, length, each in zip(variances, lengths, squares, strict=True)
        )
        covariance = covariance + (np.exp(found[-1]) + JITTER) * np.eye(len(y))
        return cls(tuple(blocks), variances, lengths, np.linalg.solve(covariance, y))

    def predict(self, blocks: Sequence[np.ndarray]) -> np.ndarray:
        """Return the mean for other rows of the same columns, float64 [m]."""
        said = np.zeros(len(blocks[0]))
        for own, other, variance, length in zip(
            self.blocks, blocks, self.variances, self.lengths, strict=True
        ):
            kernel = variance * _matern(_squares(other, own) / length**2)[0]
            said += kernel @ self.weights
        return said


def prior_covariance(blocks: Sequence[np.ndarray]) -> np.ndarray:
    """Return the covariance of rows before any label is seen, float64 [n, n].

    Args:
        blocks: As for `AdditiveGP.fit`.
    """
    kernels = [_matern(_squares(block, block) / LENGTH**2)[0] for block in blocks]
    covariance: np.ndarray = np.mean(kernels, axis=0)
    return covariance


def most_telling(covariance: np.ndarray, count: int) -> np.ndarray:
    """Choose rows whose labels leave the least variance in all rows, one after another.

    Each is the one that takes most off the sum of what variance those before it have left, for a
    process with this covariance and `NOISE`: rows that many others are like, and unlike each other.

    Args:
        covariance: float64 [n, n].
        count: How many, at most n.

    Returns:
        Row numbers in the order in which they were chosen, int64 [count].
    """
    left, chosen = covariance.copy(), np.zeros(len(covariance), dtype=bool)
    order = []
    for _ in range(count):
        taken = (left**2).sum(axis=0) / (np.diag(left) + NOISE)
        row = int(np.argmax(np.where(chosen, -np.inf, taken)))
        left = left - np.outer(left[row], left[row]) / (left[row, row] + NOISE)
        chosen[row] = True
        order.append(row)
    return np.array(order, dtype=np.int64)


def _loss(
    logs: np.ndarray,
    squares: list[np.ndarray],
    y: np.ndarray,
    means: np.ndarray,
    spread: np.ndarray,
) -> tuple[float, np.ndarray]:
    """Return the negative logarithm of the posterior density, and its gradient."""
    count, n = len(squares), len(y)
    noise = np.exp(logs[-1])
    variances, lengths = np.exp(logs[:count]), np.exp(logs[count:-1])
    kernels, slopes = [], []
    for variance, length, each in zip(variances, lengths, squares, strict=True):
        kernel, slope = _matern(each / length**2)
        kernels.append(variance * kernel)
        slopes.append(variance * slope)
    lower = np.linalg.cholesky(sum(kernels) + (noise + JITTER) * np.eye(n))
    half = np.linalg.solve(lower, np.eye(n))
    inverse = half.T @ half
    weights = inverse @ y
    loss = float(y @ weights) / 2 + float(np.log(np.diag(lower)).sum())
    # The derivative with regard to the covariance.
    outer = (inverse - np.outer(weights, weights)) / 2
    gradient = np.array(
        [*(np.vdot(outer, k) for k in kernels), *(np.vdot(outer, s) for s in slopes),
         np.trace(outer) * noise]
    )  # fmt: skip
    off = (logs - means) / spread
    return loss + float(off @ off) / 2, gradient + off / spread


def _matern(squares: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the Matern 5/2 kernel, and its derivative by the logarithm of the length."""
    root = np.sqrt(5 * squares + 1e-12)
    decay = np.exp(-root)
    return (1 + root + root**2 / 3) * decay, root**2 / 3 * (1 + root) * decay


def _squares(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Return squared distances, means over columns, float64 [rows of first, rows of second]."""
    total = (first**2).sum(axis=1)[:, None] + (second**2).sum(axis=1) - 2 * first @ second.T
    squares: np.ndarray = np.maximum(total, 0.0) / first.shape[1]
    return squares
