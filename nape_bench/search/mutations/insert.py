"""A layer put in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nape_bench.graph.vocabulary import OPS
from nape_bench.search.draft import Draft, Rejected
from nape_bench.search.mutations.base import pick, register
from nape_bench.search.node import pointwise, window
from nape_bench.search.parent import ACTIVATIONS, MUL, OUTPUT

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np

    from nape_bench.search.parent import Parent

LAYERS = (("Conv", 1), ("Conv", 3), ("Conv", 5), ("Depthwise", 3), ("Depthwise", 5),
          ("Maxpool", 3), ("Avgpool", 3))  # fmt: skip
"""What is put in, and its kernel: a convolution gets a BatchNorm and an activation behind it."""


@register("insert", "a convolution (with BatchNorm and activation) or pool on an edge")
def insert(draft: Draft, rng: np.random.Generator, _: Sequence[Parent]) -> str:
    """Put a layer that keeps the shape on an edge between maps of more than one pixel."""
    parent = draft.parent
    edges = parent.graph.edges
    source, target = edges[int(rng.integers(len(edges)))].tolist()
    node, reader = parent.nodes[source], parent.nodes[target]
    op, kernel = LAYERS[int(rng.integers(len(LAYERS)))]
    if source == 0 or reader.op in (OUTPUT, MUL) or target in parent.cuts:
        raise Rejected("gate" if reader.op == MUL else "edge")
    if any(parent.nodes[other].op == MUL for other in parent.readers[source]):
        raise Rejected("gate")
    if min(node.h_out, node.w_out) == 1:
        raise Rejected("one pixel")
    c = node.c_out
    groups = c if op == "Depthwise" else 1
    place = draft.order.index(target)
    number = draft.put_in(
        window(op, node.shape, c, (kernel, kernel), groups=groups), (source,), place
    )
    if op in ("Conv", "Depthwise"):
        if parent.normalised:
            number = draft.put_in(pointwise("BatchNorm", node.shape), (number,), place + 1)
        used = sorted({each.op for each in parent.nodes if each.op in ACTIVATIONS})
        if used:
            word = OPS[pick(used, rng)]
            at = draft.order.index(target)
            number = draft.put_in(pointwise(word, node.shape), (number,), at)
    # One slot alone: the same source may feed another.
    sources = list(parent.sources[target])
    sources[sources.index(source)] = number
    draft.read(target, tuple(sources))
    return f"{op} {kernel}x{kernel} between {node.name} {source} and {reader.name} {target}"
