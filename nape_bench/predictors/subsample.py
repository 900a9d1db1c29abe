"""A seeded subsample, for predictors whose cost grows with the cube of the rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from nape_bench.graph import GraphTable


def subsample(
    graphs: GraphTable, y: np.ndarray, rows: int, seed: int
) -> tuple[GraphTable, np.ndarray]:
    """Return so many rows, in their order, or all where there are no more.

    Args:
        graphs: n graphs.
        y: Their labels, float64 [n].
        rows: Rows at most.
        seed: Seed of which.
    """
    if len(graphs) <= rows:
        return graphs, y
    chosen = np.sort(np.random.default_rng(seed).choice(len(graphs), rows, replace=False))
    return graphs[chosen], y[chosen]
