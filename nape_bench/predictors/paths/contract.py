"""Graphs reduced to what tells them apart: layers, pools, and where blocks end."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from nape_bench.graph.flat import ragged_indices
from nape_bench.graph.keys import _mix as mix
from nape_bench.graph.validate import is_op
from nape_bench.graph.vocabulary import POOLS, WEIGHTED
from nape_bench.predictors.paths.steps import steps

if TYPE_CHECKING:
    from nape_bench.graph.flat import Flat

SHAPING = ("op", "kernel_h", "kernel_w", "dilation", "stride_h")
"""Columns that say which layer a node is; sizes are left to other features."""
BLOCK_END = np.uint64(0xB10C)
"""Name of all nodes that end a block, whatever they join."""


class Contracted(NamedTuple):
    """Graphs of layers alone.

    Attributes:
        kept: The nodes that are kept, ascending, int64 [k].
        names: What layer each node is, uint64 [nodes]; equal for equal ones in any table.
        source: Node of which an edge starts, ascending, int64 [e].
        target: Node that it leads to, int64 [e].
        paths: Paths of nodes that were not kept that it stands for, float64 [e].
    """

    kept: np.ndarray
    names: np.ndarray
    source: np.ndarray
    target: np.ndarray
    paths: np.ndarray


def contract(flat: Flat) -> Contracted:
    """Leave out all nodes but layers with weights, pools, Input, Output and ends of blocks.

    A block ends in an Add or Concat that every path goes through.
    """
    names = np.zeros(flat.nodes, dtype=np.uint64)
    for column in SHAPING:
        names = mix(names ^ flat.columns[column].astype(np.uint64))
    ends = joints(flat) & is_op(flat, {"Add", "Concat"})
    names[ends] = BLOCK_END
    keep = is_op(flat, WEIGHTED | POOLS | {"Input", "Output"}) | ends
    source, target, paths = _edges(flat, keep)
    order = np.lexsort((target, source))
    return Contracted(np.flatnonzero(keep), names, source[order], target[order], paths[order])


def joints(flat: Flat) -> np.ndarray:
    """Return which nodes every path of their graph goes through, bool [nodes]."""
    farthest = np.arange(flat.nodes)
    np.maximum.at(farthest, flat.source, flat.target)
    # Nodes are in topological order, and no edge leads from one graph to another.
    before = np.maximum.accumulate(farthest)[:-1]
    return np.concatenate([[0], before]) <= np.arange(flat.nodes)


def _edges(flat: Flat, keep: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return source, target and number of paths of the edges between nodes that are kept."""
    reached = _Reached(flat.nodes)
    inputs = flat.node_ptr[:-1]
    reached.put(inputs, inputs, np.ones(len(inputs)), np.ones(len(inputs), dtype=np.int64))
    found = []
    for step in steps(flat):
        source, paths, counts = reached.of(flat.source[step.edges])
        target = np.repeat(flat.target[step.edges], counts)
        # Several ways from one kept node to the same node are one edge.
        key, where = np.unique(target * flat.nodes + source, return_inverse=True)
        paths = np.bincount(where, weights=paths)
        target, source = np.divmod(key, flat.nodes)
        ends = keep[target]
        found.append((source[ends], target[ends], paths[ends]))
        through, runs = np.unique(target[~ends], return_counts=True)
        reached.put(through, source[~ends], paths[~ends], runs)
        kept = step.nodes[keep[step.nodes]]
        reached.put(kept, kept, np.ones(len(kept)), np.ones(len(kept), dtype=np.int64))
    source, target, paths = (np.concatenate(part) for part in zip(*found, strict=True))
    return source, target, paths


class _Reached:
    """For each node the kept nodes that are nearest before it, and by how many paths."""

    def __init__(self, nodes: int) -> None:
        self._first = np.zeros(nodes, dtype=np.int64)
        self._counts = np.zeros(nodes, dtype=np.int64)
        self._source = np.zeros(nodes, dtype=np.int64)
        self._paths = np.zeros(nodes)
        self._used = 0

    def put(
        self, nodes: np.ndarray, source: np.ndarray, paths: np.ndarray, counts: np.ndarray
    ) -> None:
        """Keep what was reached for some nodes, one after the other."""
        needed = self._used + len(source)
        if needed > len(self._source):
            size = max(needed, 2 * len(self._source))
            self._source = np.resize(self._source, size)
            self._paths = np.resize(self._paths, size)
        self._source[self._used : needed] = source
        self._paths[self._used : needed] = paths
        self._first[nodes] = self._used + np.cumsum(counts) - counts
        self._counts[nodes] = counts
        self._used = needed

    def of(self, nodes: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return sources and paths for some nodes, one after the other, and how many each has."""
        counts = self._counts[nodes]
        chosen = ragged_indices(self._first[nodes], counts)
        return self._source[chosen], self._paths[chosen], counts
