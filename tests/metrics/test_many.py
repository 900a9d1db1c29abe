"""Friedman's and Nemenyi's tests: published values, ties, and where they cannot be asked."""

from __future__ import annotations

import numpy as np
import pytest

from nape_bench.metrics import friedman_nemenyi

C45 = np.transpose([
    (0.763, 0.768, 0.771, 0.798), (0.599, 0.591, 0.59, 0.569), (0.954, 0.971, 0.968, 0.967),
    (0.628, 0.661, 0.654, 0.657), (0.882, 0.888, 0.886, 0.898), (0.936, 0.931, 0.916, 0.931),
    (0.661, 0.668, 0.609, 0.685), (0.583, 0.583, 0.563, 0.625), (0.775, 0.838, 0.866, 0.875),
    (1, 1, 1, 1), (0.94, 0.962, 0.965, 0.962), (0.619, 0.666, 0.614, 0.669),
    (0.972, 0.981, 0.9751, 0.975), (0.957, 0.978, 0.946, 0.97),
])  # fmt: skip
"""AUC of four variants of C4.5 on 14 datasets (Demsar, JMLR 2006, table 6)."""


def test_the_example_that_the_literature_works_out() -> None:
    told = friedman_nemenyi(C45)
    # Average ranks of table 6, and section 3.2.2: CD = 1.25 at 5 %.
    assert told.mean_ranks == pytest.approx((3.143, 2.000, 2.893, 1.964), abs=0.001)
    assert told.critical_difference == pytest.approx(1.25, abs=0.005)
    # There it is 9.28 without the correction for ties, p = .026; with it a little more.
    ranks = np.array(told.mean_ranks)
    assert 12 * 14 / 20 * (np.sum(ranks**2) - 25) == pytest.approx(9.28, abs=0.005)
    assert told.p_value == pytest.approx(0.0167, abs=0.0001)


def test_direction_turns_ranks_round() -> None:
    values = [[0.1, 0.2], [0.3, 0.1], [0.5, 0.6]]
    up, down = friedman_nemenyi(values), friedman_nemenyi(values, higher_is_better=False)
    assert up.mean_ranks == (2.5, 2.5, 1.0)
    assert down.mean_ranks == (1.5, 1.5, 3.0)


def test_equal_entries_share_ranks_and_differ_in_nothing() -> None:
    told = friedman_nemenyi(np.ones((4, 5)))
    assert told.mean_ranks == (2.5,) * 4
    assert told.p_value == 1.0


@pytest.mark.parametrize("shape", [(2, 9), (5, 1), (1, 1)])
def test_where_it_cannot_be_asked(shape: tuple[int, int]) -> None:
    told = friedman_nemenyi(np.arange(float(np.prod(shape))).reshape(shape))
    assert told.p_value == 1.0
    assert told.critical_difference == float("inf")


@pytest.mark.parametrize("values", [[], [[]], [1.0, 2.0], [[1.0, float("nan")]]])
def test_what_is_no_table_is_refused(values: list[float]) -> None:
    with pytest.raises(ValueError, match="expected"):
        friedman_nemenyi(values)
