"""A dataset folder appears whole or not at all."""

from __future__ import annotations

import dataclasses
import errno
import os
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pyarrow as pa
import pytest

from nape_bench import atomic
from nape_bench.atomic import new_file, new_folder, scratch_folder
from nape_bench.data import parquet, write
from nape_bench.data.write import describe, write_folder
from nape_bench.errors import DataError
from tests.data import tables

DATA = {"micro": tables.config_data()}
MANIFEST = describe("me/some", "v1.0", tables.INFO, DATA)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_layout(tmp_path: Path) -> None:
    write_folder(tmp_path / "d", MANIFEST, DATA, extra={"note.txt": "hello"})
    found = sorted(str(p.relative_to(tmp_path / "d")) for p in tmp_path.rglob("*") if p.is_file())
    assert found == [
        "README.md",
        "data/micro/test-00000-of-00001.parquet",
        "data/micro/train-00000-of-00001.parquet",
        "data/micro/validation-00000-of-00001.parquet",
        "nape_bench.json",
        "note.txt",
    ]
    assert names(tmp_path) == ["d"]


def test_the_same_rows_give_the_same_bytes(tmp_path: Path) -> None:
    for name in ("a", "b"):
        write_folder(tmp_path / name, MANIFEST, DATA)
    for path in (tmp_path / "a").rglob("*"):
        if path.is_file():
            twin = tmp_path / "b" / path.relative_to(tmp_path / "a")
            assert path.read_bytes() == twin.read_bytes()


@pytest.mark.parametrize("at", ["write_rows", "readme", "to_json"])
@pytest.mark.parametrize("error", [OSError(errno.ENOSPC, "no space left"), KeyboardInterrupt()])
def test_what_ends_a_write_half_way_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at: str, error: BaseException
) -> None:
    real, calls = getattr(write, at), []

    def fails_late(*args: object) -> object:
        calls.append(args)
        if at != "write_rows" or len(calls) == 2:
            raise error
        return real(*args)

    monkeypatch.setattr(write, at, fails_late)
    expected = DataError if isinstance(error, OSError) else KeyboardInterrupt
    with pytest.raises(expected):
        write_folder(tmp_path / "d", MANIFEST, DATA)
    assert names(tmp_path) == []


def test_a_killed_process_leaves_nothing_under_a_final_name(tmp_path: Path) -> None:
    program = textwrap.dedent("""
        import os, signal, sys
        from pathlib import Path
        from nape_bench.data import write
        from tests.data import tables

        write.readme = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
        data = {"micro": tables.config_data()}
        manifest = write.describe("me/some", "v1.0", tables.INFO, data)
        write.write_folder(Path(sys.argv[1]), manifest, data)
    """)
    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path / "d")],
        cwd=Path(__file__).parents[2],
        check=False,
    )
    assert done.returncode < 0
    lock, left = names(tmp_path)
    assert left.startswith(".")
    assert left.endswith(".tmp")
    assert lock == left.replace(".tmp", ".lock")
    write_folder(tmp_path / "d", MANIFEST, DATA)
    assert names(tmp_path) == ["d"], "the next write clears it away"


