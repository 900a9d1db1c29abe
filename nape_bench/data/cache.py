"""The memory-mapped cache: a split that was verified once opens again without being decoded.

A split is kept as an uncompressed Arrow file named by its content hash, beside a stamp (size and
time of change) of each Parquet file that was found to hold it. As long as a Parquet file is as
stamped, the cached copy is what it holds; a file that changed is read and verified anew. What
cannot be used is no error: the Parquet file is there.
"""

from __future__ import annotations

import contextlib
import hashlib
import logging
import os
import threading
from typing import TYPE_CHECKING

from nape_bench.atomic import new_file, write_text
from nape_bench.data.places import home
from nape_bench.data.schema import from_arrow, to_arrow
from nape_bench.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from nape_bench.data.rows import Rows

SWITCH = "NAPE_BENCH_CACHE"
"""Environment variable that, set to 0, keeps the cache from being read and written."""

WORTH_NODES = 500_000
"""From this many nodes on a split is cached; smaller ones decode in some hundredths of a second."""

_writers: list[threading.Thread] = []


def read(parquet: Path, content_hash: str, labels: Sequence[str]) -> Rows | None:
    """Return the rows of a Parquet file from the cache, None where it has no such copy.

    Args:
        parquet: The file that holds them.
        content_hash: Their content hash.
        labels: Their label columns.
    """
    if not _enabled():
        return None
    import pyarrow as pa

    stamp = _stamp_file(parquet, content_hash)
    try:
        if stamp.read_text(encoding="utf-8") != _stamp(parquet):
            return None
    except OSError:
        return None
    try:
        table = pa.ipc.open_file(pa.memory_map(str(_file(content_hash)))).read_all()
        return from_arrow(table, labels, str(_file(content_hash)))
    except (OSError, pa.ArrowException, DataError):
        forget(content_hash)
        return None


def write(parquet: Path, content_hash: str, rows: Rows) -> None:
    """Keep verified rows for later; large ones only, and in a thread, which nobody waits for.

    The interpreter ends after the thread; `wait` waits for it.

    Args:
        parquet: The file that they were read from.
        content_hash: Their content hash, which was verified.
        rows: The rows.
    """
    if not _enabled() or rows.graphs.node_ptr[-1] < WORTH_NODES:
        return
    try:
        stamp = _stamp(parquet)
    except OSError:
        return
    thread = threading.Thread(
        target=_write, args=(parquet, content_hash, rows, stamp), name="nape_bench cache"
    )
    _writers[:] = [writer for writer in _writers if writer.is_alive()] + [thread]
    thread.start()


def wait() -> None:
    """Wait until all that `write` was given is on disk."""
    for thread in _writers:
        thread.join()


def _write(parquet: Path, content_hash: str, rows: Rows, stamp: str) -> None:
    import pyarrow as pa

    try:
        path = _file(content_hash)
        if not path.exists():
            table = to_arrow(rows)
            with new_file(path) as temporary, temporary.open("wb") as file:
                with pa.ipc.new_file(file, table.schema) as writer:
                    writer.write_table(table)
                file.flush()
                os.fsync(file.fileno())
        with new_file(_stamp_file(parquet, content_hash)) as temporary:
            write_text(temporary, stamp)
    except OSError as error:
        logging.getLogger("nape_bench").warning("%s is not cached: %s", parquet, error)


def forget(content_hash: str) -> None:
    """Remove a split from the cache."""
    for path in folder().glob(f"{content_hash}*"):
        with contextlib.suppress(OSError):
            path.unlink()


def _enabled() -> bool:
    return os.environ.get(SWITCH, "1") != "0"


def folder() -> Path:
    """Return where the cache lies; it may be removed at any time."""
    return home() / "cache"


def _file(content_hash: str) -> Path:
    return folder() / f"{content_hash}.arrow"


def _stamp_file(parquet: Path, content_hash: str) -> Path:
    place = hashlib.sha256(str(parquet.resolve()).encode()).hexdigest()[:16]
    return folder() / f"{content_hash}.{place}.stamp"


def _stamp(parquet: Path) -> str:
    state = parquet.stat()
    return f"{state.st_size} {state.st_mtime_ns}"
