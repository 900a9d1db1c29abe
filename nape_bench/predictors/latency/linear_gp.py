"""A Gaussian process that is linear in blocks of columns, each with a variance of its own."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

BLOCK_MEAN, NOISE_MEAN, DEVIATION = -1.0, -3.0, 1.5
"""Lognormal priors of the variances of blocks and of noise, labels standardised."""
JITTER = 1e-6


class LinearGP(NamedTuple):
    """A fitted process.

    Attributes:
        slopes: Of all columns of all blocks, in order, float64 [columns].
        constant: What is added.
        left_out: What is said of each training network without it, float64 [n].
    """

    slopes: np.ndarray
    constant: float
    left_out: np.ndarray

    def __call__(self, columns: np.ndarray) -> np.ndarray:
        """Return what is said of networks, float64 [m], from columns [m, columns]."""
        said: np.ndarray = columns @ self.slopes + self.constant
        return said


def fit_linear_gp(blocks: list[np.ndarray], labels: np.ndarray) -> LinearGP:
    """Fit slopes, under variances that maximise marginal likelihood times prior.

    Args:
        blocks: Standardised columns of the training networks, float64 [n, columns] each.
        labels: float64 [n].
    """
    from scipy.optimize import minimize

    level, spread = float(labels.mean()), float(labels.std()) or 1.0
    targets = (labels - level) / spread
    scaled = [block / np.sqrt(max(1, block.shape[1])) for block in blocks]
    kernels = [block @ block.T for block in scaled]
    means = np.array([BLOCK_MEAN] * len(blocks) + [NOISE_MEAN])

    def covariance(logs: np.ndarray) -> np.ndarray:
        *variances, noise = np.exp(logs)
        total = np.ones((len(labels), len(labels)))
        for variance, kernel in zip(variances, kernels, strict=True):
            total += variance * kernel
        total[np.diag_indices(len(labels))] += noise + JITTER
        return total

    def loss(logs: np.ndarray) -> float:
        lower = np.linalg.cholesky(covariance(logs))
        white = np.linalg.solve(lower, targets)
        prior = (((logs - means) / DEVIATION) ** 2).sum()
        return float((white @ white + prior) / 2 + np.log(np.diag(lower)).sum())

    logs = minimize(loss, means, method="L-BFGS-B").x
    inverse = np.linalg.inv(covariance(logs))
    weights = inverse @ targets
    left_out = (targets - weights / np.diag(inverse)) * spread + level
    slopes = [
        variance * spread * (block.T @ weights) / np.sqrt(max(1, block.shape[1]))
        for variance, block in zip(np.exp(logs), scaled, strict=False)
    ]
    constant = float(weights.sum()) * spread + level
    return LinearGP(np.concatenate(slopes), constant, left_out)
