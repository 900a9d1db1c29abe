"""Metrics of the top: against scikit-learn, and against all orders of ties, one by one."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from sklearn.metrics import ndcg_score

from nape_bench.metrics import ndcg_at_k, regret_at_k, top_k_overlap

REPRODUCIBLE = settings(max_examples=60, deadline=None, derandomize=True, database=None)
ALL = [ndcg_at_k, top_k_overlap, regret_at_k]


def one_order(fn: object, true: np.ndarray, order: np.ndarray, k: int) -> float:
    """The metric of a ranking without ties, straight from its definition."""
    picked = true[order[:k]]
    best_first = np.sort(true)[::-1]
    if fn is regret_at_k:
        return float(best_first[0] - picked.max())
    if fn is top_k_overlap:
        return float(np.mean(picked >= best_first[k - 1]))
    discount = 1 / np.log2(np.arange(k) + 2)
    gain = lambda y: 20 * (y - true.min()) / np.ptp(true)  # noqa: E731
    return float(gain(picked) @ discount / (gain(best_first[:k]) @ discount))


def expected(fn: object, true: np.ndarray, pred: np.ndarray, k: int) -> float:
    """The mean over all orders of the items that agree with the predictions."""
    orders = [
        np.array(order)
        for order in permutations(range(len(true)))
        if np.all(np.diff(pred[list(order)]) <= 0)
    ]
    return float(np.mean([one_order(fn, true, order, k) for order in orders]))


@st.composite
def small_pairs(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray, int]:
    n = draw(st.integers(2, 5))
    values = st.lists(st.integers(0, 4).map(float), min_size=n, max_size=n)
    true, pred = np.array(draw(values)), np.array(draw(values))
    assume(np.ptp(true) > 0)
    return true, pred, draw(st.integers(1, n))


@pytest.mark.parametrize("fn", ALL)
@REPRODUCIBLE
@given(small_pairs())
def test_ties_count_by_their_expected_value(
    fn: object, data: tuple[np.ndarray, np.ndarray, int]
) -> None:
    true, pred, k = data
    assert fn(true, pred, k) == pytest.approx(  # type: ignore[operator]
        expected(fn, true, pred, k), abs=1e-12
    )


@pytest.mark.parametrize("k", [1, 10, 50])
@pytest.mark.parametrize("decimals", [None, 0])
def test_ndcg_is_that_of_scikit_learn_on_relevance_from_0_to_20(
    k: int, decimals: int | None
) -> None:
    rng = np.random.default_rng(k)
    true = rng.normal(90, 2, 300)
    pred = true + rng.normal(0, 3, 300)
    if decimals is not None:
        pred = pred.round(decimals)
    relevance = 20 * (true - true.min()) / np.ptp(true)
    theirs = ndcg_score(relevance[None], pred[None], k=k)
    assert ndcg_at_k(true, pred, k) == pytest.approx(theirs, abs=1e-12)


def test_ndcg_keeps_its_digits_where_accuracies_hardly_differ() -> None:
    rng = np.random.default_rng(0)
    spread = rng.normal(size=50)
    pred = spread + rng.normal(size=50)
    # 2^-30 apart around 64: both are exact in float64 up to the rounding of the spread itself.
    coarse = np.round(spread * 2**10) / 2**10
    assert ndcg_at_k(64 + coarse * 2**-30, pred) == pytest.approx(ndcg_at_k(coarse, pred), 1e-12)


@pytest.mark.parametrize("k", [1, 3, 10])
def test_a_constant_predictor_gets_what_picking_at_random_gets(k: int) -> None:
    rng = np.random.default_rng(k)
    true = np.sort(rng.normal(size=40))
    constant = np.zeros(40)
    assert top_k_overlap(true, constant, k) == pytest.approx(k / 40)
    best_of_k = np.mean([rng.permutation(true)[:k].max() for _ in range(40_000)])
    assert regret_at_k(true, constant, k) == pytest.approx(true.max() - best_of_k, abs=0.03)
    discount = 1 / np.log2(np.arange(k) + 2)
    gain = true - true.min()
    random = gain.mean() * discount.sum() / (np.sort(gain)[::-1][:k] @ discount)
    assert ndcg_at_k(true, constant, k) == pytest.approx(random)
    # Listing the best items first, last or anywhere earns nothing.
    for listed in (true[::-1], rng.permutation(true)):
        for fn in ALL:
            assert fn(listed, constant, k) == pytest.approx(fn(true, constant, k), abs=1e-12)


@pytest.mark.parametrize("fn", ALL)
def test_lower_is_better_is_the_mirror_image(fn: object) -> None:
    rng = np.random.default_rng(1)
    true, pred = rng.integers(0, 20, 60).astype(float), rng.integers(0, 9, 60).astype(float)
    for k in (1, 7):
        mirrored = fn(-true, -pred, k, higher_is_better=False)  # type: ignore[operator]
        assert mirrored == fn(true, pred, k)  # type: ignore[operator]
        assert mirrored != fn(true, pred, k, higher_is_better=False)  # type: ignore[operator]


def test_by_hand() -> None:
    true = [94.0, 93.0, 90.0, 92.0]
    pred = [1.0, 3.0, 4.0, 2.0]
    assert regret_at_k(true, pred) == 4.0
    assert regret_at_k(true, pred, 2) == 1.0
    assert regret_at_k(true, pred, 1, higher_is_better=False) == 4.0
    assert top_k_overlap(true, pred, 2) == 0.5
    # Relevance 20, 15, 0, 10; predicted order 0, 15 against the true 20, 15.
    discount = 1 / np.log2(3)
    assert ndcg_at_k(true, pred, 2) == pytest.approx(15 * discount / (20 + 15 * discount))


@pytest.mark.parametrize("k", [1, 5, 50])
def test_a_perfect_prediction_is_perfect_even_with_ties(k: int) -> None:
    true = np.random.default_rng(2).integers(0, 5, 50).astype(float)
    assert ndcg_at_k(true, 3 * true - 7, k) == pytest.approx(1.0)
    assert top_k_overlap(true, 3 * true - 7, k) == pytest.approx(1.0)
    assert regret_at_k(true, 3 * true - 7, k) == 0.0
