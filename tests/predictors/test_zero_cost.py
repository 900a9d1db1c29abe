"""A proxy as a score: read from the package where it is there, computed elsewhere."""

from __future__ import annotations

import numpy as np
import pytest

from nape_bench.data import load_dataset
from nape_bench.graph import GraphBuilder, GraphTable
from nape_bench.predictors import SettingError, predictor, zero_cost


def test_measured_proxies_are_read_from_the_package() -> None:
    split = load_dataset("nape/two_path", "proxies")["test"]
    for proxy in ("synflow", "nwot"):
        said = predictor("zero_cost", proxy=proxy).predict(split.graphs)
        np.testing.assert_allclose(said, split.labels[proxy])


def test_others_are_computed() -> None:
    b = GraphBuilder(8)
    x = b.relu(b.conv(b.input, 4, 3))
    y = b.relu(b.conv(x, 4, 3))
    graphs = GraphTable.from_graphs(
        [b_out.finish(b_out.dense(b_out.global_pool(node), 10)) for b_out, node in ((b, y),)]
    )
    said = predictor("zero_cost", proxy="synflow").predict(graphs)
    assert np.isfinite(said).all()
    assert said[0] != 0


def test_a_network_without_a_value_is_ranked_last(monkeypatch: pytest.MonkeyPatch) -> None:
    values = np.array([[3.0], [np.nan], [-2.0]])
    monkeypatch.setattr(zero_cost, "zero_cost_encoding", lambda *_: values)
    b = GraphBuilder(8)
    graphs = GraphTable.from_graphs([b.finish(b.conv(b.input, 4, 3))] * 3)
    assert predictor("zero_cost").predict(graphs).argsort().tolist() == [1, 2, 0]


def test_an_unknown_proxy_is_named() -> None:
    with pytest.raises(SettingError, match=r"proxy is one of .*synflow.*, not 'magic'"):
        predictor("zero_cost", proxy="magic")
