"""Engines: where jobs are done. Here: in this process, and in worker processes of this machine.

A worker process that is killed (for want of memory, by a crash in native code) takes down the one
job it was at; a new one takes its place.
"""

from __future__ import annotations

import os
import signal
import threading
import time
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from nape_bench.errors import NapeError, StoreError
from nape_bench.labels.jobs import Job, failed, measured

if TYPE_CHECKING:
    from nape_bench.labels.store import Row

ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
PARENT_CHECKED = 0.5
"""Seconds between a worker's looks at whether the run is still there."""


@dataclass(frozen=True)
class Killed:
    """What comes of a job whose worker was killed.

    Attributes:
        reason: What is known of it.
    """

    reason: str


class Engine(Protocol):
    """Does jobs, several at a time; the run hands out no more than there is room for."""

    def room(self) -> int:
        """Return how many more jobs it can be given now."""

    def start(self, job: Job) -> None:
        """Begin a job."""

    def busy(self) -> bool:
        """Return whether jobs are in flight."""

    def ended(self) -> list[tuple[Job, Row | Killed]]:
        """Wait until jobs have ended, at least one; returns them with their rows.

        Raises:
            NapeError: The engine cannot do any job.
            StoreError: A file that jobs share cannot be read or written.
        """

    def close(self) -> None:
        """Stop; jobs in flight are lost."""


class Here:
    """Does one job at a time in this process."""

    def __init__(self) -> None:
        self._job: Job | None = None

    def room(self) -> int:
        """Return 1, or 0 where a job was begun."""
        return int(self._job is None)

    def start(self, job: Job) -> None:
        """Note a job; it is done when its end is asked for."""
        self._job = job

    def busy(self) -> bool:
        """Return whether there is a job."""
        return self._job is not None

    def ended(self) -> list[tuple[Job, Row | Killed]]:
        """Do the job."""
        if self._job is None:
            return []
        job, self._job = self._job, None
        return [(job, measured(job))]

    def close(self) -> None:
        """Do nothing."""


class Workers:
    """Does jobs in worker processes (joblib's loky), each of them on one thread.

    Each has an executor of its own: when a worker is killed it is known which job it was at, and
    the others stay.

    Args:
        number: Number of processes; they are started when they are needed.
    """

    def __init__(self, number: int) -> None:
        self._idle: list[Any] = [None] * number
        self._flight: dict[Future[Row], tuple[Job, Any]] = {}

    def room(self) -> int:
        """Return the number of idle workers."""
        return len(self._idle)

    def start(self, job: Job) -> None:
        """Give a job to an idle worker."""
        from joblib.externals.loky.process_executor import BrokenProcessPool

        executor = self._idle.pop() or _executor()
        try:
            future = executor.submit(measured, job)
        except BrokenProcessPool:  # it was killed while it was idle
            executor.shutdown(wait=False)
            executor = _executor()
            future = executor.submit(measured, job)
        self._flight[future] = (job, executor)

    def busy(self) -> bool:
        """Return whether jobs are in flight."""
        return bool(self._flight)

    def ended(self) -> list[tuple[Job, Row | Killed]]:
        """Wait until jobs have ended; a worker that was killed is replaced."""
        done, _ = wait(self._flight, return_when=FIRST_COMPLETED)
        return [self._end(future) for future in done]

    def close(self) -> None:
        """Kill workers that are at work, and end the others."""
        for _, executor in self._flight.values():
            executor.shutdown(wait=False, kill_workers=True)
        for executor in filter(None, self._idle):
            executor.shutdown(wait=False)
        self._flight, self._idle = {}, []

    def _end(self, future: Future[Row]) -> tuple[Job, Row | Killed]:
        from joblib.externals.loky.process_executor import BrokenProcessPool, TerminatedWorkerError

        job, executor = self._flight.pop(future)
        error = future.exception()
        if isinstance(error, TerminatedWorkerError):
            executor.shutdown(wait=False)
            self._idle.append(None)
            return job, Killed(_exit_code(error))
        self._idle.append(executor)
        if isinstance(error, BrokenProcessPool):
            raise NapeError(
                f"a worker process cannot read its job: is {type(job.measure).__name__} in a "
                f"module that can be imported? ({error})"
            ) from error
        if isinstance(error, StoreError):
            raise error
        if error is not None:
            return job, failed(job, f"{type(error).__name__}: {error}")
        return job, future.result()


def _executor() -> Any:
    from joblib.externals.loky import ProcessPoolExecutor

    return ProcessPoolExecutor(1, initializer=_begin, initargs=(os.getpid(),), env=ONE_THREAD)


def _begin(parent: int) -> None:
    """Make a worker end with its run: an interrupt is the run's to handle, its death is noticed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_follow, args=(parent,), daemon=True).start()


def _follow(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(PARENT_CHECKED)
    os._exit(1)


def _exit_code(error: BaseException) -> str:
    """Return the part of loky's message that says how the worker ended, "SIGKILL(-9)"."""
    codes = str(error).partition("{")[2].partition("}")[0]
    return codes or "unknown"
