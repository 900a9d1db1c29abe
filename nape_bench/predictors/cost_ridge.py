"""Bayesian ridge regression on what a network costs: for few labels, of latencies above all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from nape_bench.predictors.base import Predictor
from nape_bench.predictors.registry import register
from nape_bench.predictors.standardise import Standardiser
from nape_bench.predictors.statistics import graph_statistics

if TYPE_CHECKING:
    from nape_bench.graph import GraphTable

COSTS = (
    "log_flops", "log_params", "log_activations", "weighted_depth",
    "conv_1x1", "conv_square_3", "depthwise_3", "depthwise_5", "grouped",
    "count_Avgpool", "count_Add",
)  # fmt: skip
"""Columns of `graph_statistics` that are read: three sizes, a depth, and counts of kernels."""


@register
class CostRidge(Predictor):
    """Bayesian ridge regression (scikit-learn) on eleven statistics of cost.

    A latency is about a sum over layers, so that few numbers of a network tell most of it; with a
    few labels every further one harms. Columns are standardised by the training graphs, those
    that are constant over them are left out. Labels that are all positive are predicted by their
    logarithm. Strengths of noise and prior maximise the evidence. Validation graphs are not used.

    Args:
        seed: Nothing is drawn.
        progress: Nothing to show: a fit takes milliseconds.
    """

    name = "cost_ridge"
    title = "Bayesian ridge regression on statistics of cost"
    source = "MacKay, Bayesian Interpolation, Neural Computation 1992"

    def _fit(self, graphs: GraphTable, y: np.ndarray, _: object) -> None:
        from sklearn.linear_model import BayesianRidge

        read = self._take_columns(graphs)
        self._standardise = Standardiser(read)
        self._positive = bool((y > 0).all())
        labels = np.log(y) if self._positive else y
        self._constant = float(labels.mean())
        self._slopes = np.zeros(int(self._standardise.varies.sum()))
        if len(self._slopes) and labels.std() > 0:
            # Columns have no mean, so that the constant is the labels'.
            self._slopes = BayesianRidge().fit(self._standardise(read), labels).coef_

    def _predict(self, graphs: GraphTable) -> np.ndarray:
        values = self._standardise(self._columns(graphs)) @ self._slopes + self._constant
        return np.exp(values) if self._positive else values

    def _take_columns(self, graphs: GraphTable) -> np.ndarray:
        """Return the columns of training graphs, and note which there are, for `_columns`."""
        return self._columns(graphs)

    def _columns(self, graphs: GraphTable) -> np.ndarray:
        """Return what is read of graphs, float64 [n, columns]."""
        return costs(graphs)

    def _learnt(self) -> dict[str, Any]:
        return {
            "standardise": self._standardise.learnt,
            "slopes": self._slopes,
            "constant": self._constant,
            "positive": self._positive,
        }

    def _set_learnt(self, learnt: dict[str, Any]) -> None:
        self._standardise = Standardiser.of_learnt(learnt["standardise"])
        self._slopes = learnt["slopes"]
        self._constant, self._positive = learnt["constant"], learnt["positive"]


def costs(graphs: GraphTable) -> np.ndarray:
    """Return the columns `COSTS`, float64 [n, 11]."""
    values, names = graph_statistics(graphs)
    return values[:, [names.index(name) for name in COSTS]]
