"""What each ONNX operator is in the vocabulary: the counterpart of `onnx_export_ops`."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from nape_bench.errors import GraphError
from nape_bench.graph.onnx_import_constants import Constant
from nape_bench.graph.onnx_import_draft import Node
from nape_bench.graph.onnx_import_joins import add, concat, multiply, scale
from nape_bench.graph.onnx_import_values import View, padded, reshaped, sliced, transposed
from nape_bench.graph.onnx_import_windows import window

if TYPE_CHECKING:
    from collections.abc import Callable

    from nape_bench.graph.onnx_import_call import Call


def _same(call: Call) -> View:
    """Read what computes nothing; a graph does not keep types, so Cast is among it."""
    return call.view()


def _reshape(call: Call) -> View:
    if not call.out or not all(call.out):
        raise GraphError("its sizes do not follow from the model's")
    return reshaped(call.maps(), call.out, call.batch)


def _transpose(call: Call) -> View:
    x = call.maps()
    return transposed(x, call.attribute("perm", tuple(range(len(x.axes)))[::-1]))


def _slice(call: Call) -> View:
    x = call.maps()
    starts, ends = call.setting("starts", 1), call.setting("ends", 2)
    if starts is None or ends is None:
        raise GraphError("it does not say where it starts and ends")
    axes = call.setting("axes", 3) or list(range(len(starts)))
    steps = call.setting("steps", 4) or [1] * len(starts)
    if not len(starts) == len(ends) == len(axes) == len(steps):
        raise GraphError("its starts, ends, axes and steps differ in number")
    for axis, start, end, step in zip(axes, starts, ends, steps, strict=True):
        x = sliced(x, axis, start, end, step)
    return x


def _pad(call: Call) -> View:
    x = call.view()
    mode = call.attribute("mode", "constant")
    if mode != "constant":
        raise GraphError(f"it pads by mode {mode}: constant only")
    pads = call.setting("pads", 1)
    if pads is None:
        raise GraphError("it does not say what it pads")
    if call.has(3):
        axes = call.setting("axes", 3) or []
        rank = len(x.axes)
        whole = [0] * (2 * rank)
        for at, axis in enumerate(axes):
            whole[axis % rank], whole[axis % rank + rank] = pads[at], pads[at + len(axes)]
        pads = whole
    value = "value" if call.has_attribute("value") else "constant_value"
    return padded(x, pads, call.number(value, 2, 0.0))


def _pointwise(op: str) -> Callable[[Call], View]:
    """Return what reads an operator that keeps shapes and has no settings."""

    def read(call: Call) -> View:
        return call.node(op, call.maps())

    return read


def _clip(call: Call) -> View:
    low, high = call.number("min", 1, -math.inf), call.number("max", 2, math.inf)
    x = call.maps()
    if low == 0 and high == 6:
        return call.node("ReLU6", x)
    if low == 0 and high > 1e30:
        return call.node("ReLU", x)
    raise GraphError(f"it clips to [{low:g}, {high:g}]: [0, 6] is ReLU6, [0, inf) is ReLU")


def _hard_sigmoid(call: Call) -> View:
    alpha, beta = call.attribute("alpha", 0.2), call.attribute("beta", 0.5)
    if not math.isclose(alpha, 1 / 6, rel_tol=1e-4) or not math.isclose(beta, 0.5):
        raise GraphError(f"alpha {alpha:g} and beta {beta:g}: 1/6 and 0.5 are h-sigmoid")
    return call.node("ReLU6", call.maps(), hard="whole")


def _hard_swish(call: Call) -> View:
    x = call.maps()
    gate = call.node("ReLU6", x, hard="whole")
    node = Node("Mul", x.shape, x.shape, call.label, [x.node, gate.node])
    return View(call.draft.add(node), x.shape, x.axes)


def _gelu(call: Call) -> View:
    return call.node("GeLU", call.maps())


def _swish(call: Call) -> View:
    alpha = call.attribute("alpha", 1.0)
    if alpha != 1:
        raise GraphError(f"alpha {alpha:g}: 1 is Swish")
    return call.node("Swish", call.maps())


def _batch_norm(call: Call) -> View:
    x = call.maps(axes=("nchw", "nc"))
    if call.weight(1, 1) != (x.shape[2],):
        raise GraphError(f"its scale is {list(call.weight(1, 1))}, for {x.shape[2]} channels")
    return call.node("BatchNorm", x)


def _global(call: Call) -> View:
    x = call.maps(axes=("nchw",))
    return call.node(call.told if call.told == "Global" else "Mean", x, (1, 1, x.shape[2]))


def _global_max(call: Call) -> View:
    x = call.maps(axes=("nchw",))
    return call.node("Maxpool", x, (1, 1, x.shape[2]), kernel=x.shape[:2])


def _mean(call: Call) -> View:
    x = call.maps(axes=("nchw", "nhwc"))
    axes = call.setting("axes", 1) or []
    if sorted(x.axes[axis] for axis in axes if -4 <= axis < 4) != ["h", "w"]:
        raise GraphError(f"it takes the mean over axes {axes}: rows and columns are Mean")
    result = call.node("Mean", x, (1, 1, x.shape[2]))
    return result if call.attribute("keepdims", 1) else result._replace(axes="nc")


def _dense(x: View, call: Call, c_in: int, c_out: int, *, bias: bool) -> View:
    """Add a dense layer; over flattened maps it is a convolution whose kernel is the whole map."""
    h, w, c = x.shape
    if x.axes == "nf":
        if c_in != h * w * c:
            raise GraphError(f"its weight reads {c_in} features of {h * w * c}")
        how: dict[str, Any] = {"kernel": (h, w), "bias": bias}
        return call.node("Conv", x, (1, 1, c_out), **how)
    if c_in != c:
        raise GraphError(f"its weight reads {c_in} channels of {c}")
    return call.node("MatMul", x, (h, w, c_out), bias=bias)


def _gemm(call: Call) -> View:
    x = call.maps(axes=("nc", "nf"))
    factors = [call.attribute(name, 1.0) for name in ("alpha", "beta")]
    if factors != [1.0, 1.0] or call.attribute("transA", 0):
        raise GraphError("its alpha or beta is not 1, or its input is transposed")
    c_in, c_out = call.weight(1, 2)[:: -1 if call.attribute("transB", 0) else 1]
    if call.has(2) and not isinstance(call.inputs[2], Constant):
        raise GraphError("what it adds is no weight")
    return _dense(x, call, c_in, c_out, bias=call.has(2))


def _mat_mul(call: Call) -> View:
    if not isinstance(call.inputs[1], Constant):
        raise GraphError("it multiplies two tensors of the network")
    x = call.maps(axes=("nhwc", "nc", "nf"))
    c_in, c_out = call.weight(1, 2)
    return _dense(x, call, c_in, c_out, bias=False)


def _softmax(call: Call) -> View:
    return call.node("Softmax", call.maps())


def _blocks(op: str) -> Callable[[Call], View]:
    """Return what reads SpaceToDepth or DepthToSpace."""

    def read(call: Call) -> View:
        x = call.maps(axes=("nchw",))
        if len(call.out) != 4 or not all(call.out):
            raise GraphError("its sizes do not follow from the model's")
        _, c, h, w = call.out
        return call.node(op, x, (h, w, c))

    return read


READERS: dict[str, Callable[[Call], View]] = {
    "Conv": window,
    "MaxPool": window,
    "AveragePool": window,
    "BatchNormalization": _batch_norm,
    "Gemm": _gemm,
    "MatMul": _mat_mul,
    "GlobalAveragePool": _global,
    "GlobalMaxPool": _global_max,
    "ReduceMean": _mean,
    "Relu": _pointwise("ReLU"),
    "Sigmoid": _pointwise("Sigmoid"),
    "Tanh": _pointwise("Tanh"),
    "Erf": _pointwise("Erf"),
    "Clip": _clip,
    "HardSigmoid": _hard_sigmoid,
    "HardSwish": _hard_swish,
    "Gelu": _gelu,
    "Swish": _swish,
    "Softmax": _softmax,
    "LogSoftmax": _softmax,
    "Concat": concat,
    "Add": add,
    "Sum": add,
    "Mul": multiply,
    "Sub": scale,
    "Div": scale,
    "SpaceToDepth": _blocks("SpacetoDepthND"),
    "DepthToSpace": _blocks("DepthtoSpaceND"),
    "Identity": _same,
    "Dropout": _same,
    "Cast": _same,
    "Reshape": _reshape,
    "Flatten": _reshape,
    "Squeeze": _reshape,
    "Unsqueeze": _reshape,
    "Transpose": _transpose,
    "Slice": _slice,
    "Pad": _pad,
}
"""What reads each operator that is read where it reads a tensor of the network."""
