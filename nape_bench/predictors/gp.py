"""A Gaussian process on graph statistics."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import numpy as np

from nape_bench.predictors.base import Predictor
from nape_bench.predictors.registry import register
from nape_bench.predictors.standardise import Standardiser
from nape_bench.predictors.statistics import graph_statistics
from nape_bench.predictors.subsample import subsample

if TYPE_CHECKING:
    from sklearn.gaussian_process.kernels import Kernel

    from nape_bench.graph import GraphTable


@register
class GaussianProcess(Predictor):
    """A Gaussian process (scikit-learn) on standardised `graph_statistics`.

    The kernel is a scaled Matern 5/2 with one length for all columns, plus white noise; its three
    parameters maximise the marginal likelihood. Columns that are constant over the training
    graphs are left out. Validation graphs are not used.

    Args:
        seed: Seed of the subsample.
        progress: Nothing to show: a fit takes seconds.
        rows: Training graphs at most; of more, a seeded subsample of this size is used, since the
            cost grows with its cube.
    """

    name = "gp"
    title = "Gaussian process on graph statistics"
    source = "Rasmussen and Williams, Gaussian Processes for Machine Learning, MIT Press 2006"

    def __init__(self, *, seed: int = 0, progress: bool = False, rows: int = 2000) -> None:
        super().__init__(seed=seed, progress=progress)
        self.rows = rows

    def _fit(self, graphs: GraphTable, y: np.ndarray, _: object) -> None:
        from sklearn.exceptions import ConvergenceWarning
        from sklearn.gaussian_process import GaussianProcessRegressor

        graphs, y = subsample(graphs, y, self.rows, self.seed)
        values = graph_statistics(graphs)[0]
        self._standardise = Standardiser(values)
        if not self._standardise.varies.any():
            # Graphs that are all the same: the process still needs a column to stand on.
            self._standardise.varies[0] = True
        self._inputs, self._y = self._standardise(values), y
        self._model = GaussianProcessRegressor(_kernel(self._inputs.shape[1]), normalize_y=True)
        with warnings.catch_warnings():
            # A parameter at its bound is a fit like another: labels without noise, say.
            warnings.simplefilter("ignore", ConvergenceWarning)
            self._model.fit(self._inputs, y)

    def _predict(self, graphs: GraphTable) -> np.ndarray:
        values = self._standardise(graph_statistics(graphs)[0])
        prediction: np.ndarray = self._model.predict(values)
        return prediction

    def _learnt(self) -> dict[str, Any]:
        return {
            "standardise": self._standardise.learnt,
            "inputs": self._inputs,
            "y": self._y,
            "theta": self._model.kernel_.theta,
        }

    def _set_learnt(self, learnt: dict[str, Any]) -> None:
        from sklearn.gaussian_process import GaussianProcessRegressor

        self._standardise = Standardiser.of_learnt(learnt["standardise"])
        self._inputs, self._y = learnt["inputs"], learnt["y"]
        kernel = _kernel(self._inputs.shape[1]).clone_with_theta(learnt["theta"])
        self._model = GaussianProcessRegressor(kernel, optimizer=None, normalize_y=True)
        self._model.fit(self._inputs, self._y)


def _kernel(columns: int) -> Kernel:
    """Return the kernel for standardised inputs of so many columns, before its fit."""
    from sklearn.gaussian_process.kernels import ConstantKernel, Matern, WhiteKernel

    length = np.sqrt(columns)
    return ConstantKernel(1.0, (1e-2, 1e4)) * Matern(
        length, (length * 1e-1, length * 1e2), nu=2.5
    ) + WhiteKernel(0.1, (1e-5, 10.0))
