"""All proxies together: sharing, seeds, and networks that lack some of them."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
import torch

import nape_bench
from nape_bench.errors import NapeError, UnknownNameError
from nape_bench.graph import ArchGraph, GraphBuilder
from nape_bench.labels import MEASURES
from nape_bench.labels.proxies import PROXIES, proxies
from nape_bench.labels.proxies.batch import batch_for
from nape_bench.labels.proxies.score import OF_CLASSES, OF_WEIGHTS, score
from nape_bench.spaces import spaces
from tests.graph.networks import random_network, tiny
from tests.labels.workers import sent


def small(name: str, seed: int = 0) -> ArchGraph:
    space = nape_bench.space(name)
    return space.build(
        space.sample(np.random.default_rng(seed)), width=0.125, depth=1, resolution=16
    )


@pytest.mark.parametrize("name", sorted(spaces()))
def test_every_family_has_all_proxies(name: str) -> None:
    scores = score(small(name), batch=4)
    assert tuple(scores.values) == PROXIES
    assert scores.undefined == {}
    for value in scores.values.values():
        assert isinstance(value, float)
        assert math.isfinite(value)


@pytest.mark.parametrize("name", ["nb101", "ofa_mbv3", "two_path"])
def test_shared_passes_change_no_value(name: str) -> None:
    graph = small(name, 1)
    together = proxies(graph, batch=4, seed=2)
    alone = {each: proxies(graph, batch=4, seed=2, names=[each])[each] for each in PROXIES}
    assert alone == together
    some = ("zen", "fisher", "jacov")
    assert proxies(graph, batch=4, seed=2, names=some) == {n: together[n] for n in sorted(some)}


def test_a_seed_sets_everything_and_nothing_else_does() -> None:
    graph = small("hiaml")
    threads = torch.get_num_threads()
    first = proxies(graph, batch=4, seed=1)
    torch.manual_seed(99)
    torch.set_num_threads(2)
    expected = torch.rand(3)
    torch.manual_seed(99)
    try:
        assert proxies(graph, batch=4, seed=1) == first
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(threads)
    assert torch.equal(torch.rand(3), expected)
    other = proxies(graph, batch=4, seed=2)
    of_graph = {"flops", "params"}
    assert {name for name in PROXIES if other[name] == first[name]} == of_graph


def test_flops_and_params_are_those_of_the_graph() -> None:
    graph = small("nb201")
    assert proxies(graph, names=["params", "flops"]) == {
        "flops": graph.flops(),
        "params": graph.params(),
    }


@pytest.mark.parametrize("seed", range(8))
def test_any_graph_has_a_value_or_a_reason(seed: int) -> None:
    graph = random_network(seed)
    scores = score(graph, batch=4)
    assert tuple(scores.values) == PROXIES
    missing = {name for name, value in scores.values.items() if value is None}
    assert missing == set(scores.undefined)
    assert missing == {"nwot"}  # h-swish is no ReLU
    assert scores.undefined["nwot"] == "the network has no ReLU"


def test_an_output_of_maps_has_no_classes() -> None:
    b = GraphBuilder(6)
    graph = b.finish(b.relu(b.conv(b.input, 5, 3, 2)))
    scores = score(graph, batch=4)
    assert set(scores.undefined) == OF_CLASSES
    assert scores.undefined["snip"] == "the output is maps of 3 x 3 pixels, not scores of classes"


def test_one_class_has_no_loss() -> None:
    scores = score(tiny(classes=1), batch=4)
    assert set(scores.undefined) == OF_CLASSES
    assert scores.undefined["fisher"] == "there is one class"


def test_a_network_without_weights() -> None:
    b = GraphBuilder(6)
    scores = score(b.finish(b.mean(b.relu(b.max_pool(b.input, 3)))), batch=4)
    assert set(scores.undefined) == OF_WEIGHTS
    assert scores.undefined["synflow"] == "there is no convolution or dense layer"
    assert scores.values["params"] == 0


def test_an_output_that_does_not_depend_on_the_image() -> None:
    b = GraphBuilder(6)
    x = b.relu(b.conv(b.input, 4, 3))
    scores = score(b.finish(b.dense(b.mean(b.zero(x)), 3)), batch=4)
    assert set(scores.undefined) == {"epe_nas", "jacov", "zen", "synflow"}
    assert scores.values["grad_norm"] == 0
    assert scores.values["grasp"] == 0


def test_an_operation_that_torch_lacks() -> None:
    nodes = [
        {"op": "Input", "h_in": 4, "w_in": 4, "c_in": 4, "h_out": 4, "w_out": 4, "c_out": 4},
        {
            "op": "Resize",
            "h_in": 4,
            "w_in": 4,
            "c_in": 4,
            "h_out": 2,
            "w_out": 2,
            "c_out": 4,
        },
        {"op": "Output", "h_in": 2, "w_in": 2, "c_in": 4, "h_out": 2, "w_out": 2, "c_out": 4},
    ]
    graph = ArchGraph.from_dict({"nodes": nodes, "edges": [[0, 1], [1, 2]]})
    scores = score(graph)
    assert [name for name, value in scores.values.items() if value is not None] == [
        "flops",
        "params",
    ]
    assert "cannot be run in torch" in scores.undefined["zen"]


def test_what_is_not_finite_is_told() -> None:
    b = GraphBuilder(4)
    x = b.conv(b.input, 8, 3)
    for _ in range(10):
        x = b.mul(x, x)  # x to the power of 1,024
    scores = score(b.finish(b.dense(b.mean(x), 3)), batch=4)
    assert scores.values["snip"] is None
    assert scores.undefined["snip"] == "the result is nan"
    assert scores.values["l2_norm"] is not None
    json.dumps(scores.values, allow_nan=False)


def test_wrong_arguments() -> None:
    with pytest.raises(UnknownNameError, match=r"unknown zero-cost proxy 'synflo': did you mean"):
        proxies(tiny(), names=["synflo"])
    with pytest.raises(NapeError, match="2 or more"):
        proxies(tiny(), batch=1)


@pytest.mark.parametrize(
    ("resolution", "channels", "classes", "taken"),
    [(16, 3, 10, [0, 2, 5, 7]), (1, 5, 2, [0, 1]), (7, 1, 99, [0, 24, 49, 74])],
)
def test_images_fit_any_network(
    resolution: int, channels: int, classes: int, taken: list[int]
) -> None:
    b = GraphBuilder(resolution, channels)
    graph = b.finish(b.dense(b.mean(b.conv(b.input, 2, 1)), classes))
    batch = batch_for(graph, 8, 0)
    assert batch.images.shape == (8, channels, resolution, resolution)
    assert batch.images.dtype == torch.float32
    assert batch.classes.tolist() == taken * (8 // len(taken))
    assert torch.equal(batch_for(graph, 8, 0).images, batch.images)
    assert not torch.equal(batch_for(graph, 8, 1).images, batch.images)
    if resolution > 1:
        assert batch.images.mean((2, 3)).abs().max() < 1e-5
        assert batch.images.std((2, 3), unbiased=False).sub(1).abs().max() < 1e-4


def test_images_of_a_class_are_alike_and_smooth() -> None:
    images, classes = batch_for(small("nb101"), 64, 0)
    likeness = torch.corrcoef(images.flatten(1))
    same = classes[:, None] == classes
    same.fill_diagonal_(False)
    apart = classes[:, None] != classes
    assert likeness[same].mean() > 0.15
    assert likeness[apart].abs().mean() < 0.15
    assert (images[..., 1:] * images[..., :-1]).mean() > 0.5  # of neighbours


def test_the_measure_gives_a_row() -> None:
    measure = MEASURES["proxies"]
    assert sent(measure) == measure
    measure.check()
    json.dumps(measure.settings("nb101"), allow_nan=False)
    assert measure.settings(None) == measure.settings("nb101")
    with pytest.raises(UnknownNameError):
        measure.settings("nb102")
    space = nape_bench.space("nb201")
    assert measure.build("nb201", space.example) == space.build(space.example)
    row = measure.run(tiny(), 3)
    assert row == {**proxies(tiny(), seed=3), "undefined": None}
    lacking = measure.run(tiny(classes=1), 0)
    json.dumps(lacking, allow_nan=False)
    assert lacking["undefined"].startswith("epe_nas: there is one class; fisher: ")
