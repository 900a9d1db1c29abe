"""A Gaussian process on other labels and costs."""

from __future__ import annotations

import numpy as np
import pytest

from nape_bench.errors import DataError
from nape_bench.graph import GraphTable
from nape_bench.metrics import spearman
from nape_bench.predictors import Predictor, predictor
from nape_bench.spaces import space
from tests.predictors.test_cost_ridge import latency

GIVEN = 20


@pytest.fixture(scope="module")
def graphs() -> GraphTable:
    """FBNet networks, 150 of them, the last one the first again."""
    family, rng = space("fbnet"), np.random.default_rng(0)
    built = [family.build(family.sample(rng)) for _ in range(149)]
    return GraphTable.from_graphs([*built, built[0]])


def devices(count: int) -> dict[str, np.ndarray]:
    """Latencies that no graph tells, alike on all devices."""
    rng = np.random.default_rng(1)
    common = rng.normal(size=150)
    common[149] = common[0]
    return {f"d{i}": np.exp(common + 0.1 * rng.normal(size=150)) for i in range(count)}


def test_a_device_that_goes_with_others_is_read_off_them(graphs: GraphTable) -> None:
    known = devices(4)
    y = known.pop("d3")
    fitted = predictor("known_gp").learn_known(graphs, known).fit(graphs[:GIVEN], y[:GIVEN])
    assert spearman(y[GIVEN:149], fitted.predict(graphs[GIVEN:149])) > 0.95
    alone = predictor("known_gp").fit(graphs[:GIVEN], y[:GIVEN])
    assert spearman(y[GIVEN:149], alone.predict(graphs[GIVEN:149])) < 0.4


def test_one_that_does_not_is_read_off_the_costs(graphs: GraphTable) -> None:
    y = latency(graphs)
    fitted = predictor("known_gp").learn_known(graphs, devices(3)).fit(graphs[:GIVEN], y[:GIVEN])
    predicted = fitted.predict(graphs[GIVEN:149])
    assert spearman(y[GIVEN:149], predicted) > 0.9
    assert np.abs(predicted / y[GIVEN:149] - 1).mean() < 0.05


def test_networks_of_the_same_graph_are_predicted_alike(graphs: GraphTable) -> None:
    known = devices(3)
    fitted = predictor("known_gp").learn_known(graphs, known).fit(graphs[:30], known["d0"][:30])
    predicted = fitted.predict(graphs)
    assert predicted[149] == predicted[0]
    assert fitted.predict(graphs[7:8])[0] == pytest.approx(predicted[7], rel=1e-9)


def test_what_is_missing_or_unknown_comes_from_costs(graphs: GraphTable) -> None:
    y = latency(graphs)
    known = {"a": 2 * y, "b": y + 1}
    known["a"][::5] = np.nan
    first = graphs[:100]
    fitted = predictor("known_gp").learn_known(first, {k: v[:100] for k, v in known.items()})
    fitted.fit(first[:GIVEN], y[:GIVEN])
    assert spearman(y[100:149], fitted.predict(graphs[100:149])) > 0.95


def test_constant_labels_are_predicted_as_they_were(graphs: GraphTable) -> None:
    fitted = predictor("known_gp").learn_known(graphs, devices(2)).fit(graphs[:5], np.full(5, 3.0))
    assert fitted.predict(graphs[100:]) == pytest.approx(np.full(50, 3.0), rel=1e-3)


@pytest.mark.parametrize(
    ("labels", "said"),
    [
        ({}, "no other labels"),
        ({"a": np.ones(3)}, r"shape \[3\]"),
        ({"a": np.full(150, np.nan)}, "0 finite values"),
    ],
)
def test_other_labels_that_are_none_are_refused(graphs: GraphTable, labels, said: str) -> None:
    with pytest.raises(DataError, match=said):
        predictor("known_gp").learn_known(graphs, labels)


def test_who_makes_no_use_of_them_says_so(graphs: GraphTable) -> None:
    assert [Predictor.can_learn_known, type(predictor("known_gp")).can_learn_known] == [False, True]
    with pytest.raises(NotImplementedError, match="no use of other labels"):
        predictor("cost_ridge").learn_known(graphs, devices(1))
