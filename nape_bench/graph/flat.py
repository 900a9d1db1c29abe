"""Flat: nodes and edges of one or many graphs end to end, which all array code works on."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    from nape_bench.graph.rows import NodeRows


class Flat(NamedTuple):
    """Graphs laid end to end.

    Attributes:
        columns: Name -> integer array [nodes], the names those of `vocabulary.COLUMNS`.
        source: Node that an edge leaves, counted over all graphs, int64 [edges].
        target: Node that it enters, int64 [edges]; ascending, equal targets in slot order.
        node_ptr: First node of each graph and, last, their number, int64 [graphs + 1].
        edge_ptr: The same for edges.
        numbers: What messages call the nodes, int [nodes]; by default, their place in their graph.
        rows: The distinct rows of the columns, where they are known (`rows.distinct_rows`).
        level: Level of each node, where it is known, int64 [nodes] (`keys.levels`).
    """

    columns: Mapping[str, np.ndarray]
    source: np.ndarray
    target: np.ndarray
    node_ptr: np.ndarray
    edge_ptr: np.ndarray
    numbers: np.ndarray | None = None
    rows: NodeRows | None = None
    level: np.ndarray | None = None

    def number(self, node: int) -> int:
        """Return what messages call a node."""
        if self.numbers is not None:
            return int(self.numbers[node])
        return node - int(self.node_ptr[np.searchsorted(self.node_ptr, node, side="right") - 1])

    @property
    def nodes(self) -> int:
        """Number of nodes in all graphs."""
        return int(self.node_ptr[-1])

    @property
    def graphs(self) -> int:
        """Number of graphs."""
        return len(self.node_ptr) - 1

    def graph_of_nodes(self) -> np.ndarray:
        """Return the graph that each node belongs to, int64 [nodes]."""
        return np.repeat(np.arange(self.graphs), np.diff(self.node_ptr))

    def slots(self) -> np.ndarray:
        """Return the input slot of its target that each edge enters, int64 [edges]."""
        return position_in_run(self.target)

    def part(self, start: int, stop: int) -> Flat:
        """Return graphs `start` to `stop` on their own, their nodes counted from 0."""
        nodes = slice(int(self.node_ptr[start]), int(self.node_ptr[stop]))
        edges = slice(int(self.edge_ptr[start]), int(self.edge_ptr[stop]))
        return Flat(
            {name: column[nodes] for name, column in self.columns.items()},
            self.source[edges] - nodes.start,
            self.target[edges] - nodes.start,
            self.node_ptr[start : stop + 1] - nodes.start,
            self.edge_ptr[start : stop + 1] - edges.start,
            rows=self.rows and self.rows._replace(of_node=self.rows.of_node[nodes]),
            level=None if self.level is None else self.level[nodes],
        )


def position_in_run(values: np.ndarray) -> np.ndarray:
    """Return for each element how many equal ones stand directly before it, int64 [n]."""
    if len(values) == 0:
        return np.zeros(0, dtype=np.int64)
    starts = np.flatnonzero(np.concatenate([[True], values[1:] != values[:-1]]))
    lengths = np.diff(np.concatenate([starts, [len(values)]]))
    return np.arange(len(values)) - np.repeat(starts, lengths)


def order_of(values: np.ndarray) -> np.ndarray:
    """Return what a stable argsort does, faster: two passes over 16 bits each, which are counted.

    Args:
        values: Integers from 0 to 2**32 - 1, [n].
    """
    order: np.ndarray = np.argsort(values.astype(np.uint16), kind="stable")
    high = values >> 16
    if high.any():
        order = order[np.argsort(high[order].astype(np.uint16), kind="stable")]
    return order


def pointers(lengths: np.ndarray) -> np.ndarray:
    """Return the offsets of runs of these lengths laid end to end, int64 [len(lengths) + 1]."""
    ptr = np.zeros(len(lengths) + 1, dtype=np.int64)
    np.cumsum(lengths, out=ptr[1:])
    return ptr


def ragged_indices(starts: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    """Return the indices of the runs [start, start + length) end to end, int64 [sum(lengths)]."""
    ends = np.cumsum(lengths)
    total = int(ends[-1]) if len(ends) else 0
    indices: np.ndarray = np.repeat(starts - (ends - lengths), lengths)
    indices += np.arange(total)
    return indices


def sum_by_graph(values: np.ndarray, node_ptr: np.ndarray) -> np.ndarray:
    """Return the sum of a node value over each graph, in the dtype of `values` [graphs]."""
    return np.add.reduceat(values, node_ptr[:-1]) if len(node_ptr) > 1 else values[:0]
