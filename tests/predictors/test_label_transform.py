"""The FLOPs label transform by hand, and its inverse."""

from __future__ import annotations

import numpy as np
import pytest

from nape_bench.predictors.label_transform import LabelTransform, divisor

Y = np.array([90.0, 92.0, 94.0, 80.0])
FLOPS = np.array([0.0, 9e9, 99e9, 0.5e9])


def test_divisor_by_hand() -> None:
    np.testing.assert_allclose(divisor(FLOPS), [1, 2, 3, 1 + np.log10(1.5)])


@pytest.mark.parametrize("by_flops", [True, False])
def test_labels_become_standardised_and_come_back(by_flops: bool) -> None:
    transform = LabelTransform.of(Y, FLOPS, by_flops=by_flops)
    z = transform(Y, FLOPS)
    assert z.mean() == pytest.approx(0)
    assert z.std() == pytest.approx(1)
    np.testing.assert_allclose(transform.inverse(z, FLOPS), Y, rtol=1e-14)


def test_other_families_have_the_statistics_of_the_first() -> None:
    transform = LabelTransform.of(Y, FLOPS, by_flops=True)
    ratio = Y / divisor(FLOPS)
    wanted = (60 / (np.log10(3) + 1) - ratio.mean()) / ratio.std()
    np.testing.assert_allclose(transform(np.array([60.0]), np.array([2e9])), wanted)


def test_of_two_networks_alike_the_larger_is_said_to_be_better() -> None:
    transform = LabelTransform.of(Y, FLOPS, by_flops=True)
    small, large = transform.inverse(np.zeros(2), np.array([1e9, 2e9]))
    assert small < large


def test_labels_that_are_all_the_same() -> None:
    transform = LabelTransform.of(np.full(4, 5.0), FLOPS, by_flops=False)
    np.testing.assert_array_equal(transform(np.full(4, 5.0), FLOPS), 0)
    np.testing.assert_array_equal(transform.inverse(np.zeros(4), FLOPS), 5)
