"""Attention of a traced network: products of queries, keys and values become one node."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

from nape_bench.errors import GraphError
from nape_bench.graph.onnx_import_draft import Node
from nape_bench.graph.torch_import.layers import dense, softmax
from nape_bench.graph.torch_import.values import Norm, Relative, Scores, Weight
from nape_bench.graph.torch_import.views import (
    NO_PAD,
    Digit,
    View,
    axis_of,
    merged,
    permuted,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from nape_bench.graph.torch_import.call import Call
    from nape_bench.graph.torch_import.values import Value


def scaled_dot_product(call: Call) -> View:
    """Read torch's attention; a mask that is added to the scores is not kept."""
    q, k, v = (call.view(name) for name in ("query", "key", "value"))
    mask = call.get("attn_mask")
    if isinstance(mask, View):
        raise GraphError("its mask follows from the image")
    return attended(call, q, k, v)


def matmul(call: Call) -> Value:
    """Read a product of matrices: of an attention, or with a weight."""
    values = list(call.given.values())[:2]
    one, other = values
    if isinstance(one, View) and isinstance(other, View):
        return Scores(one, _swapped(other))
    if isinstance(one, Scores) and isinstance(other, View):
        return _applied(call, one, other)
    if isinstance(one, View) and isinstance(other, Scores):
        return _swapped(_applied(call, other, _swapped(one)))
    if isinstance(one, View) and isinstance(other, Weight):
        if len(other.shape) == 2 and one.sizes[-1] == other.shape[0] and _all_channels(call, one):
            return dense(call, one, other.shape[1], bias=False)
        return Relative(one)
    raise GraphError("it multiplies what is neither of an attention nor a weight")


def added_product(call: Call) -> Value:
    """Read addmm (a dense layer) or baddbmm (scores with a mask)."""
    bias, one, other = list(call.given.values())[:3]
    if isinstance(one, View) and isinstance(other, Weight) and len(other.shape) == 2:
        return dense(call, one, other.shape[1], bias=isinstance(bias, Weight))
    if isinstance(one, View) and isinstance(other, View) and not isinstance(bias, View):
        return Scores(one, _swapped(other))
    raise GraphError("it adds a product of matrices that is no dense layer")


def einsum(call: Call) -> Value:
    """Read a product of two tensors over one index: of an attention, or with positions."""
    equation = call.get("equation").replace(" ", "")
    operands = list(call.get("tensors"))
    reads, _, out = equation.partition("->")
    names = reads.split(",")
    if len(operands) != 2 or "." in equation:
        raise GraphError(f"it computes {equation}: products of two tensors are read")
    gone = [letter for letter in names[0] if letter in names[1] and letter not in out]
    if len(gone) != 1:
        raise GraphError(f"it computes {equation}")
    one, other = operands
    shared = [letter for letter in out if letter in names[0] and letter in names[1]]
    if isinstance(one, View) and isinstance(other, View):
        free = [[x for x in name if x not in shared + gone] for name in names]
        if any(len(letters) != 1 for letters in free):
            raise GraphError(f"it computes {equation}")
        q, k = (
            permuted(x, [name.index(at) for at in [*shared, *letters, *gone]])
            for x, name, letters in zip(operands, names, free, strict=True)
        )
        return Scores(q, k)
    if isinstance(one, Scores) and isinstance(other, View):
        last = [x for x in names[1] if x not in shared + gone]
        v = permuted(other, [names[1].index(at) for at in [*shared, *gone, *last]])
        query = [x for x in names[0] if x not in shared + gone]
        made = _applied(call, one, v, math.prod(call.out))
        order = [*shared, *query, *last]
        return permuted(made, [order.index(at) for at in out])
    if isinstance(one, View) and isinstance(other, Weight):
        return Relative(one)
    raise GraphError(f"it computes {equation} of what is neither of an attention nor a weight")


def soft(call: Call) -> Value:
    """Read a softmax: of scores, or outside of attention."""
    value = call.first()
    return value._replace(soft=True) if isinstance(value, Scores) else softmax(call)


