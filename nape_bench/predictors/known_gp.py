"""A linear Gaussian process on other labels of a network and on what it costs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from nape_bench.predictors.base import Predictor
from nape_bench.predictors.cost_ridge import costs
from nape_bench.predictors.latency.linear_gp import LinearGP, fit_linear_gp
from nape_bench.predictors.registry import register
from nape_bench.predictors.standardise import Standardiser

if TYPE_CHECKING:
    from nape_bench.graph import GraphTable


@register
class KnownGP(Predictor):
    """Other labels, costs and noise, each with a variance of its own, which 20 labels can tell.

    The function is linear in two blocks of columns: the other labels that were taken in
    (`learn_known`: latencies on other devices), and the costs of `cost_ridge`. The variances of
    blocks and noise maximise the marginal likelihood times a lognormal prior. So a device that goes
    with others is read off these, and one that does not off the costs. Labels that are all positive
    are taken by their logarithm, other labels too. Networks of the same graph have the mean of
    their other labels; one that none is known of gets these from a ridge regression on costs.
    Where none were taken in, costs alone are left. Validation graphs are not used.

    Args:
        seed: Nothing is drawn.
        progress: Nothing to show: a fit takes milliseconds.
    """

    name = "known_gp"
    title = "Linear Gaussian process on other labels and costs"
    source = "Rasmussen and Williams, Gaussian Processes for Machine Learning, MIT Press 2006"

    def __init__(self, *, seed: int = 0, progress: bool = False) -> None:
        super().__init__(seed=seed, progress=progress)
        self._rows: dict[str, np.ndarray] = {}
        self._from_costs = np.zeros((0, 0))

    def _learn_known(self, graphs: GraphTable, labels: dict[str, np.ndarray]) -> None:
        from sklearn.linear_model import BayesianRidge

        known = np.stack([_scaled(values) for values in labels.values()], axis=1)
        inputs = costs(graphs)
        self._standardise = Standardiser(inputs)
        scaled = self._with_one(self._standardise(inputs))
        self._from_costs = np.zeros((scaled.shape[1], known.shape[1]))
        for place, column in enumerate(known.T):
            there = np.isfinite(column)
            model = BayesianRidge().fit(scaled[there, :-1], column[there])
            self._from_costs[:, place] = [*model.coef_, model.intercept_]
            column[~there] = scaled[~there] @ self._from_costs[:, place]
        places: dict[str, list[int]] = {}
        for place, key in enumerate(graphs.hashes.tolist()):
            places.setdefault(key, []).append(place)
        self._rows = {key: known[at].mean(axis=0) for key, at in places.items()}

    def _fit(self, graphs: GraphTable, y: np.ndarray, _: object) -> None:
        if not self._rows:
            self._standardise = Standardiser(costs(graphs))
        self._positive = bool((y > 0).all())
        self._model = fit_linear_gp(self._inputs(graphs), np.log(y) if self._positive else y)

    def _predict(self, graphs: GraphTable) -> np.ndarray:
        values = self._model(np.concatenate(self._inputs(graphs), axis=1))
        return np.exp(values) if self._positive else values

    def _learnt(self) -> dict[str, Any]:
        return {
            "standardise": self._standardise.learnt,
            "from_costs": self._from_costs,
            "known_hashes": list(self._rows),
            "known": np.array(list(self._rows.values())),
            "slopes": self._model.slopes,
            "constant": self._model.constant,
            "positive": self._positive,
        }

    def _set_learnt(self, learnt: dict[str, Any]) -> None:
        self._standardise = Standardiser.of_learnt(learnt["standardise"])
        self._from_costs = learnt["from_costs"]
        self._rows = dict(zip(learnt["known_hashes"], learnt["known"], strict=True))
        self._model = LinearGP(learnt["slopes"], learnt["constant"], np.zeros(0))
        self._positive = learnt["positive"]

    def _inputs(self, graphs: GraphTable) -> list[np.ndarray]:
        """Return both blocks, float64 [n, columns], standardised."""
        scaled = self._standardise(costs(graphs))
        known = np.zeros((len(graphs), 0))
        if self._rows:
            known = self._with_one(scaled) @ self._from_costs
            for place, key in enumerate(graphs.hashes.tolist()):
                known[place] = self._rows.get(key, known[place])
        return [known, scaled]

    @staticmethod
    def _with_one(scaled: np.ndarray) -> np.ndarray:
        """Return columns with one of ones after them."""
        return np.append(scaled, np.ones((len(scaled), 1)), axis=1)


def _scaled(values: np.ndarray) -> np.ndarray:
    """Return a label by its logarithm if it is positive, standardised; NaN stays."""
    there = np.isfinite(values)
    scaled = np.log(values) if (values[there] > 0).all() else values.copy()
    deviation = float(scaled[there].std()) or 1.0
    standard: np.ndarray = (scaled - scaled[there].mean()) / deviation
    return standard
