"""Graphs with words of our own: what runs or shrinks them, and what refuses them by name."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from nape_bench.errors import GraphError
from nape_bench.graph import ArchGraph
from nape_bench.graph.shrink import shrunk
from nape_bench.graph.vocabulary import GENNAPE_OPS, OPS, RESHAPING

COLUMNS: dict[str, dict[str, int]] = {
    "Attention": {"c_in": 12, "groups": 2},
    "Tokens": {"h_in": 16, "w_in": 1, "h_out": 17, "w_out": 1},
    "Leading": {"h_out": 3},
    "Trailing": {"h_out": 3},
    "Broadcast": {"h_in": 1, "w_in": 1},
    "Transpose": {"h_out": 4, "w_out": 1, "c_out": 16},
    "Roll": {"kernel_h": 1},
    "Resize": {"h_out": 8, "w_out": 8},
    "Deconv": {"h_out": 8, "w_out": 8, "kernel_h": 2, "kernel_w": 2, "stride_h": 2, "stride_w": 2},
    "Shuffle": {"groups": 2},
}
"""Columns of a node that reads 4 x 4 x 4, where they are not those of a pointwise operation."""


def holding(op: str) -> ArchGraph:
    """A network of images, a convolution, one node of the operation, and a classifier."""
    base = {"kernel_h": 0, "kernel_w": 0, "stride_h": 1, "stride_w": 1, "dilation": 1}
    base |= {"groups": 1, "bias": 0}
    sizes = ("h_in", "h_out", "w_in", "w_out")

    def node(name: str, **columns: int) -> dict[str, int | str]:
        own = dict.fromkeys(sizes, 4) | dict.fromkeys(("c_in", "c_out"), 4) | base
        return {"op": name, **own, **columns}

    asked = COLUMNS.get(op, {})
    width = asked.get("c_in", 4)
    pixel = {"h_in": 1, "w_in": 1, "h_out": 1, "w_out": 1}
    before = pixel if op == "Broadcast" else {}
    own = node(op, **asked)
    last = {"h_in": int(own["h_out"]), "w_in": int(own["w_out"])}
    channels = {"c_in": int(own["c_out"]), "c_out": int(own["c_out"])}
    nodes = [
        node("Input", c_in=3, c_out=3),
        node("Conv", c_in=3, c_out=width, kernel_h=1, kernel_w=1),
        *([node("Mean", h_out=1, w_out=1)] if before else []),
        own,
        node("Mean", **{**last, "h_out": 1, "w_out": 1}, **channels),
        node("MatMul", **pixel, c_in=channels["c_in"], c_out=5),
        node("Output", **pixel, c_in=5, c_out=5),
    ]
    edges = [[i, i + 1] for i in range(len(nodes) - 1)]
    return ArchGraph.from_dict({"nodes": nodes, "edges": edges})


OURS = [op for op in OPS[GENNAPE_OPS:] if op not in ("Join", "Tuple")]
NOT_IN_TORCH = {"Broadcast", "Deconv", "Resize", "Scalar", "Softmax"}
"""What a graph does not tell enough of: which number, which axis, how pixels are made."""


class Several(nn.Module):
    """Tokens of two layers, joined, or both put out."""

    def __init__(self, *, joined: bool) -> None:
        super().__init__()
        self.joined = joined
        self.one, self.other = nn.Linear(4, 4), nn.Linear(4, 4)

    def forward(self, x: torch.Tensor) -> object:
        both = self.one(x), self.other(x)
        return torch.cat(both, dim=1) if self.joined else both


@pytest.mark.parametrize("op", OURS)
def test_onnx_names_the_word(op: str) -> None:
    graph = holding(op)
    at = graph.ops.index(op)
    with pytest.raises(GraphError, match=rf"^node {at} \({op}\): this operation cannot be written"):
        graph.to_onnx(weights=False)


@pytest.mark.parametrize("op", OURS)
def test_torch_runs_the_word_or_names_it(op: str) -> None:
    graph = holding(op)
    at = graph.ops.index(op)
    if op in NOT_IN_TORCH:
        with pytest.raises(GraphError, match=rf"^node {at} \({op}\): this operation cannot be run"):
            graph.to_torch()
        return
    module = graph.to_torch()
    assert sum(p.numel() for p in module.parameters()) == graph.params()
    assert module(torch.rand(2, 3, 4, 4)).shape == (2, 5)


@pytest.mark.parametrize(("joined", "op"), [(True, "Join"), (False, "Tuple")])
def test_so_they_do_where_a_word_reads_several(joined: bool, op: str) -> None:
    graph = ArchGraph.from_torch(Several(joined=joined), torch.empty(1, 6, 4))
    assert op in graph.ops
    for refuse in (graph.to_torch, graph.to_onnx):
        with pytest.raises(GraphError, match=rf"^node \d+ \({op}\): this operation cannot be "):
            refuse()


@pytest.mark.parametrize("op", sorted(RESHAPING - {"Join", "Tuple"}))
def test_what_has_sizes_of_its_own_cannot_be_made_small(op: str) -> None:
    graph = holding(op)
    at = graph.ops.index(op)
    with pytest.raises(GraphError, match=rf"^node {at} \({op}\): it is not known at another size"):
        shrunk(graph, width=0.5, pixels=2, outputs=3)


@pytest.mark.parametrize("op", sorted(set(OURS) - RESHAPING))
def test_what_works_at_each_pixel_is_made_small(op: str) -> None:
    small = shrunk(holding(op), width=0.5, pixels=2, outputs=3)
    at = small.ops.index(op)
    assert [small.column(name)[at] for name in ("h_out", "w_out", "c_out")] == [2, 2, 2]
    assert small.column("c_out")[-1] == 3
