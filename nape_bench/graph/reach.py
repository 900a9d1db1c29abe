"""How many nodes each node stems from and leads to, by bit sets."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from nape_bench.graph.flat import Flat


def reach_counts(
    flat: Flat, graphs: np.ndarray, folded: np.ndarray, alive: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Count ancestors and descendants of the nodes of some graphs.

    Args:
        flat: The graphs.
        graphs: Which of them to look at, int [n].
        folded: Edges from an Add into an Add that count as flattened, bool [edges]: the inner Add
            stands for its inputs there.
        alive: Nodes that remain after flattening, bool [nodes].

    Returns:
        (ancestors, descendants), int64 [nodes] each; 0 for nodes of graphs not looked at.
    """
    above = np.zeros(flat.nodes, dtype=np.int64)
    below = np.zeros(flat.nodes, dtype=np.int64)
    for graph in graphs.tolist():
        first, end = int(flat.node_ptr[graph]), int(flat.node_ptr[graph + 1])
        edges = slice(int(flat.edge_ptr[graph]), int(flat.edge_ptr[graph + 1]))
        triples = list(
            zip(
                (flat.source[edges] - first).tolist(),
                (flat.target[edges] - first).tolist(),
                folded[edges].tolist(),
                strict=True,
            )
        )
        bits = [1 << i if living else 0 for i, living in enumerate(alive[first:end].tolist())]
        above[first:end] = _ancestors(triples, bits)
        below[first:end] = _descendants(triples, bits)
    return above, below


def _ancestors(edges: list[tuple[int, int, bool]], bits: list[int]) -> list[int]:
    """Count ancestors; edges are ordered by target and nodes topologically."""
    seen = [0] * len(bits)
    for source, target, folded in edges:
        seen[target] |= seen[source] if folded else seen[source] | bits[source]
    return [s.bit_count() for s in seen]


def _descendants(edges: list[tuple[int, int, bool]], bits: list[int]) -> list[int]:
    """Count descendants; `through` holds what an Add's flattened readers lead to."""
    own = [0] * len(bits)
    through = [0] * len(bits)
    for source, target, folded in sorted(edges, key=lambda edge: edge[0], reverse=True):
        leads_to = bits[target] | own[target] | through[target]
        if folded:
            through[source] |= leads_to
        else:
            own[source] |= leads_to
    return [s.bit_count() for s in own]
