"""Graphs as torch_geometric data."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch_geometric.data import Data

from nape_bench.graph.vocabulary import COLUMNS

if TYPE_CHECKING:
    from nape_bench.graph.arch_graph import ArchGraph

X_COLUMNS: tuple[str, ...] = COLUMNS[1:]
"""Names of the columns of `Data.x`, in order."""


def to_data(graph: ArchGraph) -> Data:
    """Return one graph as torch_geometric `Data`.

    Returns:
        `op`: operation index (`vocabulary.OPS`), int64 [nodes]. `x`: the other columns as they
        are (`X_COLUMNS`: pixels, channels; nothing is scaled), float32 [nodes, 13].
        `edge_index`: int64 [2, edges], by target and then by input slot.
    """
    nodes = torch.from_numpy(graph.nodes.copy())
    return Data(
        x=nodes[:, 1:].to(torch.float32),
        edge_index=torch.from_numpy(graph.edges.T.copy()).long(),
        op=nodes[:, 0].long(),
        num_nodes=len(graph),
    )
