"""Turns on a machine: a measurement that must be alone waits for others, and they for it.

Labelling runs of one user on a machine share it. One that has to be alone says so; the others
finish the jobs they are at, wait until it has ended, and go on. So a measurement of latency need
not wait for the end of a long run.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from nape_bench.labels.locks import lock_file, unlock_file

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


class Turns:
    """A run's place among the runs of a machine.

    Args:
        say: Told once in words where the run has to wait.
        folder: Where the locks are: the same for all runs; the system's temporary folder, if it
            is not said.
    """

    def __init__(self, say: Callable[[str], None], folder: Path | None = None) -> None:
        user = os.getuid() if hasattr(os, "getuid") else 0
        self._say = say
        self._names = [
            (folder or Path(tempfile.gettempdir())) / f"nape_bench-labels-{user}-{name}.lock"
            for name in ("wish", "work")
        ]

    @contextlib.contextmanager
    def shared(self) -> Iterator[Shared]:
        """Work beside others for as long as a `with` block takes."""
        with self._open() as (wish, work):
            turn = Shared(wish, work, self._say)
            turn.resume()
            yield turn

    @contextlib.contextmanager
    def alone(self) -> Iterator[None]:
        """Work alone for as long as a `with` block takes, once others have stopped."""
        with self._open() as (wish, work):
            for file in (wish, work):
                if not lock_file(file, wait=False):
                    self._say("waiting for other labelling runs on this machine to stop")
                    lock_file(file)
            yield

    @contextlib.contextmanager
    def _open(self) -> Iterator[tuple[int, int]]:
        files = [os.open(name, os.O_RDWR | os.O_CREAT, 0o600) for name in self._names]
        try:
            yield files[0], files[1]
        finally:
            for file in files:
                os.close(file)


class Shared:
    """A run that works beside others, and stops when one wants to be alone."""

    def __init__(self, wish: int, work: int, say: Callable[[str], None]) -> None:
        self._wish, self._work, self._say = wish, work, say

    def is_over(self) -> bool:
        """Return whether a run wants to be alone: finish the jobs in flight, then `resume`."""
        free = lock_file(self._wish, shared=True, wait=False)
        if free:
            unlock_file(self._wish)
        return not free

    def resume(self) -> None:
        """Wait until no run is alone or wants to be; nothing may be in flight."""
        unlock_file(self._work)
        if not lock_file(self._wish, shared=True, wait=False):
            self._say("waiting for a labelling run that has to be alone on this machine")
            lock_file(self._wish, shared=True)
        lock_file(self._work, shared=True)
        unlock_file(self._wish)
