from __future__ import annotations

import errno
import json
import os
from typing import TYPE_CHECKING, Any

import pytest

from nape_bench.errors import DataError
from nape_bench.labels import Report, label, read_labels
from nape_bench.labels.read import Reader
from nape_bench.labels.store import Writer, declare, key_of, prepare, write_once
from tests.labels.fakes import Fake

if TYPE_CHECKING:
    from pathlib import Path


def row(seed: int = 0, **more: Any) -> dict[str, Any]:
    return {
        "space": "hiaml", "text": "z-z-z-z", "measure": "micro", "version": "v", "seed": seed,
        "error": None, "time": f"2020-01-01T00:00:0{seed}", **more,
    }  # fmt: skip


def write(store: Path, *rows: dict[str, Any]) -> None:
    prepare(store)
    with Writer(store) as writer:
        for one in rows:
            writer.add(one)


def the_file(folder: Path) -> Path:
    (path,) = (folder / "results").iterdir()
    return path


def test_rows_come_back_as_they_were_in_order_of_time(tmp_path: Path) -> None:
    write(tmp_path, row(1, accuracy=81.25))
    write(tmp_path, row(0, accuracy=80.0))
    assert len(list((tmp_path / "results").iterdir())) == 2
    assert read_labels(tmp_path) == [row(0, accuracy=80.0), row(1, accuracy=81.25)]


def test_a_run_that_writes_nothing_leaves_no_file(tmp_path: Path) -> None:
    write(tmp_path)
    assert list((tmp_path / "results").iterdir()) == []
    assert json.loads((tmp_path / "store.json").read_text())["format"] == "nape_bench labels"


@pytest.mark.parametrize("kept", [1, 10, -1])
def test_a_line_without_an_end_is_passed_over(tmp_path: Path, kept: int) -> None:
    write(tmp_path, row(0), row(1))
    path = the_file(tmp_path)
    first, second, _ = path.read_bytes().split(b"\n")
    path.write_bytes(first + b"\n" + second[:kept])
    assert read_labels(tmp_path) == [row(0)]


def test_a_broken_line_is_named(tmp_path: Path) -> None:
    write(tmp_path, row(0))
    with the_file(tmp_path).open("a") as file:
        file.write('{"space": "hiaml"\n')
    with pytest.raises(DataError, match=r"\.jsonl, line 2: a row of JSON expected"):
        read_labels(tmp_path)


def test_a_row_without_its_key_is_named(tmp_path: Path) -> None:
    write(tmp_path, row(0))
    with the_file(tmp_path).open("a") as file:
        file.write(json.dumps({"space": "hiaml"}) + "\n")
    with pytest.raises(DataError, match="line 2: the row has no text, measure, version, seed"):
        read_labels(tmp_path)


@pytest.mark.parametrize("order", [(0, 1, 2, 3), (3, 2, 1, 0), (2, 0, 3, 1)])
def test_of_equal_keys_the_first_success_is_kept(tmp_path: Path, order: tuple[int, ...]) -> None:
    rows = [
        row(time="1", error="it broke"),
        row(time="4", accuracy=3.0),
        row(time="2", accuracy=2.0),
        row(time="3", error="it broke again"),
    ]
    write(tmp_path, *(rows[i] for i in order))
    assert read_labels(tmp_path) == [rows[2]]


@pytest.mark.parametrize("order", [(0, 1, 2, 3), (3, 2, 1, 0), (2, 0, 3, 1)])
def test_of_latencies_the_one_disturbed_least_is_kept(
    tmp_path: Path, order: tuple[int, ...]
) -> None:
    rows = [
        row(time="1", measure="latency", interference=3),
        row(time="2", measure="latency", interference=1),
        row(time="3", measure="latency", interference=2),
        row(time="4", measure="latency", interference=1),
    ]
    write(tmp_path, *(rows[i] for i in order))
    assert read_labels(tmp_path) == [rows[1]]
    best = row(time="5", measure="latency", interference=0)
    write(tmp_path, best, row(time="6", measure="latency", error="it broke"))
    assert read_labels(tmp_path) == [best]


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_of_failures_the_last_is_kept(tmp_path: Path, order: tuple[int, ...]) -> None:
    rows = [row(time="1", error="it broke"), row(time="2", error="it broke again")]
    write(tmp_path, *(rows[i] for i in order))
    assert read_labels(tmp_path) == [rows[1]]


def test_a_full_disk_leaves_the_store_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    prepare(tmp_path)
    with Writer(tmp_path) as writer:
        writer.add(row(0))
        before = the_file(tmp_path).read_bytes()
        write = os.write
        monkeypatch.setattr(os, "write", lambda file, data: write(file, data[:20]))
        with pytest.raises(OSError, match="only 20 of"):
            writer.add(row(1))
        assert the_file(tmp_path).read_bytes() == before
        monkeypatch.undo()
        writer.add(row(1))
    assert read_labels(tmp_path) == [row(0), row(1)]


