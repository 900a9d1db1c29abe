"""Walks: how often each short sequence of layers occurs in a graph."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from nape_bench.graph.flat import ragged_indices
from nape_bench.graph.keys import _mix as mix
from nape_bench.predictors.paths.contract import contract

if TYPE_CHECKING:
    from nape_bench.graph import GraphTable


class Walks(NamedTuple):
    """Walks of one length.

    Attributes:
        graph: The graph, ascending, int64 [n].
        name: What layers it goes over, in order, uint64 [n]; different within a graph.
        number: How many there are, float64 [n].
    """

    graph: np.ndarray
    name: np.ndarray
    number: np.ndarray


def walks(graphs: GraphTable, layers: int) -> Walks:
    """Return the walks over so many layers of the contracted graphs (`contract`).

    Args:
        graphs: One graph or more.
        layers: How many layers, 1 or more.
    """
    flat = graphs.flat()
    small = contract(flat)
    degree = np.bincount(small.source, minlength=flat.nodes)
    first = np.cumsum(degree) - degree
    node, name, count = small.kept, small.names[small.kept], np.ones(len(small.kept))
    for length in range(1, layers):
        runs = degree[node]
        edges = ragged_indices(first[node], runs)
        longer = mix(np.repeat(name, runs) + np.uint64(length))
        name = mix(longer ^ small.names[small.target[edges]])
        count = np.repeat(count, runs) * small.paths[edges]
        node, name, count = _merged(small.target[edges], name, count)
    return Walks(*_merged(flat.graph_of_nodes()[node], name, count))


def _merged(
    place: np.ndarray, name: np.ndarray, count: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Add up the counts of equal places and names, and sort by them."""
    order = np.lexsort((name, place))
    place, name, count = place[order], name[order], count[order]
    new = np.ones(len(place), dtype=bool)
    new[1:] = (place[1:] != place[:-1]) | (name[1:] != name[:-1])
    starts = np.flatnonzero(new)
    return place[starts], name[starts], np.add.reduceat(count, starts)


def counts(found: Walks, names: np.ndarray, graphs: int) -> np.ndarray:
    """Return how often walks of these names occur, float64 [graphs, names].

    Args:
        found: Walks of so many graphs.
        names: Names, ascending, uint64; walks of other names are left out.
        graphs: Number of graphs.
    """
    table = np.zeros((graphs, len(names)))
    if len(names):
        place = np.minimum(np.searchsorted(names, found.name), len(names) - 1)
        known = names[place] == found.name
        table[found.graph[known], place[known]] = found.number[known]
    return table
