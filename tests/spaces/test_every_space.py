"""What holds of every space in the registry."""

from __future__ import annotations

import copy
import itertools
import json
from typing import TYPE_CHECKING

import numpy as np
import pytest

from nape_bench.errors import SpecError
from nape_bench.graph import ArchGraph
from nape_bench.spaces import Space, space, spaces

if TYPE_CHECKING:
    from collections.abc import Iterator

    import torch

SIZES = {"width": (0.1, 0.3, 1.0, 2.0), "depth": (None, 1, 2, 3), "resolution": (1, 16, 33, 64)}


@pytest.fixture(params=sorted(spaces()))
def family(request: pytest.FixtureRequest) -> Space:
    return space(request.param)


def drawn(family: Space, count: int, seed: int = 0) -> Iterator[object]:
    rng = np.random.default_rng(seed)
    for _ in range(count):
        yield family.sample(rng)


def test_a_space_says_what_it_is(family: Space) -> None:
    assert family.title
    assert family.source
    assert family.size > 1
    assert isinstance(family.build(family.example), ArchGraph)


def test_samples_are_in_normal_form_and_plain_json(family: Space) -> None:
    for spec in drawn(family, 100):
        assert family.normalise(spec) == spec
        assert json.loads(json.dumps(spec)) == spec


def test_the_seed_decides_the_sample(family: Space) -> None:
    first, again, other = (list(drawn(family, 10, seed)) for seed in (1, 1, 2))
    assert first == again
    assert first != other


def test_parse_reads_what_format_writes(family: Space) -> None:
    for spec in drawn(family, 100):
        text = family.format(spec)
        assert family.format_normal(family.normalise(spec)) == text
        assert len(text.split()) == 1
        assert family.parse(text) == spec
        assert family.format(text) == text
        assert family.parse(json.dumps(spec)) == spec
        assert family.parse(repr(spec)) == spec


def test_format_tells_specifications_apart(family: Space) -> None:
    specs = list(drawn(family, 300))
    assert len({family.format(s) for s in specs}) == len({json.dumps(s) for s in specs})


def test_mutate_changes_a_spec_and_stays_in_the_space(family: Space) -> None:
    rng = np.random.default_rng(3)
    for start in drawn(family, 10):
        spec = start
        for _ in range(30):
            before = copy.deepcopy(spec)
            changed = family.mutate(spec, rng)
            assert spec == before, "the spec that was given is changed"
            assert changed != spec
            assert family.normalise(changed) == changed
            spec = changed
        family.build(spec)


def test_mutate_reaches_beyond_one_place(family: Space) -> None:
    spec = family.normalise(family.example)
    rng = np.random.default_rng(0)
    assert len({family.format(family.mutate(spec, rng)) for _ in range(60)}) > 10


@pytest.mark.parametrize("wrong", [None, 7, "no such architecture", [], {}, [[]], {"a": 1}])
def test_what_is_no_specification_is_refused(family: Space, wrong: object) -> None:
    with pytest.raises(SpecError, match=family.name):
        family.normalise(wrong)


def test_every_size_gives_a_valid_graph(family: Space) -> None:
    specs = drawn(family, 64, seed=4)
    for width, depth, resolution in itertools.product(*SIZES.values()):
        graph = family.build(
            next(specs), width=width, depth=depth, resolution=resolution, num_classes=7
        )
        again = ArchGraph(graph.nodes, graph.edges)  # checks all that must hold of a graph
        assert again == graph
        assert graph.column("h_in")[0] == graph.column("w_in")[0] == resolution
        assert graph.nodes[-1, [2, 4, 6]].tolist() == [1, 1, 7]


def test_width_and_resolution_keep_the_architecture(family: Space) -> None:
    for spec in drawn(family, 10, seed=5):
        graph = family.build(spec)
        for width, resolution in ((0.1, 32), (0.3, 17), (1.7, 64)):
            scaled = family.build(spec, width=width, resolution=resolution)
            assert scaled.ops == graph.ops
            assert np.array_equal(scaled.edges, graph.edges)
            for column in ("kernel_h", "kernel_w", "stride_h", "stride_w", "dilation", "bias"):
                assert np.array_equal(scaled.column(column), graph.column(column)), column


def test_width_scales_cost(family: Space) -> None:
    for spec in drawn(family, 5, seed=6):
        params = [family.build(spec, width=w).params() for w in (0.25, 0.5, 1.0, 2.0)]
        assert params == sorted(params)
        assert params[3] > 3 * params[2] > 9 * params[1] / 1.3


def test_depth_one_is_smaller(family: Space) -> None:
    for spec in drawn(family, 5, seed=7):
        nodes = [len(family.build(spec, depth=depth)) for depth in (1, 2, 3)]
        assert nodes == sorted(nodes)
        assert nodes[0] <= len(family.build(spec))


def test_the_keys_do_not_depend_on_node_order(family: Space) -> None:
    rng = np.random.default_rng(8)
    for spec in drawn(family, 3, seed=8):
        graph = family.build(spec)
        data = graph.to_dict()
        order = rng.permutation(len(graph))
        place = np.argsort(order)
        shuffled = ArchGraph.from_dict(
            {
                "nodes": [data["nodes"][i] for i in order],
                "edges": [[int(place[s]), int(place[t])] for s, t in data["edges"]],
            }
        )
        assert shuffled.hash == graph.hash
        assert shuffled.group == graph.group


def test_the_network_has_the_shapes_of_the_graph(family: Space) -> None:
    import torch

    for number, spec in enumerate(drawn(family, 4, seed=9)):
        resolution = (16, 19, 32, 1)[number]
        graph = family.build(spec, width=0.2, depth=1 + number % 2, resolution=resolution)
        module = graph.to_torch()
        assert sum(p.numel() for p in module.parameters()) == graph.params()
        images = torch.randn(2, 3, resolution, resolution)
        result = module(images)
        assert list(result.shape) == [2, family.num_classes]
        result.square().mean().backward()
        for name, parameter in module.named_parameters():
            assert parameter.grad is not None, name
            assert torch.isfinite(parameter.grad).all(), name
        for node, value in run_steps(module, images).items():
            _, _, h, _, w, _, c = graph.nodes[node, :7].tolist()
            assert list(value.shape) == [2, c, h, w], graph.ops[node]


def run_steps(module: torch.nn.Module, images: torch.Tensor) -> dict[int, torch.Tensor]:
    """Return what each node of a `GraphModule` puts out."""
    values = {0: images}
    for node, layer, reads in module._steps:
        values[node] = layer(*[values[source] for source in reads])
    return values


def test_the_seed_decides_the_weights(family: Space) -> None:
    import torch

    graph = family.build(family.example, width=0.1, depth=1, resolution=16)
    states = []
    for seed in (1, 1, 2):
        torch.manual_seed(seed)
        states.append(graph.to_torch().state_dict())
    first, again, other = states
    assert list(first) == list(again)
    assert all(torch.equal(first[key], again[key]) for key in first)
    assert not all(torch.equal(first[key], other[key]) for key in first)
