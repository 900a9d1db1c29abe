"""Paths: contraction, walks and statistics by hand, the process beside scikit-learn's."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from scipy.optimize import approx_fprime
from scipy.stats import norm, spearmanr
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import Matern, WhiteKernel

from nape_bench.graph import GraphBuilder, GraphTable
from nape_bench.predictors import Predictor, SettingError, predictor
from nape_bench.predictors.gaussianise import Gaussianised
from nape_bench.predictors.paths.additive_gp import JITTER, AdditiveGP, _loss
from nape_bench.predictors.paths.contract import contract, joints
from nape_bench.predictors.paths.path_statistics import path_statistics
from nape_bench.predictors.paths.walks import counts, walks

if TYPE_CHECKING:
    from pathlib import Path

    from tests.predictors.conftest import Labelled


def diamond() -> GraphTable:
    """A 3x3 convolution, then a sum of it, a 1x1 and a pool after it; then a 5x5 convolution."""
    b = GraphBuilder(8)
    x = b.relu(b.batch_norm(b.conv(b.input, 8, 3)))
    y = b.add(x, b.batch_norm(b.conv(x, 8, 1)), b.avg_pool(x, 3))
    return GraphTable.from_graphs([b.finish(b.conv(y, 8, 5))])


def ops(graphs: GraphTable, nodes: Any) -> list[tuple[str, int]]:
    graph = next(iter(graphs))
    columns = graphs.flat().columns
    return [(graph.ops[node], int(columns["kernel_h"][node])) for node in nodes]


def test_layers_pools_and_ends_of_blocks_are_kept() -> None:
    graphs = diamond()
    small = contract(graphs.flat())
    assert sorted(ops(graphs, small.kept)) == sorted(
        [("Input", 0), ("Conv", 3), ("Conv", 1), ("Avgpool", 3), ("Add", 0), ("Conv", 5),
         ("Output", 0)]
    )  # fmt: skip
    edges = zip(ops(graphs, small.source), ops(graphs, small.target), strict=True)
    assert set(edges) == {
        (("Input", 0), ("Conv", 3)),
        (("Conv", 3), ("Conv", 1)),
        (("Conv", 3), ("Avgpool", 3)),
        (("Conv", 3), ("Add", 0)),
        (("Conv", 1), ("Add", 0)),
        (("Avgpool", 3), ("Add", 0)),
        (("Add", 0), ("Conv", 5)),
        (("Conv", 5), ("Output", 0)),
    }
    assert (small.paths == 1).all()


def test_several_ways_between_two_layers_are_one_edge_that_counts_them() -> None:
    b = GraphBuilder(8)
    x = b.conv(b.input, 8, 3)
    inner = b.add(b.relu(x), b.activation(x, "Sigmoid"))
    outer = b.add(inner, b.activation(x, "Tanh"))
    # Neither Add is a joint: the input leads past both.
    graphs = GraphTable.from_graphs([b.finish(b.concat(b.conv(outer, 8, 1), b.input))])
    small = contract(graphs.flat())
    pairs = list(zip(ops(graphs, small.source), ops(graphs, small.target), strict=True))
    assert small.paths[pairs.index((("Conv", 3), ("Conv", 1)))] == 3


def test_joints_are_on_every_path(labelled: Labelled) -> None:
    for graph in itertools.islice(labelled.graphs, 20):
        table = GraphTable.from_graphs([graph])
        found = joints(table.flat())
        from nape_bench.graph.joints import joints as by_graph

        assert np.flatnonzero(found).tolist() == by_graph(graph)


def test_walks_are_counted_as_by_hand() -> None:
    graphs = diamond()
    for layers, expected in ((1, 7), (2, 8), (3, 9), (7, 0)):
        found = walks(graphs, layers)
        assert found.number.sum() == expected, layers


def test_walks_of_one_layer_are_its_layers() -> None:
    b = GraphBuilder(8)
    x = b.input
    for _ in range(5):
        x = b.relu(b.conv(x, 8, 3))
    table = GraphTable.from_graphs([b.finish(x), *diamond()])
    found = walks(table, 1)
    assert found.number[found.graph == 0].tolist().count(5) == 1
    names = np.unique(found.name[found.graph == 0])
    seen = counts(found, names, 2)
    assert seen.shape == (2, 3)
    assert sorted(seen[0].tolist()) == [1, 1, 5]
    assert sorted(seen[1].tolist()) == [1, 1, 1], "Input, Output and one 3x3; others are not named"


def test_names_are_those_of_any_table(labelled: Labelled) -> None:
    whole = walks(labelled.graphs[:20], 3)
    for place in (0, 7, 19):
        alone = walks(labelled.graphs[place : place + 1], 3)
        mine = whole.graph == place
        np.testing.assert_array_equal(alone.name, whole.name[mine])
        np.testing.assert_array_equal(alone.number, whole.number[mine])


def test_no_walks_are_named() -> None:
    found = walks(diamond(), 1)
    assert counts(found, np.zeros(0, np.uint64), 1).shape == (1, 0)


def every_path(graph: Any) -> list[list[int]]:
    after: dict[int, list[int]] = {}
    for source, target in graph.edges.tolist():
        after.setdefault(source, []).append(target)

    def on(path: list[int]) -> list[list[int]]:
        if path[-1] == len(graph) - 1:
            return [path]
        return [whole for target in after[path[-1]] for whole in on([*path, target])]

    return on([0])


def small_table() -> GraphTable:
    """Four graphs of few enough paths to list them all."""
    from nape_bench.spaces import space

    rng = np.random.default_rng(3)
    graphs = [next(iter(diamond()))]
    while len(graphs) < 4:
        graph = space("two_path").build(space("two_path").sample(rng))
        if len(every_path(graph)) < 2000:
            graphs.append(graph)
    return GraphTable.from_graphs(graphs)


def test_statistics_over_all_paths_are_those_of_a_list_of_them() -> None:
    table = small_table()
    values, names = path_statistics(table)
    assert len(names) == len(set(names)) == values.shape[1] == 61
    for row, graph in enumerate(table):
        paths = every_path(graph)
        weighted = [sum(graph.ops[n] in {"Conv", "Depthwise", "MatMul"} for n in p) for p in paths]
        told = dict(zip(names, values[row], strict=True))
        assert told["log_paths"] == pytest.approx(np.log(len(paths)))
        assert told["weighted_path_mean"] == pytest.approx(np.mean(weighted))
        assert told["weighted_path_deviation"] == pytest.approx(np.std(weighted), abs=1e-6)
        assert told["weighted_longest"] == max(weighted)
        assert told["weighted_shortest"] == min(weighted)
        ins = np.bincount(graph.edges[:, 1], minlength=len(graph))
        even = np.array([1 / np.prod([ins[n] for n in path[1:]]) for path in paths])
        assert even.sum() == pytest.approx(1)
        assert told["weighted_even_mean"] == pytest.approx(even @ weighted)
        assert told["entropy_even"] == pytest.approx(-(even @ np.log(even)))


def test_signal_adds_up_and_is_set_back() -> None:
    b = GraphBuilder(8)
    x = b.add(b.input, b.relu(b.input))  # variance 2
    y = b.add(x, b.batch_norm(x))  # 2 + 1
    values, names = path_statistics(GraphTable.from_graphs([b.finish(y)]))
    told = dict(zip(names, values[0], strict=True))
    assert told["signal_max"] == pytest.approx(np.log(3))
    # Of y's paths the one over x itself has two thirds, and each half of x as much.
    assert told["activation_signal_mean"] == pytest.approx(0.5)


def test_the_process_is_that_of_scikit_learn_with_its_parameters() -> None:
    rng = np.random.default_rng(0)
    x, y, other = rng.normal(size=(30, 4)), rng.normal(size=30), rng.normal(size=(10, 4))
    found = AdditiveGP.fit([x[:, :2], x[:, 2:]], y)
    noise = 1.0 / found.weights @ found.weights * 0  # the noise is not kept: solve for it below
    kernel = sum(
        float(v) * Matern(float(length) * np.sqrt(2), nu=2.5)(part) + noise
        for v, length, part in zip(
            found.variances, found.lengths, (x[:, :2], x[:, 2:]), strict=True
        )
    )
    level = (y - kernel @ found.weights) / found.weights
    np.testing.assert_allclose(level, level[0], rtol=1e-5)
    assert level[0] > JITTER
    one = AdditiveGP.fit([x], y)
    reference = GaussianProcessRegressor(
        float(one.variances[0]) * Matern(float(one.lengths[0]) * 2, nu=2.5)
        + WhiteKernel(float(((y - _kernel(one, x) @ one.weights) / one.weights)[0])),
        optimizer=None,
    ).fit(x, y)
    np.testing.assert_allclose(one.predict([other]), reference.predict(other), rtol=1e-5, atol=1e-8)


def _kernel(process: AdditiveGP, x: np.ndarray) -> np.ndarray:
    scale = float(process.lengths[0]) * np.sqrt(x.shape[1])
    kernel: np.ndarray = float(process.variances[0]) * Matern(scale, nu=2.5)(x)
    return kernel


def test_the_gradient_is_that_of_differences() -> None:
    rng = np.random.default_rng(1)
    squares = [rng.random((12, 3)) for _ in range(2)]
    squares = [((each[:, None] - each) ** 2).mean(axis=2) for each in squares]
    y, at = rng.normal(size=12), rng.normal(size=5) * 0.3
    args = (squares, y, np.zeros(5), np.ones(5))
    slope = approx_fprime(at, lambda logs: _loss(logs, *args)[0], 1e-6)
    np.testing.assert_allclose(_loss(at, *args)[1], slope, rtol=1e-3, atol=1e-4)


def test_labels_come_back_from_their_scores() -> None:
    y = np.array([3.0, 1.0, 1.0, 10.0, 4.0])
    scale, scores = Gaussianised.of(y)
    assert abs(scores.std() - 1) < 1e-9
    assert scores.argsort().tolist()[-1] == 3
    np.testing.assert_allclose(scale.labels_of(scores), y)
    beyond = scale.labels_of(np.array([scores.max() + 1, scores.max() + 2, scores.min() - 1]))
    assert 10 < beyond[0] < beyond[1]
    assert beyond[2] < 1
    ratio = scores[3] / norm.ppf(0.9)
    np.testing.assert_allclose(scores[0], norm.ppf(0.5) * ratio, atol=1e-12)


def test_labels_that_are_all_the_same_come_back() -> None:
    scale, scores = Gaussianised.of(np.full(4, 2.5))
    assert (scores == 0).all()
    assert scale.labels_of(np.array([-3.0, 3.0])).tolist() == [2.5, 2.5]


def test_more_rows_than_it_takes_are_drawn_by_the_seed(labelled: Labelled) -> None:
    graphs, y = labelled.graphs[:60], labelled.y[:60]

    def said(seed: int) -> np.ndarray:
        few = predictor("path_gp", rows=20, seed=seed)
        return few.fit(graphs, y).predict(labelled.graphs[60:70])

    np.testing.assert_array_equal(said(1), said(1))
    assert not np.allclose(said(1), said(2))
    with pytest.raises(SettingError, match="layers must be 1 or more"):
        predictor("path_gp", layers=0)


def hidden(labelled: Labelled) -> np.ndarray:
    """A label that depends on the graph in a way of its own: how a hash of its layers falls."""
    found = walks(labelled.graphs, 2)
    weight = (found.name % np.uint64(97)).astype(float) / 97 - 0.5
    return np.bincount(found.graph, weight * found.number, len(labelled.graphs))


def test_other_tasks_tell_of_a_new_one(labelled: Labelled) -> None:
    y = hidden(labelled)
    few, test = labelled.graphs[:8], labelled.graphs[120:180]
    alone = predictor("path_gp").fit(few, y[:8]).predict(test)
    taught = predictor("path_gp").learn_auxiliary(
        {"like it": (labelled.graphs[8:110], np.exp(y[8:110])), "noise": (few, np.arange(8.0))}
    )
    helped = taught.fit(few, y[:8]).predict(test)
    assert spearmanr(helped, y[120:180]).statistic > spearmanr(alone, y[120:180]).statistic + 0.1
    assert spearmanr(helped, y[120:180]).statistic > 0.8


def test_fine_tuned_it_reads_what_it_was_fitted_to(labelled: Labelled) -> None:
    y = hidden(labelled)
    test = labelled.graphs[120:180]
    model = predictor("path_gp").fit(labelled.graphs[:100], -y[:100])
    model.fine_tune(labelled.graphs[100:110], y[100:110])
    assert spearmanr(model.predict(test), y[120:180]).statistic > 0.8
    fresh = predictor("path_gp").fit(labelled.graphs[:20], y[:20])
    again = model.fit(labelled.graphs[:20], y[:20])
    np.testing.assert_array_equal(again.predict(test), fresh.predict(test))


def test_tasks_are_saved(labelled: Labelled, tmp_path: Path) -> None:
    y = hidden(labelled)
    model = predictor("path_gp").learn_auxiliary({"a": (labelled.graphs[8:40], y[8:40])})
    model.fit(labelled.graphs[40:80], y[40:80]).fine_tune(labelled.graphs[:8], y[:8])
    again = Predictor.load(model.save(tmp_path / "saved"))
    test = labelled.graphs[120:140]
    np.testing.assert_allclose(again.predict(test), model.predict(test), rtol=1e-9)


def test_of_equal_flops_the_deeper_scores_higher() -> None:
    def network(*, deep: bool) -> Any:
        b = GraphBuilder(8)
        x = b.conv(b.input, 8, 3)
        first = b.conv(x, 8, 3)
        second = b.conv(first if deep else x, 8, 3)
        return b.finish(second if deep else b.concat(first, second))

    graphs = GraphTable.from_graphs([network(deep=True), network(deep=False)])
    assert graphs.flops()[0] == graphs.flops()[1]
    flops = np.log10(graphs.flops() + 1)
    np.testing.assert_allclose(predictor("flops_depth", exponent=0).predict(graphs), flops)
    np.testing.assert_allclose(
        predictor("flops_depth", exponent=2).predict(graphs), flops + 2 * np.log10([3, 2])
    )
