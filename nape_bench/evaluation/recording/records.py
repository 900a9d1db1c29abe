"""Results of one baseline on disk: one JSON file, and one Parquet file with all predictions."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np

from nape_bench.atomic import new_file, write_text
from nape_bench.data.jsontext import once
from nape_bench.data.parquet_file import MOST_TABLE_BYTES, open_parquet
from nape_bench.errors import DataError
from nape_bench.evaluation.schema import from_dict, to_dict

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from nape_bench.evaluation.result import Result

RESULTS_FILE, PREDICTIONS_FILE = "results.json", "predictions.parquet"

Predicted = dict[int, tuple[tuple[str, ...], np.ndarray]]
"""Seed -> ids and predictions, float64 [ids]."""


def write_records(folder: Path, results: Mapping[str, Result]) -> None:
    """Write results by protocol, in the order in which they come.

    Predictions come first, so that a run that is killed between the two files leaves results whose
    predictions are there or are known to be others (`read_records`).
    """
    folder.mkdir(parents=True, exist_ok=True)
    with new_file(folder / PREDICTIONS_FILE) as file:
        write_predictions(file, results)
    with new_file(folder / RESULTS_FILE) as file:
        plain = [to_dict(result) for result in results.values()]
        write_text(file, json.dumps(plain, indent=1, ensure_ascii=False, allow_nan=False) + "\n")


def read_records(folder: Path) -> dict[str, Result]:
    """Read the results of a baseline, by protocol; none where nothing was recorded yet.

    Raises:
        DataError: A file is malformed, or predictions are missing or not those that were scored.
    """
    file = folder / RESULTS_FILE
    if not file.is_file():
        return {}
    try:
        data = json.loads(file.read_text(encoding="utf-8"), object_pairs_hook=once)
    except (ValueError, RecursionError) as error:
        raise DataError(f"{file}: not readable as JSON: {error}") from None
    if not isinstance(data, list):
        raise DataError(f"{file}: a list of results expected")
    predicted = _read_predictions(folder / PREDICTIONS_FILE)
    results = {}
    for place, plain in enumerate(data):
        where = f"{file}, result {place}"
        name = plain.get("protocol") if isinstance(plain, dict) else None
        if not isinstance(name, str) or name not in predicted or name in results:
            raise DataError(f"{where}: no predictions, or two results, of protocol {name!r}")
        seeds = predicted[name]
        listed = [ids for ids, _ in seeds.values()]
        if any(ids != listed[0] for ids in listed):
            raise DataError(f"{where}: the seeds do not predict the same ids")
        values = {seed: told for seed, (_, told) in seeds.items()}
        results[name] = from_dict(plain, listed[0], values, where)
    return results


def write_predictions(file: Path, results: Mapping[str, Result]) -> None:
    """Write all predictions as Parquet: `protocol`, `seed`, `id` and `prediction`, none empty."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    columns: dict[str, list[Any]] = {"protocol": [], "seed": [], "id": [], "prediction": []}
    for name, result in results.items():
        for seed, values in result.predictions.items():
            columns["protocol"].extend([name] * len(result.ids))
            columns["seed"].append(np.full(len(result.ids), seed))
            columns["id"].extend(result.ids)
            columns["prediction"].append(np.asarray(values, dtype=np.float64))
    table = pa.table(
        {
            "protocol": pa.array(columns["protocol"], pa.string()),
            "seed": pa.array(_joined(columns["seed"], np.int64)),
            "id": pa.array(columns["id"], pa.string()),
            "prediction": pa.array(_joined(columns["prediction"], np.float64)),
        }
    )
    pq.write_table(
        table,
        file,
        compression="zstd",
        compression_level=15,
        use_dictionary=["protocol", "seed", "id"],
        column_encoding={"prediction": "BYTE_STREAM_SPLIT"},
    )


def _joined(parts: list[np.ndarray], kind: type[np.generic]) -> np.ndarray:
    return np.concatenate(parts) if parts else np.zeros(0, kind)


def _read_predictions(file: Path) -> dict[str, Predicted]:
    import pyarrow as pa

    if not file.is_file():
        raise DataError(f"{file}: no such file, and there are results")
    kinds = {
        "protocol": pa.string(),
        "seed": pa.int64(),
        "id": pa.string(),
        "prediction": pa.float64(),
    }
    with open_parquet(file, str(file), MOST_TABLE_BYTES) as opened:
        told = {field.name: field.type for field in opened.schema_arrow}
        if told != kinds:
            raise DataError(f"{file}: columns are {told}, {kinds} expected")
        table = opened.read()
        table.validate(full=True)
    if any(table[name].null_count for name in kinds):
        raise DataError(f"{file}: a cell is empty")
    protocols, ids = table["protocol"].to_pylist(), table["id"].to_pylist()
    seeds, values = table["seed"].to_numpy(), table["prediction"].to_numpy()
    found: dict[str, Predicted] = {}
    start = 0
    for end in range(1, len(table) + 1):
        # One protocol and seed after another.
        if end < len(table) and (protocols[end], seeds[end]) == (protocols[start], seeds[start]):
            continue
        of_protocol = found.setdefault(protocols[start], {})
        if int(seeds[start]) in of_protocol:
            raise DataError(f"{file}, row {start}: {protocols[start]} has this seed twice")
        of_protocol[int(seeds[start])] = tuple(ids[start:end]), values[start:end]
        start = end
    return found
