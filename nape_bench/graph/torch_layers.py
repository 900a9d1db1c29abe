"""What each operation of the vocabulary is in torch, padding and slices included."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import torch
from torch import nn
from torch.nn import functional

from nape_bench.errors import GraphError
from nape_bench.graph import torch_own_layers as own
from nape_bench.graph.vocabulary import COLUMNS, OPS

Layer = Callable[..., torch.Tensor]
Shape = tuple[int, int, int]


class NodeRow(NamedTuple):
    """One node's columns, sizes put together."""

    op: str
    shape_in: Shape
    shape_out: Shape
    kernel: tuple[int, int]
    stride: tuple[int, int]
    dilation: int
    groups: int
    bias: bool

    @classmethod
    def of(cls, values: list[int]) -> NodeRow:
        """Read a row of `ArchGraph.nodes`."""
        v = dict(zip(COLUMNS, values, strict=True))
        return cls(
            OPS[v["op"]],
            (v["h_in"], v["w_in"], v["c_in"]),
            (v["h_out"], v["w_out"], v["c_out"]),
            (v["kernel_h"], v["kernel_w"]),
            (v["stride_h"], v["stride_w"]),
            v["dilation"],
            v["groups"],
            bool(v["bias"]),
        )

    def padding(self) -> list[tuple[int, int]]:
        """Return the pixels to add (before, after) vertically and horizontally."""
        sides = []
        for axis in (0, 1):
            reach = self.dilation * (self.kernel[axis] - 1) + 1
            span = (self.shape_out[axis] - 1) * self.stride[axis] + reach
            missing = max(0, span - self.shape_in[axis])
            sides.append((missing // 2, missing - missing // 2))
        return sides


Maker = Callable[[NodeRow, list[Shape]], Layer]
"""Gives what a node computes, from the node and what its sources put out (`layer_for`)."""


class Cut(nn.Module):
    """Keeps leading channels, drops leading rows and columns, before another layer.

    As many pixels in other rows and columns are put into these.
    """

    def __init__(self, given: Shape, read: Shape, then: Layer | None = None) -> None:
        super().__init__()
        self.rows, self.columns, self.channels = given[0] - read[0], given[1] - read[1], read[2]
        self.pixels = None
        if given[0] * given[1] == read[0] * read[1]:
            self.rows = self.columns = 0
            self.pixels = read[:2] if given[:2] != read[:2] else None
        self.then = then

    def forward(self, x: torch.Tensor, *others: torch.Tensor) -> torch.Tensor:
        """Map [batch, c, h, w] to what is read of it; other inputs are read as they are."""
        x = x[:, : self.channels, self.rows :, self.columns :]
        if self.pixels is not None:
            x = torch.unflatten(x.flatten(2), 2, self.pixels)
        return x if self.then is None else self.then(x, *others)


class Padded(nn.Module):
    """Pads unevenly before a layer that cannot."""

    def __init__(self, sides: list[tuple[int, int]], value: float, layer: nn.Module) -> None:
        super().__init__()
        self.sides = (*sides[1], *sides[0])  # torch counts from the last axis
        self.value = value
        self.layer = layer

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Map [batch, c, h, w] to the layer's output over padded maps."""
        result: torch.Tensor = self.layer(functional.pad(x, self.sides, value=self.value))
        return result


class UnevenAvgPool(nn.Module):
    """Average pool with uneven padding, which is left out of the mean."""

    shares: torch.Tensor

    def __init__(self, row: NodeRow, sides: list[tuple[int, int]]) -> None:
        super().__init__()
        self.sides = (*sides[1], *sides[0])
        self.kernel, self.stride = row.kernel, row.stride
        inside = torch.ones(1, 1, *row.shape_in[:2])
        # A window that sees nothing but padding gives noughts.
        shares = self._mean(inside)
        self.register_buffer("shares", torch.where(shares > 0, shares, 1.0), persistent=False)

    def _mean(self, x: torch.Tensor) -> torch.Tensor:
        return functional.avg_pool2d(functional.pad(x, self.sides), self.kernel, self.stride)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Map [batch, c, h, w] to the means of windows, over pixels inside the map alone."""
        return self._mean(x) / self.shares


class DenseOverPixels(nn.Linear):
    """A dense layer over channels, at every pixel."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Map [batch, c_in, h, w] to [batch, c_out, h, w]."""
        return super().forward(x.movedim(1, -1)).movedim(-1, 1)


def _conv(row: NodeRow) -> nn.Module:
    sides = row.padding()
    even = all(before == after for before, after in sides)
    layer = nn.Conv2d(
        row.shape_in[2],
        row.shape_out[2],
        row.kernel,
        row.stride,
        padding=(sides[0][0], sides[1][0]) if even else 0,
        dilation=row.dilation,
        groups=row.groups,
        bias=row.bias,
    )
    return layer if even else Padded(sides, 0.0, layer)


def _max_pool(row: NodeRow) -> nn.Module:
    sides = row.padding()
    pad: tuple[int, int] | int = (sides[0][0], sides[1][0])
    half = [k // 2 for k in row.kernel]  # all that torch pads by itself
    even = all(a == b and a <= h for (a, b), h in zip(sides, half, strict=True))
    layer = nn.MaxPool2d(row.kernel, row.stride, pad if even else 0, row.dilation)
    return layer if even else Padded(sides, float("-inf"), layer)


def _avg_pool(row: NodeRow) -> nn.Module:
    sides = row.padding()
    half = [k // 2 for k in row.kernel]
    if all(a == b and a <= h for (a, b), h in zip(sides, half, strict=True)):
        pad = (sides[0][0], sides[1][0])
        return nn.AvgPool2d(row.kernel, row.stride, padding=pad, count_include_pad=False)
    return UnevenAvgPool(row, sides)


def _mean(x: torch.Tensor) -> torch.Tensor:
    return x.mean(dim=(2, 3), keepdim=True)


def _global(x: torch.Tensor) -> torch.Tensor:
    return x.mean(dim=(3, 2), keepdim=True)  # this order tells `from_torch` the word


def _zero(x: torch.Tensor) -> torch.Tensor:
    return x * 0  # and not zeros_like, so that gradients flow, if only zeros


_MAKERS: dict[str, Callable[[NodeRow], Layer]] = {
    "Conv": _conv,
    "Depthwise": _conv,
    "MatMul": lambda row: DenseOverPixels(row.shape_in[2], row.shape_out[2], bias=row.bias),
    "BatchNorm": lambda row: nn.BatchNorm2d(row.shape_in[2]),
    "Maxpool": _max_pool,
    "Avgpool": _avg_pool,
    "ReLU": lambda _: torch.relu,
    "ReLU6": lambda _: functional.relu6,
    "Sigmoid": lambda _: torch.sigmoid,
    "Tanh": lambda _: torch.tanh,
    "Swish": lambda _: functional.silu,
    "GeLU": lambda _: functional.gelu,
    "Mean": lambda _: _mean,
    "Global": lambda _: _global,
    "Zero": lambda _: _zero,
    "LayerNorm": own.ChannelNorm,
    "RMSNorm": own.ChannelNorm,
    "GroupNorm": lambda row: nn.GroupNorm(row.groups, row.shape_out[2]),
    "L2Norm": lambda row: partial(own.normalised, row),
    "Scale": own.Scale,
    "Bias": own.Added,
    "Embedding": own.Added,
    "Tokens": own.Tokens,
    "Transpose": lambda row: partial(own.transposed, row),
    "Leading": lambda row: partial(own.leading, row),
    "Trailing": lambda row: partial(own.trailing, row),
    "Shuffle": lambda row: partial(own.shuffled, row),
    "SpacetoDepthND": own.in_depth,
    "Roll": lambda row: partial(own.rolled, row),
    "LeakyReLU": lambda _: functional.leaky_relu,
    "PReLU": lambda row: nn.PReLU(row.shape_out[2]),
    "ELU": lambda _: functional.elu,
    "SELU": lambda _: functional.selu,
    "Mish": lambda _: functional.mish,
    "HardSigmoid": lambda _: functional.hardsigmoid,
}


def layer_for(row: NodeRow, given: list[Shape]) -> Layer:
    """Return what a node computes.

    Args:
        row: The node.
        given: (height, width, channels) of what each of its sources puts out.

    Returns:
        A callable over float tensors [batch, channels, height, width], one a source; a torch
        module where it has parameters or buffers.

    Raises:
        GraphError: The operation has no counterpart.
    """
    if row.op == "Concat":
        return _concatenate
    if row.op == "Mul":
        return product(row, given)
    if row.op == "Add":
        return partial(_sum, _cuts(row, given))
    if row.op == "Attention":
        layer: Layer = own.Attention(row, [row.shape_in, *given[1:]])
    elif row.op in _MAKERS:
        layer = _MAKERS[row.op](row)
    else:
        raise GraphError("this operation cannot be run in torch")
    return layer if given[0] == row.shape_in else Cut(given[0], row.shape_in, layer)


def product(row: NodeRow, given: list[Shape]) -> Layer:
    """Return the product of tensors of these shapes, sliced or broadcast as the node says."""
    return partial(_multiply, _cuts(row, given))


def _multiply(cuts: list[Cut | None], *xs: torch.Tensor) -> torch.Tensor:
    parts = _sliced(cuts, xs)
    result = parts[0]
    for part in parts[1:]:
        result = result * part
    return result


def gated(row: NodeRow, gate: NodeRow, given: list[Shape]) -> Layer:
    """Return the h-sigmoid of what a ReLU6 reads, times another tensor.

    Args:
        row: The Mul.
        gate: The ReLU6.
        given: What the source of the ReLU6, and that of the other tensor, puts out.
    """
    cut = None if given[0] == gate.shape_in else Cut(given[0], gate.shape_in)
    return partial(_gate, cut, product(row, [gate.shape_out, given[1]]))


def _gate(cut: Cut | None, times: Layer, source: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
    return times(functional.hardsigmoid(source if cut is None else cut(source)), x)


def _cuts(row: NodeRow, given: list[Shape]) -> list[Cut | None]:
    """Return how each input of an elementwise node is sliced; 1 x 1 maps are broadcast instead."""
    spread = row.shape_in[:2] == (1, 1) and row.shape_out[:2] != (1, 1)
    cuts: list[Cut | None] = []
    for shape in given:
        read = (*(shape[:2] if spread else row.shape_in[:2]), row.shape_in[2])
        cuts.append(None if shape == read else Cut(shape, read))
    return cuts


def _sum(cuts: list[Cut | None], *xs: torch.Tensor) -> torch.Tensor:
    parts = _sliced(cuts, xs)
    result = parts[0] + parts[1]
    for part in parts[2:]:
        # alpha, which changes nothing, tells `from_torch` that it is the same sum that goes on.
        result = torch.add(result, part, alpha=1.0)
    return result


def _sliced(cuts: list[Cut | None], xs: tuple[torch.Tensor, ...]) -> list[torch.Tensor]:
    return [x if cut is None else cut(x) for cut, x in zip(cuts, xs, strict=True)]


def _concatenate(*xs: torch.Tensor) -> torch.Tensor:
    return torch.cat(xs, dim=1)
