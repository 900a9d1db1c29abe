"""Prediction files: CSV, Parquet or JSON with `id`, `prediction` and, if there are several, `seed`.

Columns other than these are not looked at. Nothing in a file is run.
"""

from __future__ import annotations

import csv
import json
import re
from typing import TYPE_CHECKING, Any

import numpy as np

from nape_bench.data.jsontext import once
from nape_bench.data.parquet_file import MOST_TABLE_BYTES, open_parquet
from nape_bench.errors import DataError, shortened
from nape_bench.evaluation.predictions import Pairs

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

READABLE = (".csv", ".json", ".parquet")
_OF_SEED = re.compile(r"predictions-(\d+)\.(csv|json|parquet)")


def read_predictions(path: Path) -> Pairs:
    """Read predictions from a file, or from a folder of one file a seed.

    Args:
        path: A CSV or Parquet file with the columns `id`, `prediction` and, if there are several
            seeds, `seed`; a JSON file with a list of such records, or an object
            `{id: prediction}` or `{seed: {id: prediction}}`; or a folder with files
            `predictions-<seed>.parquet` (.csv, .json), as `Result.save` writes.

    Raises:
        DataError: It is none of these; the message names the file, the row and what is wrong.
    """
    if path.is_dir():
        return _joined(read_folder(path))
    if not path.is_file():
        raise DataError(f"{path}: no such file")
    readers = {".csv": _read_csv, ".json": _read_json, ".parquet": _read_parquet}
    reader = readers.get(path.suffix.lower())
    if reader is None:
        raise DataError(f"{path}: predictions are read from {', '.join(READABLE)} files")
    return reader(path)


