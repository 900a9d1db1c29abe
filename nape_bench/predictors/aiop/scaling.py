"""AIO-P's scaling of labels: FLOPs transform (Eq. 5), then standardisation (Eq. 4), and back."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from nape_bench.graph import GraphTable

GIGA = 1e9


class Scaling(NamedTuple):
    """How labels of one task are scaled.

    Attributes:
        mean: Mean of the transformed labels.
        deviation: Their standard deviation; 1 where they are all equal.
        by_flops: Whether labels are divided by `flops_factor` first.
    """

    mean: float
    deviation: float
    by_flops: bool

    @classmethod
    def of(cls, graphs: GraphTable, y: np.ndarray, *, by_flops: bool) -> Scaling:
        """Return the scaling of some labels, float64 [n], of as many graphs."""
        transformed = y / flops_factor(graphs) if by_flops else y
        return cls(float(transformed.mean()), float(transformed.std()) or 1.0, by_flops)

    def scale(self, graphs: GraphTable, y: np.ndarray) -> np.ndarray:
        """Return labels as a network is fitted to them, float64 [n]."""
        scaled: np.ndarray = (
            (y / flops_factor(graphs) if self.by_flops else y) - self.mean
        ) / self.deviation
        return scaled

    def unscale(self, graphs: GraphTable, scaled: np.ndarray) -> np.ndarray:
        """Return what a network says in the unit of the labels, float64 [n]."""
        values: np.ndarray = scaled * self.deviation + self.mean
        return values * flops_factor(graphs) if self.by_flops else values


def flops_factor(graphs: GraphTable) -> np.ndarray:
    """Return log10(F + 1) + 1 of each graph, F in units of 1e9, float64 [n] (Eq. 5)."""
    factor: np.ndarray = np.log10(graphs.flops() / GIGA + 1) + 1
    return factor
