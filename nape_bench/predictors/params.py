"""The number of parameters as a score: networks with more weights tend to do better."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nape_bench.predictors.base import Predictor
from nape_bench.predictors.registry import register

if TYPE_CHECKING:
    import numpy as np

    from nape_bench.graph import GraphTable


@register
class Params(Predictor):
    """Trainable parameters (`GraphTable.params`)."""

    name = "params"
    title = "Parameters"
    source = "Abdelfattah et al., Zero-Cost Proxies for Lightweight NAS, ICLR 2021"
    is_value = False
    needs_training = False

    def _fit(self, *_: object) -> None:
        """Labels change nothing."""

    def _predict(self, graphs: GraphTable) -> np.ndarray:
        return graphs.params()
