"""Parquet files whoever wrote them: opened within bounds, and what is wrong with them told as ours.

A file of a few kilobytes can unpack to any size. What it says of itself is looked at before
anything is unpacked.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

from nape_bench.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pyarrow.parquet as pq

MOST_ROWS = 100_000_000
MOST_BYTES = 16 << 30
"""Of one file of graphs; all 423,624 cells of NAS-Bench-101 take a third of it."""
MOST_TABLE_BYTES = 1 << 30
"""Of one file of a table or of predictions, whose cells become Python objects."""

_WIDTHS = {"BOOLEAN": 1, "INT32": 4, "INT64": 8, "INT96": 12, "FLOAT": 4, "DOUBLE": 8}
_OFFSET = 4  # of a text, beside its letters


@contextlib.contextmanager
def open_parquet(source: Any, where: str, most_bytes: int = MOST_BYTES) -> Iterator[pq.ParquetFile]:
    """Open a Parquet file, whose failures in the block are ours (`failures_told`).

    Args:
        source: Its path, or what pyarrow reads.
        where: What messages call it.
        most_bytes: How much it may unpack to.

    Raises:
        DataError: It cannot be read, or unpacks to more (`check_unpacked`).
    """
    import pyarrow.parquet as pq

    with failures_told(where), pq.ParquetFile(source) as file:
        check_unpacked(file.metadata, where, most_bytes)
        yield file


@contextlib.contextmanager
def failures_told(where: str) -> Iterator[None]:
    """Turn what pyarrow raises for damaged files into our error.

    Args:
        where: What messages call the file.

    Raises:
        DataError: Something failed in the block.
    """
    import pyarrow as pa

    try:
        yield
    except DataError:
        raise
    # OSError: wrong lengths and counts; OverflowError: days that Python has not.
    except (pa.ArrowException, OSError, ValueError, OverflowError, MemoryError) as error:
        told = str(error) or type(error).__name__
        raise DataError(f"{where} cannot be read as Parquet: {told}") from None


def check_unpacked(metadata: pq.FileMetaData, where: str, most_bytes: int = MOST_BYTES) -> None:
    """Check how large a file says that it is unpacked.

    Raises:
        DataError: It has more than `MOST_ROWS` rows, or more than `most_bytes` bytes.
    """
    rows, size = metadata.num_rows, unpacked_bytes(metadata)
    if rows > MOST_ROWS or size > most_bytes:
        raise DataError(
            f"{where} says that it unpacks to {rows:,} rows and {size:,} bytes or more: more than "
            f"{MOST_ROWS:,} rows or {most_bytes:,} bytes are refused"
        )


def unpacked_bytes(metadata: pq.FileMetaData) -> int:
    """Return the least bytes that the values of a file take, as it says itself.

    A column's own count of bytes tells of how it is encoded: a value that is repeated a million
    times may be written once.
    """
    total = 0
    for number in range(metadata.num_row_groups):
        group = metadata.row_group(number)
        for place in range(group.num_columns):
            column = group.column(place)
            width = _WIDTHS.get(column.physical_type, _OFFSET)
            total += max(column.num_values * width, column.total_uncompressed_size)
    return total
