"""`from_torch` on what model zoos write: rotary positions, blocks of pixels, heads, small pools."""

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


def in_pairs(x: torch.Tensor) -> torch.Tensor:
    return torch.stack([-x[..., 1::2], x[..., ::2]], -1).reshape(x.shape)


def in_halves(x: torch.Tensor) -> torch.Tensor:
    one, other = x.chunk(2, dim=-1)
    return torch.cat([-other, one], dim=-1)


class Rotary(nn.Module):
    """Attention whose queries and keys are turned, all or those behind `kept` first tokens."""

    def __init__(self, turn: Callable[[torch.Tensor], torch.Tensor], kept: int = 0) -> None:
        super().__init__()
        self.turn, self.kept = turn, kept
        self.qkv, self.proj = nn.Linear(8, 24), nn.Linear(8, 8)
        for name in ("sine", "cosine"):
            self.register_buffer(name, torch.rand(6 - kept, 4))

    def place(self, x: torch.Tensor) -> torch.Tensor:
        rest = x[:, :, self.kept :]
        rest = rest * self.cosine + self.turn(rest) * self.sine
        return torch.cat([x[:, :, : self.kept], rest], dim=2)  # none are kept: nothing and the rest

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        q, k, v = self.qkv(x).reshape(1, 6, 3, 2, 4).permute(2, 0, 3, 1, 4).unbind(0)
        y = functional.scaled_dot_product_attention(self.place(q), self.place(k), v)
        return self.proj(y.transpose(1, 2).reshape(1, 6, 8))


@pytest.mark.parametrize("turn", [in_pairs, in_halves])
@pytest.mark.parametrize("kept", [0, 1])
def test_rotary_positions_are_not_kept(
    turn: Callable[[torch.Tensor], torch.Tensor], kept: int
) -> None:
    graph = ArchGraph.from_torch(Rotary(turn, kept), torch.empty(1, 6, 8))
    assert graph.ops == ["Input", "MatMul", "Attention", "MatMul", "Output"]
    assert graph.flops() == 6 * 8 * 24 + 6 * 8 * 8 + 2 * 6 * 6 * 8


def test_a_constant_over_tokens_and_channels_alone_is_no_rotary_position() -> None:
    def halved(x: torch.Tensor) -> torch.Tensor:
        return 0.5 * x

    with pytest.raises(GraphError, match="not both parts of a rotary position"):
        ArchGraph.from_torch(Rotary(halved), torch.empty(1, 6, 8))


class Weighted(Rotary):
    """Tokens times a constant, before a layer."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        heads = x.reshape(1, 6, 2, 4).transpose(1, 2) * self.cosine
        return self.proj(heads.transpose(1, 2).reshape(1, 6, 8))


def test_a_constant_over_tokens_and_channels_is_named() -> None:
    with pytest.raises(GraphError, match="multiplied by a constant of more than a vector"):
        ArchGraph.from_torch(Weighted(in_halves), torch.empty(1, 6, 8))


class Outside(Rotary):
    """What is turned goes into a layer, and into no attention."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        heads = self.place(x.reshape(1, 6, 2, 4).transpose(1, 2))
        return self.proj(heads.transpose(1, 2).reshape(1, 6, 8))


def test_a_rotary_position_outside_of_an_attention_is_refused() -> None:
    with pytest.raises(GraphError, match="an attention alone does"):
        ArchGraph.from_torch(Outside(in_halves), torch.empty(1, 6, 8))


