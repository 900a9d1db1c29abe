"""Claims: two runs on one store do not do the same job at once.

A claim is a lock on one byte of a file, the place of which follows from the job. The system gives
it back when the process that holds it ends, however it ends, so that no claim outlives its run.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@contextlib.contextmanager
def claimed(store: Path, key: tuple[Any, ...]) -> Iterator[bool]:
    """Claim a job for as long as a `with` block takes; a process can hold one claim at a time.

    Windows has no such locks: there two runs at once may do a job twice, and readers keep one of
    the two results.

    Args:
        store: The store's folder; it is made if it is missing.
        key: What the job is known by.

    Yields:
        Whether the job is this process's; False if another has it (or, very rarely, another job
        of the same place).
    """
    store.mkdir(parents=True, exist_ok=True)
    file = os.open(store / "claims.lock", os.O_RDWR | os.O_CREAT, 0o644)
    try:
        yield _lock(file, _place(key))
    finally:
        os.close(file)  # and so the lock is given back


def _lock(file: int, place: int) -> bool:
    try:
        import fcntl
    except ImportError:
        return True
    try:
        fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, place)
    except (BlockingIOError, PermissionError):
        return False
    return True


def _place(key: tuple[Any, ...]) -> int:
    """Return where in the file the lock of a job is, 0 to 2^40 - 1."""
    return int.from_bytes(hashlib.sha256(repr(key).encode()).digest()[:5], "big")