def test_what_another_process_still_writes_is_not_cleared_away(tmp_path: Path) -> None:
    program = textwrap.dedent("""
        import sys
        from pathlib import Path
        from nape_bench.atomic import scratch_folder

        with scratch_folder(Path(sys.argv[1])) as folder:
            print(folder.name, flush=True)
            sys.stdin.read()
    """)
    with subprocess.Popen(
        [sys.executable, "-c", program, str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        left = process.stdout.readline().strip()
        long_ago = time.time() - 2 * 24 * 3600  # it may take as long as it takes
        os.utime(tmp_path / left, (long_ago, long_ago))
        with scratch_folder(tmp_path) as mine, scratch_folder(tmp_path) as another:
            there = {left, mine.name, another.name}
            assert {name for name in names(tmp_path) if name.endswith(".tmp")} == there
        process.kill()
        process.wait()
        assert left in names(tmp_path)
        with scratch_folder(tmp_path):
            assert left not in names(tmp_path)
        assert names(tmp_path) == []


def test_without_locks_what_is_left_stays_for_a_day(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(atomic, "fcntl", None)
    left = tmp_path / ".scratch.0123.tmp"
    left.mkdir()
    with scratch_folder(tmp_path) as mine:
        assert names(tmp_path) == sorted([left.name, mine.name])
        mine.joinpath("x").write_text("x")
    long_ago = time.time() - 2 * 24 * 3600
    os.utime(left, (long_ago, long_ago))
    with scratch_folder(tmp_path) as mine:
        assert names(tmp_path) == [mine.name]
    assert names(tmp_path) == []


def test_a_folder_that_is_there_is_not_touched(tmp_path: Path) -> None:
    (tmp_path / "d").mkdir()
    (tmp_path / "d" / "mine.txt").write_text("mine")
    with pytest.raises(DataError, match="is there already"):
        write_folder(tmp_path / "d", MANIFEST, DATA)
    assert sorted(p.name for p in tmp_path.rglob("*")) == ["d", "mine.txt"]


def test_new_file_replaces_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "x.txt"
    path.write_text("old")

    def half() -> None:
        with new_file(path) as temporary:
            temporary.write_text("half")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        half()
    assert (path.read_text(), names(tmp_path)) == ("old", ["x.txt"])
    with new_file(path) as temporary:
        temporary.write_text("new")
    assert (path.read_text(), names(tmp_path)) == ("new", ["x.txt"])


def test_new_folder_makes_its_parents(tmp_path: Path) -> None:
    with new_folder(tmp_path / "a" / "b" / "c") as temporary:
        assert temporary.parent == tmp_path / "a" / "b"
    assert (tmp_path / "a" / "b" / "c").is_dir()


def test_row_groups_bound_what_a_reader_holds(tmp_path: Path) -> None:
    import pyarrow.parquet as pq

    many = tables.rows().take([i % 30 for i in range(parquet.ROW_GROUP + 5)])
    parquet.write_rows(tmp_path / "x.parquet", many)
    assert pq.ParquetFile(tmp_path / "x.parquet").metadata.num_row_groups == 2
    read, _ = parquet.read_rows(tmp_path / "x.parquet", list(many.labels))
    assert read.graphs[-1] == many.graphs[-1]


@pytest.mark.parametrize(
    ("name", "version", "config", "message"),
    [
        ("hiaml", "v1.0", "micro", "owner/name expected"),
        ("me/../../x", "v1.0", "micro", "owner/name expected"),
        ("me/x", "1.0", "micro", "as in v1.0"),
        ("me/x", "v1.0", "a/b", "config name 'a/b'"),
        ("me/x", "v1.0", ".hidden", "config name '.hidden'"),
    ],
)
def test_names_are_checked(name: str, version: str, config: str, message: str) -> None:
    with pytest.raises(DataError, match=message):
        describe(name, version, tables.INFO, {config: tables.config_data()})


@pytest.mark.parametrize("label", ["id", "node_op", "edge_weight", "a b", ""])
def test_label_names_are_checked(label: str) -> None:
    rows = dataclasses.replace(tables.rows(), labels={label: tables.rows().labels["latency"]})
    with pytest.raises(DataError, match="label name"):
        describe("me/x", "v1.0", tables.INFO, {"c": tables.config_data(rows)})


def test_rows_are_checked() -> None:
    data = tables.config_data()
    train, test = data.splits["train"], data.splits["test"]

    def told(splits: dict[str, object]) -> str:
        with pytest.raises(DataError) as caught:
            describe("me/x", "v1.0", tables.INFO, {"c": dataclasses.replace(data, splits=splits)})
        return str(caught.value)

    first = train.texts["id"][0].as_py()
    assert f"{first} stands in train and in test" in told({"train": train, "test": train})
    other_ids = pa.array([f"hiaml:other{i}" for i in range(len(train))])
    twin = dataclasses.replace(train, texts={**train.texts, "id": other_ids})
    assert "is in train and in test" in told({"train": train, "test": twin})
    assert "there is no row" in told({"train": train.take([])})
    unlike = dataclasses.replace(test, labels={"accuracy": test.labels["accuracy"]})
    assert "split test has labels accuracy" in told({"train": train, "test": unlike})
    with pytest.raises(DataError, match="target 'x' is none"):
        describe("me/x", "v1.0", tables.INFO, {"c": dataclasses.replace(data, target="x")})
