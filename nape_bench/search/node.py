"""Node: one row of node columns by name, as mutations read and write it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from nape_bench.graph.vocabulary import OP_INDEX, OPS

if TYPE_CHECKING:
    from collections.abc import Iterable

Shape = tuple[int, int, int]
"""(height, width, channels) of a tensor, the batch left out."""


_CONV, _DEPTHWISE = OP_INDEX["Conv"], OP_INDEX["Depthwise"]


class Node(NamedTuple):
    """One node; the fields are `vocabulary.COLUMNS`, in their order."""

    op: int
    h_in: int
    h_out: int
    w_in: int
    w_out: int
    c_in: int
    c_out: int
    kernel_h: int = 0
    kernel_w: int = 0
    stride_h: int = 1
    stride_w: int = 1
    dilation: int = 1
    groups: int = 1
    bias: int = 0

    @property
    def name(self) -> str:
        """Name of its operation."""
        return OPS[self.op]

    @property
    def shape(self) -> Shape:
        """What it puts out."""
        return (self.h_out, self.w_out, self.c_out)

    @property
    def is_depthwise(self) -> bool:
        """Whether each channel has filters of its own."""
        return self.op == _DEPTHWISE or (self.op == _CONV and self.groups == self.c_in > 1)

    @property
    def told(self) -> str:
        """What it is, in a few letters: "Conv 3x3 s2"."""
        window = f" {self.kernel_h}x{self.kernel_w}" if self.kernel_h else ""
        stride = f" s{self.stride_h}" if self.stride_h > 1 else ""
        return f"{self.name}{window}{stride}"


def numbers(names: Iterable[str]) -> frozenset[int]:
    """Return the indices of operations."""
    return frozenset(OP_INDEX[name] for name in names)


def pointwise(op: str, shape: Shape) -> Node:
    """Return a node that keeps the shape that it reads."""
    h, w, c = shape
    return Node(OP_INDEX[op], h, h, w, w, c, c)


def window(
    op: str,
    shape: Shape,
    c_out: int,
    kernel: tuple[int, int],
    stride: tuple[int, int] = (1, 1),
    groups: int = 1,
) -> Node:
    """Return a convolution or pool with SAME padding over a shape."""
    h, w, c = shape
    (kh, kw), (sh, sw) = kernel, stride
    return Node(OP_INDEX[op], h, -(-h // sh), w, -(-w // sw), c, c_out, kh, kw, sh, sw, 1, groups)
