"""Correlations between columns against SciPy, and of measurements that were made twice."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from nape_bench.metrics.together import rank_correlations, repeats


def test_each_pair_is_compared_over_the_items_that_have_both() -> None:
    rng = np.random.default_rng(0)
    a = rng.normal(size=200)
    columns = {"a": a, "b": a + rng.normal(size=200), "c": -a}
    columns["b"][:50] = np.nan
    columns["c"][150:] = np.nan
    found = rank_correlations(columns)
    assert list(found) == [("a", "b"), ("a", "c"), ("b", "c")]
    sizes = {("a", "b"): 150, ("a", "c"): 150, ("b", "c"): 100}
    for (x, y), interval in found.items():
        both = np.isfinite(columns[x]) & np.isfinite(columns[y])
        expected = stats.spearmanr(columns[x][both], columns[y][both])[0]
        assert interval is not None
        assert interval.value == pytest.approx(expected, abs=1e-12)
        assert interval.n == sizes[x, y]
        assert interval.low <= interval.value <= interval.high


def test_what_has_no_order_has_no_correlation() -> None:
    few = np.array([1.0, 2.0, np.nan, np.nan])
    columns = {"a": np.arange(4.0), "constant": np.ones(4), "few": few}
    assert set(rank_correlations(columns).values()) == {None}


def test_repeats_take_two_measurements_of_each_key_and_no_copies() -> None:
    keys = ["x", "x", "x", "y", "y", "z", "z", "w", "v", "v"]
    a = np.array([1.0, 1.0, 2.0, 5.0, 5.0, 7.0, 8.0, 0.0, 3.0, np.nan])
    b = np.array([1.0, 1.0, 3.0, 4.0, 5.0, 9.0, 8.0, 0.0, 3.0, 4.0])
    found = repeats({"a": a, "b": b}, keys)
    # x: rows 0 and 2, as row 1 is a copy; y: 3 and 4; z: 5 and 6; v lacks a value in one of two.
    for name, firsts, seconds in (("a", [1, 5, 7], [2, 5, 8]), ("b", [1, 4, 9], [3, 5, 8])):
        told = found[name]
        assert told.correlation is not None
        assert told.correlation.n == 3
        assert told.correlation.value == pytest.approx(stats.spearmanr(firsts, seconds)[0])
        apart = np.subtract(firsts, seconds)
        assert told.between == pytest.approx(np.sqrt(np.mean(apart**2) / 2))
    assert found["b"].over == pytest.approx(b.std())


def test_nothing_measured_twice() -> None:
    told = repeats({"a": np.arange(4.0)}, list("abcd"))["a"]
    assert told.correlation is None
    assert told.between == 0
