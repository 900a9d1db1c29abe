"""A k-GNN that a few labels adapt by rescaling its last layer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from nape_bench.predictors.kgnn import KGNN
from nape_bench.predictors.registry import register

if TYPE_CHECKING:
    from nape_bench.graph import GraphTable

FOLDS = 5


@register
class AdaProxy(KGNN):
    """The k-GNN, whose last layer's weights are scaled one by one, with a new constant.

    `fit` is that of `kgnn`. `fine_tune` leaves all layers but the last one as they are, and finds
    factors and constant by a lasso on what each weight adds to the prediction; its strength is
    chosen by cross-validation in five folds, or two where there are fewer than ten labels. (The
    paper adapts a proxy device's predictor so; AIO-P compares with it on tasks.) Settings of
    fine-tuning by gradients are of no use here.
    """

    name = "adaproxy"
    title = "k-GNN with its last layer rescaled (AdaProxy)"
    source = "Lu et al., One Proxy Device Is Enough for Hardware-Aware NAS, SIGMETRICS 2022"

    def _fit(
        self,
        graphs: GraphTable,
        y: np.ndarray,
        validation: tuple[GraphTable, np.ndarray] | None,
    ) -> None:
        super()._fit(graphs, y, validation)
        head = self._model.head
        self._factors = np.ones(head.in_features)
        self._constant = float(head.bias.detach()[0])

    def _predict(self, graphs: GraphTable) -> np.ndarray:
        values: np.ndarray = self._added(graphs) @ self._factors + self._constant
        return values * self._scale + self._mean

    def _fine_tune(self, graphs: GraphTable, y: np.ndarray) -> None:
        import warnings

        from sklearn.exceptions import ConvergenceWarning
        from sklearn.linear_model import LassoCV

        added, labels = self._added(graphs), self._standardise(y)
        if len(y) < 4 or labels.std() == 0 or added.std() == 0:
            # Too few to tell a slope: the constant alone.
            self._constant = float((labels - added @ self._factors).mean())
            return
        folds = FOLDS if len(y) >= 2 * FOLDS else 2
        with warnings.catch_warnings():
            # Weak penalties on columns that go together are not followed to the end.
            warnings.simplefilter("ignore", ConvergenceWarning)
            found = LassoCV(cv=folds, random_state=self.seed).fit(added, labels)
        self._factors, self._constant = found.coef_, float(found.intercept_)

    def _added(self, graphs: GraphTable) -> np.ndarray:
        """Return what each weight of the last layer adds, float64 [graphs, hidden]."""
        from nape_bench.predictors.gnn.train import predict

        weight = self._model.head.weight.detach().double().cpu().numpy()[0]
        features: np.ndarray = predict(self._model, graphs, self._model.features)
        added: np.ndarray = features * weight
        return added

    def _learnt(self) -> dict[str, Any]:
        return {**super()._learnt(), "factors": self._factors, "constant": self._constant}

    def _set_learnt(self, learnt: dict[str, Any]) -> None:
        self._factors, self._constant = learnt.pop("factors"), learnt.pop("constant")
        super()._set_learnt(learnt)
