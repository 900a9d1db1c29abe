"""NAS-Bench-101's cells one by one: a representative of each isomorphism class.

The published table holds 423,624 cells, no two of them isomorphic (Ying et al., NAS-Bench-101,
ICML 2019, section 2.1). Here they come from adjacency bits: each matrix is kept where no
relabelling of its vertices has smaller bits, each labelling of it with operations where no
automorphism of the matrix gives an earlier one.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

Matrix = list[list[int]]


def unique_cells(
    max_vertices: int, max_edges: int, operations: int
) -> Iterator[tuple[Matrix, tuple[int, ...]]]:
    """Go through all cells up to isomorphism that fix input (vertex 0) and output (the last).

    Every vertex is on a path from input to output.

    Args:
        max_vertices: Most vertices, input and output included.
        max_edges: Most edges.
        operations: Number of operations that an inner vertex can have.

    Yields:
        Upper triangular 0/1 matrix (fresh lists) and the operation of each inner vertex as a
        number, ordered by vertices, then adjacency bits (edge (x, y) is bit y (y - 1) / 2 + x),
        then operations.
    """
    for vertices in range(2, max_vertices + 1):
        labels = list(itertools.product(range(operations), repeat=vertices - 2))
        numbers = relabelled(vertices - 2, operations)
        for bits, automorphisms in unique_matrices(vertices, max_edges):
            matrix = _matrix(bits, vertices)
            earliest = numbers[automorphisms].min(axis=0)
            for i in np.flatnonzero(earliest == np.arange(len(labels))).tolist():
                yield [row.copy() for row in matrix], labels[i]


def relabelled(inner: int, operations: int) -> np.ndarray:
    """Return the number of each labelling after each permutation, int [permutations, labellings].

    Permutations of the inner vertices and labellings both count in the order of itertools.
    """
    labels = np.array(list(itertools.product(range(operations), repeat=inner)), dtype=np.int64)
    labels = labels.reshape(operations**inner, inner)
    powers = operations ** np.arange(inner)[::-1]
    order = list(itertools.permutations(range(inner)))
    return np.stack([labels @ powers[list(p)] for p in order]).astype(np.int64)


def unique_matrices(vertices: int, max_edges: int) -> list[tuple[int, list[int]]]:
    """Return (adjacency bits, automorphisms) of each matrix, ascending.

    Automorphisms are numbers of permutations of the inner vertices, in the order of itertools.
    """
    edges = [(x, y) for y in range(vertices) for x in range(y)]
    every = np.arange(1 << len(edges), dtype=np.int32)
    bits = [(every >> i) & 1 for i in range(len(edges))]
    keep = sum(bits) <= max_edges
    for vertex in range(1, vertices):
        keep &= sum(bit for bit, (_, y) in zip(bits, edges, strict=True) if y == vertex) > 0
    for vertex in range(vertices - 1):
        keep &= sum(bit for bit, (x, _) in zip(bits, edges, strict=True) if x == vertex) > 0
    codes = every[keep]
    present = [bit[keep].astype(bool) for bit in bits]
    number = {edge: i for i, edge in enumerate(edges)}
    least = np.ones(len(codes), dtype=bool)
    same = []
    for inner in itertools.permutations(range(1, vertices - 1)):
        place = (0, *inner, vertices - 1)
        moved = np.zeros_like(codes)
        backward = np.zeros(len(codes), dtype=bool)
        for there, (x, y) in zip(present, edges, strict=True):
            if place[x] < place[y]:
                moved |= there.astype(np.int32) << number[place[x], place[y]]
            else:
                backward |= there
        least &= backward | (moved >= codes)
        same.append(~backward & (moved == codes))
    kept = np.flatnonzero(least)
    automorphic = np.stack(same)[:, kept]
    return [
        (int(codes[at]), np.flatnonzero(automorphic[:, i]).tolist()) for i, at in enumerate(kept)
    ]


def _matrix(bits: int, vertices: int) -> Matrix:
    matrix = [[0] * vertices for _ in range(vertices)]
    for y in range(vertices):
        for x in range(y):
            matrix[x][y] = (bits >> (y * (y - 1) // 2 + x)) & 1
    return matrix
