"""Gradient boosting on graph statistics."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nape_bench.predictors.base import Predictor
from nape_bench.predictors.registry import register
from nape_bench.predictors.statistics import graph_statistics

if TYPE_CHECKING:
    import numpy as np

    from nape_bench.graph import GraphTable


@register
class GradientBoosting(Predictor):
    """Histogram gradient boosting (scikit-learn) on `graph_statistics`, with squared error.

    Many small steps of small trees, each of which sees a part of the columns: settings that hold
    from 200 rows to 20,000. Validation graphs are not used. It runs on one thread, on which tables
    of this size are fitted in seconds and the same way everywhere.

    Args:
        seed: Seed of which columns each tree sees.
        progress: Nothing to show: a fit takes seconds.
        trees: Number of trees.
        learning_rate: Share of each tree's correction that is taken.
        leaves: Leaves of a tree at most.
        leaf_rows: Training graphs in a leaf at least.
        l2: L2 penalty on leaf values.
        column_share: Share of the columns that each split chooses from.
    """

    name = "gbdt"
    title = "Gradient boosting on graph statistics"
    source = "Friedman, Greedy function approximation, Annals of Statistics 2001"

    def __init__(
        self,
        *,
        seed: int = 0,
        progress: bool = False,
        trees: int = 400,
        learning_rate: float = 0.05,
        leaves: int = 15,
        leaf_rows: int = 5,
        l2: float = 1.0,
        column_share: float = 0.3,
    ) -> None:
        super().__init__(seed=seed, progress=progress)
        self.trees = trees
        self.learning_rate = learning_rate
        self.leaves = leaves
        self.leaf_rows = leaf_rows
        self.l2 = l2
        self.column_share = column_share

    def _fit(self, graphs: GraphTable, y: np.ndarray, _: object) -> None:
        self._fit_columns(self._take_columns(graphs), y)

    def _fit_columns(self, values: np.ndarray, y: np.ndarray) -> None:
        from sklearn.ensemble import HistGradientBoostingRegressor
        from threadpoolctl import threadpool_limits

        self._model = HistGradientBoostingRegressor(
            max_iter=self.trees,
            learning_rate=self.learning_rate,
            max_leaf_nodes=self.leaves,
            min_samples_leaf=self.leaf_rows,
            l2_regularization=self.l2,
            max_features=self.column_share,
            early_stopping=False,
            random_state=self.seed,
        )
        with threadpool_limits(1):
            self._model.fit(values, y)
        self._values, self._y = values, y

    def _predict(self, graphs: GraphTable) -> np.ndarray:
        from threadpoolctl import threadpool_limits

        with threadpool_limits(1):
            prediction: np.ndarray = self._model.predict(self._columns(graphs))
        return prediction

    def _take_columns(self, graphs: GraphTable) -> np.ndarray:
        """Return the columns of training graphs, and note which there are, for `_columns`."""
        return self._columns(graphs)

    def _columns(self, graphs: GraphTable) -> np.ndarray:
        """Return what is read of graphs, float64 [n, columns]."""
        return graph_statistics(graphs)[0]

    def _learnt(self) -> dict[str, Any]:
        # Trees of scikit-learn have no form but a pickle; they grow anew in seconds, the same ones.
        return {"values": self._values, "y": self._y}

    def _set_learnt(self, learnt: dict[str, Any]) -> None:
        self._fit_columns(learnt["values"], learnt["y"])
