"""Going through all graphs of a table at once, level by level."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from nape_bench.graph.flat import ragged_indices
from nape_bench.graph.keys import levels

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nape_bench.graph.flat import Flat


class Step(NamedTuple):
    """One level: nodes whose sources all lie on lower ones.

    Attributes:
        nodes: The nodes, int64 [n].
        edges: Their edges, those of one node after those of another, int64 [e].
        starts: Where the edges of each node begin in `edges`, int64 [n].
        counts: How many each has, int64 [n].
    """

    nodes: np.ndarray
    edges: np.ndarray
    starts: np.ndarray
    counts: np.ndarray

    @property
    def node_of_edges(self) -> np.ndarray:
        """Which of the nodes each edge leads to, by its place in `nodes`, int64 [e]."""
        return np.repeat(np.arange(len(self.nodes)), self.counts)


def steps(flat: Flat, found: list[np.ndarray] | None = None) -> Iterator[Step]:
    """Yield all levels but the first, which has the Inputs.

    Args:
        flat: The graphs.
        found: Their `levels`, where these were worked out already.
    """
    degree = np.bincount(flat.target, minlength=flat.nodes)
    first = np.cumsum(degree) - degree
    for nodes in (levels(flat) if found is None else found)[1:]:
        counts = degree[nodes]
        edges = ragged_indices(first[nodes], counts)
        yield Step(nodes, edges, np.cumsum(counts) - counts, counts)
