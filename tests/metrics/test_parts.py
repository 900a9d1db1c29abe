"""Seeds that are scored on items of their own: parts of the test."""

from __future__ import annotations

import numpy as np
import pytest

from nape_bench import metrics
from nape_bench.metrics.resample import item_picks, part_counts

ITEMS, SEEDS = 60, 3


@pytest.fixture
def data() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """True values, predictions of three seeds, and what each is scored on."""
    rng = np.random.default_rng(3)
    true = rng.normal(size=ITEMS)
    pred = true + rng.normal(size=(SEEDS, ITEMS))
    parts = np.ones((SEEDS, ITEMS), dtype=bool)
    for seed in range(SEEDS):
        parts[seed, rng.choice(ITEMS, 10 + seed, replace=False)] = False
    return true, pred, parts


def test_each_seed_has_the_metric_of_its_own_items(data) -> None:
    true, pred, parts = data
    scored = metrics.score(true, pred, parts=parts)
    for name, metric in metrics.METRICS.items():
        alone = [
            metric.compute(true[part], row[part], True)
            for row, part in zip(pred, parts, strict=True)
        ]
        assert scored[name].per_seed == pytest.approx(alone, rel=1e-12)
        assert scored[name].n == ITEMS - 12


def test_what_is_predicted_outside_of_a_part_changes_nothing(data) -> None:
    true, pred, parts = data
    other = np.where(parts, pred, 1e6)
    assert (
        metrics.score(true, other, parts=parts)["mae"]
        == metrics.score(true, pred, parts=parts)["mae"]
    )


def test_parts_of_all_items_are_no_parts(data) -> None:
    true, pred, _ = data
    whole = np.ones((SEEDS, ITEMS), dtype=bool)
    assert metrics.score(true, pred, parts=whole) == metrics.score(true, pred)


def test_the_order_in_which_items_are_listed_does_not_matter(data) -> None:
    true, pred, parts = data
    order = np.random.default_rng(0).permutation(ITEMS)
    turned = metrics.score(true[order], pred[:, order], parts=parts[:, order])
    assert turned == metrics.score(true, pred, parts=parts)


def test_counts_of_a_part_are_a_bootstrap_of_it_that_agrees_with_that_of_all() -> None:
    rng = np.random.default_rng(1)
    part = np.zeros(ITEMS, dtype=bool)
    part[:20] = True
    picks = next(item_picks(ITEMS, 4000, rng))
    counts = part_counts(picks, part, np.random.default_rng(2))
    assert (counts.sum(axis=1) == 20).all()
    # Of a bootstrap of 20: mean 1, variance 19 / 20, covariance -1 / 20.
    assert counts.mean(axis=0) == pytest.approx(np.ones(20), abs=0.07)
    covariance = np.cov(counts.T)
    assert np.diag(covariance).mean() == pytest.approx(19 / 20, abs=0.03)
    assert covariance[np.triu_indices(20, 1)].mean() == pytest.approx(-1 / 20, abs=0.005)
    whole = np.stack([(picks == item).sum(axis=1) for item in range(20)], axis=1)
    agree = [np.corrcoef(whole[:, item], counts[:, item])[0, 1] for item in range(20)]
    assert min(agree) > 0.75


def test_intervals_hold_the_value_of_the_source_about_as_often_as_they_say() -> None:
    rng = np.random.default_rng(5)
    held = 0
    for _ in range(200):
        error = np.abs(rng.normal(size=80))
        parts = np.ones((5, 80), dtype=bool)
        for seed in range(5):
            parts[seed, rng.choice(80, 20, replace=False)] = False
        interval = metrics.bootstrap_interval(
            np.zeros(80), np.tile(error, (5, 1)), "mae", draws=300, parts=parts
        )
        held += interval.low <= np.sqrt(2 / np.pi) <= interval.high
    assert 180 <= held <= 198


def test_a_paired_test_scores_both_on_the_same_items(data) -> None:
    true, pred, parts = data
    flat = np.arange(ITEMS, dtype=float)
    test = metrics.paired_test(true, pred, flat, parts=parts)
    mine = metrics.score(true, pred, metrics=["spearman"], parts=parts)["spearman"]
    theirs = metrics.score(true, np.tile(flat, (SEEDS, 1)), metrics=["spearman"], parts=parts)[
        "spearman"
    ]
    assert (test.value_a, test.value_b) == (mine.value, theirs.value)
    same = metrics.paired_test(true, pred, pred, parts=parts)
    assert (same.difference, same.low, same.high) == (0, 0, 0)


@pytest.mark.parametrize(
    ("parts", "said"),
    [
        (np.ones((2, ITEMS), dtype=bool), r"bool \[3 seeds, 60 items\]"),
        (np.ones((SEEDS, ITEMS)), "not float64"),
        (np.zeros((SEEDS, ITEMS), dtype=bool), "seed 0 no item"),
    ],
)
def test_parts_that_do_not_fit_are_refused(data, parts, said: str) -> None:
    true, pred, _ = data
    with pytest.raises(ValueError, match=said):
        metrics.score(true, pred, parts=parts)
