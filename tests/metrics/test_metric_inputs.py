"""What metrics refuse, and what they say then; one item, constants, and too large a k."""

from __future__ import annotations

import numpy as np
import pytest

from nape_bench import metrics
from nape_bench.metrics import METRICS

OF_ORDER = [name for name, metric in METRICS.items() if metric.needs_order]
TRUE = np.array([91.0, 92.0, 93.0, 90.0])


@pytest.mark.parametrize("name", METRICS)
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_a_number_that_is_not_finite_is_named_with_its_index(name: str, bad: float) -> None:
    values = TRUE.copy()
    values[2] = bad
    with pytest.raises(ValueError, match=r"y_pred\[2\] is -?(nan|inf) \(1 of 4"):
        METRICS[name].fn(TRUE, values)
    with pytest.raises(ValueError, match=r"y_true\[2\]"):
        METRICS[name].fn(values, TRUE)


def test_several_seeds_name_seed_and_item() -> None:
    pred = np.stack([TRUE, TRUE])
    pred[1, 3] = np.nan
    with pytest.raises(ValueError, match=r"y_pred\[1, 3\] is nan"):
        metrics.score(TRUE, pred)


@pytest.mark.parametrize("name", METRICS)
def test_lengths_that_differ_are_refused(name: str) -> None:
    with pytest.raises(ValueError, match="4 items and y_pred has 3"):
        METRICS[name].fn(TRUE, TRUE[:3])


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ([], "empty"),
        ([[1.0], [2.0], [3.0], [4.0]], r"shape \[items\], not \[4, 1\]"),
        (3.0, r"not \[\]"),
        (["a", "b", "c", "d"], "real numbers"),
        ([1j, 2, 3, 4], "real numbers"),
        ([True, False, True, False], "real numbers, not bool"),
    ],
)
def test_what_is_no_list_of_numbers_is_refused(values: object, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        metrics.mae(TRUE, values)  # type: ignore[arg-type]


def test_a_column_of_predictions_is_not_taken_for_seeds() -> None:
    with pytest.raises(ValueError, match="4 items and y_pred has 1"):
        metrics.score(TRUE, TRUE[:, None])


def test_integers_and_single_precision_are_numbers() -> None:
    assert metrics.mae([1, 2, 3], np.array([1, 2, 5], dtype=np.float32)) == pytest.approx(2 / 3)
    assert metrics.spearman([1, 2, 3], [10, 20, 30]) == 1.0


def test_input_is_left_as_it_was() -> None:
    true, pred = TRUE.copy(), np.stack([TRUE[::-1], TRUE])
    before = pred.copy()
    metrics.score(true, pred, draws=10)
    np.testing.assert_array_equal(true, TRUE)
    np.testing.assert_array_equal(pred, before)


@pytest.mark.parametrize("name", OF_ORDER)
def test_a_constant_truth_is_refused_by_metrics_of_order(name: str) -> None:
    constant = np.full(4, 90.0)
    with pytest.raises(ValueError, match=r"all 4 true values are 90\.0"):
        METRICS[name].fn(constant, TRUE)
    with pytest.raises(ValueError, match="all 4 true values"):
        metrics.bootstrap_interval(constant, TRUE, name)


@pytest.mark.parametrize("name", OF_ORDER)
def test_one_item_has_no_order(name: str) -> None:
    with pytest.raises(ValueError, match="all 1 true values"):
        METRICS[name].fn([90.0], [91.0])


def test_one_item_has_an_error() -> None:
    interval = metrics.score([90.0], [91.5], metrics=["mae"])["mae"]
    assert (interval.value, interval.low, interval.high, interval.n) == (1.5, 1.5, 1.5, 1)


def test_a_constant_truth_has_an_error() -> None:
    assert metrics.mae([90.0, 90.0], [91.0, 88.0]) == 1.5


@pytest.mark.parametrize("name", ["spearman", "kendall"])
def test_a_constant_prediction_has_no_correlation(name: str) -> None:
    interval = metrics.bootstrap_interval(TRUE, np.full(4, 3.0), name)
    assert (interval.value, interval.low, interval.high) == (0.0, 0.0, 0.0)


def test_k_above_the_number_of_items_means_all() -> None:
    pred = [1.0, 4.0, 2.0, 3.0]
    assert metrics.ndcg_at_k(TRUE, pred, 10) == metrics.ndcg_at_k(TRUE, pred, 4)
    assert metrics.top_k_overlap(TRUE, pred, 10) == 1.0
    assert metrics.regret_at_k(TRUE, pred, 10) == 0.0


@pytest.mark.parametrize("k", [0, -1, 2.0, True])
def test_k_must_be_a_count(k: object) -> None:
    for fn in (metrics.ndcg_at_k, metrics.top_k_overlap, metrics.regret_at_k):
        with pytest.raises(ValueError, match="k must be an integer of at least 1"):
            fn(TRUE, TRUE, k)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("wrong", "message"),
    [({"draws": 0}, "draws must be"), ({"level": 95}, "0.95 for 95 %"), ({"level": 1.0}, "level")],
)
def test_settings_of_the_bootstrap_are_checked(wrong: dict[str, float], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        metrics.bootstrap_interval(TRUE, TRUE, "mae", **wrong)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=message):
        metrics.paired_test(TRUE, TRUE, TRUE, "mae", **wrong)  # type: ignore[arg-type]
