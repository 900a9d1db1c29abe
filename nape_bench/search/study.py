"""A study: searches from one network, with a predictor that a protocol teaches, and their check."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from nape_bench.errors import NapeError
from nape_bench.predictors import predictor
from nape_bench.search.loop import Outcome, Plan, search
from nape_bench.search.moves import GraphMoves, Moves, SpaceMoves
from nape_bench.search.objective import Known, Objective
from nape_bench.search.scales import FULL, MICRO, builder, shrunk_to
from nape_bench.search.teach import lesson, taught
from nape_bench.spaces import space as space_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from nape_bench.graph import ArchGraph
    from nape_bench.predictors import Predictor
    from nape_bench.search.teach import Lesson
    from nape_bench.spaces import Space, Spec

GRAPH, SPACE = "graph", "space"
MOVES = (GRAPH, SPACE)
BEST = "best"
"""In place of a start: the architecture of the best label of those that the predictor is fit to."""
DONORS = 64
"""Training networks that parts are taken from."""
RANDOM_SEED = 2**20
"""Rivals are drawn from this beside the seed: no search is."""


@dataclass(frozen=True)
class Study:
    """What is searched, and how.

    Attributes:
        space: Name of the space.
        start: The network to begin with, as the space writes it; `BEST` is the one of the best
            label that the predictor is fitted to.
        predictor: Name of the predictor.
        fit: Name of the protocol whose labels it is fitted to.
        settings: Settings of the predictor.
        loaded: A folder that a predictor was saved in, in its place; `fit` then says what it knows.
        moves: `GRAPH`: any graph may come of it; `SPACE`: architectures of the space.
        kinds: Mutations to draw from; all if none is named.
        cuts: Cost -> change that is asked for, as -0.2 for 20 % less than the start has.
        latency: A protocol that a second predictor of this name learns latency from.
        scale: `MICRO` or `FULL`.
        free: Whether layers may be used that the predictor has not seen.
        runs: Searches, with the seeds from the plan's on.
        rounds: Times that they are made; between two of them the predictor learns from trainings
            (`closed.rounds`).
        plan: How each is made.
    """

    space: str
    start: str
    predictor: str
    fit: str
    settings: dict[str, Any] = field(default_factory=dict)
    loaded: str | None = None
    moves: str = GRAPH
    kinds: tuple[str, ...] = ()
    cuts: dict[str, float] = field(default_factory=dict)
    latency: str | None = None
    scale: str = MICRO
    free: bool = False
    runs: int = 1
    rounds: int = 1
    plan: Plan = field(default_factory=Plan)

    def __post_init__(self) -> None:
        if self.moves not in MOVES:
            raise NapeError(f"moves is {' or '.join(MOVES)}, not {self.moves!r}")
        if self.scale not in (MICRO, FULL):
            raise NapeError(f"scale is {MICRO} or {FULL}, not {self.scale!r}")
        for name, cut in self.cuts.items():
            if not (math.isfinite(cut) and cut > -1):
                raise NapeError(f"{name} can change by more than -100 %, not by {cut:.0%}")
        if ("latency" in self.cuts) != (self.latency is not None):
            raise NapeError("a limit of latency needs a protocol to learn latency from, and a "
                            "protocol a limit")  # fmt: skip
        for name in ("runs", "rounds"):
            if getattr(self, name) < 1:
                raise NapeError(f"{name} is at least 1, not {getattr(self, name)}")
        if self.rounds > 1 and (self.scale != MICRO or self.loaded is not None):
            raise NapeError("rounds train networks of micro scale, and fit the predictor anew: "
                            "they go without full scale and without a predictor that was saved"
                            )  # fmt: skip

    def facts(self) -> dict[str, Any]:
        """Return what says which study this is, as plain JSON."""
        told = asdict(self)
        del told["plan"], told["runs"], told["rounds"]
        return told


@dataclass(frozen=True)
class Ready:
    """A study with its predictor fitted.

    Attributes:
        study: The study.
        space: The space.
        build: Builds specifications at the scale of the search.
        start: The network to begin with.
        spec: The same as its space writes it.
        lesson: What the predictor has learnt from.
        objective: What is wanted.
        moves: How networks are changed.
    """

    study: Study
    space: Space
    build: Callable[[Spec], ArchGraph]
    start: ArchGraph
    spec: str
    lesson: Lesson
    objective: Objective
    moves: Moves

    def rng(self) -> np.random.Generator:
        """Return what rivals are drawn from."""
        return np.random.default_rng([self.study.plan.seed, RANDOM_SEED])


def ready(study: Study, *, graph: ArchGraph | None = None, progress: bool = False) -> Ready:
    """Build the start and fit the predictor.

    Args:
        study: The study.
        graph: A network of one's own to begin with, in place of `study.start`, which says what it
            is called; at micro scale it is made small first.
        progress: Whether to show progress.

    Raises:
        NapeError: A graph is given, and moves stay inside a space.
        UnknownNameError: A name that nobody knows.
        SpecError: The start is none of the space.
        ProtocolError, DataError: As for `teach.lesson`.
    """
    space = space_of(study.space)
    build = builder(space, study.scale)
    given = lesson(study.fit, study.scale)
    if graph is not None:
        if study.moves == SPACE:
            raise NapeError("a graph has no specification: moves inside a space need one")
        start = graph if study.scale == FULL else shrunk_to(study.space, graph)
        spec = study.start
    else:
        named = space.parse(given.best() if study.start == BEST else study.start)
        start, spec = build(named), space.format(named)
    model = _model(study, given, progress=progress)
    latency = None
    if study.latency is not None:
        latency = taught(
            predictor(study.predictor, **study.settings), lesson(study.latency, study.scale)
        )
    objective = Objective(
        model,
        given.dataset.higher_is_better,
        _limits(study, start, latency),
        latency,
        None if study.free or study.moves == SPACE else Known(given.graphs),
    )
    moves: Moves
    if study.moves == SPACE:
        moves = SpaceMoves(space, build)
    else:
        donors = [given.graphs[number] for number in range(min(DONORS, len(given.graphs)))]
        moves = GraphMoves(study.kinds, donors)
    return Ready(study, space, build, start, spec, given, objective, moves)


def refitted(given: Ready) -> Ready:
    """Return a study with its predictor fitted anew to its lesson."""
    model = _model(given.study, given.lesson, progress=False)
    return replace(given, objective=replace(given.objective, predictor=model))


def _model(study: Study, given: Lesson, *, progress: bool) -> Predictor:
    if study.loaded is None:
        return taught(predictor(study.predictor, progress=progress, **study.settings), given)
    from nape_bench.predictors.base import Predictor

    return Predictor.load(study.loaded)


def _limits(study: Study, start: ArchGraph, latency: Predictor | None) -> dict[str, float]:
    from nape_bench.graph import GraphTable

    costs = {"flops": float(start.flops()), "params": float(start.params())}
    if latency is not None:
        costs["latency"] = float(latency.predict(GraphTable.from_graphs([start]))[0])
    return {name: costs[name] * (1 + cut) for name, cut in study.cuts.items()}


def run(given: Ready, folder: Path, *, progress: bool = False) -> list[Outcome]:
    """Make all searches of a study, or go on with them: each in a folder of its own, "seed<k>"."""
    study = given.study
    outcomes = []
    for number in range(study.runs):
        plan = Plan(**{**asdict(study.plan), "seed": study.plan.seed + number})
        outcome = search(
            given.start, given.objective, given.moves, plan, folder / f"seed{plan.seed}",
            spec=given.spec, settings={**study.facts(), "labels": given.lesson.seen},
            progress=progress,
        )  # fmt: skip
        outcomes.append(outcome)
    return outcomes
