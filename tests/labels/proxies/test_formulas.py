"""Formulas on numbers that are given, against values by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from nape_bench.labels.proxies.jacobian import K, epe_nas, jacov
from nape_bench.labels.proxies.passes import add_same
from nape_bench.labels.proxies.relu import nwot
from nape_bench.labels.proxies.values import UndefinedError

# Their correlations: rows 0 and 1 have 1/2, row 2 has 0 with both.
ROWS = np.array(
    [
        [1.0, -1.0, 0.0, 0.0, 0.0],
        [1.0, 0.0, -1.0, 0.0, 0.0],
        [0.0, 0.0, 0.0, 1.0, -1.0],
    ]
)


def test_jacov_takes_the_eigenvalues_of_correlations() -> None:
    by_hand = -sum(math.log(v + K) + 1 / (v + K) for v in (0.5, 1.0, 1.5))
    assert jacov(ROWS) == pytest.approx(by_hand, rel=1e-9)
    # Neither size nor sign nor mean of a gradient counts.
    assert jacov(ROWS * [[3.0], [-2.0], [1.0]] + 7) == pytest.approx(by_hand, rel=1e-9)


def test_jacov_is_worst_where_gradients_are_the_same() -> None:
    same = np.array([[1.0, 2.0, 4.0]] * 3)
    assert jacov(same) == pytest.approx(
        -(2 * (math.log(K) + 1 / K) + math.log(3 + K) + 1 / (3 + K)), rel=1e-6
    )


def test_epe_nas_adds_up_classes() -> None:
    rows = np.concatenate([ROWS, ROWS[2:] * 2])
    # Class 0 has rows 0 and 1, class 1 has rows 2 and 3, which are one direction.
    by_hand = abs(2 * math.log(1 + K) + 2 * math.log(0.5 + K)) + abs(4 * math.log(1 + K))
    assert epe_nas(rows, [0, 0, 1, 1], 10) == pytest.approx(by_hand, rel=1e-9)


def test_epe_nas_compares_many_classes() -> None:
    rows = np.concatenate([ROWS, ROWS[2:] * 2])
    first = (2 * math.log(1 + K) + 2 * math.log(0.5 + K)) / 2
    second = 4 * math.log(1 + K) / 2
    by_hand = 2 * abs(first - second) / 2
    assert epe_nas(rows, [0, 0, 1, 1], 101) == pytest.approx(by_hand, rel=1e-9)


def test_epe_nas_leaves_classes_of_one_image_out() -> None:
    pair = epe_nas(ROWS[:2], [4, 4], 10)
    assert epe_nas(ROWS, [4, 4, 5], 10) == pair
    with pytest.raises(UndefinedError, match="no two images"):
        epe_nas(ROWS, [0, 1, 2], 10)


def test_gradients_that_have_no_correlation_are_told() -> None:
    with pytest.raises(UndefinedError, match="one gradient 2 by all inputs"):
        jacov([[1.0, 2.0], [2.0, 2.0]])
    with pytest.raises(UndefinedError, match="not finite"):
        epe_nas([[1.0, np.inf], [2.0, 1.0]], [0, 0], 10)


def test_nwot_counts_units_on_the_same_side() -> None:
    same = torch.zeros(3, 3, dtype=torch.float64)
    # Units that are on: images 0, 1, 2 have {0, 1}, {1}, {2} of four; 0 is off.
    add_same(same, torch.tensor([[1.0, 2, -1, 0], [-1, 1, 0, -3], [0, 0, 5, -1]]))
    assert same.tolist() == [[4, 3, 1], [3, 4, 2], [1, 2, 4]]
    add_same(same, torch.tensor([[[[1.0]]], [[[-1.0]]], [[[-1.0]]]]))
    assert same.tolist() == [[5, 3, 1], [3, 5, 3], [1, 3, 5]]
    determinant = 5 * (25 - 9) - 3 * (15 - 3) + (9 - 5)
    assert nwot(same) == pytest.approx(math.log(determinant), rel=1e-12)


def test_nwot_needs_a_relu_and_tells_images_apart() -> None:
    with pytest.raises(UndefinedError, match="no ReLU"):
        nwot(np.zeros((2, 2)))
    with pytest.raises(UndefinedError, match="same units"):
        nwot(np.full((2, 2), 6.0))
