"""Values of an ONNX model as views of nodes: what only rearranges, slices or pads is no node."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from nape_bench.errors import GraphError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nape_bench.graph.onnx_import_draft import Shape

NO_PAD = (0, 0, 0, 0)


class View(NamedTuple):
    """What an ONNX value shows of a node.

    Attributes:
        node: Number of the node in the draft.
        shape: (height, width, channels), after slicing and before padding.
        axes: What the value's axes are: "nchw", "nhwc", "nc" for one pixel, or "nf" for maps whose
            pixels and channels have become one axis.
        pad: Pixels that were added above, left, below and right, still to be read by a window.
        fill: What was added.
    """

    node: int
    shape: Shape
    axes: str = "nchw"
    pad: tuple[int, int, int, int] = NO_PAD
    fill: float = 0.0

    def sizes(self, batch: int) -> tuple[int, ...]:
        """Return the shape of the ONNX value."""
        h, w, c = self.shape
        top, left, bottom, right = self.pad
        told = {
            "n": batch,
            "h": h + top + bottom,
            "w": w + left + right,
            "c": c,
            "f": h * w * c,
        }
        return tuple(told[axis] for axis in self.axes)


def input_view(node: int, shape: tuple[int, ...], *, last: bool) -> View:
    """Return the view that the model's input is; `last`: whether its channels come last."""
    if len(shape) == 2:
        return View(node, (1, 1, shape[1]), "nc")
    if last:
        return View(node, (shape[1], shape[2], shape[3]), "nhwc")
    return View(node, (shape[2], shape[3], shape[1]), "nchw")


def reshaped(x: View, sizes: tuple[int, ...], batch: int) -> View:
    """Return a view with other axes that holds the same in the same order.

    Raises:
        GraphError: It mixes pixels with channels or images, as a channel shuffle does.
    """
    h, w, c = x.shape
    if sizes == x.sizes(batch):
        return x
    if x.pad == NO_PAD:
        whole = h * w * c
        if (h, w) == (1, 1):
            for axes, wanted in (
                ("nc", (batch, c)), ("nchw", (batch, c, 1, 1)), ("nhwc", (batch, 1, 1, c))
            ):  # fmt: skip
                if sizes == wanted:
                    return x._replace(axes=axes)
        elif sizes == (batch, whole) and x.axes in ("nchw", "nhwc"):
            return x._replace(axes="nf")
        elif x.axes == "nf" and sizes == (batch, c, h, w):
            return x._replace(axes="nchw")
    raise GraphError(
        f"it reshapes {list(x.sizes(batch))} to {list(sizes)}: read are reshapes that flatten "
        "maps, or add and take away axes of one pixel"
    )


def transposed(x: View, order: Sequence[int]) -> View:
    """Return a view with its axes in another order.

    Raises:
        GraphError: It is neither channels first nor channels last then.
    """
    if sorted(order) == list(range(len(x.axes))):
        axes = "".join(x.axes[axis] for axis in order)
        if axes in ("nchw", "nhwc", "nc", "nf"):
            pixel = x.shape[:2] == (1, 1)
            return x._replace(axes="nchw" if pixel and axes == "nchw" else axes)
    raise GraphError(f"it transposes {x.axes} by {list(order)}: channels go first or last only")


def sliced(x: View, axis: int, start: int, end: int, step: int) -> View:
    """Return the part of a view that a slice along one axis keeps.

    Raises:
        GraphError: A graph cannot tell it: it keeps leading channels, or drops leading rows or
            columns, and nothing else.
    """
    if not -len(x.axes) <= axis < len(x.axes):
        raise GraphError(f"it slices axis {axis} of {len(x.axes)}")
    what = x.axes[axis]
    h, w, c = x.shape
    size = {"h": h, "w": w, "c": c}.get(what)
    if x.pad != NO_PAD:
        raise GraphError("it slices what was padded")
    if size is not None:
        start, end = (min(max(at + size if at < 0 else at, 0), size) for at in (start, end))
    if step == 1 and start == 0 and (end >= (size or end)):
        return x
    if step == 1 and what == "c" and start == 0 < end:
        return x._replace(shape=(h, w, end))
    if step == 1 and what in "hw" and start < end == size:
        return x._replace(shape=(h - start, w, c) if what == "h" else (h, w - start, c))
    name = {"h": "rows", "w": "columns", "c": "channels"}.get(what, "images")
    raise GraphError(
        f"it slices {name} [{start}:{end}:{step}] of {size}: a graph keeps leading channels, or "
        "drops leading rows and columns, and nothing else"
    )


def padded(x: View, pads: Sequence[int], fill: float) -> View:
    """Return a view with pixels added around it, which the next window has to read.

    Raises:
        GraphError: It pads channels or images, crops, or was padded with something else.
    """
    rank = len(x.axes)
    if x.axes not in ("nchw", "nhwc") or len(pads) != 2 * rank:
        raise GraphError(f"it pads {x.axes} by {list(pads)}: rows and columns of maps only")
    sides = dict(zip(x.axes, zip(pads[:rank], pads[rank:], strict=True), strict=True))
    if sides["n"] != (0, 0) or sides["c"] != (0, 0) or min(pads) < 0:
        raise GraphError(f"it pads {x.axes} by {list(pads)}: rows and columns are added, no others")
    if not any(pads):
        return x
    if x.pad != NO_PAD and x.fill != fill:
        raise GraphError("it pads twice, with different values")
    (top, bottom), (left, right) = sides["h"], sides["w"]
    old = x.pad
    pad = (old[0] + top, old[1] + left, old[2] + bottom, old[3] + right)
    return x._replace(pad=pad, fill=fill)


def pads_fit(
    missing: Sequence[int], pad: tuple[int, int, int, int], asked: Sequence[tuple[int, int]]
) -> None:
    """Check that padding is what a graph's sizes ask for.

    A graph does not store padding: the sizes say how much, and the smaller half goes first. Equal
    padding on both sides, as torch has it, gives the same sizes and is read as that.

    Args:
        missing: Pixels that the output's sizes ask for, vertically and horizontally.
        pad: Pixels that are added above, left, below and right.
        asked: (before, after) that follow from `missing`.

    Raises:
        GraphError: It is neither.
    """
    for axis, name in enumerate(("rows", "columns")):
        before, after = pad[axis], pad[axis + 2]
        if before not in (after, asked[axis][0]):
            raise GraphError(
                f"it pads {before} {name} before and {after} behind, where its sizes ask for "
                f"{max(0, missing[axis])}, the smaller half first"
            )
