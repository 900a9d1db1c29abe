"""What words of our own are in torch: normalisations, learned vectors, tokens, attention.

What a graph does not keep is chosen here: scores are divided by the root of a head's channels;
queries, keys and values lie one after the other, heads too; new tokens come before the others.
"""

from __future__ import annotations

import math
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

import torch
from torch import nn
from torch.nn import functional

from nape_bench.errors import GraphError

if TYPE_CHECKING:
    from collections.abc import Callable

    from nape_bench.graph.torch_layers import NodeRow, Shape


class ChannelNorm(nn.Module):
    """LayerNorm or RMSNorm over the channels of a pixel, or of each group of them."""

    def __init__(self, row: NodeRow) -> None:
        super().__init__()
        self.groups = row.groups
        size = row.shape_out[2] // row.groups
        self.weight = nn.Parameter(torch.ones(size))
        self.bias = nn.Parameter(torch.zeros(size)) if row.op == "LayerNorm" else None

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Map [batch, c, h, w] to the same shape."""
        y = x.movedim(1, -1)
        if self.groups > 1:
            y = torch.unflatten(y, -1, (self.groups, -1))
        if self.bias is None:
            y = functional.rms_norm(y, self.weight.shape, self.weight, 1e-6)
        else:
            y = functional.layer_norm(y, self.weight.shape, self.weight, self.bias, 1e-6)
        return (y.flatten(-2) if self.groups > 1 else y).movedim(-1, 1)


class Scale(nn.Module):
    """Times a learned vector over channels."""

    def __init__(self, row: NodeRow) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(row.shape_out[2], 1, 1))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Map [batch, c, h, w] to the same shape."""
        return x * self.weight


class Added(nn.Module):
    """Plus a learned vector over channels (Bias), or a learned map (Embedding)."""

    def __init__(self, row: NodeRow) -> None:
        super().__init__()
        h, w, c = row.shape_out
        self.bias = nn.Parameter(torch.zeros((c, 1, 1) if row.op == "Bias" else (c, h, w)))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Map [batch, c, h, w] to the same shape."""
        return x + self.bias


class Tokens(nn.Module):
    """Learned tokens before those of the maps, which are put into one row."""

    def __init__(self, row: NodeRow) -> None:
        super().__init__()
        pixels, before = (math.prod(shape[:2]) for shape in (row.shape_out, row.shape_in))
        self.size = row.shape_out[:2]
        self.tokens = nn.Parameter(torch.zeros(1, pixels - before, row.shape_out[2]))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Map [batch, c, h, w] to [batch, c, h', w'], a row of more pixels."""
        own = self.tokens.expand(len(x), -1, -1)
        y = torch.cat([own, x.flatten(2).transpose(1, 2)], dim=1)
        return torch.unflatten(y.transpose(1, 2), 2, self.size)