def write_predictions(path: Path, ids: Sequence[str], values: np.ndarray) -> None:
    """Write one seed's predictions as Parquet: `id` string, `prediction` float64."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = pa.table({"id": pa.array(list(ids), pa.string()), "prediction": pa.array(values)})
    pq.write_table(table, path, compression="zstd")


def read_folder(folder: Path) -> dict[int, Pairs]:
    """Read a folder of files `predictions-<seed>.parquet` (.csv, .json): the pairs by seed.

    Raises:
        DataError: There are none, two are of one seed, or one cannot be read.
    """
    found: dict[int, Path] = {}
    for file in sorted(folder.iterdir()):
        match = _OF_SEED.fullmatch(file.name)
        if match is None:
            continue
        seed = int(match[1])
        if seed in found:
            raise DataError(f"{folder}: {found[seed].name} and {file.name} are of one seed")
        found[seed] = file
    if not found:
        raise DataError(f"{folder}: no files predictions-<seed>.parquet (.csv, .json) in it")
    read = {seed: read_predictions(file) for seed, file in sorted(found.items())}
    for seed, pairs in read.items():
        if pairs.seeds is not None:
            raise DataError(f"{found[seed]}: a file named after its seed has no column seed")
    return read


def _joined(by_seed: dict[int, Pairs]) -> Pairs:
    return Pairs(
        [name for pairs in by_seed.values() for name in pairs.ids],
        np.concatenate([pairs.values for pairs in by_seed.values()]),
        np.concatenate([np.full(len(pairs.ids), seed) for seed, pairs in by_seed.items()]),
    )


def _read_csv(path: Path) -> Pairs:
    with path.open(newline="", encoding="utf-8-sig") as file:
        try:
            reader = csv.DictReader(file, strict=True)
            _check_columns(path, reader.fieldnames or ())
            # A row may span lines: its last one is what an editor finds.
            records = [(f"line {reader.line_num}", record) for record in reader]
        except (csv.Error, UnicodeDecodeError) as error:
            raise DataError(f"{path}: not readable as CSV in UTF-8: {error}") from None
    for where, record in records:
        if None in record or None in record.values():
            raise DataError(f"{path}, {where}: more or fewer cells than the header has columns")
    return _from_records(path, records, from_text=True)


def _read_json(path: Path) -> Pairs:
    try:
        data = json.loads(path.read_text(encoding="utf-8"), object_pairs_hook=once)
    except (ValueError, RecursionError) as error:
        raise DataError(f"{path}: not readable as JSON: {error}") from None
    if isinstance(data, list):
        for i, record in enumerate(data):
            if not isinstance(record, dict):
                found = shortened(repr(record))
                raise DataError(f"{path}, record {i}: an object expected, not {found}")
            _check_columns(path, record, f", record {i}")
        return _from_records(path, [(f"record {i}", r) for i, r in enumerate(data)])
    if isinstance(data, dict) and data and all(isinstance(v, dict) for v in data.values()):
        records = [
            (f"seed {seed}", {"id": key, "prediction": value, "seed": seed})
            for seed, values in data.items()
            for key, value in values.items()
        ]
        return _from_records(path, records, seed_from_text=True)
    if isinstance(data, dict):
        records = [(f"id {k}", {"id": k, "prediction": v}) for k, v in data.items()]
        return _from_records(path, records)
    raise DataError(
        f'{path}: a list of {{"id": ..., "prediction": ...}}, {{id: prediction}} or '
        "{seed: {id: prediction}} expected"
    )


def _read_parquet(path: Path) -> Pairs:
    import pyarrow as pa

    with open_parquet(path, str(path), MOST_TABLE_BYTES) as file:
        _check_columns(path, file.schema_arrow.names)
        wanted = [c for c in ("id", "prediction", "seed") if c in file.schema_arrow.names]
        table = file.read(columns=wanted)
        table.validate(full=True)
    kinds = {"id": pa.string(), "prediction": pa.float64(), "seed": pa.int64()}
    columns = {}
    for name in wanted:
        kind = table.schema.field(name).type
        if (name == "id") != (pa.types.is_string(kind) or pa.types.is_large_string(kind)):
            raise DataError(f"{path}: column {name} is {kind}, {kinds[name]} expected")
        try:
            columns[name] = table[name].cast(kinds[name])
        except pa.ArrowInvalid as error:
            raise DataError(f"{path}: column {name} is no {kinds[name]}: {error}") from None
        if columns[name].null_count:
            row = columns[name].is_null().to_pylist().index(True)
            raise DataError(f"{path}, row {row}: no {name}")
    return Pairs(
        columns["id"].to_pylist(),
        columns["prediction"].to_numpy(),
        columns["seed"].to_numpy() if "seed" in columns else None,
    )


def _check_columns(path: Path, columns: Sequence[str] | Mapping[str, Any], where: str = "") -> None:
    lacking = [name for name in ("id", "prediction") if name not in columns]
    if lacking:
        raise DataError(
            f"{path}{where}: no {' and no '.join(lacking)}; the columns id and prediction expected "
            f"(and seed, if there are several), found {', '.join(map(str, columns)) or 'none'}"
        )


def _from_records(
    path: Path,
    records: list[tuple[str, dict[str, Any]]],
    *,
    from_text: bool = False,
    seed_from_text: bool = False,
) -> Pairs:
    values = np.empty(len(records))
    for i, (where, record) in enumerate(records):
        values[i] = _value(path, where, record["prediction"], from_text)
        if not isinstance(record["id"], str):
            raise DataError(f"{path}, {where}: id {shortened(repr(record['id']))} is no text")
    ids = [record["id"] for _, record in records]
    with_seed = ["seed" in record for _, record in records]
    if not any(with_seed):
        return Pairs(ids, values)
    if not all(with_seed):
        raise DataError(f"{path}, {records[with_seed.index(False)][0]}: no seed, others have one")
    text = from_text or seed_from_text
    seeds = [_seed(path, where, record["seed"], text) for where, record in records]
    return Pairs(ids, values, np.array(seeds, dtype=np.int64))


def _value(path: Path, where: str, value: Any, from_text: bool) -> float:
    if isinstance(value, str) == from_text and not isinstance(value, (bool, list, dict)):
        try:
            return float(value.replace("_", "?") if isinstance(value, str) else value)
        except (TypeError, ValueError):
            pass
    raise DataError(f"{path}, {where}: prediction {shortened(repr(value))} is no number")


def _seed(path: Path, where: str, value: Any, from_text: bool) -> int:
    if isinstance(value, str) == from_text and str(value).isdecimal():
        return int(value)
    raise DataError(f"{path}, {where}: seed {shortened(repr(value))} is no integer of at least 0")
