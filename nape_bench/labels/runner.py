"""Runner: measures architectures of a space into a store, over cores, and goes on where it was."""

from __future__ import annotations

import datetime
import platform
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from nape_bench.errors import NapeError
from nape_bench.graph import GraphTable
from nape_bench.labels import store as stores
from nape_bench.labels.claims import claimed
from nape_bench.labels.measures import MEASURES, Measure
from nape_bench.spaces import space as space_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from nape_bench.spaces import Spec


DRAWN_AT_ONCE = 256
VAIN_DRAWS = 1000
"""After so many draws in a row of what was drawn before, a space is taken to be exhausted."""


@dataclass(frozen=True)
class Job:
    """One measurement of one architecture.

    Attributes:
        space: Name of its space.
        spec: The architecture, in normal form.
        text: The same as its space formats it.
        seed: The measurement's.
    """

    space: str
    spec: Spec
    text: str
    seed: int


@dataclass(frozen=True)
class Report:
    """What a run came to.

    Attributes:
        done: Jobs of the list that have a result, those of earlier runs included.
        failed: Jobs whose result is a failure.
        elsewhere: Jobs that another run on the same store was at when this one ended.
        ran: Jobs that this run did.
    """

    done: int
    failed: int
    elsewhere: int
    ran: int

    def __str__(self) -> str:
        """Return a sentence for the command line."""
        text = f"{self.done} results, {self.failed} of them failures; {self.ran} are of this run"
        at = f"; another run was at {self.elsewhere} more" if self.elsewhere else ""
        return text + at


def label(
    space: str,
    n: int,
    *,
    store: str | Path,
    measure: str | Measure = "micro",
    seeds: int = 2,
    jobs: int = 1,
    draw_seed: int = 0,
    retry: bool = False,
    progress: bool = True,
) -> Report:
    """Measure `n` architectures drawn from a space.

    The run may be ended at any moment, also by `kill -9`: jobs in flight are lost, and the same
    call goes on from there. Asking for more architectures or seeds adds to what is there. Several
    runs may work on one store. A job that fails is recorded with its reason.

    Args:
        space: Name of a space.
        n: Number of architectures, no two of which compute the same function.
        store: Folder of the store.
        measure: Name of a measurement, or one.
        seeds: Measurements of each architecture, with seeds 0, 1, ...
        jobs: Processes.
        draw_seed: What architectures are drawn from.
        retry: Whether to do jobs again that failed before.
        progress: Whether to show progress and the time left.

    Raises:
        UnknownNameError: No such space or measurement, or no settings for this space.
        DataError: The store is broken, or has results made with other settings of this version.
        NapeError: What the measurement needs is not installed, a worker process was killed, or a
            number is out of range.
        OSError: The store cannot be written (a full disk).
    """
    return label_specs(
        space,
        draw(space, n, draw_seed),
        store=store,
        measure=measure,
        seeds=seeds,
        jobs=jobs,
        retry=retry,
        progress=progress,
    )


def label_specs(
    space: str,
    specs: Iterable[Spec],
    *,
    store: str | Path,
    measure: str | Measure = "micro",
    seeds: int = 2,
    jobs: int = 1,
    retry: bool = False,
    progress: bool = True,
) -> Report:
    """Measure the given architectures of a space; all else is as for `label`."""
    from concurrent.futures.process import BrokenProcessPool

    from joblib import Parallel, delayed
    from tqdm import tqdm

    _positive(seeds=seeds, jobs=jobs)
    method = MEASURES[measure] if isinstance(measure, str) else measure
    method.check()
    store = Path(store)
    family = space_of(space)
    stores.declare(store, f"{method.name}-{method.version}-{space}", method.settings(space))
    listed = [
        Job(space, spec, family.format(spec), seed)
        for spec in map(family.normalise, specs)
        for seed in range(seeds)
    ]
    known = _results(store)
    pending = [j for j in listed if _open(known.get(_key(j, method)), retry)]
    with tqdm(
        total=len(listed), initial=len(listed) - len(pending), disable=not progress, unit="job",
        desc=f"{space} {method.version}", file=sys.stderr, smoothing=0.05, dynamic_ncols=True,
    ) as bar:  # fmt: skip
        ran = 0
        work = (delayed(_do)(job, method, store, retry) for job in pending)
        try:
            for did in Parallel(jobs, batch_size=1, return_as="generator_unordered")(work):
                ran += did
                bar.update()
        except BrokenProcessPool as error:
            raise NapeError(
                f"a worker process was killed, perhaps for want of memory; what is done is in "
                f"{store}, and the same call goes on from there (with fewer jobs): {error}"
            ) from error
    known = _results(store)
    rows = [known.get(_key(job, method)) for job in listed]
    done = [row for row in rows if row is not None]
    failed = sum(row["error"] is not None for row in done)
    return Report(len(done), failed, len(rows) - len(done), ran)


def draw(space: str, n: int, seed: int = 0) -> list[Spec]:
    """Draw architectures from a space, no two of which compute the same function.

    Args:
        space: Name of a space.
        n: Number of architectures; fewer are the first of more.
        seed: What they are drawn from.

    Returns:
        Specifications that differ in the key `group` of their default build.

    Raises:
        NapeError: The space does not seem to have so many.
    """
    _positive(n=n)
    family = space_of(space)
    if n > family.size:
        raise NapeError(f"{space} has {family.size:,} architectures, not {n:,}")
    rng = np.random.default_rng(seed)
    found: dict[str, Spec] = {}
    vain = 0
    while vain < VAIN_DRAWS:
        # Keys are worked out for many graphs at once: that is several times faster.
        specs = [family.sample(rng) for _ in range(DRAWN_AT_ONCE)]
        groups = GraphTable.from_graphs(map(family.build, specs)).groups.tolist()
        for group, spec in zip(groups, specs, strict=True):
            vain = vain + 1 if group in found else 0
            found.setdefault(group, spec)
            if len(found) == n:
                return list(found.values())
    raise NapeError(f"{space} has no {n:,} different architectures: {len(found):,} were found")


def _do(job: Job, method: Measure, store: Path, retry: bool) -> bool:
    """Do a job in a worker process; False if it was done, or is being done, by another run."""
    key = _key(job, method)
    with claimed(store, key) as mine:
        if not mine or not _open(_results(store).get(key), retry):
            return False
        stores.add(store, _measured(job, method))
        return True


def _measured(job: Job, method: Measure) -> dict[str, Any]:
    """Return the row of a job, which says why if it failed."""
    row: dict[str, Any] = {
        "space": job.space,
        "spec": job.spec,
        "text": job.text,
        "measure": method.name,
        "version": method.version,
        "seed": job.seed,
        "error": None,
    }
    try:
        row.update(method.run(job.space, job.spec, job.seed))
    except Exception as error:  # whatever a job fails of is its result
        row["error"] = f"{type(error).__name__}: {error}"
    row["time"] = datetime.datetime.now(datetime.timezone.utc).isoformat()
    row["machine"] = platform.node()
    return row


def _positive(**numbers: int) -> None:
    for name, number in numbers.items():
        if number < 1:
            raise NapeError(f"{name} is at least 1, not {number}")


def _open(row: dict[str, Any] | None, retry: bool) -> bool:
    """Return whether a job is still to be done, given its row."""
    return row is None or (retry and row["error"] is not None)


def _key(job: Job, method: Measure) -> stores.Key:
    return (job.space, job.text, method.name, method.version, job.seed)


def _results(store: Path) -> dict[stores.Key, dict[str, Any]]:
    return {stores.key_of(row): row for row in stores.rows(store)}
