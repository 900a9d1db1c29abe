from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

import pytest

from nape_bench.errors import DataError, NapeError
from nape_bench.labels import Packed, label, pack, packed, packing, read_labels
from nape_bench.labels.locks import locked
from nape_bench.labels.read import Reader
from nape_bench.labels.store import Writer
from tests.labels.fakes import Fake
from tests.labels.test_store import row, write

if TYPE_CHECKING:
    from pathlib import Path


def names(store: Path) -> list[str]:
    return sorted(path.name for path in (store / "results").iterdir())


def filled(store: Path) -> Path:
    write(store, row(0, accuracy=1.5, spec=["z"]), row(1, error="no", spec=["z"]))
    write(store, row(1, accuracy=2.5, spec=["z"]), row(2, space="nb201", spec={"ops": []}))
    write(store, row(0, measure="latency", seconds=None, spec=None))
    return store


def test_rows_are_the_same_packed(tmp_path: Path) -> None:
    rows = read_labels(filled(tmp_path))
    assert pack(tmp_path) == Packed(rows=4, files=3, in_use=0)
    assert read_labels(tmp_path) == rows
    assert [name.rpartition("-")[0] for name in names(tmp_path)] == [
        "latency-v-hiaml",
        "micro-v-hiaml",
        "micro-v-nb201",
    ]


def test_the_same_rows_give_the_same_bytes(tmp_path: Path) -> None:
    pack(filled(tmp_path / "a"))
    write(tmp_path / "b", *reversed(read_labels(tmp_path / "a")))
    pack(tmp_path / "b")
    for store in ("a", "b"):
        pack(tmp_path / store)
    assert names(tmp_path / "a") == names(tmp_path / "b")
    for name in names(tmp_path / "a"):
        files = [(tmp_path / store / "results" / name).read_bytes() for store in ("a", "b")]
        assert files[0] == files[1]


def test_packed_files_are_merged_and_runs_go_on_from_them(tmp_path: Path) -> None:
    for n in (2, 3):
        label("hiaml", n, store=tmp_path, measure=Fake(), jobs=0, progress=False)
        pack(tmp_path)
        assert len(names(tmp_path)) == 1
    assert len(read_labels(tmp_path)) == 6
    assert label("hiaml", 3, store=tmp_path, measure=Fake(), jobs=0, progress=False).ran == 0


def test_what_a_run_at_work_writes_is_left_to_it(tmp_path: Path) -> None:
    write(tmp_path, row(0))
    reader = Reader(tmp_path)
    with Writer(tmp_path) as writer:
        writer.add(row(1))
        assert len(reader.refresh()) == 2
        assert pack(tmp_path) == Packed(rows=1, files=1, in_use=1)
        writer.add(row(2))
        assert len(reader.refresh()) == 3
    assert pack(tmp_path) == Packed(rows=3, files=1, in_use=0)
    assert reader.refresh() == Reader(tmp_path).refresh()


def test_files_that_go_while_they_are_read_are_found_packed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, row(0))
    taken = Reader._take
    packs = [True]

    def take(self: Reader, path: Path) -> None:
        if packs.pop() if packs else False:
            pack(tmp_path)
        taken(self, path)

    monkeypatch.setattr(Reader, "_take", take)
    assert read_labels(tmp_path) == [row(0)]
    assert packs == []


@pytest.mark.parametrize("moment", ["write_packed", "_remove_leftovers", "unlink"])
def test_packing_that_is_ended_at_any_moment_loses_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    rows = read_labels(filled(tmp_path))
    whole = packed.write_packed
    remove = packing.Path.unlink
    calls = []

    def once(*given: object, **more: object) -> object:
        calls.append(given)
        if len(calls) > 1 or moment == "_remove_leftovers":
            raise KeyboardInterrupt
        return whole(*given) if moment == "write_packed" else remove(*given)  # type: ignore

    if moment == "unlink":
        monkeypatch.setattr(packing.Path, "unlink", once)
    else:
        monkeypatch.setattr(packing, moment, once)
    with pytest.raises(KeyboardInterrupt):
        pack(tmp_path)
    monkeypatch.undo()
    assert read_labels(tmp_path) == rows
    assert pack(tmp_path) == Packed(rows=4, files=3, in_use=0)
    assert read_labels(tmp_path) == rows


@pytest.mark.parametrize("step", ["fsync", "replace"])
def test_a_packed_file_that_is_half_written_is_no_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    rows = read_labels(filled(tmp_path))
    before = names(tmp_path)

    def ended(*_: object) -> None:
        (partial,) = (tmp_path / "results").glob(".*.tmp")
        assert ".parquet." in partial.name, "packing removes what a killed one leaves of it"
        raise KeyboardInterrupt

    monkeypatch.setattr(*((os, step) if step == "fsync" else (packing.Path, step)), ended)
    with pytest.raises(KeyboardInterrupt):
        pack(tmp_path)
    monkeypatch.undo()
    assert names(tmp_path) == before
    assert read_labels(tmp_path) == rows


def test_a_full_disk_leaves_the_store_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = names(filled(tmp_path))

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        pack(tmp_path)
    assert names(tmp_path) == before


def test_leftovers_are_removed(tmp_path: Path) -> None:
    folder = filled(tmp_path) / "results"
    packed, young, old = (
        folder / f".{name}.tmp" for name in ("m.parquet.1", "young.jsonl", "old.jsonl")
    )
    for path in (packed, young, old):
        path.write_text("{")
    long_ago = time.time() - 7200
    os.utime(old, (long_ago, long_ago))
    assert len(read_labels(tmp_path)) == 4
    pack(tmp_path)
    assert list(tmp_path.rglob(".*")) == [young]


def test_two_cannot_pack_at_once(tmp_path: Path) -> None:
    write(tmp_path, row(0))
    with locked(tmp_path / "store.json", wait=False) as mine:
        assert mine
        with pytest.raises(NapeError, match="another process is packing"):
            pack(tmp_path)


def test_broken_files_and_folders_are_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no label store"):
        pack(tmp_path / "nothing")
    write(tmp_path, row(0))
    (tmp_path / "results" / "x.parquet").write_text("no parquet")
    with pytest.raises(DataError, match=r"x\.parquet: a Parquet file of packed labels expected"):
        pack(tmp_path)
    assert len(names(tmp_path)) == 2


def test_parquet_without_the_columns_is_named(tmp_path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    write(tmp_path, row(0))
    pq.write_table(pa.table({"space": ["a"]}), tmp_path / "results" / "x.parquet")
    with pytest.raises(DataError, match=r"x\.parquet: packed labels have the columns error, "):
        read_labels(tmp_path)
