"""FLOPs as a score: larger networks tend to do better.

It is on every board, since what papers gain is often over it, or under it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from nape_bench.predictors.base import Score
from nape_bench.predictors.registry import register

if TYPE_CHECKING:
    import numpy as np

    from nape_bench.graph import GraphTable


@register
class FLOPs(Score):
    """Multiply-adds of convolutions and dense layers for one image (`GraphTable.flops`)."""

    name = "flops"
    title = "FLOPs"
    source = "Mills et al., GENNAPE, AAAI 2023, table 1"

    def _predict(self, graphs: GraphTable) -> np.ndarray:
        return graphs.flops()
