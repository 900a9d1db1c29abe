"""AdaProxy: fitted it is the k-GNN, fine-tuned it rescales the last layer alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from nape_bench.predictors import predictor

if TYPE_CHECKING:
    from tests.predictors.conftest import Labelled

BRIEF: dict[str, Any] = {"epochs": 20, "layers": 2}


def fitted(labelled: Labelled) -> Any:
    return predictor("adaproxy", **BRIEF).fit(labelled.graphs[:60], labelled.y[:60])


def test_fitted_alone_it_is_the_kgnn(labelled: Labelled) -> None:
    plain = predictor("kgnn", **BRIEF).fit(labelled.graphs[:60], labelled.y[:60])
    graphs = labelled.graphs[60:90]
    np.testing.assert_allclose(fitted(labelled).predict(graphs), plain.predict(graphs), rtol=1e-5)


def test_fine_tuning_leaves_the_network_and_learns_a_line(labelled: Labelled) -> None:
    model = fitted(labelled)
    before = {name: value.clone() for name, value in model._model.state_dict().items()}
    graphs = labelled.graphs[60:90]
    said = model.predict(graphs)
    model.fine_tune(graphs[:20], -2 * said[:20] + 7)
    np.testing.assert_allclose(model.predict(graphs), -2 * said + 7, atol=0.1 * said.std())
    for name, value in model._model.state_dict().items():
        torch.testing.assert_close(value, before[name], rtol=0, atol=0)


def test_too_few_labels_move_the_constant_alone(labelled: Labelled) -> None:
    model = fitted(labelled)
    graphs = labelled.graphs[60:90]
    said = model.predict(graphs)
    model.fine_tune(graphs[:2], said[:2] + 3)
    np.testing.assert_allclose(model.predict(graphs), said + 3, rtol=1e-6)
