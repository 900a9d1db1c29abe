"""Scores predictions by a sheet."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from nape_bench import metrics
from nape_bench.metrics import EVALUATOR_VERSION, Interval

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np

    from nape_bench.leaderboard.checking.predictions import Predicted
    from nape_bench.leaderboard.checking.sheet import Sheet

DIGITS = 10
"""Significant digits that are kept of a score: sums differ in the last ones between machines."""


@dataclass(frozen=True)
class Part:
    """Metrics on a part of the test.

    Attributes:
        n: How many rows are in it.
        metrics: Each metric with its interval, by name.
    """

    n: int
    metrics: Mapping[str, Interval]


@dataclass(frozen=True)
class Score:
    """What predictions scored on one protocol.

    Attributes:
        protocol: Its name.
        seeds: The seeds, in the order of each metric's `per_seed`.
        metrics: Each metric with its 95 % interval, by name (`nape_bench.metrics`).
        labels_hash: `values_hash` of the labels that it was scored on.
        predictions: `values_hash` of each seed's predictions.
        evaluator: Version of what scored.
        subsets: Metrics on parts of the test, by name.
    """

    protocol: str
    seeds: tuple[int, ...]
    metrics: Mapping[str, Interval]
    labels_hash: str
    predictions: Mapping[int, str]
    evaluator: str = EVALUATOR_VERSION
    subsets: Mapping[str, Part] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain JSON, which `score_from_dict` reads."""
        return {
            "protocol": self.protocol,
            "evaluator": self.evaluator,
            "labels_hash": self.labels_hash,
            "seeds": list(self.seeds),
            "predictions": {str(seed): told for seed, told in self.predictions.items()},
            "metrics": _plain(self.metrics),
            "subsets": {
                name: {"n": part.n, "metrics": _plain(part.metrics)}
                for name, part in self.subsets.items()
            },
        }


def score(predicted: Predicted, sheet: Sheet, *, is_value: bool) -> Score:
    """Score predictions on a protocol.

    Args:
        predicted: The predictions.
        sheet: What the protocol asks, with labels.
        is_value: Whether they are in the label's unit; a score has no MAE.

    Raises:
        ValueError: The sheet has no labels, or they are all equal.
    """
    if sheet.y is None:
        raise ValueError(f"the sheet of {sheet.facts.protocol} has no labels")
    parts = sheet.parts_of(predicted.seeds)
    return Score(
        sheet.facts.protocol,
        predicted.seeds,
        _scored(sheet, predicted.values, parts, slice(None), is_value),
        sheet.facts.labels_hash,
        predicted.hashes(sheet.ids),
        subsets={
            name: Part(int(mask.sum()), _scored(sheet, predicted.values, parts, mask, is_value))
            for name, mask in sheet.subsets.items()
        },
    )


def score_from_dict(data: Mapping[str, Any]) -> Score:
    """Read what `Score.to_dict` gives.

    Raises:
        KeyError, TypeError, ValueError: It is something else.
    """
    return Score(
        data["protocol"],
        tuple(data["seeds"]),
        _intervals(data["metrics"]),
        data["labels_hash"],
        {int(seed): told for seed, told in data["predictions"].items()},
        data["evaluator"],
        {
            name: Part(part["n"], _intervals(part["metrics"]))
            for name, part in data["subsets"].items()
        },
    )


def agree(a: Score, b: Score, tolerance: float = 1e-8) -> bool:
    """Return whether two scores are the same but for rounding.

    Args:
        a: A score.
        b: Another.
        tolerance: The largest difference, as a share of the larger value or of 1.
    """
    if (a.protocol, a.seeds, a.labels_hash, a.predictions) != (
        b.protocol,
        b.seeds,
        b.labels_hash,
        b.predictions,
    ):
        return False
    pairs = [(a.metrics, b.metrics)]
    pairs += [(a.subsets[n].metrics, b.subsets[n].metrics) for n in a.subsets if n in b.subsets]
    return a.subsets.keys() == b.subsets.keys() and all(
        x.keys() == y.keys()
        and all(
            abs(p - q) <= tolerance * max(1.0, abs(p), abs(q))
            for name in x
            for p, q in zip(_values(x[name]), _values(y[name]), strict=True)
        )
        for x, y in pairs
    )


def is_current(before: Score, predicted: Predicted, sheet: Sheet) -> bool:
    """Return whether a stored score is of these predictions, these labels and this evaluator."""
    return (
        before.predictions == predicted.hashes(sheet.ids)
        and before.labels_hash == sheet.facts.labels_hash
        and before.evaluator.split(".")[0] == EVALUATOR_VERSION.split(".")[0]
    )


def _scored(
    sheet: Sheet,
    values: np.ndarray,
    parts: np.ndarray | None,
    rows: np.ndarray | slice,
    is_value: bool,
) -> dict[str, Interval]:
    assert sheet.y is not None  # noqa: S101 for mypy: `score` has asked
    made = metrics.score(
        sheet.y[rows],
        values[:, rows],
        parts=None if parts is None else parts[:, rows],
        higher_is_better=sheet.facts.higher_is_better,
        is_value=is_value,
    )
    return {name: _rounded(interval) for name, interval in made.items()}


def _rounded(interval: Interval) -> Interval:
    value, low, high, *per_seed = (float(f"{v:.{DIGITS}g}") for v in _values(interval))
    return Interval(value, low, high, interval.n, tuple(per_seed))


def _values(interval: Interval) -> list[float]:
    return [interval.value, interval.low, interval.high, *interval.per_seed]


def _plain(told: Mapping[str, Interval]) -> dict[str, Any]:
    return {
        name: {**vars(interval), "per_seed": list(interval.per_seed)}
        for name, interval in told.items()
    }


def _intervals(data: Mapping[str, Any]) -> dict[str, Interval]:
    return {
        name: Interval(**{**told, "per_seed": tuple(told["per_seed"])})
        for name, told in data.items()
    }
