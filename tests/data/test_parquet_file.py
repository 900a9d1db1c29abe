"""Parquet files that are damaged, or unpack to far more than they are: our error, and at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from nape_bench.data import parquet, parquet_file
from nape_bench.data.importers.records import read_records
from nape_bench.data.parquet_file import check_unpacked, failures_told, open_parquet
from nape_bench.errors import DataError
from nape_bench.evaluation.prediction_files import read_predictions
from tests.data import tables

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def test_what_unpacks_to_too_much_is_not_unpacked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bomb = tmp_path / "bomb.parquet"
    pq.write_table(pa.table({"id": ["a"] * 1_000_000, "prediction": np.zeros(1_000_000)}), bomb)
    assert bomb.stat().st_size < 10_000
    monkeypatch.setattr(parquet_file, "MOST_ROWS", 999_999)
    readers: list[Callable[[Path], object]] = [
        read_predictions,
        lambda path: read_records(path, ["id"]),
        lambda path: parquet.read_rows(path, ["accuracy"]),
    ]
    before = pa.total_allocated_bytes()
    for read in readers:
        with pytest.raises(DataError, match=r"bomb\.parquet says .* unpacks to 1,000,000 rows"):
            read(bomb)
    assert pa.total_allocated_bytes() - before < 1_000_000


def test_the_size_is_that_of_the_values(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "x.parquet"
    columns = {"a": np.zeros(1000), "b": np.zeros(1000, np.int8), "c": ["text"] * 1000}
    pq.write_table(pa.table(columns), path)
    metadata = pq.read_metadata(path)
    assert parquet_file.unpacked_bytes(metadata) == 1000 * (8 + 4 + 4)
    check_unpacked(metadata, "x", 16_000)
    with pytest.raises(DataError, match="x says that it unpacks to 1,000 rows and 16,000 bytes"):
        check_unpacked(metadata, "x", 15_999)
    monkeypatch.setattr(parquet_file, "MOST_ROWS", 999)
    with pytest.raises(DataError, match="more than 999 rows"), open_parquet(path, "x"):
        pass


def test_failures_are_ours() -> None:
    undecodable = UnicodeDecodeError("utf-8", b"\xff", 0, 1, "x")
    for error in (OSError("x"), pa.ArrowInvalid("x"), MemoryError(), undecodable):
        with pytest.raises(DataError, match=r"^f cannot be read as Parquet: "), failures_told("f"):
            raise error
    with pytest.raises(DataError, match=r"^ours$"), failures_told("f"):
        raise DataError("ours")


def damaged(good: bytes, step: int) -> list[bytes]:
    """Return the file with one byte changed, and cut off, at many places."""
    places = range(0, len(good), max(1, len(good) // step))
    changed = [good[:at] + bytes([good[at] ^ 0xFF]) + good[at + 1 :] for at in places]
    return [*changed, *[good[:at] for at in places]]


def test_predictions_that_are_damaged_anywhere(tmp_path: Path) -> None:
    path = tmp_path / "p.parquet"
    ids = [f"hiaml:{number:04d}" for number in range(200)]
    pq.write_table(pa.table({"id": ids, "prediction": np.arange(200.0)}), path)
    told = []
    for content in damaged(path.read_bytes(), 250):
        path.write_bytes(content)
        try:
            read_predictions(path)
        except DataError as error:
            told.append(str(error))
    assert len(told) > 250
    assert all(str(path) in each for each in told)


def test_rows_that_are_damaged_anywhere(tmp_path: Path) -> None:
    path = tmp_path / "x.parquet"
    rows = tables.rows()
    parquet.write_rows(path, rows)
    _, whole = parquet.read_rows(path, list(rows.labels))
    told, ids = [], rows.texts["id"].to_pylist()
    for content in damaged(path.read_bytes(), 100):
        path.write_bytes(content)
        try:
            read, found = parquet.read_rows(path, list(rows.labels))
        except DataError as error:
            told.append(str(error))
        else:
            assert found != whole or read.texts["id"].to_pylist() == ids
    assert len(told) > 100
    assert all(str(path) in each for each in told)
