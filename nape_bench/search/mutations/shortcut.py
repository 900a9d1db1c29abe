"""A shortcut added."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nape_bench.search.draft import Draft, Rejected
from nape_bench.search.mutations.base import pick, register
from nape_bench.search.node import pointwise
from nape_bench.search.parent import MUL, OUTPUT

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np

    from nape_bench.search.parent import Parent

REACH = 12
"""Nodes back, at most, that a shortcut comes from."""


@register("shortcut", "a sum with an earlier node of the same shape")
def shortcut(draft: Draft, rng: np.random.Generator, _: Sequence[Parent]) -> str:
    """Add what an earlier node of the same shape puts out to what a node puts out."""
    parent = draft.parent
    number = int(rng.integers(1, len(parent.nodes) - 1))
    node = parent.nodes[number]
    if min(node.h_out, node.w_out) == 1:
        raise Rejected("one pixel")
    readers = dict.fromkeys(parent.readers[number])
    if any(parent.nodes[r].op in (MUL, OUTPUT) or r in parent.cuts for r in readers):
        raise Rejected("gate")
    # What the node reads itself, and nothing else of it, stands right before it.
    before = [
        i for i in range(max(1, number - REACH), number)
        if parent.nodes[i].shape == node.shape and parent.nodes[i].op != MUL
    ]  # fmt: skip
    if not before:
        raise Rejected("no such node")
    earlier = pick(before, rng)
    place = draft.order.index(number) + 1
    total = draft.put_in(pointwise("Add", node.shape), (number, earlier), place)
    for reader in readers:
        sources = tuple([total if s == number else s for s in parent.sources[reader]])
        draft.read(reader, sources)
    return f"{parent.nodes[earlier].name} {earlier} added to {node.name} {number}"
