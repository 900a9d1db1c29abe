"""What networks are told by: proxies, or statistics of graphs and specifications."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from nape_bench.predictors.statistics import graph_statistics
from nape_bench.predictors.zero_cost_encoding import zero_cost_encoding

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nape_bench.graph import GraphTable
    from nape_bench.predictors.spec_encoding import SpecEncoding

ENCODINGS = ("zero_cost", "statistics")


def encode(
    graphs: GraphTable, encoding: str, names: Sequence[str], spec: SpecEncoding
) -> np.ndarray:
    """Return columns, float64 [graphs, columns], NaN where a network has none.

    Args:
        graphs: Graphs.
        encoding: One of `ENCODINGS`.
        names: Proxies, for the first.
        spec: Columns of the specification, for the second.
    """
    if encoding == "zero_cost":
        return zero_cost_encoding(graphs, names)
    return np.concatenate([graph_statistics(graphs)[0], spec(graphs)], axis=1)


class Scale:
    """Brings columns to one scale, by what a few networks of a space have.

    Columns are taken by the inverse hyperbolic sine of their ratio to the median magnitude (a
    logarithm that has a sign, as proxies span orders of magnitude), then standardised, and
    cut at 4 deviations. A missing value, and a column that does not vary, is 0.

    Args:
        parts: Median magnitude, mean and deviation of each column, float64 [3, columns].
    """

    def __init__(self, parts: np.ndarray) -> None:
        self.parts = parts

    @classmethod
    def of(cls, columns: np.ndarray) -> Scale:
        """Return the scale of columns [n, columns]."""
        there = np.isfinite(columns)
        size = np.array(
            [
                np.median(np.abs(column[mask])) if mask.any() else 0.0
                for column, mask in zip(columns.T, there.T, strict=True)
            ]
        )
        size = np.where(size > 0, size, 1.0)
        bent = np.where(there, np.arcsinh(columns / size), 0.0)
        count = np.maximum(there.sum(axis=0), 1)
        mean = bent.sum(axis=0) / count
        deviation = np.sqrt((np.where(there, bent - mean, 0.0) ** 2).sum(axis=0) / count)
        varies = deviation > 1e-9 * np.maximum(np.abs(mean), 1.0)
        return cls(np.stack([size, mean, np.where(varies, deviation, np.inf)]))

    def __call__(self, columns: np.ndarray) -> np.ndarray:
        """Return columns on one scale, float64 [n, columns]."""
        size, mean, deviation = self.parts
        there = np.isfinite(columns)
        bent = np.where(there, (np.arcsinh(np.where(there, columns, 0.0) / size) - mean), 0.0)
        scaled: np.ndarray = np.clip(bent / deviation, -4.0, 4.0)
        return scaled
