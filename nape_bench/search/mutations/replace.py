"""A part replaced by a part of this or another network (AutoGO's and AIO-P's subgraph swaps)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nape_bench.graph.builder import scale
from nape_bench.search.draft import Draft, Rejected
from nape_bench.search.mutations.base import pick, register
from nape_bench.search.parent import CONVOLUTIONS, MATMUL

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np

    from nape_bench.search.parent import Parent


@register("replace", "a part with one entry and one exit by one of another network")
def replace(draft: Draft, rng: np.random.Generator, donors: Sequence[Parent]) -> str:
    """Put a part of a donor into the place of a part that makes maps smaller by as much.

    Its layers get channels in proportion to what the old part put out.
    """
    parent = draft.parent
    donor = donors[int(rng.integers(len(donors)))] if donors else parent
    if not parent.parts:
        raise Rejected("no such part")
    old = parent.parts[pick(range(len(parent.parts)), rng)]
    fitting = donor.parts_by_strides.get(old.strides, [])
    if not fitting:
        raise Rejected("no such part")
    new = fitting[pick(range(len(fitting)), rng)]
    if any(old.entry < number <= old.exit for number in parent.cuts):
        raise Rejected("cut")
    if any(new.entry < number <= new.exit for number in donor.cuts):
        raise Rejected("cut")
    place = draft.order.index(old.exit) + 1
    factor = parent.nodes[old.exit].c_out / donor.nodes[new.exit].c_out
    stands_for = {new.entry: old.entry}
    for number in range(new.entry + 1, new.exit + 1):
        node = donor.nodes[number]
        if node.op in (*CONVOLUTIONS, MATMUL) and not node.is_depthwise:
            node = node._replace(c_out=scale(node.c_out, factor))
        sources = tuple([stands_for[source] for source in donor.sources[number]])
        stands_for[number] = draft.put_in(node, sources, place)
        place += 1
    draft.reread(old.exit, stands_for[new.exit])
    # What goes with the old part is what nothing reads any more.
    return (
        f"nodes {old.entry + 1} to {old.exit} by {new.exit - new.entry} nodes "
        f"({donor.nodes[new.entry + 1].told} to {donor.nodes[new.exit].told})"
    )
