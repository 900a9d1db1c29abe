"""The memory-mapped cache gives what the Parquet file holds, or nothing."""

from __future__ import annotations

import logging
import os
from typing import TYPE_CHECKING

import numpy as np
import pyarrow.parquet as pq
import pytest

from nape_bench.data import cache, load_dataset, store, verify
from nape_bench.data.manifest import data_file
from nape_bench.errors import IntegrityError
from tests.data import tables

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(autouse=True)
def small_is_worth_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache, "WORTH_NODES", 0)


@pytest.fixture
def folder() -> Path:
    return store.put("me/some", "v1.0", "micro", tables.INFO, tables.config_data())


def opened() -> dict[str, str]:
    """Load the dataset, let the cache be written, and hash what was loaded."""
    ds = load_dataset("me/some")
    cache.wait()
    ds.verify()
    return {split: ds[split].content_hash() for split in ds}


@pytest.fixture
def no_parquet(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: Path, labels: object) -> None:
        raise AssertionError(f"{path} was read")

    monkeypatch.setattr(verify, "read_rows", refuse)


def test_a_second_open_reads_no_parquet(
    folder: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    first = opened()
    request.getfixturevalue("no_parquet")
    assert opened() == first == dict(load_dataset("me/some").split_hashes)


def test_a_cached_split_is_mapped_not_copied(folder: Path) -> None:
    import pyarrow as pa

    opened()
    before = pa.total_allocated_bytes()
    ds = load_dataset("me/some")
    assert pa.total_allocated_bytes() - before < 4096
    assert not ds["train"].graphs.columns["op"].flags.writeable
    assert ds["train"][0].num_nodes == len(ds["train"].graphs[0])


def test_small_splits_are_not_cached(
    folder: Path, own_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cache, "WORTH_NODES", 10**6)
    opened()
    assert not (own_home / "cache").exists()


def test_it_can_be_switched_off(
    folder: Path, own_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(cache.SWITCH, "0")
    opened()
    assert not (own_home / "cache").exists()


def test_a_parquet_file_that_changed_is_read_and_verified_again(folder: Path) -> None:
    first = opened()
    path = folder / data_file("micro", "train")
    table = pq.read_table(path)
    # Other bytes, the same values.
    pq.write_table(table, path, compression="none")
    assert opened() == first
    index = table.schema.get_field_index("latency")
    zeros = np.zeros(len(table))
    pq.write_table(table.set_column(index, table.schema.field("latency"), [zeros]), path)
    with pytest.raises(IntegrityError, match="expected content hash"):
        load_dataset("me/some")


def test_two_copies_share_one_cached_split(folder: Path, own_home: Path, tmp_path: Path) -> None:
    import shutil

    opened()
    copy = shutil.copytree(folder, tmp_path / "copy")
    load_dataset("me/some", path=copy)
    cache.wait()
    assert len(list((own_home / "cache").glob("*.arrow"))) == 3
    assert len(list((own_home / "cache").glob("*.stamp"))) == 6


def test_verify_notices_a_value_that_changed_in_the_cache(folder: Path, own_home: Path) -> None:
    opened()
    for path in (own_home / "cache").glob("*.arrow"):
        content = bytearray(path.read_bytes())
        place = content.index(b"hiaml:") + len("hiaml:")
        content[place] ^= 1
        path.write_bytes(content)
    with pytest.raises(IntegrityError, match=f"remove {own_home / 'cache'} and load it again"):
        load_dataset("me/some").verify()


@pytest.mark.parametrize("content", [b"", b"ARROW1", b"x" * 10_000])
def test_a_cached_file_that_cannot_be_read_is_made_again(
    folder: Path, own_home: Path, content: bytes
) -> None:
    first = opened()
    whole = {path: path.stat().st_size for path in (own_home / "cache").glob("*.arrow")}
    for path in whole:
        path.write_bytes(content)
    assert opened() == first
    assert {path: path.stat().st_size for path in whole} == whole


def test_a_truncated_cached_file_is_made_again(folder: Path, own_home: Path) -> None:
    first = opened()
    for path in (own_home / "cache").glob("*.arrow"):
        os.truncate(path, path.stat().st_size // 2)
    assert opened() == first


def test_a_cache_that_cannot_be_written_is_no_error(
    folder: Path, own_home: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (own_home / "cache").write_text("a file where the folder would be")
    with caplog.at_level(logging.WARNING, logger="nape_bench"):
        found = opened()
    assert found == dict(load_dataset("me/some").split_hashes)
    cache.wait()
    assert "is not cached" in caplog.text


def test_a_write_that_fails_half_way_leaves_nothing(
    folder: Path, own_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(handle: int) -> None:
        raise OSError("no space left")

    monkeypatch.setattr(cache.os, "fsync", full)
    opened()
    assert list((own_home / "cache").iterdir()) == []
