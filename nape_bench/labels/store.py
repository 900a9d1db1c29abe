"""Store: a folder of results that only grows, which any number of runs may write at once.

Every run has a file of its own and adds one line of JSON for each result, with one write that is
flushed to the disk. A run that is killed while it writes leaves at most one line without an end,
which readers pass over. Nothing is ever rewritten; `pack` moves what ended runs left into Parquet.

    <store>/store.json                                       says what the folder is
    <store>/settings/<measure>-<version>-<space>.json        what results depend on, written once
    <store>/graphs/<hash>.json                               graphs that no space has
    <store>/results/<random>.jsonl                           results of a run, a row a line
    <store>/results/<measure>-<version>-<space>-<hash>.parquet   packed results
"""

from __future__ import annotations

import contextlib
import json
import os
import uuid
from typing import TYPE_CHECKING, Any

from nape_bench.atomic import sync_folder, write_text
from nape_bench.errors import DataError
from nape_bench.labels.locks import lock_file
from nape_bench.labels.measures.base import disturbed

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from typing_extensions import Self

    from nape_bench.graph import ArchGraph

Row = dict[str, Any]
Key = tuple[str, str, str, str, int]
KEY_COLUMNS = ("space", "text", "measure", "version", "seed")
"""What a result is known by: `text` is the architecture as its space formats it."""
MARK = {"format": "nape_bench labels", "version": 1}


def key_of(row: Row) -> Key:
    """Return what a row is known by."""
    return (row["space"], row["text"], row["measure"], row["version"], row["seed"])


def replaces(row: Row, other: Row) -> bool:
    """Return whether of two rows with one key the first is kept.

    Two runs may have done one job at once, or a job that failed or was disturbed was run again:
    kept is the first of those that did not fail and were disturbed least, else the last failure.
    """
    if (row["error"] is None) != (other["error"] is None):
        return row["error"] is None
    if row["error"] is not None:
        return bool(row["time"] > other["time"])
    return (disturbed(row), row["time"]) < (disturbed(other), other["time"])


def prepare(store: Path) -> Path:
    """Make the folder of a store where there is none.

    Args:
        store: The folder.

    Returns:
        Its file `store.json`.

    Raises:
        DataError: That file is of something else, or of a version that is not known; or the
            folder cannot be made, or written to.
    """
    mark = store / "store.json"
    with _kept_at(store):
        write_once(mark, json.dumps(MARK) + "\n")
    known = _read_object(mark)
    if any(known.get(name) != value for name, value in MARK.items()):
        raise DataError(
            f"{mark}: no label store that this version of nape_bench can read: "
            f"{json.dumps(MARK)} expected"
        )
    with _kept_at(store):
        (store / "results").mkdir(exist_ok=True)
    return mark


@contextlib.contextmanager
def _kept_at(store: Path) -> Iterator[None]:
    """Name the store where its folder cannot be made or written to."""
    try:
        yield
    except OSError as error:
        raise DataError(f"{store}: no label store can be kept there: {error}") from error


class Writer:
    """Adds the rows of one run to a file of its own, which is made with the first row.

    The file is locked for as long as the run takes, so that nobody packs it.
    """

    def __init__(self, store: Path) -> None:
        self._folder = store / "results"
        self._path = self._folder / f"{uuid.uuid4().hex[:16]}.jsonl"
        self._file: int | None = None

    def add(self, row: Row) -> None:
        """Add a row; when this returns it is on the disk.

        Args:
            row: Plain JSON with at least the columns of a key, `time` and `error`.

        Raises:
            OSError: The row could not be written whole (a full disk); the file is as before.
        """
        line = json.dumps(row, allow_nan=False, separators=(",", ":")).encode() + b"\n"
        file = self._opened()
        before = os.fstat(file).st_size
        try:
            written = os.write(file, line)
            if written < len(line):
                raise OSError(
                    f"{self._path}: only {written} of {len(line)} bytes could be written: "
                    "is the disk full?"
                )
            os.fsync(file)
        except OSError:
            os.ftruncate(file, before)
            raise

    def close(self) -> None:
        """Close the file, which may be packed from now on."""
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _opened(self) -> int:
        if self._file is None:
            # It takes its name once it is locked: what is there under its name is never unlocked
            # while its run is at work.
            hidden = self._path.with_name(f".{self._path.name}.tmp")
            file = os.open(hidden, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_EXCL, 0o644)
            try:
                lock_file(file)
                hidden.rename(self._path)
                sync_folder(self._folder)
            except OSError:
                os.close(file)
                hidden.unlink(missing_ok=True)
                raise
            self._file = file
        return self._file


def declare(store: Path, name: str, settings: dict[str, Any]) -> None:
    """Write down what results depend on, or check it where that was done before.

    Args:
        store: The store's folder.
        name: What the settings are called.
        settings: Plain JSON.

    Raises:
        DataError: The store has other settings under this name, or its file of them is broken.
    """
    path = store / "settings" / f"{name}.json"
    given = json.loads(json.dumps(settings))
    write_once(path, json.dumps(given, indent=2, sort_keys=True) + "\n")
    known = _read_object(path)
    if known != given:
        changed = sorted(k for k in {*known, *given} if known.get(k) != given.get(k))
        raise DataError(
            f"{path}: this store has results of {name} made with other settings "
            f"({', '.join(changed)}): take another store, or give the settings a new version"
        )


def keep_graph(store: Path, graph: ArchGraph) -> None:
    """Keep a graph that no space has, so that its labels have something to stand for."""
    write_once(store / "graphs" / f"{graph.hash}.json", json.dumps(graph.to_dict()) + "\n")


def write_once(path: Path, text: str) -> None:
    """Write a small file that appears whole or not at all; one that is there stays as it is."""
    if path.exists():
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.{uuid.uuid4().hex}.tmp")
    try:
        write_text(partial, text)
        # A link, unlike a rename, leaves alone what another process has put there meanwhile: that
        # process may have read it, and runs lock it.
        with contextlib.suppress(FileExistsError):
            os.link(partial, path)
    finally:
        partial.unlink(missing_ok=True)


def _read_object(path: Path) -> dict[str, Any]:
    """Read a JSON object, or raise `DataError` with the name of the file."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise DataError(f"{path}: a JSON object expected: {error}") from None
    if not isinstance(found, dict):
        raise DataError(f"{path}: a JSON object expected, not {type(found).__name__}")
    return found
