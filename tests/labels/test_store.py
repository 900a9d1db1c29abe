from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

import pytest

from nape_bench.errors import DataError
from nape_bench.labels import read_labels, store

if TYPE_CHECKING:
    from pathlib import Path


def row(seed: int = 0, **more: Any) -> dict[str, Any]:
    return {
        "space": "hiaml", "text": "z-z-z-z", "measure": "micro", "version": "v", "seed": seed,
        "error": None, "time": f"2020-01-01T00:00:0{seed}", **more,
    }  # fmt: skip


def the_file(folder: Path) -> Path:
    (path,) = (folder / "results").iterdir()
    return path


def test_rows_come_back_as_they_were_in_order_of_time(tmp_path: Path) -> None:
    store.add(tmp_path, row(1, accuracy=81.25))
    store.add(tmp_path, row(0, accuracy=80.0))
    assert store.rows(tmp_path) == [row(0, accuracy=80.0), row(1, accuracy=81.25)]


@pytest.mark.parametrize("kept", [1, 10, -1])
def test_a_line_without_an_end_is_passed_over(tmp_path: Path, kept: int) -> None:
    store.add(tmp_path, row(0))
    store.add(tmp_path, row(1))
    path = the_file(tmp_path)
    first, second, _ = path.read_bytes().split(b"\n")
    path.write_bytes(first + b"\n" + second[:kept])
    assert store.rows(tmp_path) == [row(0)]


def test_a_broken_line_is_named(tmp_path: Path) -> None:
    store.add(tmp_path, row(0))
    with the_file(tmp_path).open("a") as file:
        file.write('{"space": "hiaml"\n')
    with pytest.raises(DataError, match=r"\.jsonl, line 2: a row of JSON expected"):
        store.rows(tmp_path)


def test_a_row_without_its_key_is_named(tmp_path: Path) -> None:
    store.add(tmp_path, row(0))
    with the_file(tmp_path).open("a") as file:
        file.write(json.dumps({"space": "hiaml"}) + "\n")
    with pytest.raises(DataError, match="line 2: the row has no text, measure, version, seed"):
        store.rows(tmp_path)


def test_of_equal_keys_the_first_success_is_kept(tmp_path: Path) -> None:
    store.add(tmp_path, row(time="1", error="it broke"))
    store.add(tmp_path, row(time="3", accuracy=3.0))
    store.add(tmp_path, row(time="2", accuracy=2.0))
    assert store.rows(tmp_path) == [row(time="2", accuracy=2.0)]


def test_a_full_disk_leaves_the_store_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.add(tmp_path, row(0))
    before = the_file(tmp_path).read_bytes()
    write = os.write
    monkeypatch.setattr(os, "write", lambda file, data: write(file, data[:20]))
    with pytest.raises(OSError, match="only 20 of"):
        store.add(tmp_path, row(1))
    assert the_file(tmp_path).read_bytes() == before
    monkeypatch.undo()
    store.add(tmp_path, row(1))
    assert store.rows(tmp_path) == [row(0), row(1)]


def test_numbers_that_are_none_are_refused_not_stored(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        store.add(tmp_path, row(0, accuracy=float("nan")))
    assert store.rows(tmp_path) == []


def test_settings_are_written_once_and_held(tmp_path: Path) -> None:
    store.declare(tmp_path, "micro-v-hiaml", {"epochs": 3, "sizes": (1, 2)})
    store.declare(tmp_path, "micro-v-hiaml", {"epochs": 3, "sizes": (1, 2)})
    with pytest.raises(DataError, match=r"made with other settings \(epochs\)"):
        store.declare(tmp_path, "micro-v-hiaml", {"epochs": 4, "sizes": (1, 2)})
    assert [path.name for path in (tmp_path / "settings").iterdir()] == ["micro-v-hiaml.json"]


def test_read_labels_selects(tmp_path: Path) -> None:
    store.add(tmp_path, row(0))
    store.add(tmp_path, row(1, space="nb201"))
    store.add(tmp_path, row(2, version="w"))
    assert [r["seed"] for r in read_labels(tmp_path)] == [0, 1, 2]
    assert [r["seed"] for r in read_labels(tmp_path, space="hiaml")] == [0, 2]
    assert [r["seed"] for r in read_labels(tmp_path, space="hiaml", version="v")] == [0]


def test_read_labels_says_where_no_store_is(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no label store"):
        read_labels(tmp_path / "nothing")
