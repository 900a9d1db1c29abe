"""Rotary positions: queries and keys are turned, by angles that go with the place of a token.

x cos + turned(x) sin, where turned(x) is x with its channels in pairs, exchanged, and one of each
negated (Su et al., RoFormer, arXiv 2104.09864, section 3.4.2). As other positions inside an
attention they are no part of a graph; what was turned can be read by an attention alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from nape_bench.errors import GraphError
from nape_bench.graph.torch_import.values import Turning
from nape_bench.graph.torch_import.views import NO_PAD, Digit, View

if TYPE_CHECKING:
    from collections.abc import Sequence


def times_cosines(x: View, shape: Sequence[int]) -> Turning | None:
    """Return x times a constant that differs along tokens and channels, if it is of such sizes."""
    own = x.sizes
    fits = len(shape) == len(own) and all(a in (1, b) for a, b in zip(shape, own, strict=True))
    channels = x.dims[-1] if x.dims else ()
    along = fits and shape[-1] == own[-1] and all(digit.axis == "c" for digit in channels)
    return Turning(x, "cosines") if along else None


def pairs(views: Sequence[View], dim: int, *, stacked: bool) -> Turning | None:
    """Return the vectors whose channels were exchanged in pairs, one of each negated, else None.

    Args:
        views: What is put together: the second of each pair, negated, and the first.
        dim: The axis.
        stacked: Whether pairs are neighbours, stacked along a new last axis; else they lie half of
            the channels apart.
    """
    if len(views) != 2 or dim != len(views[0].dims) - (0 if stacked else 1):
        return None
    second, first = views
    alike = second._replace(factor=first.factor, start=first.start) == first
    if not alike or second.factor != -first.factor or first.pad != NO_PAD:
        return None
    if not first.dims[-1] or len(first.dims[-1]) > 1 or first.dims[-1][0].axis != "c":
        return None
    digit = first.dims[-1][0]
    apart = digit.stride // 2 if stacked else digit.size * digit.stride
    h, w, c = first.start
    if second.start != (h, w, c + apart) or (stacked and digit.stride % 2):
        return None
    whole = Digit("c", 2 * digit.size, apart if stacked else digit.stride)
    return Turning(first._replace(dims=(*first.dims[:-1], (whole,))), "pairs")


def turned(one: Turning, other: Turning) -> View:
    """Return the sum of both parts.

    Raises:
        GraphError: They are not both parts, of the same vectors.
    """
    if {one.part, other.part} != {"cosines", "sines"} or one.of != other.of:
        raise GraphError("it adds what are not both parts of a rotary position")
    return one.of._replace(turned=True)


def behind_others(views: Sequence[View], dim: int) -> View | None:
    """Return the tokens of which those behind the first ones were turned, else None."""
    first, size = views[0], 0
    stride = next((d.stride for x in views for d in x.dims[dim]), 1)
    axes = {d.axis for x in views for d in x.dims[dim]}
    if not any(x.turned for x in views) or len(axes) != 1 or not axes <= {"h", "w"}:
        return None
    axis = axes.pop()
    for x in views:
        start = list(first.start)
        start["hw".index(axis)] += size * stride
        rest = x._replace(dims=first.dims, start=first.start, turned=first.turned)
        others = [d for at, d in enumerate(x.dims) if at != dim]
        alike = rest == first and others == [d for at, d in enumerate(first.dims) if at != dim]
        if not alike or list(x.start) != start or len(x.dims[dim]) > 1:
            return None
        size += x.sizes[dim]
    digit = Digit(axis, size, stride)
    return first._replace(dims=(*first.dims[:dim], (digit,), *first.dims[dim + 1 :]), turned=True)
