"""The closed loop: what a search found is trained, learnt from, and searched again.

A predictor that has seen architectures of a space is wrong about mutants, and a search finds those
that it is most wrong about. So rounds go before the last: what each found, and as many random
mutants of as many changes and equal cost, are trained once, and the predictor is fitted to them
too.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from nape_bench.graph import GraphTable
from nape_bench.search.check import found_by
from nape_bench.search.rivals import random_mutants, random_of_space
from nape_bench.search.study import GRAPH, refitted, run
from nape_bench.search.verify import measure

if TYPE_CHECKING:
    from pathlib import Path

    from nape_bench.graph import ArchGraph
    from nape_bench.search.loop import Outcome
    from nape_bench.search.study import Ready

LESSON_SEEDS = 1
"""Trainings of what is learnt from between rounds."""


def rounds(given: Ready, folder: Path, *, progress: bool = False) -> tuple[Ready, list[Outcome]]:
    """Make all rounds of a study, or go on with them; round `k` before the last is in "round<k>".

    Args:
        given: The study, its predictor fitted to the protocol's labels.
        folder: Where searches and the label store `labels` are.
        progress: Whether to show progress.

    Returns:
        The study with the predictor of the last round, and what that round's searches came to.

    Raises:
        DataError: As for `loop.search` and `verify.measure`.
    """
    for number in range(given.study.rounds - 1):
        outcomes = run(given, folder / f"round{number}", progress=progress)
        graphs = _to_learn(given, outcomes, number)
        measured = measure(
            graphs, given.study.space, folder / "labels", seeds=LESSON_SEEDS, progress=progress
        )
        kept = [graph for graph in graphs if graph.hash in measured.accuracy]
        y = np.array([measured.accuracy[graph.hash].mean() for graph in kept])
        given = _learnt(given, kept, y)
    return given, run(given, folder, progress=progress)


def _to_learn(given: Ready, outcomes: list[Outcome], number: int) -> list[ArchGraph]:
    """Return what is trained after a round: what it found and rivals of it, each function once."""
    found = found_by(outcomes)
    rng = np.random.default_rng([given.study.plan.seed, number, 1])
    if given.study.moves == GRAPH:
        rivals = random_mutants(outcomes[0].start, found, given.moves, given.objective, rng)
    else:
        rivals = random_of_space(given.space, given.build, found, rng)
    return list({g.group: g for g in [*(member.graph for member in found), *rivals]}.values())


def _learnt(given: Ready, graphs: list[ArchGraph], y: np.ndarray) -> Ready:
    """Return the study with a predictor that has learnt from some networks more."""
    old = given.lesson
    lesson = old._replace(
        ids=[*old.ids, *(f"graph:{graph.hash}" for graph in graphs)],
        graphs=GraphTable.concatenate([old.graphs, GraphTable.from_graphs(graphs)]),
        y=np.concatenate([old.y, y]),
    )
    return refitted(replace(given, lesson=lesson))
