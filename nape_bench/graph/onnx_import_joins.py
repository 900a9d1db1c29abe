"""ONNX operators over two or more values: sums, products, concatenations, and constants in them."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from nape_bench.errors import GraphError
from nape_bench.graph.onnx_import_constants import Constant
from nape_bench.graph.onnx_import_draft import Node
from nape_bench.graph.onnx_import_values import View

if TYPE_CHECKING:
    from nape_bench.graph.onnx_import_call import Call


def concat(call: Call) -> View:
    """Read a Concat along channels."""
    xs = [call.maps(slot) for slot in range(len(call.inputs))]
    axis = call.attribute("axis", 1)
    if any(x.axes != xs[0].axes for x in xs) or axis not in (
        xs[0].axes.find("c"), xs[0].axes.find("c") - len(xs[0].axes)
    ):  # fmt: skip
        raise GraphError(f"it concatenates along axis {axis}: channels only")
    for x in xs:
        if x.shape != call.draft.nodes[x.node].shape_out:
            raise GraphError("it concatenates a slice, which a graph cannot tell")
    if len(xs) == 1:
        return xs[0]
    h, w, c = xs[0].shape
    shape = (h, w, sum(x.shape[2] for x in xs))
    node = Node("Concat", (h, w, c), shape, call.label, [x.node for x in xs])
    return View(call.draft.add(node), shape, xs[0].axes)


def add(call: Call) -> View:
    """Read an Add or Sum."""
    if any(not isinstance(value, View) for value in call.inputs):
        return _with_constant(call)
    xs = [call.maps(slot) for slot in range(len(call.inputs))]
    if len(xs) == 1:
        return xs[0]
    if any((x.shape, x.axes) != (xs[0].shape, xs[0].axes) for x in xs):
        told = ", ".join(str(list(x.sizes(call.batch))) for x in xs)
        raise GraphError(f"it adds {told}: a graph adds tensors of one shape")
    node = Node("Add", xs[0].shape, xs[0].shape, call.label, [x.node for x in xs])
    return View(call.draft.add(node), xs[0].shape, xs[0].axes)


def multiply(call: Call) -> View:
    """Read a Mul."""
    if any(not isinstance(value, View) for value in call.inputs):
        return _with_constant(call)
    xs = [call.maps(slot) for slot in range(len(call.inputs))]
    h, w = (max(x.shape[axis] for x in xs) for axis in (0, 1))
    for x in xs:
        if x.axes != xs[0].axes or x.shape[2] != xs[0].shape[2] or (
            x.shape[:2] not in ((1, 1), (h, w))
        ):  # fmt: skip
            told = ", ".join(str(list(x.sizes(call.batch))) for x in xs)
            raise GraphError(f"it multiplies {told}: one shape, or 1 x 1 pixels with more")
    low = (min(x.shape[0] for x in xs), min(x.shape[1] for x in xs), xs[0].shape[2])
    shape = (h, w, low[2])
    node = Node("Mul", low, shape, call.label, [x.node for x in xs], told=call.told)
    return View(call.draft.add(node), shape, xs[0].axes)


def _with_constant(call: Call) -> View:
    """Read an Add, Sub, Mul or Div of a tensor with a constant: a bias, or a scalar to fold."""
    slot = 0 if isinstance(call.inputs[0], View) else 1
    other = call.inputs[1 - slot] if len(call.inputs) == 2 else None
    if not isinstance(other, Constant) or (slot and call.op in ("Sub", "Div")):
        raise GraphError("it works on a tensor and something that is no constant")
    x = call.maps(slot)
    adds = call.op in ("Add", "Sum", "Sub")
    value = other.scalar()
    if value is not None and len(other.shape) <= len(x.axes) and not (adds and other.shape == (1,)):
        sign = -value if call.op == "Sub" else value
        if call.op == "Div":
            sign = 1 / value if value else math.inf
        if call.op == "Mul" and value == 0:
            return call.node("Zero", x)
        if sign == (0 if adds else 1):
            return x
        return call.node("Shift" if adds else "Scale", x, number=sign)
    # A vector along channels, with ones around it.
    axis = x.axes.find("c") - len(x.axes)
    shape = (1,) * (len(x.axes) - len(other.shape)) + other.shape
    along = [x.shape[2] if at == len(x.axes) + axis else 1 for at in range(len(x.axes))]
    if adds and axis < 0 and list(shape) == along and "c" in x.axes:
        return call.node("Bias", x)
    raise GraphError(
        f"it works on a constant of sizes {list(other.shape)}: a graph has biases, and scalars "
        "inside activations"
    )


def scale(call: Call) -> View:
    """Read a Sub or Div, which have a constant on their right."""
    if isinstance(call.inputs[1], View):
        raise GraphError("a graph has sums and products of tensors, and none of this")
    return _with_constant(call)
