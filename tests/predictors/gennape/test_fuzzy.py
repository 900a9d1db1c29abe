"""Fuzzy C-means on points whose clusters are known."""

from __future__ import annotations

import math

import numpy as np
import pytest

from nape_bench.predictors.gennape import fuzzy
from nape_bench.predictors.gennape.fuzzy import EPSILON, fuzzy_c_means, memberships

CENTRES = np.array([[0.0, 0.0], [10.0, 0.0], [0.0, 10.0]])


@pytest.fixture
def blobs() -> np.ndarray:
    rng = np.random.default_rng(0)
    return np.concatenate([centre + rng.normal(scale=0.5, size=(40, 2)) for centre in CENTRES])


@pytest.mark.parametrize("seed", range(5))
def test_finds_separated_blobs(blobs: np.ndarray, seed: int) -> None:
    centroids = fuzzy_c_means(blobs, 3, 2.0, np.random.default_rng(seed))
    nearest = np.linalg.norm(CENTRES[:, None] - centroids, axis=2)
    assert sorted(nearest.argmin(axis=1).tolist()) == [0, 1, 2]
    assert nearest.min(axis=1).max() < 0.4
    shares = memberships(blobs, centroids, 2.0)
    np.testing.assert_allclose(shares.sum(axis=1), 1)
    assert shares.max(axis=1).min() > 0.9


def test_it_has_converged(blobs: np.ndarray) -> None:
    centroids = fuzzy_c_means(blobs, 3, 2.0, np.random.default_rng(0))
    shares = memberships(blobs, centroids, 2.0)
    weights = shares**2
    again = weights.T @ blobs / weights.sum(axis=0)[:, None]
    assert np.abs(memberships(blobs, again, 2.0) - shares).max() <= 10 * EPSILON


def test_it_minimises_what_it_should(blobs: np.ndarray, monkeypatch: pytest.MonkeyPatch) -> None:
    def objective(rounds: int) -> float:
        monkeypatch.setattr(fuzzy, "MOST_ROUNDS", rounds)
        centroids = fuzzy_c_means(blobs, 3, 1.5, np.random.default_rng(1))
        distances = np.linalg.norm(blobs[:, None] - centroids, axis=2)
        return float((memberships(blobs, centroids, 1.5) ** 1.5 * distances**2).sum())

    values = [objective(rounds) for rounds in (0, 1, 2, 4, 8, 100)]
    assert values == sorted(values, reverse=True)
    assert values[-1] < values[0]


def test_memberships_by_hand() -> None:
    centroids = np.array([[0.0], [3.0]])
    # Distances 1 and 2: shares as 1 to 1/4 with m = 2, as 1 to 1/16 with m = 1.5.
    np.testing.assert_allclose(memberships(np.array([[1.0]]), centroids, 2.0), [[0.8, 0.2]])
    wanted = [[16 / 17, 1 / 17]]
    np.testing.assert_allclose(memberships(np.array([[1.0]]), centroids, 1.5), wanted)
    np.testing.assert_allclose(memberships(np.array([[1.5]]), centroids, 2.0), [[0.5, 0.5]])


def test_a_point_on_a_centroid_belongs_to_it() -> None:
    shares = memberships(CENTRES, CENTRES, 2.0)
    np.testing.assert_allclose(shares, np.eye(3), atol=1e-12)
    far = memberships(np.array([[1e12, 1e12]]), CENTRES, 1.01)
    assert math.isclose(far.sum(), 1)


def test_fewer_different_points_than_clusters() -> None:
    points = np.array([[1.0], [1.0], [2.0]])
    assert sorted(fuzzy_c_means(points, 4, 2.0, np.random.default_rng(0)).ravel()) == [1.0, 2.0]
    assert fuzzy_c_means(points[:1], 4, 2.0, np.random.default_rng(0)).tolist() == [[1.0]]


def test_one_cluster_is_the_mean() -> None:
    centroids = fuzzy_c_means(CENTRES, 1, 2.0, np.random.default_rng(0))
    np.testing.assert_allclose(centroids, CENTRES.mean(axis=0, keepdims=True))
