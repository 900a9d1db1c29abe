"""One labelling run: from targets and measurements to results in the store."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nape_bench.errors import NapeError
from nape_bench.labels import store as stores
from nape_bench.labels.claims import Claims
from nape_bench.labels.engines import Engine, Here, Workers
from nape_bench.labels.jobs import GRAPH, Job, Target
from nape_bench.labels.measures import MEASURES, Measure
from nape_bench.labels.measures.base import (
    disturbed,
    for_space,
    in_store,
    is_alone,
    own_seconds,
)
from nape_bench.labels.progress import Progress, TimeLeft
from nape_bench.labels.read import Reader
from nape_bench.labels.turns import Turns
from nape_bench.labels.work import Work, is_open
from nape_bench.registry import unknown_name

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from nape_bench.labels.jobs import Kind
    from nape_bench.labels.turns import Shared

ENGINES = ("joblib", "ray")


@dataclass(frozen=True)
class Report:
    """What a run came to.

    Attributes:
        done: Jobs of the list that have a result, those of earlier runs included.
        failed: Jobs whose result is a failure.
        elsewhere: Jobs that another run on the same store was at when this one ended.
        ran: Jobs that this run did.
        failed_now: How many of those failed.
        disturbed: Jobs whose result was disturbed, and is worth measuring again.
        rows: Results of the list, in its order, as `read_labels` gives them.
    """

    done: int
    failed: int
    elsewhere: int
    ran: int
    failed_now: int = 0
    disturbed: int = 0
    rows: list[dict[str, Any]] = field(default_factory=list, repr=False, compare=False)

    def __str__(self) -> str:
        """Return a sentence for the command line."""
        odd = f" and {self.disturbed} of them disturbed" if self.disturbed else ""
        text = f"{self.done} results, {self.failed} of them failures{odd}"
        at = f"; another run was at {self.elsewhere} more" if self.elsewhere else ""
        return f"{text}; {self.ran} are of this run{at}"


@dataclass(frozen=True)
class Plan:
    """How a run goes about it; the attributes are as for `label`.

    Raises:
        UnknownNameError: No such engine.
        NapeError: A number is out of range, or the engine cannot do a measurement.
    """

    store: str | Path
    measures: list[Measure]
    seeds: int
    jobs: int | None
    engine: str
    address: str | None
    retry: bool
    progress: bool

    def __post_init__(self) -> None:
        if self.engine not in ENGINES:
            raise unknown_name("engine", self.engine, ENGINES)
        if self.seeds < 1:
            raise NapeError(f"seeds is at least 1, not {self.seeds}")
        if self.jobs is not None and self.jobs < int(self.engine == "ray"):
            raise NapeError(f"jobs is at least {int(self.engine == 'ray')}, not {self.jobs}")
        if self.address is not None and self.engine != "ray":
            raise NapeError(f"address is of a Ray cluster, the engine is {self.engine}")
        alone = [method.name for method in self.measures if is_alone(method)]
        if alone and self.engine == "ray":
            raise NapeError(
                f"{', '.join(alone)}: measured with nothing else running, which Ray cannot "
                "promise: measure on the machine itself, with the engine joblib"
            )

    def beside(self) -> Engine:
        """Return what does the jobs that may be done beside others."""
        if self.engine == "ray":
            from nape_bench.labels.ray_engine import Ray

            return Ray(self.address, self.jobs)
        return Here() if self.jobs == 0 else Workers(self.jobs or 1)

    def alone(self) -> Engine:
        """Return what does the jobs that must be alone."""
        return Here() if self.jobs == 0 else Workers(1)


def run(targets: Sequence[Target], plan: Plan) -> Report:
    """Do all measurements of all targets, those that must be alone last.

    Raises:
        UnknownNameError: A measurement has no settings for a space.
        DataError, NapeError, OSError: As for `label`.
    """
    for method in plan.measures:
        method.check()
    spaces = sorted({target.space for target in targets})
    store = Path(plan.store)
    fitted = {
        space: [
            in_store(
                method if space == GRAPH else for_space(method, space),
                store,
                progress=plan.progress,
            )
            for method in plan.measures
        ]
        for space in spaces
    }
    settings = {
        f"{method.name}-{method.version}-{space}": method.settings(
            None if space == GRAPH else space
        )
        for space, methods in fitted.items()
        for method in methods
    }
    every = (
        Job(target, fitted[target.space][place], seed)
        for place in range(len(plan.measures))
        for target in targets
        for seed in range(plan.seeds)
    )
    listed = list({job.key: job for job in every}.values())
    mark = stores.prepare(store)
    for name, values in settings.items():
        stores.declare(store, name, values)
    for target in targets:
        if target.graph is not None:
            stores.keep_graph(store, target.graph)
    reader = Reader(store)
    versions = dict.fromkeys(job.measure.version for job in listed)
    title = " ".join([*spaces, *versions])
    known = reader.refresh()
    todo = [job for job in listed if is_open(known.get(job.key), retry=plan.retry)]
    left = TimeLeft([job.kind for job in todo], _seconds_before(listed, known))
    bar = Progress(title, len(listed), len(listed) - len(todo), left, show=plan.progress)
    with Claims(mark) as claims, stores.Writer(store) as writer, bar:
        work = Work(reader, writer, claims, bar, again=todo if plan.retry else ())
        _in_turns(work, todo, plan)
    known = reader.refresh()
    rows = [known[job.key] for job in listed if job.key in known]
    failed = sum(row["error"] is not None for row in rows)
    return Report(
        done=len(rows),
        failed=failed,
        elsewhere=len(listed) - len(rows),
        ran=work.ran,
        failed_now=work.failed,
        disturbed=sum(disturbed(row) > 0 for row in rows),
        rows=rows,
    )


def _in_turns(work: Work, todo: Sequence[Job], plan: Plan) -> None:
    """Do the jobs that may be done beside others, then those that must be alone."""
    turns = Turns(work.progress.say)
    beside = [job for job in todo if not is_alone(job.measure)]
    alone = [job for job in todo if is_alone(job.measure)]
    if beside:
        with turns.shared() as turn:
            _do(work, beside, plan.beside, turn)
    if alone:
        with turns.alone():
            _do(work, alone, plan.alone, None)


def _do(work: Work, jobs: Sequence[Job], begin: Callable[[], Engine], turn: Shared | None) -> None:
    engine = begin()
    work.progress.left.at_once({job.kind for job in jobs}, engine.room())
    try:
        work.do(jobs, engine, turn)
    finally:
        engine.close()


def _seconds_before(
    listed: Sequence[Job], known: dict[stores.Key, stores.Row]
) -> dict[Kind, list[float]]:
    """Return what jobs of earlier runs took that measured the same in the same spaces."""
    same = {(job.target.space, job.kind): job.measure for job in listed}
    before = defaultdict(list)
    for row in known.values():
        kind = (row["measure"], row["version"])
        method = same.get((row["space"], kind))
        seconds = None if method is None else own_seconds(method, row)
        if seconds is not None:
            before[kind].append(seconds)
    return before


def methods_of(measure: str | Measure | Sequence[str | Measure]) -> list[Measure]:
    """Return measurements in the order in which they were named, by name or themselves.

    Raises:
        UnknownNameError: There is no such measurement.
        NapeError: None is named.
    """
    if isinstance(measure, str):
        given: Sequence[str | Measure] = measure.split(",")
    elif isinstance(measure, (list, tuple)):
        given = measure
    else:
        given = [measure]  # type: ignore[list-item]
    methods = [MEASURES[one.strip()] if isinstance(one, str) else one for one in given]
    if not methods:
        raise NapeError(f"no measurement is named: there are {', '.join(MEASURES)}")
    return list({(method.name, method.version): method for method in methods}.values())
