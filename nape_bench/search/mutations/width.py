"""Another number of channels."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nape_bench.search.draft import Draft, Rejected
from nape_bench.search.mutations.base import pick, register

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np

    from nape_bench.search.parent import Parent

FACTORS = (0.5, 0.75, 1.25, 1.5)


@register("width", "more or fewer channels of a layer, and of all that are tied to it")
def change_width(draft: Draft, rng: np.random.Generator, _: Sequence[Parent]) -> str:
    """Give a layer more or fewer channels, and with it all that are tied to it by sums."""
    found = draft.parent.widths
    width = found[pick(range(len(found)), rng)]
    factor = FACTORS[int(rng.integers(len(FACTORS)))]
    if width.fixed:
        raise Rejected(width.fixed)
    steps = max(1, round(width.channels * factor / width.multiple))
    channels = steps * width.multiple
    if channels == width.channels:
        channels += width.multiple if factor > 1 else -width.multiple
    if channels < 1:
        raise Rejected("no channels")
    for layer in width.layers:
        draft.nodes[layer] = draft.nodes[layer]._replace(c_out=channels)
        draft.touched.add(layer)
    first = width.layers[0]
    others = f" and {len(width.layers) - 1} others" if len(width.layers) > 1 else ""
    return f"{width.channels} -> {channels} channels (node {first}{others})"