def summed_scores(call: Call) -> Relative | None:
    """Return the sums of scores, by which they are divided next; None where it sums no scores."""
    value = call.first()
    return Relative(value.q) if isinstance(value, Scores) and value.soft else None


def copied(call: Call) -> Value:
    """Read scores that are written over a part of the scores, to add positions to these."""
    value, written = list(call.given.values())[:2]
    if isinstance(value, Scores) and isinstance(written, Scores):
        return value
    raise GraphError("it writes over a part of a tensor")


def normalised_lengths(call: Call) -> Value:
    """Read what keeps lengths from being nought."""
    value = call.first()
    if isinstance(value, Norm | Scores):
        return value
    raise GraphError("it bounds a tensor of the network from below")


def _swapped(x: View) -> View:
    order = list(range(len(x.dims)))
    return permuted(x, [*order[:-2], order[-1], order[-2]])


def _all_channels(call: Call, x: View) -> bool:
    settled = call.desk.settled(x)
    return math.prod(d.size for d in settled.dims[-1]) == call.desk.seen(settled)[2]


def _applied(call: Call, scores: Scores, v: View, size: int | None = None) -> View:
    if not scores.soft:
        raise GraphError("it multiplies three tensors without a softmax: no attention")
    made = attended(call, scores.q, scores.k, v)
    if math.prod(made.sizes) != (size or math.prod(call.out)):
        raise GraphError(f"it makes {list(call.out)}, where an attention gives {list(made.sizes)}")
    return made


class _Part(NamedTuple):
    """Queries, keys or values.

    Attributes:
        x: The view.
        channels: How many of all heads.
        heads: How many heads.
    """

    x: View
    channels: int
    heads: int


