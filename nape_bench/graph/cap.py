"""Capping maps: a network with its first strides left out, for small images."""

from __future__ import annotations

import numpy as np

from nape_bench.errors import GraphError
from nape_bench.graph.arch_graph import ArchGraph
from nape_bench.graph.vocabulary import COLUMN_INDEX

_AXES = (("h_in", "h_out", "stride_h"), ("w_in", "w_out", "stride_w"))


def cap_maps(graph: ArchGraph, pixels: int) -> ArchGraph:
    """Return the network whose maps are at most so large: strides above that size become 1.

    A network that halves its maps five times leaves nothing of a small image. Built for an image
    of 64 pixels and capped at 16, it reads images of 16 pixels and skips the first two halvings;
    kernels, channels and wiring are as they were, and so are all later layers.

    Args:
        graph: A network.
        pixels: Greatest height and width of a map, the image included.

    Raises:
        GraphError: `pixels` is less than 1, or a layer above that size does not end in a size
            that fits (an input of an Add that lost a row, say).
    """
    if pixels < 1:
        raise GraphError(f"maps have 1 pixel or more, not {pixels}")
    nodes = graph.nodes.copy()
    for names in _AXES:
        given, made, stride = (nodes[:, COLUMN_INDEX[name]] for name in names)
        outside = given > pixels
        np.minimum(given, pixels, out=given)
        np.minimum(made, pixels, out=made)
        stride[outside & (given == made)] = 1
    return ArchGraph(nodes, graph.edges)
