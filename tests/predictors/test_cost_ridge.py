"""Bayesian ridge regression on costs."""

from __future__ import annotations

import numpy as np
import pytest

from nape_bench.graph import GraphTable
from nape_bench.metrics import spearman
from nape_bench.predictors import predictor
from nape_bench.predictors.cost_ridge import COSTS
from nape_bench.predictors.statistics import graph_statistics
from nape_bench.spaces import space


@pytest.fixture(scope="module")
def graphs() -> GraphTable:
    """FBNet networks, 120 of them."""
    family, rng = space("fbnet"), np.random.default_rng(0)
    return GraphTable.from_graphs([family.build(family.sample(rng)) for _ in range(120)])


def latency(graphs: GraphTable) -> np.ndarray:
    """A device that takes 1 ms, .2 ms a layer and 10 ns for 1,000 multiply-adds."""
    values, names = graph_statistics(graphs)
    return 1 + 0.2 * values[:, names.index("weighted_depth")] + graphs.flops() / 1e8


def test_a_sum_over_layers_is_learnt_from_twenty(graphs: GraphTable) -> None:
    y = latency(graphs)
    fitted = predictor("cost_ridge").fit(graphs[:20], y[:20])
    predicted = fitted.predict(graphs[20:])
    assert spearman(y[20:], predicted) > 0.98
    assert np.abs(predicted / y[20:] - 1).mean() < 0.01


def test_a_row_does_not_depend_on_the_others(graphs: GraphTable) -> None:
    fitted = predictor("cost_ridge").fit(graphs[:20], latency(graphs)[:20])
    together = fitted.predict(graphs)
    assert fitted.predict(graphs[50:51])[0] == pytest.approx(together[50], rel=1e-12)


def test_labels_that_are_not_positive_are_taken_as_they_are(graphs: GraphTable) -> None:
    y = latency(graphs) - 15
    assert y.min() < 0
    predicted = predictor("cost_ridge").fit(graphs[:40], y[:40]).predict(graphs[40:])
    assert spearman(y[40:], predicted) > 0.98
    assert np.abs(predicted - y[40:]).mean() < 0.1


@pytest.mark.parametrize("count", [1, 30])
def test_what_has_nothing_to_learn_from_is_predicted_as_it_was(graphs: GraphTable, count) -> None:
    fitted = predictor("cost_ridge").fit(graphs[:count], np.full(count, 7.0))
    assert fitted.predict(graphs[100:]) == pytest.approx(np.full(20, 7.0))


def test_graphs_that_are_all_the_same_are_predicted_by_the_mean(graphs: GraphTable) -> None:
    same = graphs[np.zeros(5, dtype=np.int64)]
    fitted = predictor("cost_ridge").fit(same, [-1.0, 2, 3, 4, 5])
    assert fitted.predict(graphs[:3]) == pytest.approx(np.full(3, 2.6))


def test_columns_are_those_of_the_statistics(graphs: GraphTable) -> None:
    _, names = graph_statistics(graphs[:1])
    assert set(COSTS) <= set(names)
