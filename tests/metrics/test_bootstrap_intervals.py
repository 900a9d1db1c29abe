"""Intervals: reproducible, over seeds as stated, and covering what they should."""

from __future__ import annotations

import numpy as np
import pytest

from nape_bench.metrics import METRICS, bootstrap_interval, bootstrap_intervals, score


def sample(n: int, seed: int = 0, noise: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    true = rng.normal(90, 1, n)
    return true, true + rng.normal(0, noise, n)


def test_the_same_seed_gives_the_same_intervals_and_another_does_not() -> None:
    true, pred = sample(80)
    first = score(true, pred, seed=5)
    assert first == score(true, pred, seed=5)
    assert first["mae"].low != score(true, pred, seed=6)["mae"].low


@pytest.mark.parametrize("decimals", [None, 0])
def test_the_listing_of_items_does_not_matter(decimals: int | None) -> None:
    true, pred = sample(60)
    if decimals is not None:
        true, pred = true.round(decimals), pred.round(decimals)
    order = np.random.default_rng(1).permutation(60)
    both = np.stack([pred, pred[::-1]])
    assert score(true, both) == score(true[order], both[:, order])


def test_a_metric_has_the_same_interval_alone_and_among_others() -> None:
    true, pred = sample(60)
    every = score(true, pred)
    assert list(every) == list(METRICS)
    for name in METRICS:
        assert bootstrap_interval(true, pred, name) == every[name]


@pytest.mark.parametrize("name", METRICS)
def test_the_interval_is_that_of_naive_resampling(name: str) -> None:
    true, pred = sample(40, seed=2)
    rng = np.random.default_rng(9)
    picks = rng.integers(0, 40, (2000, 40))
    naive = np.array([METRICS[name].fn(true[row], pred[row]) for row in picks])
    ours = bootstrap_interval(true, pred, name, draws=2000)
    # Each end cuts off 2.5 % (metrics of the top take few values, so a bit below may be less and
    # a bit above more); two bootstraps of 2,000 draws differ in that share by 0.5 %.
    edge = 1e-9
    for end, share in ((ours.low, 0.025), (ours.high, 0.975)):
        assert np.mean(naive < end - edge) < share + 0.015
        assert np.mean(naive <= end + edge) > share - 0.015


def test_a_wider_level_gives_a_wider_interval() -> None:
    true, pred = sample(60)
    narrow = bootstrap_interval(true, pred, level=0.5)
    wide = bootstrap_interval(true, pred, level=0.99)
    assert wide.low < narrow.low < narrow.value < narrow.high < wide.high


def test_the_value_is_the_mean_over_seeds() -> None:
    true, pred = sample(50)
    both = np.stack([pred, pred[::-1]])
    for name, interval in score(true, both).items():
        each = tuple(score(true, row)[name].value for row in both)
        assert interval.per_seed == pytest.approx(each)
        assert interval.value == pytest.approx(np.mean(each))
        assert interval.n == 50


def test_equal_seeds_say_no_more_than_one() -> None:
    true, pred = sample(50)
    one, five = score(true, pred), score(true, np.stack([pred] * 5))
    for name in METRICS:
        assert five[name].low == pytest.approx(one[name].low)
        assert five[name].high == pytest.approx(one[name].high)


def test_seeds_are_resampled() -> None:
    true = np.arange(50.0)
    # All items of a seed have the same error, so only the choice of seeds varies: draws have
    # the mean 0, 1/2 or 1 with the probability 1/4, 1/2, 1/4.
    interval = bootstrap_interval(true, np.stack([true, true + 1]), "mae")
    assert (interval.value, interval.low, interval.high) == (0.5, 0.0, 1.0)
    middle = bootstrap_interval(true, np.stack([true, true + 1]), "mae", level=0.4)
    assert (middle.low, middle.high) == (0.5, 0.5)


def test_seeds_that_differ_widen_the_interval() -> None:
    true, pred = sample(400)
    spread = np.array([-0.5, 0.0, 0.5])[:, None]
    alone = bootstrap_interval(true, pred, "mae")
    seeds = bootstrap_interval(true, pred + 2 * spread, "mae")
    assert seeds.high - seeds.low > 1.5 * (alone.high - alone.low)


def test_resamples_without_order_are_left_out() -> None:
    # Of two items half of the resamples hold one item twice.
    interval = bootstrap_interval([1.0, 2.0], [3.0, 4.0], "spearman")
    assert (interval.low, interval.high) == (1.0, 1.0)


def test_no_resample_with_order_is_an_error() -> None:
    seed = next(s for s in range(100) if _fails([1.0, 2.0], [3.0, 4.0], s))
    with pytest.raises(ValueError, match="ask for more draws"):
        bootstrap_interval([1.0, 2.0], [3.0, 4.0], "spearman", draws=1, seed=seed)


def _fails(true: list[float], pred: list[float], seed: int) -> bool:
    try:
        bootstrap_interval(true, pred, "spearman", draws=1, seed=seed)
    except ValueError:
        return True
    return False


def test_no_metrics_no_intervals() -> None:
    assert bootstrap_intervals([1.0, 2.0], [1.0, 2.0], []) == {}


@pytest.mark.parametrize("name", ["mae", "spearman", "kendall"])
def test_intervals_cover_the_truth(name: str) -> None:
    """Of a normal pair with the correlation r all three are known for the whole population."""
    r, n, runs = 0.7, 150, 300
    rng = np.random.default_rng(0)
    known = {
        "mae": np.sqrt(2 * (1 - r)) * np.sqrt(2 / np.pi),
        "spearman": 6 / np.pi * np.arcsin(r / 2),
        "kendall": 2 / np.pi * np.arcsin(r),
    }[name]
    covered = 0
    for run in range(runs):
        true = rng.normal(size=n)
        pred = r * true + np.sqrt(1 - r**2) * rng.normal(size=n)
        interval = bootstrap_interval(true, pred, name, draws=200, seed=run)
        covered += interval.low <= known <= interval.high
    # 300 runs at 95 %: a standard error of 1.3 %, and percentile intervals run a little narrow.
    assert 0.90 <= covered / runs <= 0.98
