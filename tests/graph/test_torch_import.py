"""`from_torch`: what `to_torch` gives comes back; what is written by hand is what is built."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch
from torch import nn

from nape_bench.errors import GraphError
from nape_bench.graph import ArchGraph, GraphBuilder
from tests.graph.networks import random_network

if TYPE_CHECKING:
    from collections.abc import Callable

    from nape_bench.spaces import Space


def again(graph: ArchGraph) -> ArchGraph:
    """Return what comes back of a graph."""
    h, w, c = (int(graph.column(name)[0]) for name in ("h_in", "w_in", "c_in"))
    return ArchGraph.from_torch(graph.to_torch(), torch.empty(1, c, h, w))


def test_every_family_comes_back(family: Space) -> None:
    rng = np.random.default_rng(3)
    spec = family.normalise(family.example)
    for width, depth, resolution in ((0.1, 1, 17), (0.3, 2, 40)):
        graph = family.build(spec, width=width, depth=depth, resolution=resolution)
        assert again(graph).hash == graph.hash
        assert again(graph).group == graph.group
        spec = family.mutate(family.mutate(spec, rng), rng)


@pytest.mark.parametrize("seed", range(12))
def test_random_networks_come_back(seed: int) -> None:
    graph = random_network(seed)
    if ((graph.column("c_in") == 1) & np.array([op == "Depthwise" for op in graph.ops])).any():
        pytest.skip("a depthwise convolution of one channel is any convolution of one")
    assert again(graph).hash == graph.hash


class Packed(nn.Module):
    """Attention by torch's function, of one layer that holds q, k and v."""

    def __init__(self, heads: int = 2, width: int = 8) -> None:
        super().__init__()
        self.heads = heads
        self.qkv, self.proj = nn.Linear(width, 3 * width), nn.Linear(width, width)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        n, t, c = x.shape
        q, k, v = self.qkv(x).reshape(n, t, 3, self.heads, -1).permute(2, 0, 3, 1, 4).unbind(0)
        return self.proj(self.attend(q, k, v).transpose(1, 2).reshape(n, t, c))

    def attend(self, q: torch.Tensor, k: torch.Tensor, v: torch.Tensor) -> torch.Tensor:
        return nn.functional.scaled_dot_product_attention(q, k, v)


class Written(Packed):
    """The same, written as products of matrices."""

    def attend(self, q: torch.Tensor, k: torch.Tensor, v: torch.Tensor) -> torch.Tensor:
        scores = (q * q.shape[-1] ** -0.5) @ k.transpose(-2, -1)
        return scores.softmax(dim=-1) @ v


class Summed(Packed):
    """The same, by einsum."""

    def attend(self, q: torch.Tensor, k: torch.Tensor, v: torch.Tensor) -> torch.Tensor:
        scores = torch.einsum("nhid,nhjd->nhij", q, k) / q.shape[-1] ** 0.5
        return torch.einsum("nhij,nhjd->nhid", scores.softmax(dim=-1), v)


class Multihead(nn.Module):
    """The same, by torch's module."""

    def __init__(self) -> None:
        super().__init__()
        self.attention = nn.MultiheadAttention(8, 2, batch_first=True)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.attention(x, x, x, need_weights=False)[0]


@pytest.mark.parametrize("module", [Packed, Written, Summed, Multihead])
@pytest.mark.parametrize("batch", [1, 3])
def test_an_attention_is_one_node_however_it_is_written(
    module: Callable[[], nn.Module], batch: int
) -> None:
    graph = ArchGraph.from_torch(module(), torch.empty(batch, 5, 8))
    assert graph.ops == ["Input", "MatMul", "Attention", "MatMul", "Output"]
    assert graph.column("groups").tolist() == [1, 1, 2, 1, 1]
    # 5 x 8 x 24 and 5 x 8 x 8 of the layers, twice 5 x 5 x 8 of the attention.
    assert graph.flops() == 960 + 320 + 400
    assert graph.params() == sum(p.numel() for p in module().parameters())


