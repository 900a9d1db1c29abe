"""Correlations against SciPy and by hand, and what must not change them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy import stats

from nape_bench.metrics import kendall_tau_b, mae, spearman
from nape_bench.metrics.kendall import exact_kernel, linear_kernel
from nape_bench.metrics.pairs import agreement

REPRODUCIBLE = settings(max_examples=80, deadline=None, derandomize=True, database=None)
CORRELATIONS = [spearman, kendall_tau_b]

floats = st.floats(-1e6, 1e6, allow_subnormal=False)
# Few different values, so that ties are the rule.
tied = st.integers(-3, 3).map(float)


@st.composite
def pairs(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray]:
    n = draw(st.integers(2, 40))
    columns = [
        draw(st.lists(draw(st.sampled_from([floats, tied])), min_size=n, max_size=n))
        for _ in range(2)
    ]
    true, pred = np.array(columns[0]), np.array(columns[1])
    assume(np.ptp(true) > 0)
    return true, pred


@REPRODUCIBLE
@given(pairs())
def test_correlations_are_those_of_scipy(data: tuple[np.ndarray, np.ndarray]) -> None:
    true, pred = data
    assume(np.ptp(pred) > 0)
    assert spearman(true, pred) == pytest.approx(stats.spearmanr(true, pred)[0], abs=1e-12)
    assert kendall_tau_b(true, pred) == pytest.approx(stats.kendalltau(true, pred)[0], abs=1e-12)


@REPRODUCIBLE
@given(pairs())
def test_pairs_are_counted_as_by_looking_at_each(data: tuple[np.ndarray, np.ndarray]) -> None:
    true, pred = data
    signs = np.sign(np.subtract.outer(true, true)) * np.sign(np.subtract.outer(pred, pred))
    np.testing.assert_array_equal(agreement(true, pred), signs.sum(axis=1))


@REPRODUCIBLE
@given(pairs(), st.randoms(use_true_random=False))
def test_correlations_stay_in_range_and_ignore_the_listing(
    data: tuple[np.ndarray, np.ndarray], random: object
) -> None:
    true, pred = data
    order = np.array(random.sample(range(len(true)), len(true)))  # type: ignore[attr-defined]
    for correlation in CORRELATIONS:
        value = correlation(true, pred)
        assert -1.0 <= value <= 1.0
        assert correlation(true[order], pred[order]) == value
        assert correlation(true, -pred) == pytest.approx(-value, abs=1e-12)
        assert correlation(true, true) == pytest.approx(1.0, abs=1e-12)


@REPRODUCIBLE
@given(pairs())
def test_correlations_do_not_see_monotone_transforms(data: tuple[np.ndarray, np.ndarray]) -> None:
    true, pred = data
    # Ranks: a transform that surely keeps ties and order in floating point.
    ranked = np.unique(pred, return_inverse=True)[1].astype(float)
    for correlation in CORRELATIONS:
        assert correlation(true, np.exp(ranked / 10)) == correlation(true, pred)


@REPRODUCIBLE
@given(pairs())
def test_mean_absolute_error_is_at_least_the_bias(data: tuple[np.ndarray, np.ndarray]) -> None:
    true, pred = data
    assert mae(true, pred) >= abs(np.mean(pred - true)) - 1e-9
    assert mae(true, true) == 0.0
    assert mae(true, pred) == mae(pred, true)


def test_mean_absolute_error_by_hand() -> None:
    assert mae([90.0, 92.0, 94.0], [91.0, 92.0, 92.0]) == 1.0


def test_self_correlation_is_one_to_the_last_bit() -> None:
    values = np.random.default_rng(0).normal(size=5000)
    assert spearman(values, values) == 1.0
    assert spearman(values, -values) == -1.0
    assert kendall_tau_b(values, values) == pytest.approx(1.0, abs=1e-15)


@pytest.mark.parametrize("decimals", [None, 1])
def test_large_samples_agree_with_scipy(decimals: int | None) -> None:
    rng = np.random.default_rng(3)
    true = rng.normal(90, 2, 30_000)
    pred = true + rng.normal(0, 2, 30_000)
    if decimals is not None:
        true, pred = true.round(decimals), pred.round(decimals)
    assert spearman(true, pred) == pytest.approx(stats.spearmanr(true, pred)[0], abs=1e-12)
    assert kendall_tau_b(true, pred) == pytest.approx(stats.kendalltau(true, pred)[0], abs=1e-12)


@pytest.mark.parametrize("decimals", [None, 0])
def test_first_order_resampling_of_kendall_is_close_to_exact(decimals: int | None) -> None:
    rng = np.random.default_rng(4)
    n = 1500
    true = rng.normal(90, 2, n)
    pred = true + rng.normal(0, 2, n)
    if decimals is not None:
        true, pred = true.round(decimals), pred.round(decimals)
    counts = rng.multinomial(n, np.full(n, 1 / n), size=2000).astype(np.int32)
    exact, linear = exact_kernel(true, pred)(counts), linear_kernel(true, pred)(counts)
    assert np.sqrt(np.mean((exact - linear) ** 2)) < 0.08 * exact.std()
    ends = [np.quantile(draws, [0.025, 0.975]) for draws in (exact, linear)]
    np.testing.assert_allclose(*ends, atol=0.06 * exact.std())


def test_first_order_resampling_of_a_constant_prediction_is_zero() -> None:
    true = np.arange(10.0)
    kernel = linear_kernel(true, np.ones(10))
    np.testing.assert_array_equal(kernel(np.ones((3, 10), dtype=np.int32)), np.zeros(3))
