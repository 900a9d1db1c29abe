"""Finding what repeats itself in a graph, so that it is drawn once.

Between one joint (`graph.joints`) and the next lies a segment; where a run of segments is followed
by the same run again, all columns and edges alike, one is drawn and the others are counted.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, NamedTuple

from nape_bench.graph.joints import joints

if TYPE_CHECKING:
    from collections.abc import Hashable

    from nape_bench.graph.arch_graph import ArchGraph

LONGEST_RUN = 64
"""Segments in a run that is looked for."""


class Part(NamedTuple):
    """Nodes `first` to `end` - 1, which stand `times` times one after the other."""

    first: int
    end: int
    times: int


def parts(graph: ArchGraph) -> list[Part]:
    """Return what is drawn of a graph, in order; the copies of a part are left out.

    A graph in which nothing repeats itself is one part.
    """
    bounds = [0, *(node + 1 for node in joints(graph))]  # a segment ends with a joint
    kinds = _kinds(graph, bounds)
    found: list[Part] = []
    plain, at = 0, 0
    while at < len(kinds):
        run, times = _run(kinds, bounds, at)
        if times == 1:
            at += 1
            continue
        if bounds[plain] < bounds[at]:
            found.append(Part(bounds[plain], bounds[at], 1))
        found.append(Part(bounds[at], bounds[at + run], times))
        at += run * times
        plain = at
    if bounds[plain] < bounds[-1]:
        found.append(Part(bounds[plain], bounds[-1], 1))
    return found


def _kinds(graph: ArchGraph, bounds: list[int]) -> list[int]:
    """Return a number for each segment, the same for those that are alike."""
    sources: list[list[int]] = [[] for _ in range(len(graph))]
    for source, target in graph.edges.tolist():
        sources[target].append(source)
    rows = graph.nodes.tolist()
    known: dict[Hashable, int] = {}
    kinds = []
    for first, end in itertools.pairwise(bounds):
        told = tuple(
            (*rows[node], *(source - first for source in sources[node]))
            for node in range(first, end)
        )
        kinds.append(known.setdefault(told, len(known)))
    return kinds


def _run(kinds: list[int], bounds: list[int], at: int) -> tuple[int, int]:
    """Return the run from `at` on that spares most nodes when drawn once, and how often it is."""
    best, spared = (1, 1), 0
    for length in range(1, min(LONGEST_RUN, (len(kinds) - at) // 2) + 1):
        run, times = kinds[at : at + length], 1
        while kinds[at + times * length : at + (times + 1) * length] == run:
            times += 1
        nodes = (times - 1) * (bounds[at + length] - bounds[at])
        if nodes > spared and times > 1:
            best, spared = (length, times), nodes
    return best