class Windows(Packed):
    """Attention inside windows of 2 x 3 pixels of 4 x 6."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        n, c = x.shape[:2]
        x = x.view(n, c, 2, 2, 2, 3).permute(0, 2, 4, 3, 5, 1).reshape(-1, 6, c)
        x = super().forward(x).view(n, 2, 2, 2, 3, c)
        return x.permute(0, 5, 1, 3, 2, 4).reshape(n, c, 4, 6)


def test_windows_are_a_column_of_the_attention() -> None:
    graph = ArchGraph.from_torch(Windows(), torch.empty(2, 8, 4, 6))
    assert graph.ops == ["Input", "MatMul", "Attention", "MatMul", "Output"]
    assert (graph.column("kernel_h")[2], graph.column("kernel_w")[2]) == (2, 3)
    assert graph.flops() == 24 * (8 * 24 + 8 * 8) + 2 * 24 * 6 * 8


class Channels(nn.Module):
    """Attention of channels to each other, two heads of four channels over five pixels."""

    def __init__(self, *, normalised: bool) -> None:
        super().__init__()
        self.normalised = normalised
        self.qkv, self.proj = nn.Linear(8, 24), nn.Linear(8, 8)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        n, t, c = x.shape
        q, k, v = self.qkv(x).reshape(n, t, 3, 2, 4).permute(2, 0, 3, 4, 1).unbind(0)
        if self.normalised:
            q, k = (nn.functional.normalize(part, dim=-1) for part in (q, k))
        x = (q @ k.transpose(-2, -1)).softmax(dim=-1) @ v
        return self.proj(x.permute(0, 3, 1, 2).reshape(n, t, c))


@pytest.mark.parametrize("normalised", [False, True])
def test_channels_that_attend_are_windows_of_tokens(normalised: bool) -> None:
    graph = ArchGraph.from_torch(Channels(normalised=normalised), torch.empty(2, 5, 8))
    assert graph.ops.count("Attention") == 1
    assert graph.ops.count("Transpose") == 4  # queries, keys, values, and back again
    assert graph.ops.count("L2Norm") == 2 * normalised
    at = graph.ops.index("Attention")
    window = graph.column("kernel_h")[at] * graph.column("kernel_w")[at]
    assert (window, graph.column("c_in")[at], graph.column("groups")[at]) == (4, 5, 1)
    # 5 x 8 x 24 and 5 x 8 x 8 of the layers, twice 8 x 4 x 5 of the attention.
    assert graph.flops() == 960 + 320 + 320
    assert graph.params() == 8 * 24 + 24 + 8 * 8 + 8


class Small(nn.Module):
    """A vision transformer of one block."""

    def __init__(self) -> None:
        super().__init__()
        self.patches = nn.Conv2d(3, 8, 4, 4)
        self.token = nn.Parameter(torch.zeros(1, 1, 8))
        self.positions = nn.Parameter(torch.zeros(1, 5, 8))
        self.block = nn.TransformerEncoderLayer(
            8, 2, 16, activation="gelu", batch_first=True, norm_first=True
        )
        self.head = nn.Linear(8, 10)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.patches(x).flatten(2).transpose(1, 2)
        x = torch.cat([self.token.expand(len(x), -1, -1), x], dim=1) + self.positions
        return self.head(self.block(x)[:, 0])


def test_a_transformer_without_weights() -> None:
    with torch.device("meta"):
        module = Small()
    graph = ArchGraph.from_torch(module, torch.empty(2, 3, 8, 8, device="meta"))
    assert graph.ops == [
        "Input", "Conv", "Tokens", "Embedding", "LayerNorm", "MatMul", "Attention", "MatMul", "Add",
        "LayerNorm", "MatMul", "GeLU", "MatMul", "Add", "Leading", "MatMul", "Output",
    ]  # fmt: skip
    assert graph.params() == sum(p.numel() for p in module.parameters())
    assert module.training  # it was traced as at inference, and is as it was


class Hand(nn.Module):
    """A small network with a squeeze-and-excitation gate and in-place operations."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.norm = nn.Conv2d(3, 4, 3, padding=1, bias=False), nn.BatchNorm2d(4)
        self.squeeze, self.excite = nn.Conv2d(4, 2, 1), nn.Conv2d(2, 4, 1)
        self.classifier = nn.Linear(4, 10)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = nn.functional.relu_(self.norm(self.conv(x)))
        gate = self.excite(torch.relu(self.squeeze(nn.functional.adaptive_avg_pool2d(x, 1))))
        x += x * nn.functional.hardsigmoid(gate)
        return self.classifier(torch.flatten(nn.functional.avg_pool2d(x, 8).mean((2, 3)), 1))


def test_a_network_written_by_hand_is_the_built_one() -> None:
    b = GraphBuilder(8)
    x = b.relu(b.batch_norm(b.conv(b.input, 4, 3)))
    gate = b.relu6(b.conv(b.relu(b.conv(b.mean(x), 2, bias=True)), 4, bias=True))
    x = b.add(x, b.mul(x, gate))
    built = b.finish(b.dense(b.mean(b.avg_pool(x, 8, 8)), 10))
    assert ArchGraph.from_torch(Hand(), torch.empty(1, 3, 8, 8)).hash == built.hash


def test_what_has_no_word_is_named() -> None:
    class Odd(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.inner = nn.Conv2d(3, 3, 1)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return torch.sin(torch.cumsum(self.inner(x), dim=1))

    with pytest.raises(GraphError, match=r"no word of the vocabulary for aten\.cumsum\.default"):
        ArchGraph.from_torch(Odd(), torch.empty(1, 3, 4, 4))


def test_what_depends_on_values_is_refused() -> None:
    class Choosing(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return x if x.sum() > 0 else x * 2

    with pytest.raises(GraphError, match="Choosing cannot be traced"):
        ArchGraph.from_torch(Choosing(), torch.empty(1, 3, 4, 4))


def test_clip_to_tensors_is_named() -> None:
    class Clipped(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv = nn.Conv2d(3, 4, 3, padding=1)
            self.register_buffer("low", torch.zeros(()))

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return torch.clamp(self.conv(x), min=self.low)

    with pytest.raises(GraphError, match="bounds that are tensors"):
        ArchGraph.from_torch(Clipped(), torch.zeros(1, 3, 8, 8))


@pytest.mark.parametrize(
    ("module", "example", "message"),
    [
        (3, torch.empty(1, 3, 4, 4), "a torch module expected, not int"),
        (nn.ReLU(), (1, 3, 4, 4), r"an example input expected, not tuple: give torch\.empty"),
    ],
)
def test_what_is_no_module_or_no_tensor_is_named(module: Any, example: Any, message: str) -> None:
    with pytest.raises(GraphError, match=message):
        ArchGraph.from_torch(module, example)
