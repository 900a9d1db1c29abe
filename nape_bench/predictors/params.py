"""The number of parameters as a score: networks with more weights tend to do better."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nape_bench.predictors.base import Score
from nape_bench.predictors.registry import register

if TYPE_CHECKING:
    import numpy as np

    from nape_bench.graph import GraphTable


@register
class Params(Score):
    """Trainable parameters (`GraphTable.params`)."""

    name = "params"
    title = "Parameters"
    source = "Abdelfattah et al., Zero-Cost Proxies for Lightweight NAS, ICLR 2021"

    def _predict(self, graphs: GraphTable) -> np.ndarray:
        return graphs.params()
