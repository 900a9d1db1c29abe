"""Shrinking: the same network with fewer channels, for smaller images and other outputs.

A space builds its architectures at any scale; a graph that is given as it is has no space. Its
wiring, kernels, strides and operations stay; channels, sizes and groups are worked out anew.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

from nape_bench.errors import GraphError
from nape_bench.graph.arch_graph import ArchGraph
from nape_bench.graph.builder import same_size, scale
from nape_bench.graph.vocabulary import (
    COLUMN_INDEX,
    CONVOLUTIONS,
    POINTWISE,
    POOLS,
    REDUCTIONS,
    RESHAPING,
    WEIGHTED,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np

_SPACES = frozenset({"SpacetoDepthND", "DepthtoSpaceND"})


class _Shape(NamedTuple):
    h: int
    w: int
    c: int


def shrunk(graph: ArchGraph, *, width: float, pixels: int, outputs: int) -> ArchGraph:
    """Return the network with its channels times a factor, for images of another size.

    Channels of the image stay, those of every layer with weights are rounded, at least one. Where
    rounding makes the inputs of a sum differ, the sum reads the leading channels that all have.
    Grouped convolutions keep as many of their groups as the channels can be divided by.

        shrunk(hiaml.build(spec), width=0.25, pixels=16, outputs=10)
        # is hiaml.build(spec, width=0.25, resolution=16), node by node

    Args:
        graph: A network that ends in a classifier: a layer with weights and what follows it
            without a branch.
        width: Factor on the channel counts of layers with weights.
        pixels: Height of the image; its width keeps the proportion.
        outputs: Channels of the classifier.

    Raises:
        GraphError: It does not end in a classifier, or an operation cannot be had at this size;
            the message names the node.
    """
    if width <= 0 or pixels < 1 or outputs < 1:
        raise GraphError(f"{width=}, {pixels=} and {outputs=} must be positive")
    if "OOV" in graph.ops:
        raise GraphError(f"node {graph.ops.index('OOV')} (OOV): nobody knows what it does")
    fixed = next((node for node, op in enumerate(graph.ops) if op in RESHAPING), None)
    if fixed is not None:
        raise GraphError(f"node {fixed} ({graph.ops[fixed]}): it is not known at another size")
    classifier = _classifier(graph)
    sources: list[list[int]] = [[] for _ in graph.ops]
    for source, target in graph.edges.tolist():
        sources[target].append(source)
    nodes = graph.nodes.copy()
    shapes: list[_Shape] = []
    for node, op in enumerate(graph.ops):
        old = _Row(graph.nodes[node])
        if op == "Input":
            side = scale(old["w_out"], pixels / old["h_out"])
            seen = out = _Shape(pixels, side, old["c_out"])
            groups = 1
        else:
            given = [shapes[source] for source in sources[node]]
            before = [_Row(graph.nodes[source]) for source in sources[node]]
            seen = _read(op, old, given, before, width)
            h, w = _pixels(node, op, old, seen, given)
            c = _channels(node, op, old, seen, given, width) if node != classifier else outputs
            out, groups = _Shape(h, w, c), _groups(op, old, seen, c)
        shapes.append(out)
        for name, value in zip(
            ("h_in", "h_out", "w_in", "w_out", "c_in", "c_out", "groups"),
            (seen.h, out.h, seen.w, out.w, seen.c, out.c, groups),
            strict=True,
        ):
            nodes[node, COLUMN_INDEX[name]] = value
    return ArchGraph(nodes, graph.edges)


class _Row:
    """A node's columns by name."""

    def __init__(self, values: np.ndarray) -> None:
        self._values = values.tolist()

    def __getitem__(self, name: str) -> int:
        return int(self._values[COLUMN_INDEX[name]])


def _classifier(graph: ArchGraph) -> int:
    """Return the last layer with weights, if nothing but pointwise and mean follows it."""
    before = {int(target): int(source) for source, target in graph.edges}
    node = before[len(graph) - 1]
    while graph.ops[node] in (POINTWISE | REDUCTIONS) - {"Input"}:
        node = before[node]
    row = _Row(graph.nodes[node])
    if graph.ops[node] not in {"Conv", "MatMul"} or row["groups"] != 1:
        raise GraphError(
            f"node {node} ({graph.ops[node]}): is no classifier: a network ends in a convolution "
            "without groups or a dense layer, whose channels are its outputs"
        )
    return node


def _read(
    op: str, old: _Row, given: Sequence[_Shape], before: Sequence[_Row], width: float
) -> _Shape:
    """Return the shape that a node reads, rows, columns and channels cut as they were."""
    if op == "Concat":
        return given[0]
    read = []
    for axis, axis_given in zip("hwc", zip(*given, strict=True), strict=True):
        least = min(axis_given)
        cut = min(row[f"{axis}_out"] for row in before) - old[f"{axis}_in"]
        if cut > 0:
            least = min(least, scale(old["c_in"], width)) if axis == "c" else least - cut
        read.append(max(1, least))
    return _Shape(*read)


def _pixels(
    node: int, op: str, old: _Row, seen: _Shape, given: Sequence[_Shape]
) -> tuple[int, int]:
    """Return the height and width of what a node puts out."""
    if op in REDUCTIONS:
        return 1, 1
    if op == "Mul" and (seen.h, seen.w) == (1, 1):  # broadcast
        return max(shape.h for shape in given), max(shape.w for shape in given)
    if op in CONVOLUTIONS | POOLS:
        return _window(node, op, old, "h", seen.h), _window(node, op, old, "w", seen.w)
    if op in _SPACES:
        return _exact(node, op, old, "h", seen.h), _exact(node, op, old, "w", seen.w)
    return seen.h, seen.w


def _channels(
    node: int, op: str, old: _Row, seen: _Shape, given: Sequence[_Shape], width: float
) -> int:
    """Return the channels of what a node puts out."""
    if op == "Concat":
        return sum(shape.c for shape in given)
    if _is_depthwise(op, old):
        return seen.c * (old["c_out"] // old["c_in"])
    if op in WEIGHTED:
        return scale(old["c_out"], width)
    return _exact(node, op, old, "c", seen.c) if op in _SPACES else seen.c


def _groups(op: str, old: _Row, seen: _Shape, c_out: int) -> int:
    if _is_depthwise(op, old):
        return seen.c
    return math.gcd(old["groups"], seen.c, c_out)


def _is_depthwise(op: str, old: _Row) -> bool:
    return op in CONVOLUTIONS and old["groups"] == old["c_in"] > 1


def _exact(node: int, op: str, old: _Row, axis: str, size: int) -> int:
    """Return a size that grows or falls by the factor by which it did."""
    out, rest = divmod(size * old[f"{axis}_out"], old[f"{axis}_in"])
    if rest:
        raise GraphError(f"node {node} ({op}): cannot take {size} apart as it took what it read")
    return out


def _window(node: int, op: str, old: _Row, axis: str, size: int) -> int:
    """Return the output size of a window: SAME padding stays so, other padding stays as it was."""
    stride, before, after = old[f"stride_{axis}"], old[f"{axis}_in"], old[f"{axis}_out"]
    if after == same_size(before, stride):
        return same_size(size, stride)
    span = old["dilation"] * (old[f"kernel_{axis}"] - 1) + 1
    padding = max(0, (after - 1) * stride + span - before)
    left = size + padding - span
    if left < 0:
        raise GraphError(f"node {node} ({op}): its window is larger than a map of {size} pixels")
    return left // stride + 1
