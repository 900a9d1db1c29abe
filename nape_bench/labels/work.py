"""The loop of a labelling run: which job is begun when, and what becomes of its result."""

from __future__ import annotations

from collections import Counter, deque
from typing import TYPE_CHECKING

from nape_bench.labels.engines import Killed
from nape_bench.labels.jobs import failed
from nape_bench.labels.measures.base import disturbed, own_seconds

if TYPE_CHECKING:
    from collections.abc import Iterable

    from nape_bench.labels.claims import Claims
    from nape_bench.labels.engines import Engine
    from nape_bench.labels.jobs import Job
    from nape_bench.labels.progress import Progress
    from nape_bench.labels.read import Reader
    from nape_bench.labels.store import Key, Row, Writer
    from nape_bench.labels.turns import Shared

KILLS = 2
"""A job that so many workers were killed at has failed."""


class Work:
    """Does jobs and stores their results; this process alone writes, workers only measure.

    Args:
        reader: Of the store.
        writer: Of the store.
        claims: Of the store.
        progress: Is told of every job.
        again: Jobs that are to be done again if they failed or were disturbed before now.

    Attributes:
        ran: Jobs that were done.
        failed: How many of them failed.
    """

    def __init__(
        self,
        reader: Reader,
        writer: Writer,
        claims: Claims,
        progress: Progress,
        *,
        again: Iterable[Job] = (),
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._claims = claims
        self.progress = progress
        known = reader.refresh()
        self._again = {job.key: known[job.key]["time"] for job in again if job.key in known}
        self._kills: Counter[Key] = Counter()
        self.ran = self.failed = 0

    def do(self, jobs: Iterable[Job], engine: Engine, turn: Shared | None = None) -> None:
        """Do jobs, apart from those that another run does.

        Args:
            jobs: What to do, in this order.
            engine: What does them.
            turn: This run's turn on the machine; None if it is alone there.

        Raises:
            OSError: The store cannot be written.
            StoreError: A file that jobs share cannot be read or written.
            NapeError: The engine cannot do any job.
        """
        # What another run is at is looked at once more in the end: that run may have been killed.
        passed = self._pass(deque(jobs), engine, turn)
        for job in self._pass(deque(passed), engine, turn):
            self.progress.ended(job, None)

    def _pass(self, queue: deque[Job], engine: Engine, turn: Shared | None) -> list[Job]:
        """Do jobs; returns those that another run is at."""
        passed: list[Job] = []
        while queue or engine.busy():
            while queue and engine.room() > 0 and not (turn and turn.is_over()):
                job = queue.popleft()
                if not self._claims.take(job.key):
                    passed.append(job)
                elif self._is_open(job):
                    engine.start(job)
                else:
                    self._claims.release(job.key)
                    self.progress.ended(job, None)
            if engine.busy():
                for job, outcome in engine.ended():
                    queue.extend(self._end(job, outcome))
            elif queue and turn:
                turn.resume()
        return passed

    def _is_open(self, job: Job) -> bool:
        """Return whether a job is still to be done; another run may have done it, or failed."""
        row = self._reader.refresh().get(job.key)
        return is_open(row, retry=row is not None and self._again.get(job.key) == row["time"])

    def _end(self, job: Job, outcome: Row | Killed) -> list[Job]:
        """Store what came of a job; returns the job if it is to be done again."""
        if isinstance(outcome, Killed):
            self._kills[job.key] += 1
            if self._kills[job.key] < KILLS:
                self._claims.release(job.key)
                return [job]
            outcome = failed(
                job,
                f"its worker process was killed {KILLS} times ({outcome.reason}), perhaps for "
                "want of memory",
            )
        self._writer.add(outcome)
        self._claims.release(job.key)
        self.ran += 1
        self.failed += outcome["error"] is not None
        self.progress.ended(job, own_seconds(job.measure, outcome))
        return []


def is_open(row: Row | None, *, retry: bool) -> bool:
    """Return whether a job is to be done, given the row that the store has of it, if any."""
    return row is None or (retry and (row["error"] is not None or disturbed(row) > 0))
