"""Proposals: mutants of parents, many at a time, and why others were rejected."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from nape_bench.errors import GraphError
from nape_bench.search.draft import Draft, Rejected, pack
from nape_bench.search.mutations.base import mutations
from nape_bench.search.parent import Parent
from nape_bench.search.shapes import settle

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np

    from nape_bench.graph import ArchGraph, GraphTable

TRIES = 20
"""Changes that are tried for one mutant before it is given up."""


class Mutant(NamedTuple):
    """Where a mutant comes from.

    Attributes:
        parent: Number of its parent.
        kind: Name of the mutation.
        change: What was done, in words.
        spec: The architecture as its space writes it; empty where the graph was mutated.
    """

    parent: int
    kind: str
    change: str
    spec: str = ""


@dataclass(frozen=True)
class Proposals:
    """Mutants.

    Attributes:
        graphs: Their graphs, each valid, [n].
        mutants: Where each comes from, [n].
        rejected: How many changes were given up, by "<mutation>: <reason>".
    """

    graphs: GraphTable
    mutants: list[Mutant]
    rejected: Counter[str]


def propose(
    parents: Sequence[Parent],
    of: Sequence[int],
    rng: np.random.Generator,
    *,
    kinds: Sequence[str] = (),
    donors: Sequence[Parent] = (),
) -> Proposals:
    """Make a mutant of each parent that is named, by one random change.

    Args:
        parents: Graphs.
        of: Number of the parent of each mutant.
        rng: What changes are drawn from.
        kinds: Names of mutations to draw from; all if none is named.
        donors: What parts are taken from; the parents if none is given.

    Returns:
        At most as many mutants as `of` has numbers: none of where nothing worked.

    Raises:
        UnknownNameError: There is no such mutation.
    """
    known = mutations()
    chosen = [known[kind] for kind in kinds or known]
    drafts: list[Draft] = []
    made: list[Mutant] = []
    rejected: Counter[str] = Counter()
    for number in of:
        for _ in range(TRIES):
            mutation = chosen[int(rng.integers(len(chosen)))]
            draft = Draft(parents[number])
            try:
                change = mutation.change(draft, rng, donors or parents)
                settle(draft)
            except Rejected as reason:
                rejected[f"{mutation.name}: {reason}"] += 1
                continue
            drafts.append(draft)
            made.append(Mutant(number, mutation.name, change))
            break
    return _checked(drafts, made, rejected)


def _checked(drafts: list[Draft], made: list[Mutant], rejected: Counter[str]) -> Proposals:
    """Pack drafts and hold them against the rules of the normal form."""
    try:
        return Proposals(pack(drafts).check(), made, rejected)
    except GraphError:
        # One of them breaks a rule: look at each by itself.
        kept = []
        for number, draft in enumerate(drafts):
            try:
                draft.graph()
            except GraphError as error:  # noqa: PERF203 (seldom, and the reason is wanted)
                rule = str(error).partition(": ")[2].partition(" (")[0]
                rejected[f"{made[number].kind}: {rule}"] += 1
            else:
                kept.append(number)
        graphs = pack([drafts[number] for number in kept]).check()
        return Proposals(graphs, [made[number] for number in kept], rejected)


def mutate(
    graph: ArchGraph,
    rng: np.random.Generator,
    *,
    kinds: Sequence[str] = (),
    donors: Sequence[ArchGraph] = (),
) -> tuple[ArchGraph, str]:
    """Return a mutant of a graph, and what was changed.

        graph, change = mutate(space("hiaml").build(spec), np.random.default_rng(0))

    Args:
        graph: The graph.
        rng: What the change is drawn from.
        kinds: Names of mutations to draw from (`mutations`); all if none is named.
        donors: Graphs that parts may be taken from; the graph itself if none is given.

    Raises:
        UnknownNameError: There is no such mutation.
        GraphError: None that was tried can be had; reasons are counted.
    """
    parent = Parent(graph)
    rejected: Counter[str] = Counter()
    for _ in range(TRIES):
        found = propose([parent], [0], rng, kinds=kinds, donors=[Parent(each) for each in donors])
        rejected += found.rejected
        if found.mutants and found.graphs[0].hash != graph.hash:
            return found.graphs[0], f"{found.mutants[0].kind}: {found.mutants[0].change}"
        rejected["the same graph"] += len(found.mutants)
    reasons = ", ".join(f"{reason} ({n})" for reason, n in rejected.most_common(5))
    raise GraphError(f"no mutation can be had of this graph: {reasons}")
