"""A layer or branch taken out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nape_bench.search.draft import Draft, Rejected
from nape_bench.search.mutations.base import pick, register
from nape_bench.search.parent import (
    ACTIVATIONS,
    ADD,
    BATCH_NORM,
    CONCAT,
    CONVOLUTIONS,
    POOLS,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np

    from nape_bench.search.parent import Parent


@register("remove", "a layer with what belongs to it, an activation, or a branch of a sum")
def remove(draft: Draft, rng: np.random.Generator, _: Sequence[Parent]) -> str:
    """Take out a node; what read it reads what it read.

    With a convolution or pool go the BatchNorm and activation that nothing else feeds. Of a sum or
    concatenation a branch is taken off.
    """
    parent = draft.parent
    chosen = [
        i for i, node in enumerate(parent.nodes)
        if node.op in CONVOLUTIONS or node.op in POOLS or node.op in ACTIVATIONS
        or node.op in (ADD, CONCAT)
    ]  # fmt: skip
    if not chosen:
        raise Rejected("no such node")
    number = pick(chosen, rng)
    node = parent.nodes[number]
    if number in parent.cuts:
        raise Rejected("cut")
    if node.op in (ADD, CONCAT):
        sources = parent.sources[number]
        source = pick(sources, rng)
        draft.drop(number, source)
        return f"the branch from {parent.nodes[source].name} {source} to {node.name} {number}"
    last = number
    if node.op in CONVOLUTIONS or node.op in POOLS:
        for _belonging in range(2):
            readers = parent.readers[last]
            if len(readers) != 1 or parent.nodes[readers[0]].op not in (BATCH_NORM, *ACTIVATIONS):
                break
            last = readers[0]
    draft.reread(last, parent.sources[number][0])
    behind = last - number
    return f"{node.told} (node {number})" + (f" and {behind} behind it" if behind else "")
