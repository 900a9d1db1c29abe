"""Predictions in whatever form they come, brought into one: an array in the order of the test.

Whoever predicts may leave out nothing and add nothing: ids that are missing, unknown or given
twice are refused by name, and so are values that are not finite.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, SupportsFloat, TypeAlias

import numpy as np

from nape_bench.errors import ProtocolError

PredictionsLike: TypeAlias = Mapping[Any, Any] | Sequence[Any] | np.ndarray | str | Path
"""What `normalise` takes."""

SHOWN = 5
"""How many ids a message gives."""


@dataclass(frozen=True)
class Pairs:
    """Predictions as a file lists them, unchecked.

    Attributes:
        ids: The id of each.
        values: Each prediction, float64 [rows].
        seeds: The seed of each, int64 [rows], or None where no seeds are told apart.
    """

    ids: list[str]
    values: np.ndarray
    seeds: np.ndarray | None = None


@dataclass(frozen=True)
class Predictions:
    """Predictions of all test rows.

    Attributes:
        seeds: The seed of each row of `values`, ascending.
        values: float64 [seeds, items], finite, in the order of the test ids.
    """

    seeds: tuple[int, ...]
    values: np.ndarray


def normalise(predictions: PredictionsLike, ids: Sequence[str], protocol: str) -> Predictions:
    """Bring predictions into one form.

    Args:
        predictions: `{id: value}`; `{seed: {id: value}}`; an array [items] or [seeds, items] in
            the order of `ids`; `{seed: array}`; or the path of a file or folder that
            `prediction_files.read_predictions` reads. Where no seed is told, it is 0, 1 ...
        ids: The ids of the test.
        protocol: The name of the protocol, for messages.

    Raises:
        ProtocolError: Ids are missing, unknown or given twice, values are not finite, or the
            form is none of these.
        DataError: The file cannot be read.
    """
    if isinstance(predictions, (str, Path)):
        from nape_bench.evaluation.prediction_files import read_predictions

        return _from_pairs(read_predictions(Path(predictions)), ids, protocol)
    if isinstance(predictions, Mapping):
        if _is_per_seed(predictions):
            by_seed = {_seed(key): value for key, value in predictions.items()}
            if len(by_seed) < len(predictions):
                raise ProtocolError(f"predictions name a seed twice: {list(predictions)}")
            seeds = tuple(sorted(by_seed))
            rows = [_one_seed(by_seed[seed], ids, protocol, f"seed {seed}: ") for seed in seeds]
            return Predictions(seeds, np.stack(rows))
        return Predictions((0,), _one_seed(predictions, ids, protocol, "")[None])
    values = np.atleast_2d(_array(predictions, len(ids), (1, 2), ""))
    _check_finite(values, ids, protocol)
    return Predictions(tuple(range(len(values))), values)


def _is_per_seed(predictions: Mapping[Any, Any]) -> bool:
    """Tell `{seed: predictions}` from `{id: value}`: by its first value."""
    return any(_is_many(value) for value in list(predictions.values())[:1])


def _is_many(value: object) -> bool:
    return isinstance(value, (Mapping, list, tuple)) or getattr(value, "ndim", 0) > 0


def _seed(key: object) -> int:
    text = str(key)
    if isinstance(key, (str, int, np.integer)) and not isinstance(key, bool) and text.isdecimal():
        return int(text)
    raise ProtocolError(
        f"predictions of several seeds are {{seed: {{id: value}}}} with integers of at least 0 as "
        f"seeds, not {key!r}"
    )


def _one_seed(predictions: Any, ids: Sequence[str], protocol: str, where: str) -> np.ndarray:
    if isinstance(predictions, Mapping):
        keys = [str(key) for key in predictions]
        values = np.array([_number(*item, where) for item in predictions.items()])
        return _in_order(keys, values, ids, protocol, where)
    values = _array(predictions, len(ids), (1,), where)
    _check_finite(values[None], ids, protocol, where)
    return values


def _number(key: object, value: object, where: str) -> float:
    if isinstance(value, SupportsFloat) and not isinstance(value, bool) and not _is_many(value):
        return float(value)
    raise ProtocolError(f"{where}the prediction of {key} is {value!r}: a number expected")


def _array(predictions: Any, items: int, ndim: tuple[int, ...], where: str) -> np.ndarray:
    try:
        values = np.asarray(predictions)
    except (TypeError, ValueError, RuntimeError) as error:
        raise ProtocolError(f"{where}predictions are no array: {error}") from None
    # The rows of a pandas object have names of their own, which an array would forget.
    if values.dtype.kind not in "iuf" or hasattr(predictions, "to_dict"):
        raise ProtocolError(
            f"{where}predictions are a {type(predictions).__name__}: give {{id: value}}, "
            "{seed: {id: value}}, an array of numbers in the order of `Evaluator.ids`, or a file"
        )
    if values.ndim not in ndim or values.shape[-1] != items or 0 in values.shape:
        shape = f"[{items}]" + (f" or [seeds, {items}]" if 2 in ndim else "")
        raise ProtocolError(
            f"{where}predictions have the shape {list(values.shape)}, expected {shape}: one for "
            "each test row, in the order of `Evaluator.ids`"
        )
    return values.astype(np.float64)


def _from_pairs(pairs: Pairs, ids: Sequence[str], protocol: str) -> Predictions:
    if pairs.seeds is None:
        return Predictions((0,), _in_order(pairs.ids, pairs.values, ids, protocol, "")[None])
    seeds = np.unique(pairs.seeds)
    if len(seeds) == 0 or seeds[0] < 0:
        raise ProtocolError(f"predictions for {protocol} have no rows, or a seed below 0")
    keys = np.array(pairs.ids, dtype=object)
    rows = []
    for seed in seeds:
        own = pairs.seeds == seed
        rows.append(_in_order(list(keys[own]), pairs.values[own], ids, protocol, f"seed {seed}: "))
    return Predictions(tuple(int(seed) for seed in seeds), np.stack(rows))


def _in_order(
    keys: Sequence[str], values: np.ndarray, ids: Sequence[str], protocol: str, where: str
) -> np.ndarray:
    """Put values into the order of `ids`, or say which do not fit."""
    place = {key: i for i, key in enumerate(ids)}
    extra = [key for key in keys if key not in place]
    if extra:
        raise ProtocolError(
            f"{where}{_count(extra, 'id')} not in the test of {protocol}: {_first(extra)}; leave "
            f"out all but its {len(ids)} ids (`Evaluator.ids`)"
        )
    if len(set(keys)) < len(keys):
        seen: set[str] = set()
        twice = [key for key in keys if key in seen or seen.add(key)]  # type: ignore[func-returns-value]
        raise ProtocolError(
            f"{where}{_count(twice, 'id')} given more than once: {_first(twice)}; give each one "
            "prediction (several seeds: a column `seed`)"
        )
    if len(keys) < len(ids):
        given = set(keys)
        missing = [key for key in ids if key not in given]
        raise ProtocolError(
            f"{where}{len(missing)} of the {len(ids)} test ids of {protocol} have no prediction: "
            f"{_first(missing)}"
        )
    ordered = np.empty(len(ids))
    ordered[[place[key] for key in keys]] = values
    _check_finite(ordered[None], ids, protocol, where)
    return ordered


def _check_finite(values: np.ndarray, ids: Sequence[str], protocol: str, where: str = "") -> None:
    bad = ~np.isfinite(values)
    if bad.any():
        rows, columns = np.nonzero(bad)
        places = zip(rows.tolist(), columns.tolist(), strict=True)
        listed = [f"{ids[c]} ({values[r, c]})" for r, c in places]
        raise ProtocolError(
            f"{where}{len(listed)} of {values.size} predictions for {protocol} are not finite: "
            f"{_first(listed)}"
        )


def _count(names: Sequence[str], what: str) -> str:
    return f"1 {what} is" if len(names) == 1 else f"{len(names)} {what}s are"


def _first(names: Sequence[str]) -> str:
    rest = len(names) - SHOWN
    return ", ".join(names[:SHOWN]) + (f" and {rest} more" if rest > 0 else "")
