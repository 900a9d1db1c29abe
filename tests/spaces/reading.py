"""Reading a graph in tests."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nape_bench.graph import ArchGraph


def sources(graph: ArchGraph, node: int) -> list[int]:
    """Return what a node reads, in slot order."""
    return [s for s, t in graph.edges.tolist() if t == node]


def nodes_of(graph: ArchGraph, op: str) -> list[int]:
    """Return the nodes of one operation."""
    return [i for i, name in enumerate(graph.ops) if name == op]


def windows(graph: ArchGraph) -> list[tuple[object, ...]]:
    """Return (op, c_in, c_out, kernel, stride) of convolutions, dense layers and pools."""
    names = ("c_in", "c_out", "kernel_h", "kernel_w", "stride_h", "stride_w")
    columns = zip(*(graph.column(name).tolist() for name in names), strict=True)
    kept = ("Conv", "Depthwise", "MatMul", "Maxpool", "Avgpool")
    return [
        (op, c_in, c_out, (kh, kw), (sh, sw))
        for op, (c_in, c_out, kh, kw, sh, sw) in zip(graph.ops, columns, strict=True)
        if op in kept
    ]


def conv(c_in: int, c_out: int, k: object = 1, s: object = 1) -> tuple[object, ...]:
    """Return a convolution as `windows` gives it."""
    pair = lambda v: v if isinstance(v, tuple) else (v, v)  # noqa: E731
    return ("Conv", c_in, c_out, pair(k), pair(s))
