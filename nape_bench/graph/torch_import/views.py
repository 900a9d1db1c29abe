"""Tensors of a traced network as views of nodes: what only rearranges or slices is no node.

A tensor's axis is a product of digits. Of 224 channels that are split into 7 heads, one axis is the
digit (c, 7, 32) and another the digit (c, 32, 1): 7 steps of 32 channels, and 32 steps of one. So
reshapes, transpositions, windows and heads are told exactly, whatever their order.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

from nape_bench.errors import GraphError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from nape_bench.graph.onnx_import_draft import Shape

NO_PAD = (0, 0, 0, 0)


class Digit(NamedTuple):
    """A part of an axis of a node's output.

    Attributes:
        axis: "n" (images), "h", "w" or "c"; "x" where one value is repeated.
        size: How many steps it takes.
        stride: How long they are.
    """

    axis: str
    size: int
    stride: int


Dims = tuple[tuple[Digit, ...], ...]


class View(NamedTuple):
    """What a tensor shows of a node.

    Attributes:
        node: Number of the node in the draft.
        dims: The digits of each axis of the tensor, the outermost first.
        start: First row, column and channel that are seen.
        factor: What the tensor is multiplied by, which is no node yet.
        pad: Pixels that were added above, left, below and right, still to be read by a window.
        fill: What was added.
        turned: Whether it was turned by a rotary position, so that only an attention can read it.
    """

    node: int
    dims: Dims
    start: Shape = (0, 0, 0)
    factor: float = 1.0
    pad: tuple[int, int, int, int] = NO_PAD
    fill: float = 0.0
    turned: bool = False

    @property
    def sizes(self) -> tuple[int, ...]:
        """Return the shape of the tensor, padding left out."""
        return tuple(math.prod(digit.size for digit in dim) for dim in self.dims)

    def digits(self, axes: str) -> list[Digit]:
        """Return the digits of some axes of the node, in the order in which they are met."""
        return [digit for dim in self.dims for digit in dim if digit.axis in axes]

    def where(self, axis: str) -> list[int]:
        """Return the axes of the tensor that have digits of an axis of the node."""
        return [at for at, dim in enumerate(self.dims) if any(d.axis == axis for d in dim)]


def axis_of(axis: str, size: int) -> tuple[Digit, ...]:
    """Return a whole axis of a node as digits: none where its size is 1."""
    return (Digit(axis, size, 1),) if size > 1 else ()


def merged(digits: Iterable[Digit]) -> tuple[Digit, ...]:
    """Put neighbouring digits together where they count on; leave out those of one step."""
    found: list[Digit] = []
    for digit in digits:
        if digit.size == 1:
            continue
        last = found[-1] if found else None
        if last and last.axis == digit.axis and last.stride == digit.stride * digit.size:
            found[-1] = Digit(digit.axis, last.size * digit.size, digit.stride)
        else:
            found.append(digit)
    return tuple(found)


def reshaped(x: View, sizes: Sequence[int]) -> View:
    """Return the view with other axes that holds the same in the same order.

    Raises:
        GraphError: A new axis ends inside a digit that it does not divide.
    """
    waiting = list(merged(digit for dim in x.dims for digit in dim))[::-1]
    dims = []
    for size in sizes:
        left, dim = size, []
        while left > 1:
            digit = waiting.pop() if waiting else Digit("n", 1, 1)
            if left % digit.size == 0 and digit.size > 1:
                dim.append(digit)
                left //= digit.size
            elif digit.size % left == 0 and digit.size > 1:
                inner = digit.size // left
                dim.append(Digit(digit.axis, left, digit.stride * inner))
                waiting.append(Digit(digit.axis, inner, digit.stride))
                left = 1
            else:
                raise GraphError(
                    f"it reshapes {list(x.sizes)} to {list(sizes)}, which mixes pixels, channels "
                    "and images"
                )
        dims.append(merged(dim))
    return x._replace(dims=tuple(dims))


def permuted(x: View, order: Sequence[int]) -> View:
    """Return the view with its axes in another order."""
    return x._replace(dims=tuple(x.dims[at] for at in order))


def chosen(x: View, dim: int, index: int) -> View:
    """Return the view of one place along an axis, which goes.

    Raises:
        GraphError: It chooses among images.
    """
    start = x.start
    for digit in reversed(x.dims[dim]):
        index, at = divmod(index, digit.size)
        start = _moved(start, digit, at)
    return x._replace(dims=x.dims[:dim] + x.dims[dim + 1 :], start=start)


def sliced(x: View, dim: int, start: int, end: int, step: int = 1) -> View:
    """Return the view of a part of an axis.

    Raises:
        GraphError: The axis has several digits, and the part is none of them.
    """
    size = x.sizes[dim]
    start, end = (min(max(at + size if at < 0 else at, 0), size) for at in (start, end))
    if (start, end, step) == (0, size, 1):
        return x
    count = -(-(end - start) // step)
    if count < 1:
        raise GraphError("it slices nothing")
    digits = list(merged(x.dims[dim]))
    outer, inner = digits[:1], digits[1:]
    whole = math.prod(digit.size for digit in inner)
    if step != 1 and inner:
        raise GraphError(f"it takes every {step}th of an axis that pixels and others share")
    if start % whole or count % whole:
        if count == 1:
            gone = chosen(x, dim, start)
            return gone._replace(dims=(*gone.dims[:dim], (), *gone.dims[dim:]))
        raise GraphError(f"it slices [{start}:{end}] of {size}, which cuts through rows")
    digit = outer[0]
    kept = Digit(digit.axis, count // whole, digit.stride * step)
    begin = _moved(x.start, digit, start // whole)
    dims = (*x.dims[:dim], merged([kept, *inner]), *x.dims[dim + 1 :])
    return x._replace(dims=dims, start=begin)


def _moved(start: Shape, digit: Digit, steps: int) -> Shape:
    if steps == 0 or digit.axis == "x":
        return start
    if digit.axis == "n":
        raise GraphError("it chooses among images")
    moved = list(start)
    moved["hwc".index(digit.axis)] += steps * digit.stride
    return moved[0], moved[1], moved[2]


def roles_of(x: View) -> str:
    """Return what each axis of a tensor is for: "n", "h", "w", "c", or "1" where it has one place.

    The axis that holds channels is "c", those that hold pixels are "h" and "w", in their order.

    Raises:
        GraphError: An axis mixes them.
    """
    roles = ""
    for dim in x.dims:
        axes = {digit.axis for digit in dim} - {"x"}
        if not axes:
            roles += "1"
        elif axes in ({"n"}, {"c"}):
            roles += axes.pop()
        elif axes <= {"h", "w"}:
            roles += "w" if "h" in roles else "h"
        else:
            raise GraphError(f"an axis of its {list(x.sizes)} mixes images, pixels and channels")
    if roles.count("c") > 1 or roles.count("w") > 1:
        raise GraphError(f"its sizes {list(x.sizes)} are no maps: two axes of one kind")
    return roles
