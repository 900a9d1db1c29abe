"""Another operation in a node's place."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nape_bench.graph.vocabulary import OP_INDEX, OPS
from nape_bench.search.draft import Draft, Rejected
from nape_bench.search.mutations.base import pick, register
from nape_bench.search.parent import ACTIVATIONS, CONVOLUTIONS, MUL, POOLS

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np

    from nape_bench.search.parent import Parent

ACTIVATION_WORDS = tuple(OP_INDEX[op] for op in ("ReLU", "ReLU6", "Swish", "GeLU"))
WINDOW_WORDS = tuple(OP_INDEX[op] for op in ("Conv", "Depthwise", "Maxpool", "Avgpool"))
_CONV = OP_INDEX["Conv"]
_DEPTHWISE = OP_INDEX["Depthwise"]


@register("operation", "another activation, or another of Conv, Depthwise, Maxpool and Avgpool")
def change_operation(draft: Draft, rng: np.random.Generator, _: Sequence[Parent]) -> str:
    """Put another activation, or another operation over the same window, into a node's place.

    A window of one pixel becomes one of 3 where it is to be pooled or filtered by channel.
    """
    parent = draft.parent
    chosen = [
        i for i, node in enumerate(parent.nodes)
        if node.op in ACTIVATIONS or node.op in CONVOLUTIONS or node.op in POOLS
    ]  # fmt: skip
    if not chosen:
        raise Rejected("no such node")
    number = pick(chosen, rng)
    node = parent.nodes[number]
    words = ACTIVATION_WORDS if node.op in ACTIVATIONS else WINDOW_WORDS
    op = pick([word for word in words if word != node.op], rng)
    told = f"{node.told} -> {OPS[op]} (node {number})"
    if node.op in ACTIVATIONS:
        if any(parent.nodes[reader].op == MUL for reader in parent.readers[number]):
            raise Rejected("gate")
        draft.nodes[number] = node._replace(op=op)
        return told
    if op != _CONV and node.c_in != node.c_out:
        raise Rejected("channels differ")
    kernel = (node.kernel_h, node.kernel_w)
    if op != _CONV and kernel == (1, 1):
        kernel = (3, 3)
    if op != _CONV and min(node.h_in, node.w_in) == 1:
        raise Rejected("one pixel")
    draft.nodes[number] = node._replace(
        op=op,
        kernel_h=kernel[0],
        kernel_w=kernel[1],
        dilation=1 if op in POOLS else node.dilation,
        groups=node.c_in if op == _DEPTHWISE else 1,
        bias=0 if op in POOLS else node.bias,
    )
    draft.touched.add(number)
    return told
