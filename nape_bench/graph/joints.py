"""Joints: nodes that every path from Input to Output goes through; each cuts the graph in two."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nape_bench.graph.arch_graph import ArchGraph


def joints(graph: ArchGraph) -> list[int]:
    """Return the nodes on every path, in order, Input and Output among them."""
    farthest = [0] * len(graph)
    for source, target in graph.edges.tolist():
        farthest[source] = max(farthest[source], target)
    found, reach = [], 0
    for node, target in enumerate(farthest):
        # No edge leads from before this node to behind it.
        if reach <= node:
            found.append(node)
        reach = max(reach, target)
    return found
