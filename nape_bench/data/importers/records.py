"""Reading table files: CSV, TSV, JSON, JSON lines and Parquet, record by record."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from nape_bench.data.importers.columns import cells_at, find_columns
from nape_bench.data.importers.sources import Source, plain_source
from nape_bench.data.jsontext import once
from nape_bench.data.parquet_file import MOST_TABLE_BYTES, open_parquet
from nape_bench.errors import DataError, shortened

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path


class Record(NamedTuple):
    """One row of a file.

    Attributes:
        number: Where it stands, counted from 1.
        cells: Column -> what stands there, of the columns that were asked for; a column that a
            JSON record does not have is not there.
        error: Why it cannot be read, empty where it can.
    """

    number: int
    cells: dict[str, Any]
    error: str = ""


@dataclass(frozen=True)
class Records:
    """The rows of a file.

    Attributes:
        unit: What numbers count: "line" of a text file, as an editor shows it, or "row".
        columns: What was asked for -> the columns that it stands for (`columns.find_columns`).
        records: The rows, in their order.
    """

    unit: str
    columns: dict[str, list[str]]
    records: list[Record]


def read_records(path: Path | Source, columns: Sequence[str]) -> Records:
    """Read columns of a table file, which may lie in an archive, in the way that its ending tells.

    Columns are named or given as shell patterns.

    - `.csv`, `.tsv`: a header line; cells are text.
    - `.jsonl`, `.ndjson`: a JSON object a line.
    - `.json`: a list of objects, or an object whose keys name records; the key is then the column
      `key`, and a record that is no object is the column `value`.
    - `.parquet`.

    In JSON, "scores.0" and "flops.score" are what is in a list or an object.

    Raises:
        DataError: The file is missing, empty, of another ending, or not what its ending says.
        UnknownNameError: A column is not there; the message gives the nearest.
    """
    source = path if isinstance(path, Source) else plain_source(path)
    reader = _READERS.get(source.suffix)
    if reader is None:
        raise DataError(f"{source.where}: a table file ends in one of {', '.join(_READERS)}")
    try:
        records = reader(source, columns)
    except UnicodeDecodeError as error:
        raise DataError(f"{source.where} cannot be read: {error}") from None
    if not records.records:
        raise DataError(f"{source.where} has no rows")
    return records


def _text(source: Source) -> str:
    return source.read().decode("utf-8-sig")


def _read_csv(source: Source, columns: Sequence[str]) -> Records:
    delimiter = "\t" if source.suffix == ".tsv" else ","
    records = []
    reader = csv.reader(io.StringIO(_text(source), newline=""), delimiter=delimiter)
    try:
        header = next(reader, [])
        found = find_columns(source.where, columns, header)
        places = {name: header.index(name) for name in _flat(found)}
        start = reader.line_num + 1
        for row in reader:
            if len(row) == len(header):
                records.append(Record(start, {n: row[i] for n, i in places.items()}))
            elif row:
                wrong = f"{len(row)} cells where the header has {len(header)}"
                records.append(Record(start, {}, wrong))
            start = reader.line_num + 1
    except csv.Error as error:
        raise DataError(f"{source.where}, line {reader.line_num}: {error}") from None
    return Records("line", found, records)


def _read_json_lines(source: Source, columns: Sequence[str]) -> Records:
    values: list[Any] = []
    for number, line in enumerate(io.StringIO(_text(source), newline=None), start=1):
        if line.strip():
            try:
                values.append((number, json.loads(line, object_pairs_hook=once)))
            except (ValueError, RecursionError) as error:
                values.append((number, error))
    return _objects("line", source, columns, values)


def _read_json(source: Source, columns: Sequence[str]) -> Records:
    try:
        value = json.loads(_text(source), object_pairs_hook=once)
    except (ValueError, RecursionError) as error:
        raise DataError(f"{source.where} is no JSON: {error}") from None
    if isinstance(value, dict):
        value = [
            {**record, "key": key} if isinstance(record, dict) else {"key": key, "value": record}
            for key, record in value.items()
        ]
    if not isinstance(value, list):
        raise DataError(f"{source.where}: a list of records, or an object of them, expected")
    return _objects("row", source, columns, list(enumerate(value, start=1)))


def _read_parquet(source: Source, columns: Sequence[str]) -> Records:
    import pyarrow as pa

    content = pa.BufferReader(source.read())
    with open_parquet(content, source.where, MOST_TABLE_BYTES) as file:
        found = find_columns(source.where, columns, file.schema_arrow.names)
        rows = enumerate(file.read(_flat(found)).to_pylist(), start=1)
    return Records("row", found, [Record(number, cells) for number, cells in rows])


_READERS: dict[str, Callable[[Source, Sequence[str]], Records]] = {
    ".csv": _read_csv,
    ".tsv": _read_csv,
    ".json": _read_json,
    ".jsonl": _read_json_lines,
    ".ndjson": _read_json_lines,
    ".parquet": _read_parquet,
}


def _objects(
    unit: str, source: Source, columns: Sequence[str], values: list[tuple[int, Any]]
) -> Records:
    """Make records of numbered JSON values; what is no object, or an error, is a bad one."""
    known = dict.fromkeys(k for _, value in values if isinstance(value, dict) for k in value)
    found = find_columns(source.where, columns, list(known), nested=True)
    names = _flat(found)
    records = []
    for number, value in values:
        if isinstance(value, dict):
            records.append(Record(number, cells_at(value, names)))
        else:
            wrong = f"no {'JSON' if isinstance(value, Exception) else 'object'}: {value}"
            records.append(Record(number, {}, shortened(wrong)))
    return Records(unit, found, records)


def _flat(found: Mapping[str, Sequence[str]]) -> list[str]:
    """Return the columns that were found, each once."""
    return list(dict.fromkeys(column for columns in found.values() for column in columns))
