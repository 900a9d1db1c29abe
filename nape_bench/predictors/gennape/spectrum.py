"""Spectra of graphs: the smallest eigenvalues of their normalised Laplacians."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from nape_bench.graph import GraphTable

LARGEST = 2.0
"""No eigenvalue of a normalised Laplacian is larger."""

BATCH_ENTRIES = 4_000_000
"""Entries of the matrices that are decomposed at once, to bound memory."""

_KNOWN: dict[tuple[int, bytes], np.ndarray] = {}
"""Spectra of this run by what they depend on; 50,000 of 21 eigenvalues take 30 MB."""


def laplacian_spectra(graphs: GraphTable, count: int) -> np.ndarray:
    """Return the smallest eigenvalues of I - D^-1/2 A D^-1/2 of each graph, edges undirected.

    An edge that is there twice counts once. Each graph is decomposed once in a run, those of the
    same size together.

    Args:
        graphs: n graphs.
        count: How many eigenvalues (q; GENNAPE has 21).

    Returns:
        Ascending, float64 [n, count]; what a graph of fewer nodes lacks is 2, the largest that
        there can be.
    """
    sizes = np.diff(graphs.node_ptr)
    keys = [
        (count, graphs.source[start:stop].tobytes() + graphs.target[start:stop].tobytes())
        for start, stop in zip(graphs.edge_ptr[:-1], graphs.edge_ptr[1:], strict=True)
    ]
    new: dict[int, dict[tuple[int, bytes], int]] = {}
    for number, (size, key) in enumerate(zip(sizes.tolist(), keys, strict=True)):
        if key not in _KNOWN:
            new.setdefault(size, {})[key] = number
    for size, places in new.items():
        batch = max(1, BATCH_ENTRIES // size**2)
        items = list(places.items())
        for start in range(0, len(items), batch):
            part = items[start : start + batch]
            laplacians = _laplacians(graphs, [number for _, number in part], size)
            values = np.full((len(part), count), LARGEST)
            smallest = np.linalg.eigvalsh(laplacians)[:, :count]
            values[:, : smallest.shape[1]] = smallest
            _KNOWN.update(zip((key for key, _ in part), values, strict=True))
    return np.array([_KNOWN[key] for key in keys]).reshape(len(keys), count)


def _laplacians(graphs: GraphTable, numbers: list[int], size: int) -> np.ndarray:
    """Return normalised Laplacians of graphs of `size` nodes, float64 [graphs, size, size]."""
    adjacency = np.zeros((len(numbers), size, size))
    for place, number in enumerate(numbers):
        edges = slice(int(graphs.edge_ptr[number]), int(graphs.edge_ptr[number + 1]))
        adjacency[place, graphs.source[edges], graphs.target[edges]] = 1.0
    adjacency = np.maximum(adjacency, adjacency.transpose(0, 2, 1))
    # Each node lies on a path from input to output, so that its degree is not 0.
    root = 1.0 / np.sqrt(adjacency.sum(axis=2))
    laplacians: np.ndarray = np.eye(size) - root[:, :, None] * adjacency * root[:, None, :]
    return laplacians
