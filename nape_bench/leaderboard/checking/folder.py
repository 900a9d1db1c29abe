"""A submission's folder: which files it may hold, and how large they may be."""

from __future__ import annotations

import os
import re
import stat
from typing import TYPE_CHECKING

from nape_bench.leaderboard.checking.finding import Finding, RefusedError, error, listed, shown
from nape_bench.leaderboard.checking.metadata import METADATA_FILE

if TYPE_CHECKING:
    from pathlib import Path

PREDICTIONS_FILE = "predictions.parquet"
KIB, MIB = 2**10, 2**20
MOST_BYTES = {
    METADATA_FILE: 512 * KIB,
    PREDICTIONS_FILE: 32 * MIB,
    "README.md": 128 * KIB,
    "recipe.json": 128 * KIB,
    "results.json": 16 * MIB,
    ".lock": KIB,
}
"""The files that a submission may hold, and the most bytes of each. The last three are those of a
recorded run (`nape-bench run --record`); nothing here reads them."""
NEEDED = (METADATA_FILE, PREDICTIONS_FILE)
NAME = re.compile(r"[a-z0-9][a-z0-9_-]{1,39}")
"""What a submission's folder may be called."""


def check_folder(folder: Path) -> list[Finding]:
    """Check names, kinds and sizes of what lies in a submission's folder; nothing is opened."""
    found = []
    if not NAME.fullmatch(folder.name):
        found.append(
            error(
                "name",
                shown(folder.name),
                "a submission's folder is called by 2 to 40 of a-z, 0-9, _ and -",
            )
        )
    if folder.is_symlink() or not folder.is_dir():
        return [*found, error("folder", folder.name, "no folder: give that of one submission")]
    seen = set()
    with os.scandir(folder) as entries:
        for entry in sorted(entries, key=lambda each: each.name):
            seen.add(entry.name)
            found += _check_file(entry)
    lacking = [name for name in NEEDED if name not in seen]
    if lacking:
        found.append(
            error(
                "missing-file",
                folder.name,
                f"no {' and no '.join(lacking)}; `nape-bench submit` writes both",
            )
        )
    return found


def read_bytes(folder: Path, name: str) -> bytes:
    """Read a file that `check_folder` has passed, never through a link and never beyond its bound.

    Raises:
        RefusedError: It is a link now, or longer than it may be.
    """
    most = MOST_BYTES[name]
    try:
        handle = os.open(folder / name, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0))
    except OSError as failed:
        raise RefusedError("file", name, f"cannot be read: {failed.strerror}") from None
    with os.fdopen(handle, "rb") as file:
        data = file.read(most + 1)
    if len(data) > most:
        raise RefusedError("size", name, _too_large(len(data), most))
    return data


def _check_file(entry: os.DirEntry[str]) -> list[Finding]:
    name, status = entry.name, entry.stat(follow_symlinks=False)
    if name not in MOST_BYTES:
        return [
            error(
                "extra-file",
                shown(name),
                f"a submission holds {listed(sorted(MOST_BYTES))} and nothing else: take it out",
            )
        ]
    if not stat.S_ISREG(status.st_mode):
        return [error("kind", name, "a link or no file at all: put a plain file in its place")]
    if status.st_size > MOST_BYTES[name]:
        return [error("size", name, _too_large(status.st_size, MOST_BYTES[name]))]
    return []


def _too_large(size: int, most: int) -> str:
    return f"{size:,} bytes, of at most {most:,}: submit fewer protocols, or shorten it"
