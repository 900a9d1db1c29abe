"""Transformers as `to_torch` runs them: with the weights of the module they came from, the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import torch
from torch import nn
from torch.nn import functional

from nape_bench.errors import GraphError
from nape_bench.graph import ArchGraph

if TYPE_CHECKING:
    from collections.abc import Callable

split = torch.unflatten


class Attending(nn.Module):
    """Attention of two heads over maps; a part of what follows says of which pixels."""

    def __init__(self) -> None:
        super().__init__()
        self.qkv, self.proj = nn.Linear(8, 24), nn.Linear(8, 8)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        cut = self.cut(self.qkv(x.permute(0, 2, 3, 1)))
        q, k, v = split(cut, -1, (3, 2, 4)).permute(2, 0, 3, 1, 4).unbind(0)
        y = functional.scaled_dot_product_attention(q, k, v).transpose(1, 2).flatten(2)
        made: torch.Tensor = self.proj(self.joined(y, len(x)))
        return made.permute(0, 3, 1, 2)

    def cut(self, x: torch.Tensor) -> torch.Tensor:
        return x.flatten(1, 2)

    def joined(self, y: torch.Tensor, _: int) -> torch.Tensor:
        return split(y, 1, (4, 6))


class Windows(Attending):
    """Windows of 2 x 3 neighbours."""

    def cut(self, x: torch.Tensor) -> torch.Tensor:
        y = split(split(x, 2, (2, 3)), 1, (2, 2))
        return y.permute(0, 1, 3, 2, 4, 5).flatten(3, 4).flatten(0, 2)

    def joined(self, y: torch.Tensor, n: int) -> torch.Tensor:
        z = split(split(y, 1, (2, 3)), 0, (n, 2, 2))
        return z.permute(0, 1, 3, 2, 4, 5).flatten(3, 4).flatten(1, 2)


class Grid(Attending):
    """Pixels that lie two rows and two columns apart."""

    def cut(self, x: torch.Tensor) -> torch.Tensor:
        y = split(split(x, 2, (3, 2)), 1, (2, 2))
        return y.permute(0, 2, 4, 1, 3, 5).flatten(3, 4).flatten(0, 2)

    def joined(self, y: torch.Tensor, n: int) -> torch.Tensor:
        z = split(split(y, 1, (2, 3)), 0, (n, 2, 2))
        return z.permute(0, 3, 1, 4, 2, 5).flatten(3, 4).flatten(1, 2)


class Apart(nn.Module):
    """Queries from one layer, keys and values from another over fewer pixels."""

    def __init__(self) -> None:
        super().__init__()
        self.q, self.kv, self.proj = nn.Linear(8, 8), nn.Linear(8, 16), nn.Linear(8, 8)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        few = functional.avg_pool2d(x, 2).flatten(2).transpose(1, 2)
        q = split(self.q(x.flatten(2).transpose(1, 2)), 2, (2, 4)).transpose(1, 2)
        k, v = split(self.kv(few), 2, (2, 2, 4)).permute(2, 0, 3, 1, 4).unbind(0)
        y = functional.scaled_dot_product_attention(q, k, v).transpose(1, 2).flatten(2)
        made: torch.Tensor = self.proj(y)
        return split(made.transpose(1, 2), 2, (4, 6))


class Whole(nn.Module):
    """A small vision transformer: patches, a class token, positions, a block, a head."""

    def __init__(self) -> None:
        super().__init__()
        self.patches = nn.Conv2d(8, 8, 2, 2)
        self.token = nn.Parameter(torch.rand(1, 1, 8))
        self.places = nn.Parameter(torch.rand(1, 7, 8))
        self.before = nn.LayerNorm(8, eps=1e-6)
        self.qkv, self.proj = nn.Linear(8, 24), nn.Linear(8, 8)
        self.scale = nn.Parameter(torch.rand(8))
        self.head = nn.Linear(8, 5)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = self.patches(x).flatten(2).transpose(1, 2)
        y = torch.cat([self.token.expand(len(x), -1, -1), y], dim=1) + self.places
        q, k, v = split(self.qkv(self.before(y)), 2, (3, 2, 4)).permute(2, 0, 3, 1, 4).unbind(0)
        z = functional.scaled_dot_product_attention(q, k, v).transpose(1, 2).flatten(2)
        made: torch.Tensor = self.head((y + self.scale * self.proj(z))[:, 0])
        return made


def with_weights_of(module: nn.Module, graph: ArchGraph, order: list[str]) -> nn.Module:
    """Return the graph's network with the module's weights, which are given in its order."""
    same, given = graph.to_torch(), dict(module.named_parameters())
    for own, name in zip(same.parameters(), order or list(given), strict=True):
        value = given[name].detach()
        # Positions are [tokens, channels] there, and maps here.
        turned = value[0].T if value.dim() == 3 and own.shape[0] != 1 else value
        own.data = turned.reshape(own.shape).clone()
    return same


IN_ORDER = ["patches.weight", "patches.bias", "token", "places", "before.weight", "before.bias"]
IN_ORDER += ["qkv.weight", "qkv.bias", "proj.weight", "proj.bias", "scale", "head.weight"]


@pytest.mark.parametrize(
    ("made", "order"),
    [
        (Attending, []),
        (Windows, []),
        (Grid, []),
        (Apart, []),
        (Whole, [*IN_ORDER, "head.bias"]),
    ],
)
def test_outputs_are_those_of_the_module(made: Callable[[], nn.Module], order: list[str]) -> None:
    torch.manual_seed(1)
    module, x = made().eval(), torch.randn(2, 8, 4, 6)
    graph = ArchGraph.from_torch(module, x)
    assert graph.ops.count("Attention") == 1
    same = with_weights_of(module, graph, order).eval()
    assert torch.allclose(same(x), module(x), atol=1e-5)
    assert ArchGraph.from_torch(same, x).hash == graph.hash
    same(x).sum().backward()
    assert all(p.grad is not None for p in same.parameters())


def test_windows_that_do_not_divide_a_map_are_refused() -> None:
    told = ArchGraph.from_torch(Windows(), torch.empty(1, 8, 4, 6)).to_dict()
    next(node for node in told["nodes"] if node["op"] == "Attention")["kernel_h"] = 3
    with pytest.raises(GraphError, match=r"\(Attention\): 4 pixels do not divide into windows"):
        ArchGraph.from_dict(told).to_torch()