def test_numbers_that_are_none_are_refused_not_stored(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        write(tmp_path, row(0, accuracy=float("nan")))
    assert read_labels(tmp_path) == []


def test_a_reader_reads_what_was_added_since(tmp_path: Path) -> None:
    prepare(tmp_path)
    reader = Reader(tmp_path)
    assert reader.refresh() == {}
    with Writer(tmp_path) as writer:
        writer.add(row(0))
        assert reader.refresh() == {key_of(row(0)): row(0)}
        whole = the_file(tmp_path).read_bytes()
        with the_file(tmp_path).open("ab") as file:
            file.write(whole[:30])
        assert len(reader.refresh()) == 1
        with the_file(tmp_path).open("ab") as file:
            file.write(whole[30:].replace(b'"error":null', b'"error":"x"'))
        writer.add(row(1))
    write(tmp_path, row(2))
    assert reader.refresh() == {key_of(one): one for one in map(row, range(3))}
    with the_file_with(tmp_path, row(1)).open("ab") as file:
        file.write(b"{}\n")
    with pytest.raises(DataError, match="line 4: the row has no space"):
        reader.refresh()


def the_file_with(store: Path, wanted: dict[str, Any]) -> Path:
    text = json.dumps(wanted, separators=(",", ":"))
    return next(p for p in (store / "results").iterdir() if text in p.read_text())


def test_settings_are_written_once_and_held(tmp_path: Path) -> None:
    declare(tmp_path, "micro-v-hiaml", {"epochs": 3, "sizes": (1, 2)})
    declare(tmp_path, "micro-v-hiaml", {"epochs": 3, "sizes": (1, 2)})
    with pytest.raises(DataError, match=r"made with other settings \(epochs\)"):
        declare(tmp_path, "micro-v-hiaml", {"epochs": 4, "sizes": (1, 2)})
    assert [path.name for path in (tmp_path / "settings").iterdir()] == ["micro-v-hiaml.json"]


@pytest.mark.parametrize("text", ["", '{"epochs": ', "[3]", "\xff"])
def test_settings_that_are_broken_are_named(tmp_path: Path, text: str) -> None:
    declare(tmp_path, "micro-v-hiaml", {"epochs": 3})
    path = tmp_path / "settings" / "micro-v-hiaml.json"
    path.write_text(text, encoding="latin-1")
    with pytest.raises(DataError, match=r"micro-v-hiaml\.json: a JSON object expected"):
        declare(tmp_path, "micro-v-hiaml", {"epochs": 3})
    assert path.read_text(encoding="latin-1") == text


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"a": 1}', 'no label store .*"format": "nape_bench labels", "version": 1} expected'),
        ('{"format": "nape_bench labels", "version": 2}', r'no label store .*"version": 1'),
        ('{"format": "nape_bench dataset", "version": 1}', "no label store "),
        ("", "a JSON object expected"),
        ("[]", "a JSON object expected, not list"),
    ],
)
def test_a_mark_of_something_else_is_refused(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "store.json").write_text(text)
    with pytest.raises(DataError, match=rf"store\.json: {said}"):
        prepare(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["store.json"]


def test_a_mark_that_tells_more_is_one(tmp_path: Path) -> None:
    text = '{"format": "nape_bench labels", "version": 1, "of": "me"}'
    (tmp_path / "store.json").write_text(text)
    assert prepare(tmp_path).read_text() == text


def test_of_two_that_write_once_the_first_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "once.json"
    sync = os.fsync

    def meanwhile(file: int) -> None:
        sync(file)
        path.write_text("of another process")

    monkeypatch.setattr(os, "fsync", meanwhile)
    write_once(path, "mine")
    assert path.read_text() == "of another process"
    assert [each.name for each in tmp_path.iterdir()] == ["once.json"]


@pytest.mark.parametrize("step", ["fsync", "link"])
def test_write_once_that_is_ended_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    def ended(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, step, ended)
    with pytest.raises(KeyboardInterrupt):
        write_once(tmp_path / "once.json", "mine")
    assert list(tmp_path.iterdir()) == []


def test_a_finished_run_needs_no_right_to_write(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def again(n: int) -> Report:
        return label("hiaml", n, store=tmp_path, measure=Fake(), jobs=0, progress=False)

    assert again(2).ran == 4
    opened = os.open

    def read_only(path: str | Path, flags: int, *more: Any, **options: Any) -> int:
        if str(path).startswith(str(tmp_path)) and flags & (os.O_WRONLY | os.O_RDWR):
            raise OSError(errno.EROFS, os.strerror(errno.EROFS), str(path))
        return opened(path, flags, *more, **options)

    monkeypatch.setattr(os, "open", read_only)
    assert (again(2).done, again(2).ran) == (4, 0)
    with pytest.raises(OSError, match=r"Read-only.*store\.json"):
        again(3)


def test_read_labels_selects(tmp_path: Path) -> None:
    write(tmp_path, row(0), row(1, space="nb201"), row(2, version="w"), row(3, measure="latency"))
    assert [r["seed"] for r in read_labels(tmp_path)] == [0, 1, 2, 3]
    assert [r["seed"] for r in read_labels(tmp_path, space="hiaml")] == [0, 2, 3]
    assert [r["seed"] for r in read_labels(tmp_path, space="hiaml", version="v")] == [0, 3]
    assert [r["seed"] for r in read_labels(tmp_path, measure="latency")] == [3]


def test_read_labels_says_where_no_store_is(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no label store"):
        read_labels(tmp_path / "nothing")


def test_a_store_that_cannot_be_kept_is_named(tmp_path: Path) -> None:
    taken = tmp_path / "taken"
    taken.write_text("a file")
    with pytest.raises(DataError, match=r"taken: no label store can be kept there"):
        prepare(taken)
