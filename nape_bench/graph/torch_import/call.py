"""One operator of a traced network as it is being read."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from nape_bench.errors import GraphError
from nape_bench.graph.torch_import.values import Turning, Weight
from nape_bench.graph.torch_import.views import View, axis_of, merged, roles_of

if TYPE_CHECKING:
    from nape_bench.graph.torch_import.desk import Desk


class Call:
    """One operator, and what it reads.

    Attributes:
        op: torch's name of it, without the namespace of its own operators: "conv2d".
        given: What it reads, by the name of torch's schema: values of the network, numbers, lists.
        out: Shape of what it makes, or of the first of several.
        desk: Where nodes are added.
    """

    def __init__(self, op: str, given: dict[str, Any], out: tuple[int, ...], desk: Desk) -> None:
        self.op = op
        self.given = given
        self.out = out
        self.desk = desk

    def get(self, name: str, default: Any = None) -> Any:
        """Return an argument, or a default where it is left out."""
        value = self.given.get(name)
        return default if value is None else value

    def first(self) -> Any:
        """Return the first argument."""
        return next(iter(self.given.values()))

    def view(self, name: str | None = None) -> View:
        """Return an argument that is a tensor of the network: by default, the first."""
        value = self.first() if name is None else self.given.get(name)
        if isinstance(value, Turning):
            raise GraphError(
                f"it reads {list(value.of.sizes)} that were multiplied by a constant of more than "
                "a vector along channels, or taken in pairs, which a rotary position alone is"
            )
        if not isinstance(value, View):
            raise GraphError(f"its {name or 'first argument'} is no tensor of the network")
        return value

    def weight(self, name: str) -> Weight | None:
        """Return an argument that does not depend on the image, or None where it is left out."""
        value = self.given.get(name)
        if value is not None and not isinstance(value, Weight):
            raise GraphError(f"its {name} follows from the image: a graph has weights there")
        return value

    def dim(self, name: str = "dim", default: int | None = None) -> int:
        """Return an argument that is an axis of the first one, counted from the front."""
        dim = self.get(name, default)
        rank = len(self.view().dims)
        if not isinstance(dim, int) or not -rank <= dim < rank:
            raise GraphError(f"its {name} is {dim}")
        return dim % rank

    def pair(self, name: str, default: Any = None) -> tuple[int, int]:
        """Return an argument that is one integer for both axes, or two."""
        value = self.get(name) or default  # no stride is [] to torch
        values = [value] if isinstance(value, int) else list(value or [])
        if len(values) not in (1, 2):
            raise GraphError(f"its {name} is {value}: one integer or two expected")
        return int(values[0]), int(values[-1])


def channelwise(call: Call, x: View, dim: int) -> View | None:
    """Return the settled view if one of its axes is all channels of its node, else None."""
    settled = call.desk.settled(x)
    if math.prod(settled.sizes) == 0:
        return None
    c = call.desk.seen(settled)[2]
    own = merged(settled.dims[dim])
    alone = len(settled.where("c")) <= 1 or c == 1
    whole = math.prod(d.size for d in own) == c and all(d.axis == "c" for d in own)
    in_order = len(own) <= 1 and all(d.stride == 1 for d in own)
    return settled if alone and whole and in_order else None


def over_channels(call: Call, x: View, dim: int) -> View:
    """Return a settled view of which one axis is all channels, rearranged where need be."""
    found = channelwise(call, x, dim)
    if found is not None:
        return found
    settled = call.desk.settled(x)
    inner = merged(settled.dims[dim])
    c = call.desk.seen(settled)[2]
    turned = [d.axis for d in inner] == ["c", "c"] and inner[0].size * inner[1].size == c
    if turned and (inner[0].stride, inner[1].stride) == (1, inner[0].size):
        number = call.desk.node("Shuffle", settled, groups=inner[1].size)
        return View(number, (*settled.dims[:dim], axis_of("c", c), *settled.dims[dim + 1 :]))
    return call.desk.arranged(x, by_position(x, dim))


def by_position(x: View, channels: int) -> str:
    """Return roles of axes by their place: one holds channels; of the others, two hold pixels.

    Raises:
        GraphError: There are more axes than that.
    """
    roles = ""
    for at, dim in enumerate(x.dims):
        axes = {digit.axis for digit in dim}
        if at == channels:
            roles += "c"
        elif not axes:
            roles += "1"
        elif axes == {"n"}:
            roles += "n"
        elif "w" in roles:
            raise GraphError(f"its sizes {list(x.sizes)} have more axes than maps and channels")
        else:
            roles += "w" if "h" in roles else "h"
    return roles


def maps(call: Call, x: View, *, exact: bool = False) -> View:
    """Return a view as maps, [images, channels, rows, columns] or without images."""
    roles = {4: "nchw", 3: "chw"}.get(len(x.dims))
    if roles is None:
        raise GraphError(f"it reads {list(x.sizes)}: maps expected")
    return call.desk.arranged(x, roles, exact=exact)


def natural(call: Call, x: View, *, exact: bool = False) -> View:
    """Return a view of which each axis is images, channels, or pixels."""
    return call.desk.arranged(x, roles_of(x), exact=exact)
