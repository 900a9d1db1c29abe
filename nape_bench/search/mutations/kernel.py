"""Another kernel size."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nape_bench.search.draft import Draft, Rejected
from nape_bench.search.mutations.base import pick, register
from nape_bench.search.parent import CONVOLUTIONS, POOLS

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np

    from nape_bench.search.parent import Parent

SIDES = (1, 3, 5, 7)
EVEN_SIDES = (2, 4)
"""What the side of a kernel may be, odd or even as it was: padding stays as even as it was."""


@register("kernel", "another kernel size of a convolution or pool")
def change_kernel(draft: Draft, rng: np.random.Generator, _: Sequence[Parent]) -> str:
    """Give a convolution or pool another kernel; a side of 1 stays so where the other is larger."""
    parent = draft.parent
    chosen = [
        i for i, node in enumerate(parent.nodes)
        if (node.op in CONVOLUTIONS or node.op in POOLS) and max(node.h_in, node.w_in) > 1
    ]  # fmt: skip
    if not chosen:
        raise Rejected("no such node")
    number = pick(chosen, rng)
    node = parent.nodes[number]
    larger = max(node.kernel_h, node.kernel_w)
    # What looks at one pixel, and has no weights between channels, would do nothing.
    least = 2 if node.op in POOLS or node.groups > 1 or node.kernel_h != node.kernel_w else 1
    sides = EVEN_SIDES if larger % 2 == 0 else SIDES
    side = pick([s for s in sides if s != larger and s >= least], rng)
    kernel_h = side if node.kernel_h == larger else node.kernel_h
    kernel_w = side if node.kernel_w == larger else node.kernel_w
    draft.nodes[number] = node._replace(kernel_h=kernel_h, kernel_w=kernel_w)
    return f"{node.told} -> {kernel_h}x{kernel_w} (node {number})"
