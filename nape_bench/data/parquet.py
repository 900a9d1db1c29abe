"""One split as one Parquet file: writing it, and reading it fast, its hash taken on the way."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import numpy as np

from nape_bench.data.content import combine, counts, digest_numbers, digest_texts
from nape_bench.data.parquet_file import check_unpacked, failures_told
from nape_bench.data.rows import TEXT_COLUMNS, frozen, view
from nape_bench.data.schema import (
    LIST_DTYPES,
    arrow_schema,
    assemble,
    check_schema,
    to_arrow,
    to_numpy,
)
from nape_bench.data.threads import thread_count
from nape_bench.graph.flat import pointers

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from nape_bench.data.rows import Chunked, Rows

ROW_GROUP = 4096
"""Graphs in a row group: some 25 MB in memory, which bounds what a reader needs beside the rows."""


SMALL, FAST = 9, 3
"""Levels of compression: for files that are published, and for those of the local store, which are
15 % larger (cells of NAS-Bench-101) and take two thirds of the time to write."""


def write_rows(path: Path, rows: Chunked, level: int = SMALL) -> int:
    """Write rows to a Parquet file, flushed to the disk, holding one row group at a time.

    The same rows give the same bytes with the same version of pyarrow and level.

    Args:
        path: The file.
        rows: The rows.
        level: Of zstd's compression; content hashes do not depend on it.

    Returns:
        Bytes of the rows in memory.
    """
    import os

    import pyarrow.parquet as pq

    size = 0
    with path.open("wb") as file:
        with pq.ParquetWriter(
            file,
            arrow_schema(rows.labels),
            compression="zstd",
            compression_level=level,
            # Least and greatest items of a list column help no reader.
            write_statistics=[*TEXT_COLUMNS, *rows.labels],
        ) as writer:
            for chunk in rows.chunks(ROW_GROUP):
                table = to_arrow(chunk)
                writer.write_table(table, row_group_size=ROW_GROUP)
                size += table.nbytes
        file.flush()
        os.fsync(file.fileno())
    return int(size)


def arrow_size(rows: Chunked) -> int:
    """Return the bytes of rows in memory, which `write_rows` gives as well."""
    return sum(int(to_arrow(chunk).nbytes) for chunk in rows.chunks(ROW_GROUP))


def read_rows(path: Path, labels: Sequence[str]) -> tuple[Rows, str]:
    """Read a Parquet file and hash what was read.

    Columns are decoded and hashed one by one, in threads, each row group by row group: what
    decoding needs beside the values is small and soon freed.

    Args:
        path: The file.
        labels: The label columns that it must have.

    Returns:
        The rows, and their content hash (`content`).

    Raises:
        DataError: The file is missing, no Parquet file or too large unpacked, or its columns differ
            from the schema.
    """
    import pyarrow.parquet as pq

    with failures_told(str(path)):
        metadata = pq.read_metadata(path)
        check_unpacked(metadata, str(path))
        check_schema(metadata.schema.to_arrow_schema(), labels, str(path))

        def column(name: str) -> tuple[Any, str]:
            with pq.ParquetFile(path, metadata=metadata) as file:
                if name in LIST_DTYPES:
                    found: Any = _read_lists(file, name)
                else:
                    found = to_numpy(file.read([name], use_threads=False).column(0))
            return found, _digest(name, found)

        # What takes longest comes first, so that threads end together.
        widest = sorted(LIST_DTYPES, key=lambda name: -np.dtype(LIST_DTYPES[name]).itemsize)
        names = [*widest, *TEXT_COLUMNS, *labels]
        with ThreadPoolExecutor(thread_count()) as pool:
            read = dict(zip(names, pool.map(column, names), strict=True))
    rows = assemble(lambda name: read[name][0], labels, str(path))
    digests = {name: digest_numbers(values) for name, values in counts(rows.graphs).items()}
    digests.update({name: digest for name, (_, digest) in read.items()})
    return rows, combine(len(rows), labels, digests)


def _read_lists(file: Any, name: str) -> tuple[np.ndarray, np.ndarray]:
    """Return a list column as `schema.to_numpy` does, read row group by row group.

    What is decoded goes straight to its place, so that little is held twice.
    """
    metadata = file.metadata
    leaf = file.schema_arrow.names.index(name)
    groups = range(metadata.num_row_groups)
    # An empty list counts as one value, so this is enough and mostly exact.
    size = sum(metadata.row_group(number).column(leaf).num_values for number in groups)
    items = np.empty(size, dtype=LIST_DTYPES[name])
    counts = np.empty(metadata.num_rows, dtype=np.int64)
    row = item = 0
    for number in groups:
        for chunk in file.read_row_group(number, [name], use_threads=False).column(0).chunks:
            values = view(chunk.flatten())
            items[item : item + len(values)] = values
            counts[row : row + len(chunk)] = np.diff(view(chunk.offsets))
            item, row = item + len(values), row + len(chunk)
    return frozen(items[:item]), pointers(counts[:row])


def _digest(name: str, column: Any) -> str:
    if name in TEXT_COLUMNS:
        return digest_texts(column)
    return digest_numbers(column[0] if name in LIST_DTYPES else column)
