"""Published graphs against those that we build from the same specifications."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from nape_bench.data.importers.normal_form import normal_form
from nape_bench.graph.flat import Flat, pointers
from nape_bench.graph.keys import graph_hashes
from nape_bench.graph.rows import NodeRows as DistinctRows
from nape_bench.graph.vocabulary import COLUMN_INDEX, COLUMNS, OPS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nape_bench.data.importers.computation_graphs import NodeRows, PublishedGraph
    from nape_bench.graph import ArchGraph


DIGITS = 16
"""Digits of a hash that graphs are compared by: 64 bits, which are enough for a pair of graphs."""


class Normal(NamedTuple):
    """Published graphs in normal form.

    Attributes:
        flat: The graphs.
        wrong: Graph -> why it has no normal form.
        hashes: The first `DIGITS` digits of their hashes, str [graphs]; of those that are wrong
            they say nothing.
    """

    flat: Flat
    wrong: dict[int, str]
    hashes: np.ndarray


def normalise(graphs: Sequence[PublishedGraph], rows: NodeRows) -> Normal:
    """Bring published graphs into normal form (`normal_form`) and take their hashes."""
    flat, wrong = normal_form(flat_of(graphs, rows))
    return Normal(flat, wrong, graph_hashes(flat, lanes=1))


def flat_of(graphs: Sequence[PublishedGraph], rows: NodeRows) -> Flat:
    """Lay published graphs end to end."""
    node_ptr = pointers(np.array([len(graph.rows) for graph in graphs], dtype=np.int64))
    edge_ptr = pointers(np.array([len(graph.edges) for graph in graphs], dtype=np.int64))
    table, of_node = rows.table(), np.concatenate([graph.rows for graph in graphs])
    edges = np.concatenate([graph.edges for graph in graphs])
    edges = edges + np.repeat(node_ptr[:-1], np.diff(edge_ptr))[:, None]
    columns = {name: table[:, i].take(of_node) for i, name in enumerate(COLUMNS)}
    known = DistinctRows(table.astype(np.int32), of_node)
    return Flat(columns, edges[:, 0], edges[:, 1], node_ptr, edge_ptr, rows=known)


def comparable_hash(graph: ArchGraph) -> str:
    """Return the first digits of the hash of a graph of ours without what the authors' lose."""
    flat, _ = normal_form(graph.flat())
    return str(graph_hashes(flat, lanes=1)[0])


def difference(published: Flat, built: ArchGraph) -> str:
    """Say in a few words how a published graph in normal form differs from the one of ours.

    Args:
        published: The published graph.
        built: Ours, which has another hash.
    """
    ours, _ = normal_form(built.flat())
    theirs = _nodes(published)
    mine = _nodes(ours)
    more, fewer = theirs - mine, mine - theirs
    if not more and not fewer:
        return "the same nodes, wired in another way"
    words = []
    for word, here, there in (("more", more, fewer), ("fewer", fewer, more)):
        found = _column(here, "op") - _column(there, "op")
        if found:
            words.append(f"{word} {', '.join(sorted(OPS[op] for op in found))}")
    if words:
        return " and ".join(words)
    names = sorted({OPS[row[0]] for row in more})
    columns = [name for name in COLUMNS if _column(more, name) != _column(fewer, name)]
    what = ", ".join(columns) or "sizes"
    return f"other {what} of {', '.join(names)}"


def _nodes(flat: Flat) -> Counter[tuple[int, ...]]:
    table = np.stack([flat.columns[name] for name in COLUMNS], axis=1).tolist()
    return Counter(map(tuple, table))


def _column(nodes: Counter[tuple[int, ...]], name: str) -> Counter[int]:
    found: Counter[int] = Counter()
    for row, number in nodes.items():
        found[row[COLUMN_INDEX[name]]] += number
    return found
