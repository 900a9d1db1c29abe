"""Engine for a Ray cluster: jobs are done on its nodes, the run alone writes their results.

Nodes need nape_bench installed, and no disk in common. A node that goes takes down the jobs that
it was at; they are begun again on the others.
"""

from __future__ import annotations

import os
import socket
from typing import TYPE_CHECKING, Any

from nape_bench.errors import NapeError, StoreError
from nape_bench.labels.engines import Killed
from nape_bench.labels.jobs import Job, failed, measured

if TYPE_CHECKING:
    from nape_bench.labels.store import Row


ANSWERED_WITHIN = 10.0
"""Seconds that the head of a cluster has to answer."""


class Ray:
    """Does jobs as Ray tasks, one processor each.

    Args:
        address: Of the cluster, as `ray.init` takes it; None looks for one that runs here.
        jobs: Jobs at a time; None is one for each processor of the cluster, as it is now.

    Raises:
        NapeError: Ray is not installed, or the cluster cannot be reached.
    """

    def __init__(self, address: str | None = None, jobs: int | None = None) -> None:
        self._ray = _ray()
        self._jobs = jobs
        self._flight: dict[Any, Job] = {}
        self._own = not self._ray.is_initialized()
        if self._own:
            _check_reachable(address)
            try:
                self._ray.init(address=address or "auto", log_to_driver=False)
            except (ConnectionError, ValueError, RuntimeError) as error:
                raise NapeError(f"no Ray cluster at {address or 'auto'}: {error}") from error
        # The run counts how often a job was lost, and so Ray does not begin any again by itself.
        self._task = self._ray.remote(num_cpus=1, max_retries=0)(measured)

    def room(self) -> int:
        """Return how many more jobs go at a time; nodes may come and go."""
        most = self._jobs
        if most is None:
            # A task waits for a node where there is none.
            most = max(1, int(self._ray.cluster_resources().get("CPU", 0)))
        return max(0, most - len(self._flight))

    def start(self, job: Job) -> None:
        """Send a job to the cluster."""
        self._flight[self._task.remote(job)] = job

    def busy(self) -> bool:
        """Return whether jobs are in flight."""
        return bool(self._flight)

    def ended(self) -> list[tuple[Job, Row | Killed]]:
        """Wait until jobs have ended; returns them with their rows."""
        ready, _ = self._ray.wait(list(self._flight), num_returns=1)
        return [self._end(task) for task in ready]

    def close(self) -> None:
        """Leave the cluster, which ends what is in flight."""
        if self._own:
            self._ray.shutdown()
        else:
            for task in self._flight:
                self._ray.cancel(task, force=True)
        self._flight = {}

    def _end(self, task: Any) -> tuple[Job, Row | Killed]:
        job = self._flight.pop(task)
        try:
            return job, self._ray.get(task)
        except self._ray.exceptions.RayTaskError as error:
            if isinstance(error.cause, StoreError):
                raise error.cause from None
            # The job itself catches what it fails of: it could not be read on the node.
            reason = str(error).strip().splitlines()[-1]
            return job, failed(job, f"{type(error.cause).__name__}: {reason}")
        except self._ray.exceptions.RayError as error:
            return job, Killed(type(error).__name__)


def _check_reachable(address: str | None) -> None:
    """Make sure that something answers at an address: Ray itself would try for many minutes."""
    host, _, port = (address or "").removeprefix("ray://").rpartition(":")
    if not host or not port.isdigit():
        return  # Ray finds one that runs here, or says what is wrong with the address
    try:
        socket.create_connection((host, int(port)), timeout=ANSWERED_WITHIN).close()
    except (OSError, OverflowError) as error:
        raise NapeError(f"no Ray cluster at {address}: {error}") from error


def _ray() -> Any:
    """Import Ray, which reports nothing to its makers unless the user wants it to."""
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    try:
        import ray
    except ImportError:
        raise NapeError(
            'the engine ray needs Ray: pip install "nape-bench[ray]" here and on the nodes'
        ) from None
    return ray
