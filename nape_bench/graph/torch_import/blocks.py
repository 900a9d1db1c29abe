"""Pixels of a traced network in blocks: windows beside each other, and pools over them.

Where windows neither overlap nor leave anything out, a pixel's place in its window is a digit of
rows and columns (`views`), so that cutting maps into windows only rearranges, and a pool whose
windows lie whole inside a larger block is one over the map.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from nape_bench.errors import GraphError
from nape_bench.graph.torch_import.call import maps
from nape_bench.graph.torch_import.views import Digit, View, merged, reshaped

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nape_bench.graph.torch_import.call import Call


def patches(call: Call) -> View:
    """Read im2col: each window's channels and pixels become the channels of one token.

    Raises:
        GraphError: Windows overlap, are padded, or leave something out.
    """
    kernel, stride = call.pair("kernel_size"), call.pair("stride", 1)
    x = maps(call, call.view(), exact=True)
    h, w = x.sizes[-2:]
    padded = any(call.pair("padding", 0)) or call.pair("dilation", 1) != (1, 1)
    if kernel != stride or padded or h % kernel[0] or w % kernel[1]:
        raise GraphError("it takes windows that overlap, or not all of the map")
    apart = [h // kernel[0], kernel[0], w // kernel[1], kernel[1]]
    cut = reshaped(x, [*x.sizes[:-2], *apart])
    *before, channels, rows, inner_rows, columns, inner_columns = cut.dims
    tokens = (*rows, *columns)
    return x._replace(dims=(*before, (*channels, *inner_rows, *inner_columns), tokens))


def windows_apart(call: Call) -> View:
    """Read Tensor.unfold: an axis becomes windows, and a place in each, behind all axes.

    Raises:
        GraphError: Windows overlap, or leave something out.
    """
    x, dim = call.view(), call.dim("dimension")
    size, step = call.get("size"), call.get("step")
    if size != step or x.sizes[dim] % size:
        raise GraphError("it takes windows that overlap, or not all of an axis")
    sizes = x.sizes
    cut = reshaped(x, [*sizes[:dim], sizes[dim] // size, size, *sizes[dim + 1 :]])
    inner = cut.dims[dim + 1]
    return cut._replace(dims=(*cut.dims[: dim + 1], *cut.dims[dim + 2 :], inner))


def pooled(call: Call, op: str, x: View, dims: Sequence[int]) -> View:
    """Add a pool over axes that are pixels inside blocks; they go.

    Args:
        call: The operator.
        op: "Avgpool" or "Maxpool".
        x: What it reads.
        dims: The axes.

    Raises:
        GraphError: What they are of rows and columns is no whole block of neighbours.
    """
    whole = call.desk.settled(x, exact=True)
    h, w, c = call.desk.seen(whole)
    kernel = []
    for axis in "hw":
        away = sorted(
            (d for at in dims for d in whole.dims[at] if d.axis == axis), key=lambda d: d.stride
        )
        size = 1
        for digit in away:
            if digit.stride != size:
                raise GraphError(f"it pools {axis} of a node in pieces: {away}")
            size *= digit.size
        kernel.append(size)
    left = [dim for at, dim in enumerate(whole.dims) if at not in dims]
    step = {"h": kernel[0], "w": kernel[1]}
    if any(d.stride % step.get(d.axis, 1) for dim in left for d in dim):
        raise GraphError("it pools a part of each block of pixels")
    out = (h // kernel[0], w // kernel[1], c)
    block = (kernel[0], kernel[1])
    number = call.desk.node(op, whole, out, kernel=block, stride=block)
    return View(number, tuple(_scaled(dim, step) for dim in left))


def inside_windows(call: Call, op: str, kernel: tuple[int, int]) -> View | None:
    """Add a pool over maps that are windows of a map, if it keeps to blocks of each; else None."""
    x = call.view()
    if len(x.dims) != 4 or not any(d.axis in "hw" for d in x.dims[0]):
        return None
    h, w = x.sizes[2:]
    padded = any(call.pair("padding", 0)) or call.pair("dilation", 1) != (1, 1)
    if call.pair("stride", kernel) != kernel or padded or h % kernel[0] or w % kernel[1]:
        return None
    apart = [h // kernel[0], kernel[0], w // kernel[1], kernel[1]]
    return pooled(call, op, reshaped(x, [*x.sizes[:2], *apart]), (3, 5))


def _scaled(digits: Sequence[Digit], step: dict[str, int]) -> tuple[Digit, ...]:
    return merged(d._replace(stride=d.stride // step.get(d.axis, 1)) for d in digits)


def of_heads(x: View) -> View | None:
    """Return maps whose heads are images of their own with all heads' channels, else None."""
    if len(x.dims) != 4 or not any(d.axis == "c" for d in x.dims[0]):
        return None
    heads = tuple(d for d in x.dims[0] if d.axis == "c")
    images = tuple(d for d in x.dims[0] if d.axis == "n")
    if len(heads) + len(images) < len(x.dims[0]):
        return None
    return x._replace(dims=(images, merged((*heads, *x.dims[1])), *x.dims[2:]))
