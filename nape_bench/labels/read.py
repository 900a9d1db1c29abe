"""Reading what labelling runs measured, while they are at work or after."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from nape_bench.errors import DataError
from nape_bench.labels.store import KEY_COLUMNS, Key, Row, key_of, replaces

NEEDED = (*KEY_COLUMNS, "time", "error")


class Reader:
    """The rows of a store, of each key one; `refresh` reads what has been added since.

    Args:
        store: Folder of the store.
    """

    def __init__(self, store: Path) -> None:
        self._folder = store / "results"
        self._read: dict[str, tuple[int, int]] = {}  # of each file, bytes and lines that were read
        self._rows: dict[Key, Row] = {}

    def refresh(self) -> dict[Key, Row]:
        """Return all rows by key.

        Raises:
            DataError: A line that was ended is not a row; the message names file and line.
        """
        names = self._names()
        while True:
            for name in names:
                self._take(self._folder / name)
            before, names = names, self._names()
            # Files may have been packed in between: what went is in a file that came.
            if names == before:
                return self._rows

    def _names(self) -> list[str]:
        found = [path.name for path in self._folder.iterdir() if not path.name.startswith(".")]
        return sorted(name for name in found if name.endswith((".jsonl", ".parquet")))

    def _take(self, path: Path) -> None:
        packed = path.suffix == ".parquet"
        seen, lines = self._read.get(path.name, (0, 0))
        if packed and seen:
            return
        try:
            if packed:
                from nape_bench.labels.packed import read_packed

                rows, seen = read_packed(path), 1
            else:
                with path.open("rb") as file:
                    file.seek(seen)
                    text = file.read()
                rows = _parsed(path, text, lines)
                seen += text.rfind(b"\n") + 1
        except FileNotFoundError:  # it was packed just now
            return
        self._read[path.name] = (seen, lines + len(rows))
        for row in rows:
            key = key_of(row)
            if key not in self._rows or replaces(row, self._rows[key]):
                self._rows[key] = row


def read_lines(path: Path) -> list[Row]:
    """Return the rows of one file of JSON lines, without a last line that has no end.

    Raises:
        DataError: A line that was ended is not a row; the message names file and line.
    """
    return _parsed(path, path.read_bytes(), 0)


def _parsed(path: Path, text: bytes, before: int) -> list[Row]:
    found = []
    for number, line in enumerate(text.split(b"\n")[:-1], start=before + 1):
        try:
            row = json.loads(line)
            missing = [name for name in NEEDED if name not in row]
        except (ValueError, TypeError) as error:
            raise DataError(f"{path}, line {number}: a row of JSON expected: {error}") from None
        if missing:
            raise DataError(f"{path}, line {number}: the row has no {', '.join(missing)}")
        found.append(row)
    return found


def read_labels(
    store: str | Path,
    *,
    space: str | None = None,
    measure: str | None = None,
    version: str | None = None,
) -> list[dict[str, Any]]:
    """Return the results in a store, one row for each target, measurement and seed.

    Args:
        store: Folder of a store.
        space: Only rows of this space.
        measure: Only rows of this measurement ("micro").
        version: Only rows of this version of a measurement ("micro-1").

    Returns:
        Rows ordered by the time at which they were measured. Columns: `space`; `spec`, the
        architecture in plain JSON; `text`, the same as its space formats it; `measure`, `version`,
        `seed`, `time` (ISO 8601, UTC); `machine`, `torch` and `python`, the model of the processor
        and the versions; `wall_seconds`, what the job took; `error`, the reason why it failed, or
        None; and what the measurement gives: for micro `accuracy` (%, None if it diverged),
        `seconds` (of processor time) and `epochs`. A graph of no space has the space "graph", its
        hash as text and no spec: the graph itself is in the store's folder `graphs`.

    Raises:
        DataError: There is no store, or a line of it is broken; the message names file and line.
    """
    folder = Path(store)
    if not (folder / "results").is_dir():
        raise DataError(f"{folder}: no label store (a folder with a folder `results`) is here")
    rows = Reader(folder).refresh().values()
    chosen = [
        row
        for row in rows
        if space in {None, row["space"]}
        and measure in {None, row["measure"]}
        and version in {None, row["version"]}
    ]
    return sorted(chosen, key=lambda row: (row["time"], key_of(row)))
