"""Experts on costs and other devices, mixed."""

from __future__ import annotations

import numpy as np
import pytest

from nape_bench.graph import GraphTable
from nape_bench.metrics import spearman
from nape_bench.predictors import predictor
from nape_bench.predictors.latency.additive import Block, fit_additive
from nape_bench.predictors.latency.mixture import expert_weights
from nape_bench.predictors.latency.smooth import fit_smooth
from nape_bench.predictors.latency_mix import LatencyMix
from nape_bench.spaces import space
from tests.predictors.test_cost_ridge import latency
from tests.predictors.test_known_gp import devices, graphs

__all__ = ["graphs"]

GIVEN = 20


def test_costs_tell_a_latency_that_is_a_sum_of_them(graphs: GraphTable) -> None:
    y = latency(graphs)
    fitted = predictor("latency_mix").fit(graphs[:GIVEN], y[:GIVEN])
    assert spearman(y[GIVEN:149], fitted.predict(graphs[GIVEN:149])) > 0.9


def test_a_label_far_off_changes_little(graphs: GraphTable) -> None:
    y = latency(graphs)
    spoilt = y[:GIVEN].copy()
    spoilt[3] *= 10
    fitted = predictor("latency_mix").fit(graphs[:GIVEN], spoilt)
    assert np.abs(fitted.predict(graphs[GIVEN:149]) / y[GIVEN:149] - 1).mean() < 0.15


def test_a_device_that_goes_with_others_is_read_off_them(graphs: GraphTable) -> None:
    known = devices(4)
    y = known.pop("d3")
    fitted = predictor("latency_mix").learn_known(graphs, known).fit(graphs[:GIVEN], y[:GIVEN])
    assert spearman(y[GIVEN:149], fitted.predict(graphs[GIVEN:149])) > 0.9
    alone = predictor("latency_mix").fit(graphs[:GIVEN], y[:GIVEN])
    assert spearman(y[GIVEN:149], alone.predict(graphs[GIVEN:149])) < 0.4


def test_other_devices_tell_of_networks_that_were_not_on_them(graphs: GraphTable) -> None:
    y = latency(graphs)
    known = {"a": 2 * y[:100], "b": y[:100] + 1}
    known["a"][::5] = np.nan
    fitted = predictor("latency_mix").learn_known(graphs[:100], known)
    fitted.fit(graphs[:5], y[:5])
    assert spearman(y[100:149], fitted.predict(graphs[100:149])) > 0.95


def test_operations_that_lead_nowhere_are_timed_too() -> None:
    family, rng = space("nb201"), np.random.default_rng(0)
    specs = [family.sample(rng) for _ in range(150)]
    table = GraphTable.from_graphs(family.build(spec) for spec in specs)
    named = table.named([f"nb201:{family.format(spec)}" for spec in specs])
    y = np.array([1.0 + sum(op.startswith("nor_conv") for op in spec["ops"]) for spec in specs])
    y *= np.exp(0.01 * rng.normal(size=150))
    scores = [
        spearman(y[30:], predictor("latency_mix").fit(each[:30], y[:30]).predict(each[30:]))
        for each in (named, table)
    ]
    assert scores[0] > 0.95 > scores[1]


def test_labels_that_are_not_positive_are_predicted_too(graphs: GraphTable) -> None:
    y = np.log(latency(graphs))
    y -= y.mean()
    fitted = predictor("latency_mix").fit(graphs[:40], y[:40])
    assert spearman(y[40:149], fitted.predict(graphs[40:149])) > 0.8


@pytest.mark.parametrize("others", [False, True])
def test_what_was_learnt_makes_it_again(graphs: GraphTable, others: bool) -> None:
    first, again = LatencyMix(), LatencyMix()
    y = latency(graphs)
    if others:
        first.learn_known(graphs, devices(2))
    first.fit(graphs[:GIVEN], y[:GIVEN])
    again._set_learnt(first._learnt())
    np.testing.assert_array_equal(again._predict(graphs), first.predict(graphs))


def test_times_are_not_negative_and_those_of_costs_that_do_not_vary_are_nothing() -> None:
    rng = np.random.default_rng(0)
    costs = rng.uniform(1, 2, size=(30, 3))
    costs[:, 2] = 1.0
    logs = np.log(3 * costs[:, 0] + 1 + 0.01 * rng.normal(size=30))
    found = fit_additive([Block(costs, 0.9)], logs)
    assert (found.times >= 0).all()
    assert found.times[2] == 0
    assert found.times[0] == pytest.approx(3, rel=0.1)
    np.testing.assert_allclose(found(costs), logs, atol=0.05)
    np.testing.assert_allclose(found.left_out, logs, atol=0.05)


def test_who_misses_by_far_is_not_believed() -> None:
    rng = np.random.default_rng(0)
    small, large = 0.02 * rng.normal(size=(2, 20)), 0.5 * rng.normal(size=(1, 20))
    weights = expert_weights(np.concatenate([small, large]))
    assert weights.sum() == pytest.approx(1)
    assert weights[2] < 1e-4
    assert min(weights[:2]) > 0.1


def test_a_smooth_label_is_told_of_rows_that_were_left_out() -> None:
    columns = np.random.default_rng(0).normal(size=(80, 2))
    labels = np.stack([np.sin(columns[:, 0]) + 5, columns[:, 1] ** 2], axis=1)
    smooth, left_out = fit_smooth(columns[:60], labels[:60])
    assert np.abs(smooth(columns[60:]) - labels[60:]).mean() < 0.1
    assert np.abs(left_out - labels[:60]).mean() < 0.1
    one_less, _ = fit_smooth(columns[1:60], labels[1:60])
    np.testing.assert_allclose(one_less(columns[:1]), left_out[:1], atol=0.05)
