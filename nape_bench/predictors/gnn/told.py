"""What a model may be told of graphs beside the states of their nodes."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import torch

from nape_bench.graph.flat import ragged_indices
from nape_bench.graph.keys import levels

if TYPE_CHECKING:
    from nape_bench.graph import GraphTable
    from nape_bench.predictors.gnn.states import SharedStates

PLACES = 3
"""Columns of `places`."""


class Told(NamedTuple):
    """What is told of graphs.

    Attributes:
        place: Of each entry of `SharedStates.pool_state`, float32 [entries, 3] (`places`).
        columns: Of each graph, float32 [graphs, columns], or None.
        device: Number of the device that is asked for of each graph, int64 [graphs], or None.
    """

    place: torch.Tensor
    columns: torch.Tensor | None = None
    device: torch.Tensor | None = None

    def take(self, states: SharedStates, graphs: np.ndarray) -> Told:
        """Return what is told of the graphs of these numbers, in this order."""
        first = states.pool_ptr[graphs]
        entries = ragged_indices(first, states.pool_ptr[graphs + 1] - first)
        numbers = torch.from_numpy(graphs)
        place, columns, device = self.place[torch.from_numpy(entries)], self.columns, self.device
        return Told(
            place,
            None if columns is None else columns[numbers],
            None if device is None else device[numbers],
        )

    def to(self, device: torch.device) -> Told:
        """Return the same on `device`."""
        moved = {name: part.to(device) for name, part in self._asdict().items() if part is not None}
        return Told(**moved)


def places(graphs: GraphTable, states: SharedStates) -> torch.Tensor:
    """Return where in its graph the nodes of a state are, float32 [entries, 3].

    Depth is the longest path from Input, over that of Output: its mean over the nodes of the state
    and its deviation. Third is the logarithm of the nodes' share in the graph.
    """
    flat = graphs.flat()
    depth = np.zeros(flat.nodes)
    for level, nodes in enumerate(levels(flat)):
        depth[nodes] = level
    graph = flat.graph_of_nodes()
    depth /= depth[flat.node_ptr[1:] - 1][graph]
    count = states.sizes[-1]
    listed = np.repeat(np.arange(states.graphs), np.diff(states.pool_ptr)) * count
    entry = np.searchsorted(listed + states.pool_state, graph * count + states.of_node)
    nodes_of = np.bincount(entry)
    mean = np.bincount(entry, depth) / nodes_of
    square = np.bincount(entry, depth**2) / nodes_of
    deviation = np.sqrt(np.maximum(square - mean**2, 0.0))
    columns = np.stack([mean, deviation, np.log(states.pool_share)], axis=1)
    return torch.from_numpy(columns.astype(np.float32))
