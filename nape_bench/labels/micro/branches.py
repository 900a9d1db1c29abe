"""Residual branches: where a network is to begin as if they were not there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from nape_bench.graph import ArchGraph


def branch_ends(graph: ArchGraph) -> list[int]:
    """Return the BatchNorms that end a residual branch, ascending.

    Such a BatchNorm is read by nothing but a sum of two, whose other input is no such BatchNorm:
    a shortcut is left, through which the network works without the branch. Where both inputs of a
    sum end in a BatchNorm (a shortcut with a convolution, two branches of a cell) neither counts.
    """
    sources: dict[int, list[int]] = {}
    readers: dict[int, list[int]] = {}
    for source, target in graph.edges.tolist():
        sources.setdefault(target, []).append(source)
        readers.setdefault(source, []).append(target)
    ends = []
    for node, op in enumerate(graph.ops):
        if op == "Add" and len(sources[node]) == 2:
            normed = [
                source
                for source in sources[node]
                if graph.ops[source] == "BatchNorm" and readers[source] == [node]
            ]
            ends += normed if len(normed) == 1 else []
    return sorted(ends)


@torch.no_grad()
def set_branch_gain(net: torch.nn.Module, graph: ArchGraph, gain: float) -> None:
    """Set what residual branches are scaled by before training.

    Args:
        net: The network of the graph.
        graph: The graph.
        gain: The weight of the BatchNorm that ends a branch. With 0 a deep network begins as a
            shallow one and learns sooner (Goyal et al., Accurate, Large Minibatch SGD, 2017,
            section 5.1).
    """
    for node in branch_ends(graph):
        net.get_parameter(f"layers.{node}.weight").fill_(gain)
