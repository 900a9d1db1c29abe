"""Packed results: one small Parquet file (zstd) for a measurement, a version and a space.

Columns: those of a key, `time` and `error`; and `values`, all else that a row has, as JSON text.
The same rows give the same bytes, with the same version of pyarrow.
"""

from __future__ import annotations

import hashlib
import json
import os
from typing import TYPE_CHECKING, Any

from nape_bench.atomic import new_file, sync_folder
from nape_bench.errors import DataError
from nape_bench.labels.store import KEY_COLUMNS, key_of

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from nape_bench.labels.store import Row

TEXTS = ("space", "text", "measure", "version", "time", "error")
TYPED = (*KEY_COLUMNS, "time", "error")
COLUMNS = (*TYPED, "values")


def write_packed(folder: Path, rows: Iterable[Row]) -> Path:
    """Write rows of one measurement, version and space, in the order of their keys.

    Args:
        folder: Where the file goes; its name follows from the rows.
        rows: Plain JSON, each key once.

    Returns:
        The file; it appears whole or not at all, and stays as it is if it was there.

    Raises:
        OSError: It cannot be written (a full disk).
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    ordered = sorted(rows, key=key_of)
    values = [_json({k: v for k, v in row.items() if k not in TYPED}) for row in ordered]
    named = "\n".join(_json(row) for row in ordered)
    digest = hashlib.sha256(named.encode()).hexdigest()[:16]
    first = ordered[0]
    path = folder / f"{first['measure']}-{first['version']}-{first['space']}-{digest}.parquet"
    if path.exists():
        return path
    types = {name: pa.string() for name in COLUMNS} | {"seed": pa.int64()}
    columns: dict[str, Any] = {name: [row[name] for row in ordered] for name in TYPED}
    columns["values"] = values
    table = pa.table(
        {name: pa.array(columns[name], types[name]) for name in COLUMNS},
    )
    with new_file(path) as partial, partial.open("wb") as file:
        pq.write_table(table, file, compression="zstd", compression_level=12)
        file.flush()
        os.fsync(file.fileno())
    sync_folder(folder)
    return path


def read_packed(path: Path) -> list[Row]:
    """Return the rows of a packed file.

    Raises:
        FileNotFoundError: There is none.
        DataError: The file is broken; the message names it.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        table = pq.ParquetFile(path).read()
        missing = sorted({*COLUMNS} - {*table.column_names})
        if missing:
            raise DataError(f"{path}: packed labels have the columns {', '.join(missing)} too")
        columns = {name: table[name].to_pylist() for name in COLUMNS}
        values = [json.loads(text) for text in columns.pop("values")]
    except FileNotFoundError:
        raise
    except (pa.ArrowException, OSError, ValueError, TypeError) as error:
        if isinstance(error, DataError):
            raise
        raise DataError(f"{path}: a Parquet file of packed labels expected: {error}") from None
    typed = zip(*columns.values(), strict=True)
    return [
        {**dict(zip(TYPED, cells, strict=True)), **more}
        for cells, more in zip(typed, values, strict=True)
    ]


def _json(value: Any) -> str:
    return json.dumps(value, allow_nan=False, separators=(",", ":"), sort_keys=True)