class Blocks(nn.Module):
    """Maps in windows of 4 x 4, of which each 2 x 2 pixels are pooled inside the window."""

    def __init__(self, how: str) -> None:
        super().__init__()
        self.how, self.last = how, nn.Conv2d(3, 5, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        n, c, h, w = x.shape
        windows = x.reshape(n, c, h // 4, 4, w // 4, 4).permute(0, 2, 4, 1, 3, 5)
        if self.how == "pool":
            flat = windows.reshape(-1, c, 4, 4)
            made = functional.max_pool2d(flat, 2).reshape(n, h // 4, w // 4, c, 2, 2)
        else:
            apart = windows.reshape(n, h // 4, w // 4, c, 2, 2, 2, 2)
            made = apart.amax(dim=(5, 7)) if self.how == "amax" else apart.mean(dim=(5, 7))
        return self.last(made.permute(0, 3, 1, 4, 2, 5).reshape(n, c, h // 2, w // 2))


@pytest.mark.parametrize(
    ("how", "op"), [("pool", "Maxpool"), ("amax", "Maxpool"), ("mean", "Avgpool")]
)
def test_pools_inside_windows_are_pools_of_the_map(how: str, op: str) -> None:
    module = Blocks(how)
    graph = ArchGraph.from_torch(module, torch.empty(1, 3, 8, 16))
    assert graph.ops == ["Input", op, "Conv", "Output"]
    assert (graph.column("kernel_h")[1], graph.column("stride_w")[1]) == (2, 2)
    same = graph.to_torch()
    same.load_state_dict(dict(zip(same.state_dict(), module.state_dict().values(), strict=True)))
    x = torch.rand(2, 3, 8, 16)
    assert torch.allclose(same(x), module(x), atol=1e-6)


class Wrong(nn.Module):
    """Pools pixels that are no neighbours."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        n, c, h, w = x.shape
        return x.reshape(n, c, 2, h // 2, w).amax(dim=2)


def test_pools_of_pixels_that_lie_apart_are_refused() -> None:
    with pytest.raises(GraphError, match="it pools h of a node in pieces"):
        ArchGraph.from_torch(Wrong(), torch.empty(1, 3, 8, 8))


class Patches(nn.Module):
    """Patches by im2col, or by unfolding both axes, before a dense layer."""

    def __init__(self, how: str, step: int = 4) -> None:
        super().__init__()
        self.how, self.step, self.last = how, step, nn.Linear(48, 6)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if self.how == "im2col":
            return self.last(functional.unfold(x, 4, stride=self.step).transpose(1, 2))
        apart = x.unfold(2, 4, self.step).unfold(3, 4, self.step)
        return self.last(apart.permute(0, 2, 3, 4, 5, 1).reshape(len(x), -1, 48))


def test_patches_only_rearrange() -> None:
    graph = ArchGraph.from_torch(Patches("unfold"), torch.empty(1, 3, 8, 12))
    assert graph.ops == ["Input", "SpacetoDepthND", "MatMul", "Output"]
    assert graph.flops() == 6 * 48 * 6
    for how in ("im2col", "unfold"):
        with pytest.raises(GraphError, match="windows that overlap"):
            ArchGraph.from_torch(Patches(how, step=2), torch.empty(1, 3, 8, 12))


class Heads(nn.Module):
    """A depthwise convolution over each head by itself, its weights shared by the heads."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.last = nn.Conv2d(4, 4, 3, padding=1, groups=4), nn.Linear(8, 5)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        n, c, h, w = x.shape
        y = self.conv(x.reshape(n * 2, 4, h, w))
        return self.last(y.reshape(n, c, h * w).transpose(1, 2))


def test_a_depthwise_convolution_of_heads_is_one_over_all_of_them() -> None:
    graph = ArchGraph.from_torch(Heads(), torch.empty(1, 8, 6, 6))
    assert graph.ops == ["Input", "Depthwise", "MatMul", "Output"]
    assert (graph.column("groups")[1], graph.column("c_out")[1]) == (8, 8)
    assert graph.flops() == 36 * (8 * 9 + 8 * 5)


class OverTokens(nn.Module):
    """A dense layer over pixels, whose result is added to the maps."""

    def __init__(self) -> None:
        super().__init__()
        self.layer, self.last = nn.Linear(20, 20), nn.Conv2d(3, 5, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        tokens = x.flatten(2)
        return self.last((tokens + self.layer(tokens)).reshape(x.shape))


def test_maps_and_rows_of_tokens_are_added() -> None:
    graph = ArchGraph.from_torch(OverTokens(), torch.empty(1, 3, 4, 5))
    assert graph.ops.count("Add") == 1
    assert graph.flops() == 3 * 20 * 20 + 20 * 3 * 5
    assert ArchGraph.from_dict(graph.to_dict()).hash == graph.hash


def test_average_pools_of_one_pixel_may_see_padding_alone() -> None:
    class Path(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.last = nn.Conv2d(3, 5, 1)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.last(functional.avg_pool2d(functional.pad(x, (-1, 1, -1, 1)), 1, 2))

    module = Path()
    graph = ArchGraph.from_torch(module, torch.empty(1, 3, 7, 7))
    assert graph.ops == ["Input", "Avgpool", "Conv", "Output"]
    assert graph.column("h_out").tolist() == [7, 4, 4, 4]
    same = graph.to_torch()
    same.load_state_dict(dict(zip(same.state_dict(), module.state_dict().values(), strict=True)))
    x = torch.rand(2, 3, 7, 7)
    assert torch.allclose(same(x), module(x), atol=1e-6)
    assert ArchGraph.from_onnx(graph.to_onnx()).hash == graph.hash
    assert ArchGraph.from_torch(same, x).hash == graph.hash


def test_noughts_around_a_max_pool_are_its_padding() -> None:
    module = nn.Sequential(nn.ZeroPad2d((0, 1, 0, 1)), nn.MaxPool2d(2, 1))
    graph = ArchGraph.from_torch(module, torch.empty(1, 3, 6, 6))
    assert graph.ops == ["Input", "Maxpool", "Output"]
    assert graph.column("h_out").tolist() == [6, 6, 6]
