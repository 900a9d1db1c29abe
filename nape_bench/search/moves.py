"""Moves: how a search gets from one network to others, over graphs or inside a space."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Protocol

from nape_bench.errors import NapeError
from nape_bench.graph import GraphTable
from nape_bench.search.parent import Parent
from nape_bench.search.propose import TRIES, Mutant, Proposals, propose

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy as np

    from nape_bench.graph import ArchGraph
    from nape_bench.search.member import Member
    from nape_bench.spaces import Space, Spec

MOST_PARENTS = 512
"""Parents that are kept ready, what is looked up of them included."""


class Moves(Protocol):
    """Makes networks of others."""

    def propose(
        self, members: Sequence[Member], of: Sequence[int], rng: np.random.Generator
    ) -> Proposals:
        """Make a network of each member that is named, by one random change (`propose`)."""


class GraphMoves:
    """Changes graphs, of whatever space.

    Args:
        kinds: Names of mutations; all if none is named.
        donors: Graphs that parts are taken from, besides the members themselves.
    """

    def __init__(self, kinds: Sequence[str] = (), donors: Sequence[ArchGraph] = ()) -> None:
        self._kinds = kinds
        self._donors = [Parent(graph) for graph in donors]
        self._ready: dict[str, Parent] = {}

    def propose(
        self, members: Sequence[Member], of: Sequence[int], rng: np.random.Generator
    ) -> Proposals:
        """Make mutants (`propose.propose`)."""
        if len(self._ready) > MOST_PARENTS:
            self._ready = {}
        parents = [self._parent(member) for member in members]
        donors = [*parents, *self._donors]
        return propose(parents, of, rng, kinds=self._kinds, donors=donors)

    def _parent(self, member: Member) -> Parent:
        found = self._ready.get(member.facts.hash)
        if found is None:
            found = self._ready[member.facts.hash] = Parent(member.graph)
        return found


class SpaceMoves:
    """Changes specifications (`Space.mutate`): every network is one of the space.

    Args:
        space: The space.
        build: Builds a specification at the scale of the search.
    """

    def __init__(self, space: Space, build: Callable[[Spec], ArchGraph]) -> None:
        self._space = space
        self._build = build

    def propose(
        self, members: Sequence[Member], of: Sequence[int], rng: np.random.Generator
    ) -> Proposals:
        """Make networks of the space; one that cannot be built at this scale is rejected."""
        graphs: list[ArchGraph] = []
        made: list[Mutant] = []
        rejected: Counter[str] = Counter()
        for number in of:
            for _ in range(TRIES):
                spec = self._space.mutate(self._space.parse(members[number].facts.spec), rng)
                text = self._space.format(spec)
                try:
                    graph = self._build(spec)
                except NapeError:
                    rejected["space: cannot be built"] += 1
                    continue
                graphs.append(graph)
                made.append(Mutant(number, "space", text, text))
                break
        return Proposals(GraphTable.from_graphs(graphs), made, rejected)
