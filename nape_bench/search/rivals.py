"""What a search is held against: random networks that cost as much as what it found."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from nape_bench.errors import NapeError
from nape_bench.graph import GraphTable
from nape_bench.search.member import Member

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from nape_bench.graph import ArchGraph
    from nape_bench.search.moves import Moves
    from nape_bench.search.objective import Objective
    from nape_bench.spaces import Space, Spec

NEAR = 0.03
"""Costs that differ by so much, either way, count as equal."""
WALKERS, ROUNDS = 64, 20
SAMPLES = 2000


def random_mutants(
    start: Member,
    found: Sequence[Member],
    moves: Moves,
    objective: Objective,
    rng: np.random.Generator,
) -> list[ArchGraph]:
    """Return for each network that was found one of as many random changes and equal multiply-adds.

    Walks from the start are as long as the network's own; what the predictor does not know is left
    out as in the search, and the first walk whose end is near enough is taken. Where none is after
    `ROUNDS` times `WALKERS` of them, it is the nearest.
    """
    return [_mutant(start, member, moves, objective, rng) for member in found]


def _mutant(
    start: Member, like: Member, moves: Moves, objective: Objective, rng: np.random.Generator
) -> ArchGraph:
    best: tuple[float, ArchGraph | None] = (np.inf, None)
    for _ in range(ROUNDS):
        walkers = [start] * WALKERS
        for _change in range(max(1, like.facts.edits)):
            walkers = _changed(walkers, moves, objective, rng)
        for member in walkers:
            apart = abs(member.facts.flops / like.facts.flops - 1)
            if apart < best[0] and member.graph.group != start.facts.group:
                best = (apart, member.graph)
            if best[0] <= NEAR:
                break
        if best[0] <= NEAR:
            break
    if best[1] is None:
        raise NapeError("no random change of the start can be had")
    return best[1]


def _changed(
    walkers: list[Member], moves: Moves, objective: Objective, rng: np.random.Generator
) -> list[Member]:
    """Change each walker once; one whose change is not to be had stays where it is."""
    found = moves.propose(walkers, range(len(walkers)), rng)
    strange = {} if objective.known is None else objective.known.strange(found.graphs)
    bad = np.zeros(len(found.graphs), dtype=bool)
    for which in strange.values():
        bad |= which
    moved = walkers.copy()
    flops, names = found.graphs.flops().tolist(), found.graphs.hashes.tolist()
    for number, mutant in enumerate(found.mutants):
        if not bad[number]:
            facts = walkers[mutant.parent].facts._replace(
                hash=names[number], flops=flops[number], spec=mutant.spec
            )
            moved[mutant.parent] = Member(facts, found.graphs[number])
    return moved


def random_of_space(
    space: Space,
    build: Callable[[Spec], ArchGraph],
    found: Sequence[Member],
    rng: np.random.Generator,
) -> list[ArchGraph]:
    """Return for each network that was found another one of a space with equal multiply-adds.

    Of `SAMPLES` random architectures the one of nearest cost is taken, none twice.
    """
    drawn = GraphTable.from_graphs([build(space.sample(rng)) for _ in range(SAMPLES)])
    _, first = np.unique(drawn.hashes, return_index=True)
    graphs = drawn[np.sort(first)]
    flops = graphs.flops().astype(np.float64)
    chosen = []
    for member in found:
        apart = np.abs(flops / member.facts.flops - 1)
        near = np.flatnonzero(apart <= NEAR)
        # Not always the nearest: any that costs as much is as good.
        number = int(near[rng.integers(len(near))]) if len(near) else int(np.argmin(apart))
        if not np.isfinite(flops[number]):
            raise NapeError(f"{space.name}: {len(graphs)} drawn networks are too few to compare")
        chosen.append(graphs[number])
        flops[number] = np.inf
    return chosen
