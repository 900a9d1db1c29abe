"""Graphs made small: what a space builds at that scale, or refused with the node's name."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from nape_bench.errors import GraphError
from nape_bench.graph import ArchGraph, GraphBuilder
from nape_bench.graph.shrink import shrunk
from nape_bench.spaces import space, spaces

# A vertex of NAS-Bench-101 has a whole share of the channels, which rounds otherwise.
EXACT = sorted(set(spaces()) - {"nb101"})


@pytest.mark.parametrize("name", EXACT)
def test_it_is_what_the_space_builds(name: str) -> None:
    family, rng = space(name), np.random.default_rng(3)
    for _ in range(3):
        spec = family.sample(rng)
        graph = family.build(spec)
        pixels = int(graph.column("h_out")[0]) // 2
        small = shrunk(graph, width=0.25, pixels=pixels, outputs=7)
        built = family.build(spec, width=0.25, resolution=pixels, num_classes=7)
        assert small.hash == built.hash


def test_cells_of_nb101_keep_their_wiring() -> None:
    family, rng = space("nb101"), np.random.default_rng(0)
    for _ in range(10):
        graph = family.build(family.sample(rng), depth=1)
        small = shrunk(graph, width=0.1, pixels=8, outputs=4)
        assert small.ops == graph.ops
        assert small.to_torch()(torch.zeros(2, 3, 8, 8)).shape == (2, 4)


def test_nothing_changes_at_full_size() -> None:
    for name in spaces():
        family = space(name)
        graph = family.build(family.example)
        pixels, outputs = (int(graph.column(c)[i]) for c, i in (("h_out", 0), ("c_in", -1)))
        assert shrunk(graph, width=1.0, pixels=pixels, outputs=outputs) == graph


def grouped(groups: int) -> ArchGraph:
    b = GraphBuilder(16)
    x = b.conv(b.input, 24, 3, bias=True)
    x = b.conv(x, 24, 3, groups=groups)
    return b.finish(b.dense(b.mean(x), 10))


@pytest.mark.parametrize(("groups", "kept"), [(8, 2), (6, 6), (1, 1), (24, 6)])
def test_groups_are_kept_as_far_as_they_divide(groups: int, kept: int) -> None:
    small = shrunk(grouped(groups), width=0.25, pixels=8, outputs=3)
    assert int(small.column("groups")[2]) == kept
    assert small.to_torch()(torch.zeros(1, 3, 8, 8)).shape == (1, 3)


def test_sums_whose_inputs_round_apart_read_what_all_have() -> None:
    b = GraphBuilder(8)
    parts = [b.conv(b.input, c) for c in (5, 5)]
    whole = b.conv(b.input, 10)
    graph = b.finish(b.dense(b.mean(b.add(b.concat(*parts), whole)), 10))
    small = shrunk(graph, width=0.5, pixels=8, outputs=2)  # 3 + 3 and 5 channels
    assert int(small.column("c_out")[small.ops.index("Add")]) == 5


def test_padding_that_is_not_same_stays() -> None:
    from nape_bench.graph.vocabulary import COLUMN_INDEX

    b = GraphBuilder(16)
    graph = b.finish(b.dense(b.mean(b.conv(b.input, 4, 3)), 2))
    nodes = graph.nodes.copy()
    for name in ("h_out", "w_out"):
        nodes[1, COLUMN_INDEX[name]] = 14  # no padding
    for name in ("h_in", "w_in"):
        nodes[2, COLUMN_INDEX[name]] = 14
    valid = ArchGraph(nodes, graph.edges)
    small = shrunk(valid, width=1.0, pixels=8, outputs=2)
    assert small.column("h_out").tolist() == [8, 6, 1, 1, 1]
    with pytest.raises(GraphError, match=r"node 1 \(Conv\): its window is larger than a map of 2"):
        shrunk(valid, width=1.0, pixels=2, outputs=2)


def test_what_ends_in_no_classifier_is_refused() -> None:
    b = GraphBuilder(8)
    x = b.conv(b.input, 4)
    graph = b.finish(b.mean(b.add(b.conv(x, 4), b.conv(x, 4))))
    with pytest.raises(GraphError, match=r"node 4 \(Add\): is no classifier"):
        shrunk(graph, width=1.0, pixels=8, outputs=2)
    for wrong in ({"width": 0.0}, {"pixels": 0}, {"outputs": 0}):
        with pytest.raises(GraphError, match="must be positive"):
            shrunk(graph, **{"width": 1.0, "pixels": 8, "outputs": 2} | wrong)
