"""Shapes after a change: worked out anew behind it, and made to agree where branches meet."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nape_bench.graph import vocabulary as vocab
from nape_bench.graph.builder import same_size
from nape_bench.search.draft import Draft, Rejected
from nape_bench.search.node import Node, Shape, numbers, pointwise, window
from nape_bench.search.parent import (
    ADD,
    CONCAT,
    CONVOLUTIONS,
    KEPT,
    MATMUL,
    MUL,
    OUTPUT,
    POOLS,
    REDUCTIONS,
    natural,
)

if TYPE_CHECKING:
    from nape_bench.search.parent import Cut

STRIDES = (1, 2, 3, 4)
"""Strides of a projection that makes a map smaller."""
_FIXED = numbers({*vocab.RESHAPING, "OOV", "SpacetoDepthND", "DepthtoSpaceND"})
_GROUPED = numbers(vocab.GROUPED - vocab.CONVOLUTIONS)


def settle(draft: Draft) -> None:
    """Work out the shapes of all that a change reaches.

    Sizes go forward from what was touched. Where branches of a sum no longer agree, a 1 x 1
    convolution (with BatchNorm, where the network has some) is put into those that differ from the
    branch that did not change: it changes channels, and makes a larger map smaller by its stride.
    The same makes maps agree that are concatenated.

    Raises:
        Rejected: Something cannot have the shape that reaches it; the reason says what.
    """
    draft.tidy()
    changed: set[int] = set()
    touched, nodes, cuts = draft.touched, draft.nodes, draft.parent.cuts
    before = draft.parent.nodes
    for number in draft.order.copy():
        sources = draft.sources[number]
        if number not in touched and changed.isdisjoint(sources):
            continue
        old = nodes[number]
        given = [nodes[source].shape for source in sources]
        if len(given) > 1:
            given = _agreed(draft, number, given, changed)
        new = _follow(old, given, cuts.get(number))
        if new != old:
            nodes[number] = new
        # Against the parent, since a mutation may have changed channels before.
        if number >= len(before) or new.shape != before[number].shape:
            changed.add(number)


def _agreed(draft: Draft, number: int, given: list[Shape], changed: set[int]) -> list[Shape]:
    """Return shapes that can be summed or concatenated, projections put in where they differ."""
    op = draft.nodes[number].op
    if op == MUL:
        if len({c for _, _, c in given}) > 1 or len({s[:2] for s in given} - {(1, 1)}) > 1:
            raise Rejected("product")
        return given
    if op not in (ADD, CONCAT):
        return given
    h, w = min(s[0] for s in given), min(s[1] for s in given)
    sources = draft.sources[number]
    # What did not change says how many channels a sum has: as many as it had, if it can.
    whole = [s[2] for source, s in zip(sources, given, strict=True) if source not in changed]
    c = next((had for had in whole if had == draft.nodes[number].c_in), (whole or [given[0][2]])[0])
    agreed, reads = [], []
    for source, shape in zip(sources, given, strict=True):
        free = op == CONCAT or number in draft.parent.sliced
        wanted = (h, w, shape[2] if free else c)
        agreed.append(wanted)
        reads.append(source if shape == wanted else _project(draft, source, shape, wanted, number))
    if tuple(reads) != sources:
        draft.sources[number] = tuple(reads)
    return agreed


def _project(draft: Draft, source: int, shape: Shape, wanted: Shape, before: int) -> int:
    """Put a 1 x 1 convolution before a node; returns what is read in place of `source`."""
    stride = []
    for axis in (0, 1):
        fits = [s for s in STRIDES if same_size(shape[axis], s) == wanted[axis]]
        if not fits:
            raise Rejected("sizes")
        stride.append(fits[0])
    place = draft.order.index(before)
    node = window("Conv", shape, wanted[2], (1, 1), (stride[0], stride[1]))
    number = draft.put_in(node, (source,), place)
    if draft.parent.normalised:
        number = draft.put_in(pointwise("BatchNorm", wanted), (number,), place + 1)
    return number


def _follow(node: Node, given: list[Shape], cut: Cut | None) -> Node:  # noqa: C901, PLR0911, PLR0912
    """Return a node with the shapes that follow from what it is given."""
    op = node.op
    h, w, c = natural(op, given)
    if cut is not None:
        h, w = h - cut.rows, w - cut.columns
        c = min(c, cut.channels) if cut.channels else c
        if h < 1 or w < 1:
            raise Rejected("cut")
    if op == OUTPUT:
        if (h, w, c) != node.shape:
            raise Rejected("output")
        return node
    if op in _FIXED:
        if (h, w, c) != (node.h_in, node.w_in, node.c_in):
            raise Rejected("fixed size")
        return node
    if op in _GROUPED and c % node.groups:
        raise Rejected("groups")
    if op in KEPT:
        return Node(op, h, h, w, w, c, c, *node[7:])
    if op in REDUCTIONS:
        return Node(op, h, 1, w, 1, c, c)
    if op == MATMUL:
        return Node(op, h, h, w, w, c, *node[6:])
    if op in CONVOLUTIONS or op in POOLS:
        return _follow_window(node, (h, w, c))
    if op == CONCAT:
        return Node(op, h, h, w, w, c, sum(shape[2] for shape in given))
    if op == MUL and (h, w) == (1, 1):  # broadcast
        return Node(op, 1, max(s[0] for s in given), 1, max(s[1] for s in given), c, c)
    return Node(op, h, h, w, w, c, c)


def _follow_window(node: Node, seen: Shape) -> Node:
    h, w, c = seen
    c_out, groups = node.c_out, node.groups
    if node.op in POOLS:
        c_out = c
    elif node.is_depthwise:
        c_out, groups = c * (node.c_out // node.c_in), c
    elif c % groups or c_out % groups:
        raise Rejected("groups")
    h_out = _size(h, node.h_in, node.h_out, node.kernel_h, node.stride_h, node.dilation)
    w_out = _size(w, node.w_in, node.w_out, node.kernel_w, node.stride_w, node.dilation)
    return Node(node.op, h, h_out, w, w_out, c, c_out, *node[7:12], groups, node.bias)


def _size(size: int, before: int, after: int, kernel: int, stride: int, dilation: int) -> int:
    """Return the output size of a window: SAME padding stays so, other padding as it was."""
    if after == same_size(before, stride):
        return same_size(size, stride)
    span = dilation * (kernel - 1) + 1
    padding = max(0, (after - 1) * stride + span - before)
    if size + padding < span:
        raise Rejected("sizes")
    return (size + padding - span) // stride + 1
