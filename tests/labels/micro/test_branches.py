"""Which BatchNorms end a residual branch, and that a branch can be silent at the start."""

from __future__ import annotations

import pytest
import torch

import nape_bench
from nape_bench.graph import ArchGraph, GraphBuilder
from nape_bench.labels.micro.branches import branch_ends, set_branch_gain


def network(*, projected: bool) -> ArchGraph:
    """A stem, and a branch of one convolution around an identity or a projection."""
    b = GraphBuilder(8)
    x = b.relu(b.batch_norm(b.conv(b.input, 4, 3)))
    branch = b.batch_norm(b.conv(x, 4, 3))
    shortcut = b.batch_norm(b.conv(x, 4, 1)) if projected else x
    return b.finish(b.dense(b.mean(b.relu(b.add(branch, shortcut))), 10))


def test_a_branch_beside_an_identity_ends_in_its_batch_norm() -> None:
    graph = network(projected=False)
    norms = [i for i, op in enumerate(graph.ops) if op == "BatchNorm"]
    assert branch_ends(graph) == [norms[1]]


def test_of_two_normalised_inputs_neither_is_the_branch() -> None:
    assert branch_ends(network(projected=True)) == []


def test_a_batch_norm_that_is_read_elsewhere_is_no_end() -> None:
    b = GraphBuilder(8)
    x = b.relu(b.batch_norm(b.conv(b.input, 4, 3)))
    norm = b.batch_norm(b.conv(x, 4, 3))
    both = b.concat(b.add(norm, x), norm)
    assert branch_ends(b.finish(b.dense(b.mean(both), 10))) == []


def test_mobile_blocks_have_one_end_each_where_they_have_a_shortcut() -> None:
    space = nape_bench.space("ofa_mbv3")
    graph = space.build(space.example, width=0.25, resolution=64)
    assert len(branch_ends(graph)) == sum(op == "Add" for op in graph.ops) > 0


@pytest.mark.parametrize("gain", [0.0, 1.0])
def test_with_no_gain_the_branch_is_silent(gain: float) -> None:
    graph = network(projected=False)
    net = graph.to_torch().eval()
    set_branch_gain(net, graph, gain)
    kernel = [m for m in net.modules() if isinstance(m, torch.nn.Conv2d)][1].weight
    x = torch.randn(2, 3, 8, 8)
    with torch.no_grad():
        before = net(x)
        kernel.add_(1)
        assert torch.equal(net(x), before) == (gain == 0)


def test_a_gain_of_one_changes_nothing() -> None:
    graph = network(projected=False)
    net = graph.to_torch()
    before = {name: value.clone() for name, value in net.state_dict().items()}
    set_branch_gain(net, graph, 1.0)
    assert all(torch.equal(value, before[name]) for name, value in net.state_dict().items())
