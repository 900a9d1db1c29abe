"""Fuzzy C-means (Bezdek, 1981): clusters to which points belong in part."""

from __future__ import annotations

import numpy as np

EPSILON = 1e-9
"""It has converged when no membership changes by more."""

MOST_ROUNDS = 20_000
"""A bound on rounds, far above what convergence takes."""

TINY = 1e-24
"""Squared distances below it count as it: a point on a centroid belongs to it."""


def fuzzy_c_means(
    points: np.ndarray, clusters: int, fuzziness: float, rng: np.random.Generator
) -> np.ndarray:
    """Find centroids that minimise the sum of u^m d^2 over points and clusters.

    The centroids to begin with are different points, each drawn with a probability that grows
    with its squared distance to those drawn before (k-means++). Where there are fewer different
    points than clusters, each is a centroid.

    Args:
        points: float64 [n, width], n >= 1.
        clusters: Number of centroids, 1 or more.
        fuzziness: The exponent m, above 1; near 1 memberships are nearly 0 and 1.
        rng: What the first centroids are drawn with.

    Returns:
        Centroids, float64 [clusters or fewer, width].
    """
    centroids = _first_centroids(points, clusters, rng)
    last = memberships(points, centroids, fuzziness)
    for _ in range(MOST_ROUNDS):
        shares = last**fuzziness
        centroids = shares.T @ points / shares.sum(axis=0)[:, None]
        now = memberships(points, centroids, fuzziness)
        change = np.abs(now - last).max()
        last = now
        if change <= EPSILON:
            break
    return centroids


def memberships(points: np.ndarray, centroids: np.ndarray, fuzziness: float) -> np.ndarray:
    """Return to what part each point belongs to each cluster: d^(-2/(m-1)), as shares of 1.

    Args:
        points: float64 [n, width].
        centroids: float64 [clusters, width].
        fuzziness: The exponent m, above 1.

    Returns:
        float64 [n, clusters], rows sum to 1.
    """
    logs = -np.log(_squared_distances(points, centroids)) / (fuzziness - 1)
    shares = np.exp(logs - logs.max(axis=1, keepdims=True))
    result: np.ndarray = shares / shares.sum(axis=1, keepdims=True)
    return result


def _squared_distances(points: np.ndarray, centroids: np.ndarray) -> np.ndarray:
    # Column by column: a product of matrices would lose small distances to rounding.
    columns = [((points - centroid) ** 2).sum(axis=1) for centroid in centroids]
    squares: np.ndarray = np.maximum(np.stack(columns, axis=1), TINY)
    return squares


def _first_centroids(points: np.ndarray, clusters: int, rng: np.random.Generator) -> np.ndarray:
    chosen = [points[rng.integers(len(points))]]
    while len(chosen) < clusters:
        nearest = ((points[:, None] - np.stack(chosen)) ** 2).sum(axis=2).min(axis=1)
        if nearest.max() <= TINY:
            break
        chosen.append(points[rng.choice(len(points), p=nearest / nearest.sum())])
    return np.stack(chosen)
