"""Multi-Predict and its like: encodings, devices, few labels of another space."""

from __future__ import annotations

import numpy as np
import pytest

from nape_bench.data import load_dataset
from nape_bench.errors import NapeError
from nape_bench.graph import GraphTable
from nape_bench.labels.proxies import PROXIES
from nape_bench.metrics import spearman
from nape_bench.predictors import predictor, predictors
from nape_bench.predictors.multi_predict.encodings import Scale
from nape_bench.predictors.zero_cost_encoding import zero_cost_encoding
from nape_bench.spaces import space
from tests.predictors.test_cost_ridge import latency
from tests.predictors.test_known_gp import devices, graphs

__all__ = ["graphs"]

CHEAP = ("flops", "params")
GIVEN = 20


def test_proxies_that_come_with_the_package_are_read_and_others_computed() -> None:
    split = load_dataset("nape/nb201", "proxies")["test"]
    few = split.graphs[:3]
    values = zero_cost_encoding(few)
    assert values.shape == (3, 13)
    for name, column in zip(PROXIES, values.T, strict=True):
        np.testing.assert_array_equal(column, split.labels[name][:3])
    family = space("hiaml")
    own = family.build(family.sample(np.random.default_rng(5)), depth=1, resolution=16)
    computed = zero_cost_encoding(GraphTable.from_graphs([own]), ("params", "synflow"))
    assert computed[0, 0] == own.params()
    assert np.isfinite(computed).all()


def test_columns_come_to_one_scale() -> None:
    rng = np.random.default_rng(0)
    columns = np.stack([1e9 * rng.uniform(1, 2, 50), 1e-6 * rng.normal(size=50), np.ones(50)], 1)
    columns[3, 1] = np.nan
    scaled = Scale.of(columns)(columns)
    np.testing.assert_allclose(scaled[:, :2].std(axis=0), 1, atol=0.05)
    assert scaled[3, 1] == 0
    assert (scaled[:, 2] == 0).all()


def test_a_few_labels_of_another_space_come_after_many_of_one(graphs: GraphTable) -> None:
    family, rng = space("hiaml"), np.random.default_rng(0)
    source = GraphTable.from_graphs(
        family.build(family.sample(rng), depth=1, resolution=16) for _ in range(100)
    )
    fitted = predictor("multi_predict", proxies=CHEAP, epochs=100, steps=300)
    fitted.fit(source, np.log(source.params()))
    y = np.log(graphs.params()) * 3 - 20
    fitted.fine_tune(graphs[:GIVEN], y[:GIVEN])
    predicted = fitted.predict(graphs[GIVEN:149])
    assert spearman(y[GIVEN:149], predicted) > 0.8
    assert np.abs(predicted - y[GIVEN:149]).mean() < y.std()


@pytest.mark.parametrize("name", ["multi_predict_latency", "help_like"])
def test_a_new_device_is_like_one_that_was_seen(name: str, graphs: GraphTable) -> None:
    y, rng = latency(graphs), np.random.default_rng(0)
    known = {f"d{i}": 3 * y**0.9 * np.exp(0.02 * rng.normal(size=150)) for i in range(2)}
    known["other"] = np.exp(rng.normal(size=150))
    fitted = predictor(name, steps=400).learn_known(
        graphs[:100], {k: v[:100] for k, v in known.items()}
    )
    fitted.fit(graphs[:GIVEN], y[:GIVEN])
    assert spearman(y[100:149], fitted.predict(graphs[100:149])) > 0.8


@pytest.mark.parametrize("name", ["multi_predict_latency", "help_like"])
def test_what_was_learnt_makes_it_again(name: str, graphs: GraphTable) -> None:
    y = latency(graphs)
    first, again = predictors()[name](steps=5), predictors()[name](steps=5)
    first.learn_known(graphs, devices(2)).fit(graphs[:GIVEN], y[:GIVEN])
    again._set_learnt(first._learnt())
    np.testing.assert_array_equal(again._predict(graphs), first.predict(graphs))


@pytest.mark.parametrize("name", ["multi_predict_latency", "help_like"])
def test_other_devices_are_learnt_once_and_few_labels_change_nothing(
    name: str, graphs: GraphTable
) -> None:
    y, known = latency(graphs), devices(2)
    first = predictor(name, steps=5).learn_known(graphs, known)
    first.fit(graphs[30:35], y[30:35]).fit(graphs[:GIVEN], y[:GIVEN])
    again = predictor(name, steps=5).learn_known(graphs, known).fit(graphs[:GIVEN], y[:GIVEN])
    np.testing.assert_array_equal(again.predict(graphs), first.predict(graphs))


def test_an_encoding_that_there_is_not_is_refused() -> None:
    with pytest.raises(NapeError, match="encoding is one of"):
        predictor("multi_predict", encoding="words")
