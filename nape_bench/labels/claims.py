"""Claims: two runs on one store do not do the same job at once.

A claim is a lock on one byte of the store's file `store.json`, far beyond its end; the place
follows from the job. The system gives it back when the process that holds it ends, however it
ends, so that no claim outlives its run.
"""

from __future__ import annotations

import hashlib
import os
from typing import TYPE_CHECKING, Any

from nape_bench.labels.locks import lock_byte, unlock_byte

if TYPE_CHECKING:
    from collections.abc import Hashable
    from pathlib import Path

    from typing_extensions import Self


class Claims:
    """The claims of one run.

    They belong to the process: it has one run on a store at a time. Windows has no such locks:
    there two runs at once may do a job twice, and readers keep one of the two results.

    Args:
        file: A file that is there. It is opened for writing with the first claim, so that a run
            that has nothing to do may have a store that it can only read.
    """

    def __init__(self, file: Path) -> None:
        self._path = file
        self._file: int | None = None

    def take(self, key: Hashable) -> bool:
        """Claim a job; False if another run has it (or, very rarely, another job of its place)."""
        if self._file is None:
            self._file = os.open(self._path, os.O_RDWR)
        return lock_byte(self._file, place(key))

    def release(self, key: Hashable) -> None:
        """Give a claim back."""
        if self._file is not None:
            unlock_byte(self._file, place(key))

    def close(self) -> None:
        """Give back all."""
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def place(key: Any) -> int:
    """Return where in the file the lock of a job is, 2^40 to 2^41 - 1."""
    return (1 << 40) + int.from_bytes(hashlib.sha256(repr(key).encode()).digest()[:5], "big")
