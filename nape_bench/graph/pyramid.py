"""Feature pyramids: where in a classifier's graph the maps of each size are finished.

Detectors and segmenters read a network's body at several sizes (Lin et al., Feature Pyramid
Networks, CVPR 2017, take the output of each stage's last residual block). A graph has no stages;
what a stage ends in is found by how the graph is wired.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from nape_bench.errors import GraphError
from nape_bench.graph.arch_graph import ArchGraph
from nape_bench.graph.joints import joints
from nape_bench.graph.vocabulary import COLUMN_INDEX, OP_INDEX

if TYPE_CHECKING:
    from collections.abc import Sequence

MOST = 0.9
"""The part of all nodes of its height or above that a merging node depends on."""
_MERGING = frozenset({"Add", "Concat"})
_PLAIN = dict.fromkeys(("stride_h", "stride_w", "dilation", "groups"), 1)
_CLOSING = frozenset({"BatchNorm", "ReLU", "ReLU6", "Swish", "GeLU", "Mul"})
"""What may stand between a convolution and its activation's end; h-swish ends in a Mul."""


class Level(NamedTuple):
    """One size of maps.

    Attributes:
        node: Number of the node whose output is read.
        side: Height and width of the maps.
        channels: Their number.
    """

    node: int
    side: int
    channels: int


def pyramid(graph: ArchGraph) -> list[Level]:
    """Return where maps of each size are finished, the largest size first.

    For each height of maps it is the last node of that height through which every path from the
    input to the output goes. Behind it only the block that halves the maps begins. A pointwise
    convolution that adds channels, with its normalisation and activation, belongs to what follows:
    to the inverted bottleneck that it opens, or to the classifier; the node before it is taken.

    Where cells read the last two before them (DARTS), no node is on every path. Then it is the
    last Add or Concat of that height that depends on nearly all nodes of its height or above.

    Args:
        graph: A network for images.

    Raises:
        GraphError: There are no such maps that are square and larger than one pixel.
    """
    sides = _sides(graph)
    inner = joints(graph)[1:-1]  # neither Input nor Output
    levels = _merged(graph)
    for place, node in enumerate(inner):
        if sides[node] > 1:
            levels[sides[node]] = _before_expansion(graph, inner[: place + 1])
    if not levels:
        raise GraphError("no square maps larger than one pixel are finished anywhere in the graph")
    return [levels[side] for side in sorted(levels, reverse=True)]


def _sides(graph: ArchGraph) -> list[int]:
    """Return the height of each node's maps; 0 where they are not square."""
    heights, widths = graph.column("h_out"), graph.column("w_out")
    sides: list[int] = np.where(heights == widths, heights, 0).tolist()
    return sides


def _merged(graph: ArchGraph) -> dict[int, Level]:
    """Return the last Add or Concat of each height that most nodes of it or above lead to."""
    sides, channels = _sides(graph), graph.column("c_out")
    heights = graph.column("h_out").tolist()
    before = [0] * len(graph.ops)  # what a node depends on, a bit for each
    for source, target in graph.edges.tolist():
        before[target] |= before[source] | 1 << source
    levels = {}
    for node, op in enumerate(graph.ops):
        side = sides[node]
        if op in _MERGING and side > 1:
            larger = [i for i, height in enumerate(heights) if height >= side]
            if sum(before[node] >> i & 1 for i in larger) >= MOST * len(larger):
                levels[side] = Level(node, side, int(channels[node]))
    return levels


def _before_expansion(graph: ArchGraph, inner: list[int]) -> Level:
    """Return the last joint as a level, or the one before an expansion that ends in it."""
    heights, given, made = (graph.column(name) for name in ("h_out", "c_in", "c_out"))
    last = inner[-1]
    for place in range(len(inner) - 1, 0, -1):
        node, before = inner[place], inner[place - 1]
        op = graph.ops[node]
        if op == "Conv":
            pointwise = graph.column("kernel_h")[node] == 1 and made[node] > given[node]
            if pointwise and heights[before] == heights[last]:
                last = before
            break
        if op not in _CLOSING:
            break
    return Level(last, int(heights[last]), int(made[last]))


def body_of(graph: ArchGraph, levels: Sequence[Level]) -> ArchGraph:
    """Return the network up to the last of its levels, without the classifier.

    Nodes keep their numbers; the output is the coarsest level's maps.
    """
    last = max(level.node for level in levels)
    output = graph.nodes[last].copy()
    for name, value in {"kernel_h": 0, "kernel_w": 0, "bias": 0, **_PLAIN}.items():
        output[COLUMN_INDEX[name]] = value
    output[COLUMN_INDEX["op"]] = OP_INDEX["Output"]
    for axis in ("h", "w", "c"):
        output[COLUMN_INDEX[f"{axis}_in"]] = output[COLUMN_INDEX[f"{axis}_out"]]
    edges = graph.edges[graph.edges[:, 1] <= last]
    return ArchGraph(
        np.concatenate([graph.nodes[: last + 1], output[None]]),
        np.concatenate([edges, [[last, last + 1]]]),
    )