class Attention(nn.Module):
    """Attention of pixels to each other, over the whole map or inside windows.

    Args:
        row: The node.
        given: (height, width, channels) of each source, in the order of its slots.

    Raises:
        GraphError: Channels do not divide into heads, or pixels into windows.
    """

    def __init__(self, row: NodeRow, given: list[Shape]) -> None:
        super().__init__()
        self.heads, c_in, c_out = row.groups, row.shape_in[2], row.shape_out[2]
        if len(given) == 1:
            q = (c_in - c_out) // 2
            sources = [[q, q, c_out]]
        elif len(given) == 2 and given[1][2] == c_out:
            q = c_in // 2
            sources = [[q, q], [c_out]]
        else:
            q = c_in
            sources = [[q], [q, c_out]] if len(given) == 2 else [[x[2]] for x in given]
        self.sources = sources
        self.widths = (q // self.heads, q // self.heads, c_out // self.heads)
        sizes = [size for source in sources for size in source]
        whole = all(self.widths) and not (q % self.heads or c_out % self.heads)
        if not whole or any(a % b for a, b in zip(sizes, self.widths, strict=True)):
            raise GraphError(f"channels {sizes} do not divide into {self.heads} heads")
        self.queries: _Windows | None = None
        if row.kernel[0]:
            keys = row.shape_in if len(given) == 1 else given[-1]
            self.queries, self.keys = _windows(row, keys[:2])

    def forward(self, *xs: torch.Tensor) -> torch.Tensor:
        """Map [batch, c, h, w], one a source, to [batch, c', h, w]."""
        q, k, v = (
            part
            for x, sizes in zip(xs, self.sources, strict=True)
            for part in (torch.split(x, sizes, dim=1) if len(sizes) > 1 else [x])
        )
        h, w = q.shape[2:]
        if self.queries is None:
            q, k, v = (
                self._of_heads(x, width).transpose(2, 3)
                for x, width in zip((q, k, v), self.widths, strict=True)
            )
            y = functional.scaled_dot_product_attention(q, k, v)
            return torch.unflatten(y.transpose(2, 3).flatten(1, 2), 2, (h, w))
        q, k, v = (
            _cut(self._of_heads(x, width), windows)
            for x, width, windows in zip(
                (q, k, v), self.widths, (self.queries, self.keys, self.keys), strict=True
            )
        )
        y = functional.scaled_dot_product_attention(q, k, v)
        return _joined(y, self.queries).reshape(len(y), -1, h, w)

    def _of_heads(self, x: torch.Tensor, width: int) -> torch.Tensor:
        """Map [batch, c, h, w] to [batch, heads, c / heads, h w]; one head is read by all."""
        y = torch.unflatten(x.flatten(2), 1, (x.shape[1] // width, width))
        return y if y.shape[1] == self.heads else y.expand(-1, self.heads, -1, -1)


class _Windows(NamedTuple):
    """How a map is cut: (windows, pixels of a window, distance of these) for rows and columns."""

    rows: tuple[int, int, int]
    columns: tuple[int, int, int]


def _windows(row: NodeRow, keys: tuple[int, ...]) -> tuple[_Windows, _Windows]:
    """Return how the maps of queries and of keys are cut."""
    cuts: list[tuple[tuple[int, int, int], tuple[int, int, int]]] = []
    for queries, size, taps in zip(row.shape_in[:2], keys, row.kernel, strict=True):
        # Windows of all pixels of an axis lie beside nothing.
        apart = 1 if taps == size else row.dilation
        outer, rest = divmod(size, taps * apart)
        own, left = divmod(queries, max(1, outer) * apart)
        if rest or left or not outer:
            raise GraphError(f"{size} pixels do not divide into windows of {taps}")
        cuts.append(((outer, own, apart), (outer, taps, apart)))
    (q_rows, k_rows), (q_columns, k_columns) = cuts
    return _Windows(q_rows, q_columns), _Windows(k_rows, k_columns)


def _cut(x: torch.Tensor, windows: _Windows) -> torch.Tensor:
    """Map [batch, heads, c, pixels] to [batch, windows, heads, pixels of a window, c]."""
    y = torch.unflatten(x, 3, (*windows.rows, *windows.columns))
    y = y.permute(0, 3, 5, 6, 8, 1, 4, 7, 2)
    return y.flatten(6, 7).flatten(1, 4)


def _joined(x: torch.Tensor, windows: _Windows) -> torch.Tensor:
    """Map [batch, windows, heads, pixels of a window, c] to [batch, heads, c, ...pixels]."""
    (outer_h, h, d_h), (outer_w, w, d_w) = windows
    y = torch.unflatten(x, 3, (h, w))
    y = torch.unflatten(y, 1, (outer_h, d_h, outer_w, d_w))
    return y.permute(0, 5, 8, 1, 6, 2, 3, 7, 4)


def transposed(row: NodeRow, x: torch.Tensor) -> torch.Tensor:
    """Return maps whose pixels are channels, and channels pixels."""
    return torch.unflatten(x.flatten(2).transpose(1, 2), 2, row.shape_out[:2])


def leading(row: NodeRow, x: torch.Tensor) -> torch.Tensor:
    """Return the first rows, columns and channels."""
    h, w, c = row.shape_out
    return x[:, :c, :h, :w]


def trailing(row: NodeRow, x: torch.Tensor) -> torch.Tensor:
    """Return the last rows, columns and channels."""
    h, w, c = (a - b for a, b in zip(row.shape_in, row.shape_out, strict=True))
    return x[:, c:, h:, w:]


def shuffled(row: NodeRow, x: torch.Tensor) -> torch.Tensor:
    """Return maps whose channels, in groups, are interleaved."""
    return torch.unflatten(x, 1, (row.groups, -1)).transpose(1, 2).flatten(1, 2)


def rolled(row: NodeRow, x: torch.Tensor) -> torch.Tensor:
    """Return maps whose rows and columns moved cyclically."""
    return torch.roll(x, row.kernel, (2, 3))


def normalised(row: NodeRow, x: torch.Tensor) -> torch.Tensor:
    """Return maps whose pixels are vectors of length 1, in each group of channels."""
    y = x.movedim(1, -1)
    if row.groups == 1:
        return functional.normalize(y, dim=-1).movedim(-1, 1)
    y = functional.normalize(torch.unflatten(y, -1, (row.groups, -1)), dim=-1)
    return y.flatten(-2).movedim(-1, 1)


def in_depth(row: NodeRow) -> Callable[[torch.Tensor], torch.Tensor]:
    """Return what puts the pixels of square blocks into channels.

    Raises:
        GraphError: Blocks are not square.
    """
    (h, w, c), (h_out, w_out, c_out) = row.shape_in, row.shape_out
    block = h // h_out
    if (h_out * block, w_out * block, c * block * block) != (h, w, c_out):
        raise GraphError("its blocks are not square: it cannot be run in torch")
    return partial(functional.pixel_unshuffle, downscale_factor=block)
