"""The paired test finds a difference that is there, and none that is not."""

from __future__ import annotations

import numpy as np
import pytest

from nape_bench.metrics import METRICS, bootstrap_interval, paired_test


def entries(
    seed: int, noise_a: float, noise_b: float, n: int = 300, seeds: int = 3
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    true = rng.normal(90, 1, n)
    a = true + rng.normal(0, noise_a, (seeds, n))
    b = true + rng.normal(0, noise_b, (seeds, n))
    return true, a, b


@pytest.mark.parametrize("name", ["mae", "spearman", "kendall"])
def test_a_real_difference_is_found(name: str) -> None:
    true, a, b = entries(0, 0.5, 1.5)
    result = paired_test(true, a, b, name)
    assert result.metric == name
    assert result.difference == result.value_a - result.value_b
    assert result.p_value == pytest.approx(2 / 1001)
    better = (result.difference > 0) == METRICS[name].higher_is_better
    assert better
    assert result.low * result.high > 0
    assert result.low < result.difference < result.high


def test_no_difference_is_seldom_found() -> None:
    found = 0
    for seed in range(150):
        true, a, b = entries(seed, 1.0, 1.0, n=120, seeds=1)
        found += paired_test(true, a, b, draws=200, seed=seed).p_value < 0.05
    # 150 runs at 5 %: 7.5 expected, standard deviation 2.7.
    assert 1 <= found <= 15


@pytest.mark.parametrize("name", METRICS)
def test_an_entry_does_not_differ_from_itself(name: str) -> None:
    true, a, _ = entries(1, 1.0, 1.0, n=60)
    result = paired_test(true, a, a.copy(), name)
    assert (result.difference, result.low, result.high) == (0.0, 0.0, 0.0)
    assert result.p_value == 1.0


@pytest.mark.parametrize("name", [name for name in METRICS if name != "mae"])
def test_a_monotone_transform_is_no_difference(name: str) -> None:
    true, a, _ = entries(2, 1.0, 1.0, n=60)
    assert paired_test(true, a, 2 * a + 5, name).p_value == 1.0


def test_exchanging_the_entries_turns_the_sign() -> None:
    true, a, b = entries(3, 1.0, 1.2)
    one, other = paired_test(true, a, b), paired_test(true, b, a)
    assert other.difference == -one.difference
    assert (other.low, other.high) == pytest.approx((-one.high, -one.low))
    assert other.p_value == one.p_value


def test_the_p_value_and_the_interval_agree() -> None:
    for seed in range(30):
        true, a, b = entries(seed, 1.0, 1.15, n=150)
        result = paired_test(true, a, b, draws=400)
        outside = result.low > 0 or result.high < 0
        if abs(result.p_value - 0.05) > 0.01:
            assert outside == (result.p_value < 0.05)


def test_what_both_share_cancels() -> None:
    rng = np.random.default_rng(4)
    true = rng.normal(90, 1, 200)
    shared = rng.normal(0, 1, 200)
    a = true + shared + rng.normal(0, 0.1, 200)
    b = true + shared + rng.normal(0, 0.1, 200)
    together = paired_test(true, a, b)
    alone = bootstrap_interval(true, a)
    assert together.high - together.low < 0.5 * (alone.high - alone.low)


def test_seeds_are_drawn_together() -> None:
    # The seeds differ by far more than the entries, in the same way for both.
    true = np.arange(100.0)
    offsets = np.array([0.0, 5.0, 10.0])[:, None]
    result = paired_test(true, true + offsets + 1, true + offsets, "mae")
    assert (result.low, result.high) == pytest.approx((1.0, 1.0))


def test_an_entry_without_randomness_meets_every_seed() -> None:
    true, a, b = entries(5, 0.5, 1.5)
    for one, other in ((a, b[0]), (a[0], b), (a, b[:1])):
        result = paired_test(true, one, other)
        assert result.difference > 0
        assert result.p_value < 0.01
        assert result.n == 300


def test_different_numbers_of_seeds_are_refused() -> None:
    true, a, b = entries(6, 1.0, 1.0)
    with pytest.raises(ValueError, match="pred_a has 3 seeds and pred_b has 2"):
        paired_test(true, a, b[:2])


def test_what_is_wrong_is_named_by_entry() -> None:
    true, a, b = entries(7, 1.0, 1.0, n=20)
    b[2, 4] = np.nan
    with pytest.raises(ValueError, match=r"pred_b\[2, 4\] is nan"):
        paired_test(true, a, b)
    with pytest.raises(ValueError, match="20 items and pred_a has 19"):
        paired_test(true, a[:, :-1], b)


def test_the_result_is_reproducible() -> None:
    true, a, b = entries(8, 1.0, 1.1)
    assert paired_test(true, a, b, seed=3) == paired_test(true, a, b, seed=3)
    assert paired_test(true, a, b, seed=3) != paired_test(true, a, b, seed=4)


def test_the_direction_of_the_label_is_passed_on() -> None:
    true = np.arange(40.0)
    a, b = true.copy(), true[::-1].copy()
    result = paired_test(true, a, b, "regret@1", higher_is_better=False)
    assert (result.value_a, result.value_b) == (0.0, 39.0)
