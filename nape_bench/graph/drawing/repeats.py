"""Finding what repeats itself in a graph, so that it is drawn once.

A block stands between two cuts of the order of nodes; where it is followed by itself, all columns
and edges alike, one is drawn and the others are counted. First blocks are looked for that hand on
one tensor, from joint (`graph.joints`) to joint. Between two joints blocks may hand on two, as the
cells of DARTS do, each of which reads the two before it.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, NamedTuple

from nape_bench.graph.joints import joints

if TYPE_CHECKING:
    from collections.abc import Hashable

    from nape_bench.graph.arch_graph import ArchGraph

MOST_TENSORS = 2
"""Tensors that a block may hand on to what comes after it."""

LONGEST_RUN = 64
"""Cuts in a block that is looked for."""


class Part(NamedTuple):
    """Nodes `first` to `end` - 1, which stand `times` times one after the other."""

    first: int
    end: int
    times: int


def parts(graph: ArchGraph) -> list[Part]:
    """Return what is drawn of a graph, in order; the copies of a part are left out.

    A graph in which nothing repeats itself is one part.
    """
    kinds, open_at = _kinds(graph), _open(graph)
    bounds = [0, *(node + 1 for node in joints(graph))]
    found: list[Part] = []
    for part in _parts(bounds, kinds, open_at):
        inside = itertools.pairwise([at for at in bounds if part.first <= at <= part.end])
        for first, end in inside if part.times == 1 else ():
            cuts = [at for at in range(first, end + 1) if at in (first, end) or open_at[at]]
            found += _parts(cuts, kinds, open_at)
        if part.times > 1:
            found.append(part)
    return _joined(found)


def _kinds(graph: ArchGraph) -> list[int]:
    """Return a number for each node, the same for those that are alike.

    They have the same columns, and read what stands as far before them.
    """
    sources: list[list[int]] = [[] for _ in range(len(graph))]
    for source, target in graph.edges.tolist():
        sources[target].append(target - source)
    known: dict[Hashable, int] = {}
    return [
        known.setdefault((*row, *before), len(known))
        for row, before in zip(graph.nodes.tolist(), sources, strict=True)
    ]


def _open(graph: ArchGraph) -> list[frozenset[int] | None]:
    """Return for each place between nodes how far before it those stand that are read after it.

    None where they are more than a block may hand on. The place i is before node i.
    """
    last = [0] * len(graph)
    for source, target in graph.edges.tolist():
        last[source] = max(last[source], target)
    result: list[frozenset[int] | None] = []
    read_later: set[int] = set()
    for place in range(len(graph) + 1):
        read_later = {node for node in read_later if last[node] >= place}
        if place and last[place - 1] >= place:
            read_later.add(place - 1)
        few = len(read_later) <= MOST_TENSORS
        result.append(frozenset(place - node for node in read_later) if few else None)
    return result


def _parts(cuts: list[int], kinds: list[int], open_at: list[frozenset[int] | None]) -> list[Part]:
    """Return the parts of the nodes from the first cut to the last."""
    found: list[Part] = []
    plain, limit = cuts[0], cuts[-1]
    for i, at in enumerate(cuts):
        if at < plain:
            continue
        best = Part(at, limit, 1)
        for end in cuts[i + 1 : i + 1 + LONGEST_RUN]:
            times = _times(at, end, limit, kinds, open_at)
            if (times - 1) * (end - at) > (best.times - 1) * (best.end - at):
                best = Part(at, end, times)
        if best.times > 1:
            found += [Part(plain, at, 1), best]
            plain = at + (best.end - at) * best.times
    return [part for part in (*found, Part(plain, limit, 1)) if part.first < part.end]


def _joined(found: list[Part]) -> list[Part]:
    """Join parts that stand once, and beside each other."""
    result: list[Part] = []
    for part in found:
        if result and part.times == result[-1].times == 1:
            result[-1] = Part(result[-1].first, part.end, 1)
        else:
            result.append(part)
    return result


def _times(
    first: int, end: int, limit: int, kinds: list[int], open_at: list[frozenset[int] | None]
) -> int:
    """Return how often nodes `first` to `end` - 1 stand one after the other, `limit` at the most.

    Each copy hands on the same nodes; what follows the last one may read fewer.
    """
    size, times = end - first, 1
    while (
        end + size * times <= limit
        and open_at[end + size * (times - 1)] == open_at[end]
        and kinds[first + size * times : end + size * times] == kinds[first:end]
    ):
        times += 1
    handed = open_at[end + size * (times - 1)]
    if times > 1 and (handed is None or not handed <= (open_at[end] or frozenset())):
        times -= 1
    return times