def _part(x: View, name: str) -> _Part:
    x = x._replace(dims=tuple(tuple(d for d in dim if d.axis != "x") for dim in x.dims))
    if x.pad != NO_PAD:
        raise GraphError(f"its {name} are padded")
    last = x.dims[-1]
    if any(digit.axis != "c" for digit in last):
        raise GraphError(f"its {name} are over pixels, or mix them with channels")
    width = math.prod(digit.size for digit in last)
    channels = _covers(x, "c")
    return _Part(x, channels, channels // width)


def _over_pixels(x: View) -> bool:
    """Return whether tokens are channels, and what a token holds are pixels."""
    features, tokens = ({digit.axis for digit in x.dims[at]} - {"x"} for at in (-1, -2))
    return bool(features) and features <= {"h", "w"} and tokens == {"c"}


def _turned(call: Call, x: View) -> View:
    """Return a view of which channels have become pixels, and pixels channels."""
    whole = call.desk.settled(x, exact=True)
    h, w, c = call.desk.seen(whole)
    number = call.desk.node("Transpose", whole, (c, 1, h * w))
    became = {"c": ("h", 1), "h": ("c", w), "w": ("c", 1)}
    return View(number, tuple(_renamed(dim, became) for dim in whole.dims))


def _renamed(digits: Iterable[Digit], became: dict[str, tuple[str, int]]) -> tuple[Digit, ...]:
    named = [(became.get(d.axis, (d.axis, 1)), d) for d in digits]
    return merged(Digit(axis, d.size, d.stride * step) for (axis, step), d in named)


def _between_channels(call: Call, q: View, k: View, v: View) -> View:
    """Add an Attention of channels to each other, between Transposes; heads are windows of them."""
    h, w, _ = call.desk.seen(call.desk.settled(v, exact=True))
    made = attended(call, *(_turned(call, x) if _over_pixels(x) else x for x in (q, k, v)))
    rows, columns, size = call.desk.shape(made)
    if size != h * w or made.dims[-1] != axis_of("c", size):
        raise GraphError("its values are over a part of the pixels, or in another order")
    number = call.desk.node("Transpose", made, (h, w, rows * columns))
    became = {"h": ("c", columns), "w": ("c", 1)}
    dims = [_renamed(dim, became) for dim in made.dims[:-1]]
    return View(number, (*dims, (*axis_of("h", h), *axis_of("w", w))))


def attended(call: Call, q: View, k: View, v: View) -> View:
    """Add an Attention.

    Args:
        call: The operator that ends it.
        q: Queries, [..., tokens, channels of a head].
        k: Keys, likewise.
        v: Values, likewise.

    Raises:
        GraphError: They are no tokens by channels, or heads differ.
    """
    if _over_pixels(v):
        return _between_channels(call, q, k, v)
    parts = [_part(x, name) for x, name in ((q, "queries"), (k, "keys"), (v, "values"))]
    heads = parts[0].heads
    if any(part.heads not in (1, heads) for part in parts):
        raise GraphError("its queries, keys and values have different numbers of heads")
    # Neither a scale nor a position is kept.
    plain = [part.x._replace(factor=1.0, turned=False) for part in parts[:2]]
    reads, shape = _sources(call, [*plain, parts[2].x])
    alone = len(reads) == 3 or plain[0].node not in reads
    queries = call.desk.settled(plain[0], exact=True) if alone else plain[0]
    h, w = (_covers(parts[0].x, axis) for axis in "hw")
    out = (h, w, parts[2].channels // parts[2].heads * heads)
    columns = _window(parts[0].x, parts[1].x)
    node = Node("Attention", shape, out, call.desk.label, reads, groups=heads, **columns)
    number = call.desk.draft.add(node)
    return View(number, _dims(queries, out[2] // heads))


def _sources(call: Call, views: list[View]) -> tuple[list[int], tuple[int, int, int]]:
    """Return the nodes that an attention reads, and the shape of what it reads of the first.

    Queries, keys and values that are all of a node's channels are read from it at once.
    """
    for size in (3, 2):
        for first in range(4 - size):
            together = views[first : first + size]
            if _is_all(call, together):
                alone = [x for x in views if x not in together]
                settled = [call.desk.settled(x, exact=True).node for x in alone]
                reads = [*settled, together[0].node] if first else [together[0].node, *settled]
                return reads, call.desk.draft.nodes[reads[0]].shape_out
    reads = [call.desk.settled(x, exact=True).node for x in views]
    return reads, call.desk.draft.nodes[reads[0]].shape_out


def _is_all(call: Call, views: list[View]) -> bool:
    """Return whether views are of one node, see all its pixels, and its channels once."""
    node = views[0].node
    shape = call.desk.shape(views[0])
    if any(x.node != node or x.start[:2] != (0, 0) for x in views):
        return False
    channels: list[int] = []
    for x in views:
        if any(_covers(x, axis) != size for axis, size in zip("hw", shape, strict=False)):
            return False
        channels += _channels(x)
    return sorted(channels) == list(range(shape[2]))


def _covers(x: View, axis: str) -> int:
    """Return how much of an axis of its node a view sees."""
    return math.prod(digit.size for digit in x.digits(axis))


def _channels(x: View) -> list[int]:
    """Return the channels of its node that a view sees."""
    seen = [x.start[2]]
    for digit in x.digits("c"):
        seen = [at + step * digit.stride for at in seen for step in range(digit.size)]
    return seen


def _window(q: View, k: View) -> dict[str, Any]:
    """Return the columns that say which pixels attend to each other."""
    if not any(d.axis in "hw" for dim in q.dims[:-2] for d in dim):
        return {}
    tokens = k.dims[-2]
    sizes = [math.prod(d.size for d in tokens if d.axis == axis) for axis in "hw"]
    steps = [d.stride for d in tokens if d.axis in "hw"]
    return {"kernel": (sizes[0], sizes[1]), "dilation": min(steps, default=1)}


def _dims(q: View, width: int) -> tuple[tuple[Digit, ...], ...]:
    """Return the axes of what an attention gives: those of the queries, with values' channels."""
    outer = sorted(
        (d for dim in q.dims[:-1] for d in dim if d.axis == "c"), key=lambda d: d.stride
    )  # fmt: skip
    strides, stride = {}, width
    for digit in outer:
        strides[digit] = stride
        stride *= digit.size
    dims = [
        tuple(d._replace(stride=strides[d]) if d.axis == "c" else d for d in dim)
        for dim in q.dims[:-1]
    ]
    return (*dims, (Digit("c", width, 1),) if width > 1 else ())
