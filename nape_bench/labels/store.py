"""Store: a folder of results that only grows, which any number of processes may write at once.

Every process that measures has a file of its own and adds one line of JSON for each result, with
one write that is flushed to the disk. A process that is killed while it writes leaves at most one
line without an end, which readers pass over. Nothing is ever rewritten.

    <store>/settings/<measure>-<version>-<space>.json   what results depend on, written once
    <store>/results/<host>-<process>-<random>.jsonl     results, a row a line
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
import uuid
from typing import TYPE_CHECKING, Any

from nape_bench.errors import DataError

if TYPE_CHECKING:
    from pathlib import Path

Row = dict[str, Any]
Key = tuple[str, str, str, str, int]
KEY_COLUMNS = ("space", "text", "measure", "version", "seed")
"""What a result is known by: `text` is the architecture as its space formats it."""
_TOKEN = uuid.uuid4().hex[:8]


def key_of(row: Row) -> Key:
    """Return what a row is known by."""
    return (row["space"], row["text"], row["measure"], row["version"], row["seed"])


def add(store: Path, row: Row) -> None:
    """Add a row to this process's own file; when this returns the row is on the disk.

    Args:
        store: The store's folder; it is made if it is missing.
        row: Plain JSON with at least the columns of a key, `time` and `error`.

    Raises:
        OSError: The row could not be written whole (a full disk); the store is as it was before.
    """
    line = json.dumps(row, allow_nan=False, separators=(",", ":")).encode() + b"\n"
    path = store / "results" / f"{socket.gethostname()}-{os.getpid()}-{_TOKEN}.jsonl"
    path.parent.mkdir(parents=True, exist_ok=True)
    file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    try:
        before = os.fstat(file).st_size
        try:
            written = os.write(file, line)
            if written < len(line):
                raise OSError(f"{path}: only {written} of {len(line)} bytes could be written")
            os.fsync(file)
        except OSError:
            os.ftruncate(file, before)
            raise
    finally:
        os.close(file)


def rows(store: Path) -> list[Row]:
    """Return all rows of a store, in the order of their time.

    Of rows with the same key (two runs that did one job at once, or a job that failed and was run
    again) one is kept: the first that did not fail, else the first.

    Raises:
        DataError: A line that was ended is not a row; the message names file and line.
    """
    found: dict[Key, Row] = {}
    every = [row for path in sorted((store / "results").glob("*.jsonl")) for row in _read(path)]
    for row in sorted(every, key=lambda row: (row["error"] is not None, row["time"])):
        found.setdefault(key_of(row), row)
    return sorted(found.values(), key=lambda row: (row["time"], key_of(row)))


def _read(path: Path) -> list[Row]:
    """Return the rows of one file, without a last line that has no end."""
    lines = path.read_bytes().split(b"\n")[:-1]
    found = []
    for number, line in enumerate(lines, start=1):
        try:
            row = json.loads(line)
            missing = [name for name in (*KEY_COLUMNS, "time", "error") if name not in row]
        except (ValueError, TypeError) as error:
            raise DataError(f"{path}, line {number}: a row of JSON expected: {error}") from None
        if missing:
            raise DataError(f"{path}, line {number}: the row has no {', '.join(missing)}")
        found.append(row)
    return found


def declare(store: Path, name: str, settings: dict[str, Any]) -> None:
    """Write down what results depend on, or check it where that was done before.

    Args:
        store: The store's folder.
        name: What the settings are called.
        settings: Plain JSON.

    Raises:
        DataError: The store has other settings under this name.
    """
    path = store / "settings" / f"{name}.json"
    text = json.dumps(settings, indent=2, sort_keys=True) + "\n"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_name(f".{path.name}.{uuid.uuid4().hex}")
        try:
            partial.write_text(text)
            with contextlib.suppress(FileExistsError):
                os.link(partial, path)
        finally:
            partial.unlink(missing_ok=True)
    known = json.loads(path.read_text())
    if known != json.loads(text):
        changed = sorted(k for k in {*known, *settings} if known.get(k) != json.loads(text).get(k))
        raise DataError(
            f"{path}: this store has results of {name} made with other settings "
            f"({', '.join(changed)}): take another store, or give the settings a new version"
        )
