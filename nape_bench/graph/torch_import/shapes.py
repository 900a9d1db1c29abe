"""Operators of a traced network that only rearrange, slice or pad: none of them is a node."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nape_bench.errors import GraphError
from nape_bench.graph.torch_import.call import natural
from nape_bench.graph.torch_import.values import Norm, Relative, Scores, Turning, Weight
from nape_bench.graph.torch_import.views import (
    NO_PAD,
    Digit,
    View,
    chosen,
    merged,
    permuted,
    reshaped,
    sliced,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from nape_bench.graph.torch_import.call import Call
    from nape_bench.graph.torch_import.values import Value


def same(call: Call) -> Value:
    """Read what computes nothing at inference; a graph does not keep types."""
    value: Value = call.first()
    return value


def blank(call: Call) -> Weight:
    """Read a new tensor of which the network gives nothing but shape and type."""
    return Weight(call.out)


def of_view(read: Callable[[Call, View], Any]) -> Callable[[Call], Any]:
    """Return a reader that leaves scores and lengths alone, which keep no order of axes."""

    def either(call: Call) -> Any:
        value = call.first()
        if isinstance(value, Scores | Relative | Norm):
            return value
        x = call.view()
        if x.pad != NO_PAD:
            raise GraphError("it reads what was padded: padding is read by windows alone")
        return read(call, x)

    return either


def reshape(call: Call) -> Value:
    """Read a reshape, flatten, unflatten, squeeze or unsqueeze, by the shape that comes of it."""
    value = call.first()
    if isinstance(value, Turning) and call.out == value.of.sizes:
        return value
    made: Value = of_view(lambda call, x: reshaped(x, call.out))(call)
    return made


def permute(call: Call, x: View) -> View:
    """Read a permutation of axes."""
    return permuted(x, [dim % len(x.dims) for dim in call.get("dims")])


def transpose(call: Call, x: View) -> View:
    """Read an exchange of two axes."""
    order = list(range(len(x.dims)))
    one, other = (at % len(order) for at in list(call.given.values())[1:3])
    order[one], order[other] = other, one
    return permuted(x, order)


def swap_last(_: Call, x: View) -> View:
    """Read an exchange of the last two axes."""
    order = list(range(len(x.dims)))
    return permuted(x, [*order[:-2], order[-1], order[-2]])


def move(call: Call, x: View) -> View:
    """Read a movedim."""
    rank = len(x.dims)
    source, target = (
        [value] if isinstance(value, int) else value
        for value in (call.given["source"], call.given["destination"])
    )
    pairs = sorted(zip([t % rank for t in target], [s % rank for s in source], strict=True))
    order = [at for at in range(rank) if at not in [s for _, s in pairs]]
    for place, taken in pairs:
        order.insert(place, taken)
    return permuted(x, order)


def select(call: Call, x: View) -> View:
    """Read the choice of one place along an axis."""
    dim = call.dim()
    return chosen(x, dim, call.get("index") % x.sizes[dim])


def _in_order(call: Call, x: View, dim: int) -> View:
    """Return the view with channels as a node has them, where they were interleaved.

    A part of an axis of interleaved channels is in pieces, of which no graph can tell.
    """
    digits = merged(x.dims[dim])
    mixed = len(digits) > 1 and all(digit.axis == "c" for digit in digits)
    return natural(call, x) if mixed else x


def slice_(call: Call, x: View) -> View | Weight:
    """Read a slice along one axis; one of no places holds nothing of the image."""
    dim = call.dim(default=0)
    if 0 in call.out:
        return Weight(call.out)
    x = _in_order(call, x, dim)
    start, end = call.get("start", 0), call.get("end", 2**62)
    return sliced(x, dim, start, end, call.get("step", 1))


def narrow(call: Call, x: View) -> View:
    """Read a slice by its start and length."""
    start = call.get("start", 0)
    return sliced(x, call.dim(), start, start + call.get("length"))


def unbind(call: Call, x: View) -> tuple[View, ...]:
    """Read the parts of an axis, one for each place."""
    dim = call.dim(default=0)
    return tuple(chosen(x, dim, index) for index in range(x.sizes[dim]))


def split(call: Call, x: View) -> tuple[View, ...]:
    """Read the parts of an axis, of equal or given sizes."""
    dim = call.dim(default=0)
    size = x.sizes[dim]
    x = _in_order(call, x, dim)
    given = call.get("split_size", call.get("split_sizes"))
    if call.op == "chunk":
        given = -(-size // call.get("chunks"))
    sizes = list(given) if isinstance(given, (list, tuple)) else None
    if sizes is None:
        sizes = [min(given, size - at) for at in range(0, size, given)]
    ends = [sum(sizes[: at + 1]) for at in range(len(sizes))]
    return tuple(
        sliced(x, dim, end - part, end) for end, part in zip(ends, sizes, strict=True)
    )  # fmt: skip


def expand(call: Call, x: View) -> View:
    """Read a repetition along axes of one place."""
    sizes = call.out
    dims = ((),) * (len(sizes) - len(x.dims)) + x.dims
    grown = tuple(
        (Digit("x", size, 0),) if size > 1 and not dim else dim
        for size, dim in zip(sizes, dims, strict=True)
    )
    return x._replace(dims=grown)


def pad(call: Call) -> Value:
    """Read the padding of rows and columns; that it mirrors them is not kept, as no padding is."""
    value = call.first()
    if not isinstance(value, View):
        return same(call)
    pads = [*call.get("pad"), *[0] * 8]
    fill = float(call.get("value", 0) or 0)
    if call.get("mode", "constant") == "circular":
        raise GraphError("it pads by mode circular")
    if not any(pads):
        return value
    if min(pads) < 0 < max(pads):
        value, pads = _crop(value, [min(0, at) for at in pads]), [max(0, at) for at in pads]
    if any(pads[4:]) or min(pads) < 0 or len(value.dims) not in (3, 4):
        return _crop(value, pads)
    if value.pad != NO_PAD and value.fill != fill:
        raise GraphError("it pads twice, with different values")
    if any(d.axis in "nc" for dim in value.dims[-2:] for d in dim):
        raise GraphError("it pads channels")
    left, right, top, bottom = pads[:4]
    old = value.pad
    added = (old[0] + top, old[1] + left, old[2] + bottom, old[3] + right)
    return value._replace(pad=added, fill=fill)


def _crop(x: View, pads: list[int]) -> View:
    if max(pads) > 0 or x.pad != NO_PAD:
        raise GraphError(f"it pads {list(x.sizes)} by {pads[:8]}: rows and columns of maps only")
    for at in range(len(x.dims)):
        dim = len(x.dims) - 1 - at
        x = sliced(x, dim, -pads[2 * at], x.sizes[dim] + pads[2 * at + 1])
    return x


def tile(call: Call, x: View) -> View:
    """Read a repetition of whole axes, each of one place."""
    times = call.get("repeats", call.get("dims", []))
    if all(time == 1 for time in times):
        return x
    return expand(call, x)
