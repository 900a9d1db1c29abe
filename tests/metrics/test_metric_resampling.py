"""A row of counts must give what the array that it stands for gives."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from nape_bench.metrics import METRICS, bootstrap_intervals
from nape_bench.metrics import resample as resample_module
from nape_bench.metrics.resample import item_counts, resampled, seed_weights

REPRODUCIBLE = settings(max_examples=50, deadline=None, derandomize=True, database=None)


@st.composite
def resamples(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    n = draw(st.integers(2, 30))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    levels = draw(st.sampled_from([2, 5, 10**9]))
    true, pred = rng.integers(0, levels, (2, n)).astype(float)
    if draw(st.booleans()):
        true = np.sort(true)
    assume(np.ptp(true) > 0)
    picks = rng.integers(0, n, size=(4, n))
    return true, pred, np.stack([np.bincount(row, minlength=n) for row in picks])


@pytest.mark.parametrize("name", METRICS)
@pytest.mark.parametrize("higher_is_better", [True, False])
@REPRODUCIBLE
@given(resamples())
def test_counts_give_what_the_resample_gives(
    name: str, higher_is_better: bool, data: tuple[np.ndarray, np.ndarray, np.ndarray]
) -> None:
    true, pred, counts = data
    metric = METRICS[name]
    kernel = metric.resampler(true, pred, higher_is_better)
    for row, value in zip(counts, kernel(counts.astype(np.int32)), strict=True):
        held = np.repeat(true, row)
        if metric.needs_order and np.ptp(held) == 0:
            assert np.isnan(value)
        else:
            plain = metric.compute(held, np.repeat(pred, row), higher_is_better)
            assert value == pytest.approx(plain, rel=1e-12, abs=1e-11)


def test_counts_are_picks_with_replacement() -> None:
    n, draws = 7, 20_000
    counts = np.concatenate(list(item_counts(n, draws, np.random.default_rng(0))))
    assert counts.shape == (draws, n)
    assert np.all(counts.sum(axis=1) == n)
    # Multinomial: mean 1, variance 1 - 1/n, covariance -1/n.
    expected = np.eye(n) - 1 / n
    np.testing.assert_allclose(counts.mean(axis=0), 1.0, atol=0.03)
    np.testing.assert_allclose(np.cov(counts.T), expected, atol=0.04)


def test_seeds_are_picked_with_replacement() -> None:
    weights = seed_weights(3, 30_000, np.random.default_rng(0))
    np.testing.assert_allclose(weights.sum(axis=1), 1.0)
    np.testing.assert_allclose(weights.mean(axis=0), 1 / 3, atol=0.01)
    # A seed's share is its count over 3, and a count has the variance 1 - 1/3.
    np.testing.assert_allclose(weights.var(axis=0), (1 - 1 / 3) / 9, atol=0.003)


def test_pieces_do_not_change_the_draws(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    true, pred = rng.normal(size=(2, 50)).round(1)
    whole = bootstrap_intervals(true, pred, METRICS, draws=101)
    monkeypatch.setattr(resample_module, "CHUNK", 7 * 50)
    assert bootstrap_intervals(true, pred, METRICS, draws=101) == whole


def test_all_seeds_of_a_draw_see_the_same_items() -> None:
    seen: list[np.ndarray] = []

    def kernel(counts: np.ndarray) -> np.ndarray:
        seen.append(counts.copy())
        return counts[:, 0].astype(float)

    values = resampled([[kernel, kernel], [kernel]], items=5, draws=4, seed=0)
    assert len(seen) == 3
    np.testing.assert_array_equal(seen[0], seen[1])
    # Equal seeds leave only the items to vary, whatever seeds are drawn.
    np.testing.assert_allclose(values[0], values[1])
