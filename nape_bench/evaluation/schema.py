"""The JSON of a result: its layout, version 1, written and strictly read."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from nape_bench.errors import DataError, shortened
from nape_bench.evaluation.result import Counts, PredictorFacts, Result, Seconds, Subset
from nape_bench.evaluation.task import DatasetFacts
from nape_bench.hashing import values_hash
from nape_bench.metrics import Interval

if TYPE_CHECKING:
    import numpy as np

SCHEMA_VERSION = 1
"""Version of the layout; a reader refuses others."""

T = TypeVar("T")
Reader = Callable[[Any], Any]


def to_dict(result: Result) -> dict[str, Any]:
    """Return a result as plain JSON, with the hash of each seed's predictions in their place."""
    facts = _plain(
        {
            name: getattr(result, name)
            for name in READERS
            if name not in ("schema_version", "predictions")
        }
    )
    hashes = {
        str(seed): values_hash(result.ids, values) for seed, values in result.predictions.items()
    }
    return {"schema_version": SCHEMA_VERSION, **facts, "predictions": hashes}


def to_json(result: Result) -> str:
    """Return `to_dict` as text that reads well and ends in a newline."""
    return json.dumps(to_dict(result), indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def from_dict(
    data: object, ids: tuple[str, ...], predictions: Mapping[int, np.ndarray], where: str
) -> Result:
    """Read what `to_dict` gives.

    Args:
        data: What the JSON file holds.
        ids: The test ids.
        predictions: The predictions of each seed, float64 [rows].
        where: The file, for messages.

    Raises:
        DataError: Keys are missing or unknown, a value has another type than it must have, the
            layout is of another version, or the predictions are not those of the result.
    """
    if not isinstance(data, Mapping):
        raise DataError(f"{where}: an object expected")
    version = data.get("schema_version")
    if version != SCHEMA_VERSION:
        raise DataError(
            f"{where}: schema_version is {version!r}, and this nape_bench reads {SCHEMA_VERSION}"
        )
    read = _object(data, READERS, where)
    del read["schema_version"]
    hashes = read.pop("predictions")
    if sorted(map(str, read["seeds"])) != sorted(hashes) or set(read["seeds"]) != set(predictions):
        raise DataError(
            f"{where}: seeds {read['seeds']}, but predictions of {sorted(predictions)} "
            f"and hashes of {sorted(hashes)}"
        )
    if read["counts"].test != len(ids):
        raise DataError(f"{where}: {read['counts'].test} test rows, but {len(ids)} predictions")
    for seed, values in predictions.items():
        if values_hash(ids, values) != hashes[str(seed)]:
            raise DataError(
                f"{where}: the predictions of seed {seed} are not those that were scored; score "
                "them with `nape-bench evaluate`"
            )
    return Result(**read, ids=ids, predictions=predictions)


def _plain(value: Any) -> Any:
    """Turn dataclasses into objects and tuples into lists."""
    if hasattr(value, "__dataclass_fields__"):
        return {name: _plain(getattr(value, name)) for name in value.__dataclass_fields__}
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (tuple, list)):
        return [_plain(item) for item in value]
    return value


def _object(data: object, readers: Mapping[str, Reader], where: str) -> dict[str, Any]:
    if not isinstance(data, Mapping):
        raise DataError(f"{where}: an object expected, not {shortened(repr(data))}")
    for wrong, names in (
        ("missing", readers.keys() - data.keys()),
        ("unknown", data.keys() - readers.keys()),
    ):
        if names:
            raise DataError(f"{where}: {wrong} {', '.join(sorted(names))}")
    return {key: _at(reader, data[key], f"{where}: {key}") for key, reader in readers.items()}


def _at(reader: Reader, value: object, where: str) -> Any:
    try:
        return reader(value)
    except TypeError as error:
        raise DataError(f"{where} is {shortened(repr(value))}: {error}") from None
    except DataError as error:
        raise DataError(f"{where}{error}") from None


def _record(cls: type[T], readers: Mapping[str, Reader]) -> Callable[[Any], T]:
    return lambda data: cls(**_object(data, readers, ""))


def _of(kind: type) -> Reader:
    """Return a reader of one type; an integer is a number, True is neither."""
    accepted = (int, float) if kind is float else kind

    def read(value: Any) -> Any:
        if not isinstance(value, accepted) or isinstance(value, bool) != (kind is bool):
            raise TypeError(f"{kind.__name__} expected")
        return kind(value)

    return read


def _many(reader: Reader) -> Reader:
    def read(value: Any) -> tuple[Any, ...]:
        if not isinstance(value, list):
            raise TypeError("a list expected")
        return tuple(reader(item) for item in value)

    return read


def _map(reader: Reader) -> Reader:
    def read(value: Any) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise TypeError("an object expected")
        return {key: _at(reader, item, f": {key}") for key, item in value.items()}

    return read


def _or_none(reader: Reader) -> Reader:
    return lambda value: None if value is None else reader(value)


_TEXT, _INT, _FLOAT, _BOOL = _of(str), _of(int), _of(float), _of(bool)

_METRICS = _map(
    _record(
        Interval,
        {"value": _FLOAT, "low": _FLOAT, "high": _FLOAT, "n": _INT, "per_seed": _many(_FLOAT)},
    )
)

READERS: Mapping[str, Reader] = {
    "schema_version": _INT,
    "evaluator": _TEXT,
    "protocol": _TEXT,
    "protocol_seeds": _many(_INT),
    "dataset": _record(
        DatasetFacts,
        {
            **dict.fromkeys(("name", "config", "version", "source", "content_hash"), _TEXT),
            "split_hashes": _map(_TEXT),
            **dict.fromkeys(("target", "unit"), _TEXT),
            "higher_is_better": _BOOL,
        },
    ),
    "predictor": _record(
        PredictorFacts,
        {
            "name": _TEXT,
            "title": _TEXT,
            "is_value": _BOOL,
            "settings": _map(lambda value: value),
            "source": _TEXT,
        },
    ),
    "seeds": _many(_INT),
    "counts": _record(
        Counts,
        {
            **dict.fromkeys(("test", "train", "validation", "label_budget"), _INT),
            "left_out": _map(_INT),
        },
    ),
    "metrics": _METRICS,
    "subsets": _map(_record(Subset, {"n": _INT, "metrics": _METRICS})),
    "notes": _many(_TEXT),
    "environment": _map(_TEXT),
    "seconds": _or_none(_record(Seconds, {"fit": _many(_FLOAT), "predict": _many(_FLOAT)})),
    "predictions": _map(_TEXT),
}
"""Reads each key of `result.json`, in the order in which they are written."""
