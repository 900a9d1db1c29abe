"""Predictions in every form that is taken, and those that are refused."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest
import torch

from nape_bench.errors import ProtocolError
from nape_bench.evaluation.predictions import normalise

IDS = ["a", "b", "c"]
VALUES = [1.0, 2.0, 3.0]


def one(predictions: Any) -> list[float]:
    made = normalise(predictions, IDS, "p")
    assert made.seeds == (0,)
    return made.values[0].tolist()


@pytest.mark.parametrize(
    "predictions",
    [
        {"c": 3, "a": 1.0, "b": np.float32(2)},
        {"c": torch.tensor(3.0), "a": torch.tensor(1.0), "b": torch.tensor(2.0)},
        VALUES,
        tuple(VALUES),
        np.array(VALUES, dtype=np.float32),
        np.array([1, 2, 3]),
        torch.tensor(VALUES),
        [VALUES],
    ],
)
def test_every_form_of_one_seed_gives_the_order_of_the_ids(predictions: Any) -> None:
    assert one(predictions) == VALUES


@pytest.mark.parametrize(
    ("predictions", "seeds"),
    [
        ({3: {"a": 1, "b": 2, "c": 3}, 1: {"c": 6, "b": 5, "a": 4}}, (1, 3)),
        ({"3": VALUES, "1": [4, 5, 6]}, (1, 3)),
        ({np.int64(3): np.array(VALUES), 1: [4, 5, 6]}, (1, 3)),
        ([[4, 5, 6], VALUES], (0, 1)),
    ],
)
def test_several_seeds_come_out_in_ascending_order(
    predictions: Any, seeds: tuple[int, ...]
) -> None:
    made = normalise(predictions, IDS, "p")
    assert made.seeds == seeds
    assert made.values.tolist() == [[4, 5, 6], VALUES]


@pytest.mark.parametrize(
    ("predictions", "message"),
    [
        ({"a": 1, "b": 2}, "1 of the 3 test ids of p have no prediction: c"),
        ({}, "3 of the 3 test ids of p have no prediction: a, b, c"),
        ({"a": 1, "b": 2, "c": 3, "d": 4}, "1 id is not in the test of p: d"),
        (
            {f"x{i}": 1 for i in range(9)},
            "9 ids are not in the test of p: x0, x1, x2, x3, x4 and 4 more",
        ),
        (
            {"a": 1, "b": float("nan"), "c": float("inf")},
            "2 of 3 predictions for p are not finite: b (nan), c (inf)",
        ),
        ({"a": 1, "b": "2", "c": 3}, "the prediction of b is '2'"),
        ({"a": 1, "b": None, "c": 3}, "the prediction of b is None"),
        ({"a": 1, "b": [2], "c": 3}, "the prediction of b is [2]"),
        ({0: {"a": 1, "b": 2, "c": 3}, 7: {"a": 1}}, "seed 7: 2 of the 3 test ids"),
        ({0: VALUES, 7: [1, 2]}, "seed 7: predictions have the shape [2], expected [3]"),
        ({0: VALUES, "0": VALUES}, "name a seed twice"),
        ({-1: VALUES}, "integers of at least 0 as seeds, not -1"),
        ({True: VALUES}, "as seeds, not True"),
        ([1, 2], "the shape [2], expected [3] or [seeds, 3]"),
        (np.ones((3, 1)), "the shape [3, 1], expected [3] or [seeds, 3]"),
        (np.ones((0, 3)), "the shape [0, 3]"),
        ([1, 2, np.nan], "1 of 3 predictions for p are not finite: c (nan)"),
        (["x", "y", "z"], "predictions are a list"),
        ([1, [2, 3]], "predictions are no array"),
        (np.ones(3, dtype=complex), "predictions are a ndarray"),
        (None, "predictions are a NoneType"),
    ],
)
def test_what_does_not_fit_is_refused_by_name(predictions: Any, message: str) -> None:
    with pytest.raises(ProtocolError, match=re.escape(message)):
        normalise(predictions, IDS, "p")


def test_a_series_is_not_read_by_position() -> None:
    class Series:
        """As pandas': an array whose rows have names."""

        def __array__(self, dtype: Any = None, copy: Any = None) -> np.ndarray:
            return np.array(VALUES)

        def to_dict(self) -> dict[str, float]:
            return dict(zip("cba", VALUES, strict=True))

    with pytest.raises(ProtocolError, match="predictions are a Series"):
        normalise(Series(), IDS, "p")  # type: ignore[arg-type]
    assert one(Series().to_dict()) == VALUES[::-1]


def test_the_input_stays_as_it_is() -> None:
    given = np.array(VALUES)
    normalise(given, IDS, "p").values[:] = 0
    assert given.tolist() == VALUES
