"""What networks tell of other labels: a Gaussian process, one kernel for all labels."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

ROWS = 1000
"""Rows that are looked at, at most; of more, as many, spread evenly."""
LENGTHS = (1.0, 2.0, 4.0)
"""Lengths of the kernel that are tried, times the root of the number of columns."""
NOISES = np.exp(np.linspace(np.log(1e-5), np.log(10.0), 30))
"""Ratios of the variances of noise and function that are tried."""
CHUNK = 4096
"""Rows that are predicted at once, to bound memory."""


class Smooth(NamedTuple):
    """A fitted process.

    Attributes:
        rows: Columns of the rows that it was fitted to, float64 [n, columns].
        length: Length of its kernel.
        weights: Weight of each row for each label, float64 [n, labels].
        level: Mean of each label, float64 [labels].
    """

    rows: np.ndarray
    length: float
    weights: np.ndarray
    level: np.ndarray

    def __call__(self, columns: np.ndarray) -> np.ndarray:
        """Return the expected labels, float64 [m, labels], for columns [m, columns]."""
        said = np.empty((len(columns), len(self.level)))
        for start in range(0, len(columns), CHUNK):
            part = columns[start : start + CHUNK]
            said[start : start + CHUNK] = matern(part, self.rows, self.length) @ self.weights
        said += self.level
        return said


def fit_smooth(columns: np.ndarray, labels: np.ndarray) -> tuple[Smooth, np.ndarray]:
    """Fit one process a label; length, in common, and noise maximise the marginal likelihood.

    Args:
        columns: Standardised, float64 [n, columns], for n <= `ROWS`.
        labels: float64 [n, labels], all finite.

    Returns:
        The processes, and what they say of each row without it, float64 [n, labels].
    """
    level = labels.mean(axis=0)
    targets = labels - level
    best: tuple[float, float, np.ndarray, np.ndarray, np.ndarray] | None = None
    for length in np.array(LENGTHS) * np.sqrt(max(1, columns.shape[1])):
        values, vectors = np.linalg.eigh(matern(columns, columns, float(length)))
        values = np.maximum(values, 0.0)
        turned = vectors.T @ targets
        spectrum = values[None] + NOISES[:, None]
        variance = np.maximum((turned.T[None] ** 2 / spectrum[:, None]).mean(axis=2), 1e-300)
        count = len(columns)
        likely = -(count * np.log(variance) + np.log(spectrum).sum(axis=1)[:, None]) / 2
        total = float(likely.max(axis=0).sum())
        if best is None or total > best[0]:
            best = total, float(length), NOISES[likely.argmax(axis=0)], values, vectors
    assert best is not None  # noqa: S101 - there are lengths to try
    _, length, noises, values, vectors = best
    spectrum = values[:, None] + noises[None]
    weights = vectors @ ((vectors.T @ targets) / spectrum)
    diagonal = (vectors**2) @ (1.0 / spectrum)
    left_out = targets - weights / diagonal + level
    return Smooth(columns, length, weights, level), left_out


def matern(one: np.ndarray, other: np.ndarray, length: float) -> np.ndarray:
    """Return the Matern 5/2 kernel of rows, float64 [n, m]."""
    square = (one**2).sum(axis=1)[:, None] + (other**2).sum(axis=1)[None] - 2 * one @ other.T
    far = np.sqrt(5 * np.maximum(square, 0.0)) / length
    kernel: np.ndarray = (1 + far + far**2 / 3) * np.exp(-far)
    return kernel


def spread_rows(count: int) -> np.ndarray:
    """Return the numbers of `ROWS` rows of `count`, or of all, int64, ascending."""
    return np.unique(np.linspace(0, count - 1, min(count, ROWS)).astype(np.int64))
