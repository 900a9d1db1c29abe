"""Jobs of a labelling run: one measurement of one architecture or graph, and the row it gives."""

from __future__ import annotations

import datetime
import functools
import json
import platform
import time
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nape_bench.errors import StoreError
from nape_bench.labels.measures.base import run_spec

if TYPE_CHECKING:
    from nape_bench.graph import ArchGraph
    from nape_bench.labels.measures import Measure
    from nape_bench.labels.store import Key, Row
    from nape_bench.spaces import Spec

Kind = tuple[str, str]
"""Name and version of a measurement."""
GRAPH = "graph"
"""What stands for the space of graphs that are given as they are."""


@dataclass(frozen=True)
class Target:
    """What is measured: an architecture of a space, or a graph.

    Attributes:
        space: Name of its space; `GRAPH` for a graph.
        text: The architecture as its space formats it; of a graph, its hash.
        spec: The architecture in normal form; None for a graph.
        graph: The graph; None for an architecture.
    """

    space: str
    text: str
    spec: Spec = None
    graph: ArchGraph | None = None


@dataclass(frozen=True)
class Job:
    """One measurement of a target with one seed."""

    target: Target
    measure: Measure
    seed: int

    @property
    def kind(self) -> Kind:
        """What jobs that take about the same time have in common."""
        return (self.measure.name, self.measure.version)

    @property
    def key(self) -> Key:
        """What its result is known by in a store."""
        return (self.target.space, self.target.text, *self.kind, self.seed)


def measured(job: Job) -> Row:
    """Do a job, and return the row to store; it says why if the job failed.

    Raises:
        StoreError: A file that it shares with other jobs cannot be read or written.
    """
    begun = time.perf_counter()
    try:
        target = job.target
        if target.graph is None:
            values = run_spec(job.measure, target.space, target.spec, job.seed)
        else:
            values = job.measure.run(target.graph, job.seed)
        json.dumps(values, allow_nan=False)
    except StoreError:  # no result of this job: all others would fail of it too
        raise
    except Exception as error:  # whatever else a job fails of is its result
        values = {"error": f"{type(error).__name__}: {error}"}
    return _row(job, {**values, "wall_seconds": round(time.perf_counter() - begun, 4)})


def failed(job: Job, reason: str) -> Row:
    """Return the row of a job that could not report itself."""
    return _row(job, {"error": reason})


def _row(job: Job, values: Row) -> Row:
    space, text, measure, version, seed = job.key
    return {
        "space": space,
        "spec": job.target.spec,
        "text": text,
        "measure": measure,
        "version": version,
        "seed": seed,
        "error": None,
        **values,
        "time": datetime.datetime.now(datetime.timezone.utc).isoformat(),
        **machine(),
    }


@functools.cache
def machine() -> dict[str, Any]:
    """Return what numbers depend on here: model of the processor, versions of torch and Python.

    It holds no name of the machine, which is nobody's business.
    """
    return {
        "machine": _processor(),
        "torch": metadata.version("torch"),
        "python": platform.python_version(),
    }


def _processor() -> str:
    """Return the model of the processor in words, else its architecture."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:  # no Linux
        return platform.processor() or platform.machine()
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return models[0] if models else platform.machine()
