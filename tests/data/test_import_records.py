"""Table files: what is read of each kind, and how rows are numbered."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from nape_bench.data.importers.records import read_records
from nape_bench.errors import DataError, UnknownNameError

if TYPE_CHECKING:
    from pathlib import Path


def file(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_csv(tmp_path: Path) -> None:
    text = '\ufeffarch,note,acc\nx,"two\nlines",1\n\ny,,2\nz,3\nw,n,4,5\nv,n,6\n'
    read = read_records(file(tmp_path, "t.csv", text), ["acc", "arch"])
    assert read.unit == "line"
    assert [record.number for record in read.records] == [2, 5, 6, 7, 8]
    assert read.records[0].cells == {"acc": "1", "arch": "x"}
    assert [record.error for record in read.records] == [
        "", "", "2 cells where the header has 3", "4 cells where the header has 3", "",
    ]  # fmt: skip


def test_tsv(tmp_path: Path) -> None:
    read = read_records(file(tmp_path, "t.TSV", "a\tb\n1,2\t3\n"), ["a"])
    assert read.records[0].cells == {"a": "1,2"}


def test_json_lines(tmp_path: Path) -> None:
    text = '{"a": [1], "b": 2}\n\n{"a": 3}\n{"a": \n[4]\n'
    read = read_records(file(tmp_path, "t.jsonl", text), ["a", "b"])
    assert read.unit == "line"
    assert [record.number for record in read.records] == [1, 3, 4, 5]
    assert read.records[0].cells == {"a": [1], "b": 2}
    assert read.records[1].cells == {"a": 3}
    assert read.records[2].error.startswith("no JSON")
    assert read.records[3].error == "no object: [4]"


@pytest.mark.parametrize(
    ("value", "columns", "cells"),
    [
        ([{"a": 1}, {"a": 2}], ["a"], [{"a": 1}, {"a": 2}]),
        (
            {"x": {"a": 1}, "y": {"a": 2}},
            ["key", "a"],
            [{"key": "x", "a": 1}, {"key": "y", "a": 2}],
        ),
        (
            {"x": 1.5, "y": 2},
            ["key", "value"],
            [{"key": "x", "value": 1.5}, {"key": "y", "value": 2}],
        ),
    ],
)
def test_json(tmp_path: Path, value: object, columns: list[str], cells: list[object]) -> None:
    read = read_records(file(tmp_path, "t.json", json.dumps(value)), columns)
    assert (read.unit, [r.number for r in read.records]) == ("row", [1, 2])
    assert [record.cells for record in read.records] == cells


def test_parquet(tmp_path: Path) -> None:
    table = pa.table({"a": ["x", None], "b": [[1, 2], [3]], "c": [1.0, 2.0]})
    pq.write_table(table, tmp_path / "t.parquet")
    read = read_records(tmp_path / "t.parquet", ["a", "b"])
    assert read.records[1] == (2, {"a": None, "b": [3]}, "")


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("t.xlsx", "", "ends in one of .csv"),
        ("t.csv", "", "has no columns"),
        ("t.csv", "a,b\n", "has no rows"),
        ("t.csv", "a,a\n1,2\n", "several columns a"),
        ("t.csv", 'a\n"1\n' + "x" * 200_000, "line 3: field larger"),
        ("t.json", "{", "is no JSON"),
        ("t.json", "3", "a list of records"),
        ("t.json", "[]", "has no columns"),
        ("t.parquet", "PAR1", "cannot be read as Parquet"),
    ],
)
def test_what_is_no_table(tmp_path: Path, name: str, text: str, message: str) -> None:
    path = file(tmp_path, name, text)
    with pytest.raises(DataError, match=message) as caught:
        read_records(path, ["a"])
    assert str(path) in str(caught.value)


@pytest.mark.parametrize("name", ["t.json", "t.jsonl"])
def test_json_that_is_nested_too_deeply(tmp_path: Path, name: str) -> None:
    path = file(tmp_path, name, '{"a": 1}\n' + "[" * 100_000)
    if name == "t.jsonl":
        records = read_records(path, ["a"]).records
        assert [bool(record.error) for record in records] == [False, True]
        return
    path.write_text("[" * 100_000, encoding="utf-8")
    with pytest.raises(DataError, match=r"t\.json is no JSON"):
        read_records(path, ["a"])


def test_parquet_with_any_byte_changed(tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    pq.write_table(pa.table({"a": ["x", "y"], "b": [1, 2]}), path)
    good = path.read_bytes()
    failed = 0
    for at in range(0, len(good), 3):
        path.write_bytes(good[:at] + bytes([good[at] ^ 0xFF]) + good[at + 1 :])
        try:
            read_records(path, ["a", "b"])
        except (DataError, UnknownNameError):
            failed += 1
    assert failed > len(good) / 12


def test_a_day_that_python_has_not(tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    pq.write_table(pa.table({"a": pa.array([1 << 45], pa.timestamp("s"))}), path)
    with pytest.raises(DataError, match=r"t\.parquet cannot be read as Parquet"):
        read_records(path, ["a"])


def test_other_failures(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="cannot be read"):
        read_records(tmp_path / "none.csv", ["a"])
    (tmp_path / "latin.csv").write_bytes(b"a\n\xe9\n")
    with pytest.raises(DataError, match=r"cannot be read.*utf-8"):
        read_records(tmp_path / "latin.csv", ["a"])


@pytest.mark.parametrize("name", ["t.csv", "t.jsonl", "t.json", "t.parquet"])
def test_a_column_that_is_not_there(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    if name == "t.parquet":
        pq.write_table(pa.table({"accuracy": [1]}), path)
    else:
        text = {"t.csv": "accuracy\n1\n", "t.jsonl": '{"accuracy": 1}\n'}
        path.write_text(text.get(name, '[{"accuracy": 1}]'))
    with pytest.raises(UnknownNameError, match="'acuracy': did you mean accuracy"):
        read_records(path, ["acuracy"])
