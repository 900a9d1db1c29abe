"""Drawing cells of NAS-Bench-101 so that each isomorphism class is equally likely.

Random bits and operations, as NAS-Bench-101's own example draws them, favour small cells: of 500
such cells some 45 are one 1x1 convolution. Here a cell is kept only if all its vertices are on a
path from input to output, and then with one chance in as many as there are ways of writing it.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nape_bench.spaces._nb101_unique import Matrix

DRAWN_AT_ONCE = 512


def uniform_cell(
    rng: np.random.Generator, max_vertices: int, max_edges: int, operations: int
) -> tuple[Matrix, tuple[int, ...]]:
    """Draw one of the cells that `unique_cells` goes through, each with the same probability.

    Args:
        rng: What it is drawn from.
        max_vertices: Most vertices, input and output included.
        max_edges: Most edges.
        operations: Number of operations that an inner vertex can have.

    Returns:
        Upper triangular 0/1 matrix and the operation of each inner vertex as a number; which of
        the cell's ways of being written is random.
    """
    sizes = range(2, max_vertices + 1)
    written = np.array([2.0 ** (n * (n - 1) // 2) * operations ** (n - 2) for n in sizes])
    chances = written / written.sum()
    while True:
        drawn = rng.multinomial(DRAWN_AT_ONCE, chances)
        found = [
            cell
            for n, count in zip(sizes, drawn.tolist(), strict=True)
            for cell in _some(rng, n, count, max_edges, operations)
        ]
        if found:
            # The order above is by size: the first would be the smallest.
            return found[int(rng.integers(len(found)))]


def ways_of_writing(matrix: Matrix, labels: Sequence[int]) -> int:
    """Return how many upper triangular matrices with operations are isomorphic to a cell.

    Every vertex is on a path. Each of them comes from as many orders of the inner vertices as the
    cell has automorphisms.
    """
    last = len(matrix) - 1
    edges = {(x, y) for x, y in itertools.combinations(range(last + 1), 2) if matrix[x][y]}
    orders = automorphisms = 0
    for inner in itertools.permutations(range(1, last)):
        place = (0, *inner, last)
        moved = {(place[x], place[y]) for x, y in edges}
        if all(x < y for x, y in moved):
            orders += 1
            same = all(labels[to - 1] == labels[v] for v, to in enumerate(inner))
            automorphisms += same and moved == edges
    return orders // automorphisms


def _some(
    rng: np.random.Generator, n: int, count: int, max_edges: int, operations: int
) -> list[tuple[Matrix, tuple[int, ...]]]:
    """Draw so many written cells of `n` vertices and keep some, each cell with equal chances."""
    matrices = np.zeros((count, n, n), dtype=np.int64)
    above = np.triu_indices(n, 1)
    matrices[:, above[0], above[1]] = rng.integers(2, size=(count, len(above[0])))
    labels = rng.integers(operations, size=(count, n - 2))
    whole = matrices.sum((1, 2)) <= max_edges
    # In a topological order every vertex is on a path if each but the first is read from
    # something and each but the last is read.
    whole &= (matrices[:, :, 1:].sum(1) > 0).all(1) & (matrices[:, :-1].sum(2) > 0).all(1)
    luck = rng.random(count)
    kept = []
    for i in np.flatnonzero(whole).tolist():
        cell = matrices[i].tolist(), tuple(labels[i].tolist())
        if luck[i] * ways_of_writing(*cell) < 1:
            kept.append(cell)
    return kept
