"""What is the Gaussian process's own: a bounded number of rows, columns that do not vary."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from nape_bench.predictors.gp import GaussianProcess

if TYPE_CHECKING:
    from tests.predictors.conftest import Labelled


def test_more_rows_than_it_takes_are_subsampled_by_seed(labelled: Labelled) -> None:
    def predict(seed: int) -> np.ndarray:
        p = GaussianProcess(rows=40, seed=seed).fit(labelled.graphs[:120], labelled.y[:120])
        assert p._model.X_train_.shape[0] == 40
        return p.predict(labelled.graphs[120:])

    np.testing.assert_array_equal(predict(0), predict(0))
    assert not np.allclose(predict(0), predict(1))
    few = GaussianProcess(rows=40).fit(labelled.graphs[:40], labelled.y[:40])
    assert few._model.X_train_.shape[0] == 40


def test_graphs_that_are_all_the_same(labelled: Labelled) -> None:
    same = labelled.graphs[[3] * 12]
    p = GaussianProcess().fit(same, np.linspace(1, 2, 12))
    np.testing.assert_allclose(p.predict(labelled.graphs[:5]), 1.5, atol=1e-6)
