"""Rows that wait on disk are the rows that were given, and give the same dataset."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from nape_bench.atomic import scratch_folder
from nape_bench.data.build import split_rows
from nape_bench.data.content import content_hash
from nape_bench.data.parquet import read_rows, write_rows
from nape_bench.data.rows import Rows
from nape_bench.data.spool import Spool
from tests.data import tables

if TYPE_CHECKING:
    from pathlib import Path


def unlabelled(rows: Rows) -> Rows:
    return Rows(rows.texts, rows.graphs, {})


@pytest.mark.parametrize("size", [1, 7, 30])
def test_a_dataset_is_the_same_from_disk_as_from_memory(tmp_path: Path, size: int) -> None:
    rows = tables.rows()
    with Spool(tmp_path) as spool:
        for chunk in rows.chunks(size):
            spool.add(unlabelled(chunk))
        assert len(spool) == len(rows)
        found = spool.splits(rows.labels)
    expected = split_rows(rows)
    assert {split: len(part) for split, part in found.items()} == {
        split: len(part) for split, part in expected.items()
    }
    for split, part in expected.items():
        assert content_hash(found[split]) == content_hash(part)
        for name, source in (("disk", found[split]), ("memory", part)):
            write_rows(tmp_path / name, source)
        assert (tmp_path / "disk").read_bytes() == (tmp_path / "memory").read_bytes()


@pytest.mark.parametrize("size", [1, 4, 100])
def test_chunks_have_the_size_that_was_asked_for(tmp_path: Path, size: int) -> None:
    rows = tables.rows()
    with Spool(tmp_path) as spool:
        for chunk in rows.chunks(3):
            spool.add(unlabelled(chunk))
        train = spool.splits(rows.labels)["train"]
    sizes = [len(chunk) for chunk in train.chunks(size)]
    assert sum(sizes) == len(train) == len(split_rows(rows)["train"])
    assert set(sizes[:-1]) <= {size}
    again = Rows.concatenate(list(train.chunks(size)))
    assert content_hash(again) == content_hash(split_rows(rows)["train"])


def test_a_split_without_rows_is_written_too(tmp_path: Path) -> None:
    with Spool(tmp_path) as spool:
        empty = spool.splits({"accuracy": np.zeros(0)})["test"]
    assert [len(chunk) for chunk in empty.chunks(4)] == [0]
    write_rows(tmp_path / "x.parquet", empty)
    read, found = read_rows(tmp_path / "x.parquet", ["accuracy"])
    assert (len(read), found) == (0, content_hash(empty))


def test_a_scratch_folder_goes_whatever_happens(tmp_path: Path) -> None:
    def half() -> None:
        with scratch_folder(tmp_path / "a") as folder:
            (folder / "x").write_text("x")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        half()
    assert list((tmp_path / "a").iterdir()) == []
