"""Packing: what ended runs left in a store is brought into few small Parquet files."""

from __future__ import annotations

import contextlib
import time
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from nape_bench.atomic import sync_folder
from nape_bench.errors import DataError, NapeError
from nape_bench.labels.locks import locked
from nape_bench.labels.packed import read_packed, write_packed
from nape_bench.labels.read import read_lines
from nape_bench.labels.store import key_of, prepare, replaces

if TYPE_CHECKING:
    from collections.abc import Iterable

    from nape_bench.labels.store import Key, Row

STALE_SECONDS = 3600
"""A half-written file that is older than this was left by a process that was killed."""


@dataclass(frozen=True)
class Packed:
    """What packing came to.

    Attributes:
        rows: Rows in packed files.
        files: Packed files.
        in_use: Files of runs that are at work, which stay as they are.
    """

    rows: int
    files: int
    in_use: int


def pack(store: str | Path) -> Packed:
    """Merge the results of ended runs, and packed files, into one file for each kind of result.

    Of rows with one key the one is kept that readers keep. New files are written whole before old
    ones are removed, so that packing may be killed at any moment, and readers and runs may be at
    work: what a run at work has written is left to it.

    Args:
        store: Folder of the store.

    Raises:
        DataError: There is no store, or a file of it is broken.
        NapeError: Another process is packing the store.
        OSError: The new files cannot be written (a full disk); the store is as it was.
    """
    folder = Path(store) / "results"
    if not folder.is_dir():
        raise DataError(f"{store}: no label store (a folder with a folder `results`) is here")
    with contextlib.ExitStack() as held:
        if not held.enter_context(locked(prepare(Path(store)), wait=False)):
            raise NapeError(f"{store}: another process is packing this store")
        lines = sorted(folder.glob("[!.]*.jsonl"))
        free = [path for path in lines if held.enter_context(locked(path, wait=False))]
        packs = sorted(folder.glob("[!.]*.parquet"))
        kept = _best(
            row
            for path in (*free, *packs)
            for row in (read_packed(path) if path in packs else read_lines(path))
        )
        kinds = defaultdict(list)
        for key, row in kept.items():
            kinds[key[2], key[3], key[0]].append(row)
        written = {write_packed(folder, kinds[kind]) for kind in sorted(kinds)}
        for path in {*free, *packs} - written:
            path.unlink()
        _remove_leftovers(Path(store))
        sync_folder(folder)
    return Packed(len(kept), len(written), len(lines) - len(free))


def _best(rows: Iterable[Row]) -> dict[Key, Row]:
    """Return of each key the row that readers keep."""
    kept: dict[Key, Row] = {}
    for row in rows:
        key = key_of(row)
        if key not in kept or replaces(row, kept[key]):
            kept[key] = row
    return kept


def _remove_leftovers(store: Path) -> None:
    """Remove files that killed processes left half written, under hidden names of their own."""
    for path in store.rglob(".*.tmp"):
        with contextlib.suppress(FileNotFoundError):
            # Only packing makes packed files, and nobody else packs now.
            if ".parquet." in path.name or time.time() - path.stat().st_mtime > STALE_SECONDS:
                path.unlink()
