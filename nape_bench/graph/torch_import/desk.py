"""Desk: where a traced network becomes a draft, and views become what nodes can read."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from nape_bench.errors import GraphError
from nape_bench.graph.onnx_import_draft import Draft, Node
from nape_bench.graph.torch_import.views import NO_PAD, Digit, View, axis_of, merged

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nape_bench.graph.onnx_import_draft import Shape


class Desk:
    """A draft, and what was rearranged for its nodes so far.

    Attributes:
        draft: The nodes.
        label: What the operator that is being read is called in messages.
        images: Size of the batch axis.
    """

    def __init__(self, images: int) -> None:
        self.draft = Draft()
        self.label = ""
        self.images = images
        self._done: dict[Any, View] = {}
        self._seen: dict[int, Shape] = {}

    def node(self, op: str, x: View, out: Shape | None = None, **how: Any) -> int:
        """Add a node that reads a settled view, and return its number; it keeps shapes by default.

        Args:
            op: A word of the vocabulary, or of folding.
            x: What it reads; as many rows, columns and channels as are seen of it.
            out: (height, width, channels) of what it puts out.
            how: Other columns, as `Node` has them.
        """
        seen = self.seen(x)
        return self.draft.add(Node(op, seen, out or seen, self.label, [x.node], **how))

    def shape(self, x: View) -> Shape:
        """Return what the node of a view puts out."""
        return self.draft.nodes[x.node].shape_out

    def seen(self, x: View) -> Shape:
        """Return (height, width, channels) of a settled view."""
        h, w, c = (math.prod(d.size for d in x.digits(axis)) for axis in "hwc")
        return h, w, c

    def view(self, number: int, like: View, out: Shape | None = None) -> View:
        """Return the view of a new node whose axes are those of another view.

        Args:
            number: The node.
            like: What its pixels look like; where `out` has other channels, they are taken to be
                one digit of `like`.
            out: What it puts out, where it is no longer the shape of `like`.
        """
        dims = like.dims
        if out is not None:
            at = like.where("c")
            place = at[0] if at else len(dims) - 1
            dims = (*dims[:place], axis_of("c", out[2]), *dims[place + 1 :])
        return View(number, dims)

    def fresh(self, number: int, shape: Shape, roles: str) -> View:
        """Return the view of a new node with one axis for each role ("n", "h", "w", "c", "1")."""
        sizes = {"n": self.images, "h": shape[0], "w": shape[1], "c": shape[2], "1": 1}
        return View(number, tuple(axis_of(role, sizes[role]) for role in roles))

    def settled(self, x: View, *, exact: bool = False) -> View:
        """Return a view that sees its node from the start on, without steps, pads or factor.

        What a graph tells as a slice is left to the node that reads it: leading channels, and all
        but the first row or column. Other slices become nodes.

        Args:
            x: Any view.
            exact: Whether all that the node puts out must be seen.

        Raises:
            GraphError: A slice is none that a graph can tell, or it was padded or repeated.
        """
        if x.pad != NO_PAD:
            raise GraphError("it reads what was padded: padding is read by windows alone")
        if x.turned:
            raise GraphError("it reads what a rotary position turned: an attention alone does")
        key = (x, exact)
        if key not in self._done:
            x = self._spread(x)
            cut = self._cut(x, exact=exact)
            if cut.factor != 1.0:
                number = self.node("Scale", cut, number=cut.factor)
                cut = View(number, cut.dims)
            self._done[key] = cut
        return self._done[key]

    def _spread(self, x: View) -> View:
        """Repeat what is repeated along pixels or channels."""
        if not x.digits("x"):
            return x
        if any(len(dim) > 1 for dim in x.dims if any(d.axis == "x" for d in dim)):
            raise GraphError("it repeats a part of an axis")
        plain = self.settled(x._replace(dims=_without(x, "x")), exact=True)
        h, w, c = self.shape(plain)
        free = [axis for axis, size in zip("hwc", (h, w, c), strict=True) if size == 1]
        if [d.axis for d in x.digits("hwc")] == ["c"]:
            free = [axis for axis in free if axis != "c"]
        roles = [next(iter({d.axis for d in dim}), "1") for dim in x.dims]
        sizes = dict(zip("hwc", (h, w, c), strict=True))
        dims = list(x.dims)
        for at, role in enumerate(roles):
            if role != "x":
                continue
            if not free:
                raise GraphError("it repeats images or heads")
            # Channels come before pixels in maps, and after them in a sequence.
            axis = free.pop(0)
            sizes[axis] = x.sizes[at]
            dims[at] = axis_of(axis, x.sizes[at])
        out = (sizes["h"], sizes["w"], sizes["c"])
        return View(self.node("Broadcast", plain, out), tuple(dims))

    def _cut(self, x: View, *, exact: bool) -> View:
        given = self.shape(x)
        regions = [self._region(x, axis) for axis in "hwc"]
        steps = [step for _, _, step in regions]
        if steps[2] != 1:
            raise GraphError(f"it takes every {steps[2]}th channel")
        starts = [start for start, _, _ in regions]
        # A step takes what is left over behind its last place along.
        ends = [
            size if start + count * step >= size else start + (count - 1) * step + 1
            for (start, count, step), size in zip(regions, given, strict=True)
        ]
        node, at = x.node, given
        leading = (ends[0], ends[1], ends[2])
        tail = (ends[0] - starts[0], ends[1] - starts[1], ends[2] - starts[2])
        told = leading[:2] == given[:2] and (leading[2] == given[2] or not exact)
        if not told:
            node = self.draft.add(Node("Leading", given, leading, self.label, [node]))
            at = leading
        read = tail if starts[2] == 0 and max(starts) <= 1 and not exact and told else at
        if any(starts) and read != tail:
            seen = (at[0], at[1], ends[2])
            node = self.draft.add(Node("Trailing", seen, tail, self.label, [node]))
        if max(steps) > 1:
            out = (regions[0][1], regions[1][1], tail[2])
            how: dict[str, Any] = {"kernel": (1, 1), "stride": (steps[0], steps[1])}
            node = self.draft.add(Node("Maxpool", tail, out, self.label, [node], **how))
        step_of = dict(zip("hwcn", (*steps, 1), strict=True))
        dims = tuple(
            tuple(d._replace(stride=d.stride // step_of[d.axis]) for d in dim) for dim in x.dims
        )
        return View(node, dims, factor=x.factor)

    def _region(self, x: View, axis: str) -> tuple[int, int, int]:
        """Return the first place that is seen along an axis of the node, how many, and the step."""
        digits = sorted(x.digits(axis), key=lambda digit: digit.stride)
        start, size = x.start["hwc".index(axis)], self.shape(x)["hwc".index(axis)]
        if not digits:
            return start, 1, 1
        step, count = digits[0].stride, 1
        for digit in digits:
            if digit.stride != step * count:
                raise GraphError(f"it sees {axis} of a node in pieces: {digits}")
            count *= digit.size
        if start + (count - 1) * step >= size:
            raise GraphError(f"it sees more along {axis} than there is")
        return start, count, step

    def arranged(self, x: View, roles: str, *, exact: bool = False) -> View:
        """Return a settled view whose axes are a node's rows, columns and channels.

        Args:
            x: Any view.
            roles: What each of its axes is read as: "n", "h", "w", "c", or "1" for one place.
            exact: Whether all that the node puts out must be seen.

        Raises:
            GraphError: It takes a rearrangement that the vocabulary has no word for.
        """
        key = (x, roles, exact)
        if key not in self._done:
            settled = self.settled(x, exact=exact)
            found = self._arrange(settled, roles)
            rows = self.seen(settled)[:2]
            if found.node == settled.node and self.seen(found)[:2] != rows != self.shape(x)[:2]:
                # Rows that were dropped and others that were put together do not go at once.
                found = self._arrange(self.settled(x, exact=True), roles)
            self._done[key] = found
        return self._done[key]

    def _arrange(self, x: View, roles: str) -> View:
        dims = {
            role: merged(d for r, dim in zip(roles, x.dims, strict=True) if r == role for d in dim)
            for role in "nhwc1"
        }
        if any(d.axis != "n" for d in dims["n"]) or dims["1"]:
            raise GraphError(f"it reads {list(x.sizes)} as {roles}, and its pixels are elsewhere")
        h, w, c = self.seen(x)
        pixels = merged([*dims["h"], *dims["w"]])
        own = merged([*axis_of("h", h), *axis_of("w", w)])
        sizes = [math.prod(d.size for d in dims[role]) for role in "hwc"]
        out = (sizes[0], sizes[1], sizes[2])
        if pixels == own and dims["c"] == axis_of("c", c):
            return self.fresh(x.node, out, roles)
        op, how = self._rearranging((h, w, c), pixels, dims["c"])
        return self.fresh(self.node(op, x, out, **how), out, roles)

    def _rearranging(
        self, shape: Shape, pixels: Sequence[Digit], channels: Sequence[Digit]
    ) -> tuple[str, dict[str, Any]]:
        """Return the word, and its columns, for what becomes pixels and channels of a node."""
        h, w, c = shape
        own = merged([*axis_of("h", h), *axis_of("w", w)])
        if pixels == axis_of("c", c) and tuple(channels) == own:
            return "Transpose", {}
        if tuple(pixels) == own and [d.axis for d in channels] == ["c", "c"]:
            inner, outer = channels
            if inner.stride == 1 and outer.stride == inner.size and inner.size * outer.size == c:
                return "Shuffle", {"groups": outer.size}
        block = {d.axis: d.size for d in channels if d.axis in "hw" and d.stride == 1}
        rest = [d for d in channels if d.axis == "c"]
        if block and rest == list(axis_of("c", c)) and len(channels) == len(block) + len(rest):
            kept = {"h": h // block.get("h", 1), "w": w // block.get("w", 1)}
            left = tuple(
                Digit(a, kept[a], block.get(a, 1)) for a in "hw" if kept[a] > 1
            )  # fmt: skip
            if tuple(pixels) == merged(left):
                return "SpacetoDepthND", {}
        spread = [d for d in pixels if d.axis == "c"]
        if spread and [d.axis for d in channels] == ["c"]:
            left = tuple(d for d in pixels if d.axis != "c")
            if merged(left) == own:
                return "DepthtoSpaceND", {}
        raise GraphError(
            "it rearranges pixels and channels in a way that the vocabulary has no word for: "
            f"{shape} read as pixels {_told(pixels)} and channels {_told(channels)}"
        )


def _without(x: View, axis: str) -> tuple[tuple[Digit, ...], ...]:
    return tuple(tuple(d for d in dim if d.axis != axis) for dim in x.dims)


def _told(digits: Sequence[Digit]) -> str:
    return " ".join(f"{d.axis}({d.size} by {d.stride})" for d in digits) or "none"
