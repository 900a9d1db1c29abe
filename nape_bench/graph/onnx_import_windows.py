"""Convolutions and pools of an ONNX model, and the padding that went before them."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from nape_bench.errors import GraphError
from nape_bench.graph.onnx_import_values import NO_PAD, View, pads_fit

if TYPE_CHECKING:
    from nape_bench.graph.onnx_import_call import Call

_OPS = {"MaxPool": "Maxpool", "AveragePool": "Avgpool"}


def window(call: Call) -> View:
    """Read a Conv, MaxPool or AveragePool with the padding before it.

    Whether padding counts in the mean of an average pool is not kept: a graph leaves it out.

    Raises:
        GraphError: It is not two-dimensional, or padding is not what the sizes ask for.
    """
    x = call.view()
    if x.axes != "nchw":
        raise GraphError(f"it reads {x.axes}, where nchw is expected")
    if len(call.out) != 4 or not all(call.out):
        raise GraphError("its sizes do not follow from the model's")
    _, c_out, h, w = call.out
    how: dict[str, Any] = _convolution(call, x, c_out) if call.op == "Conv" else {"groups": 1}
    kernel = how.get("kernel") or _pair(call, "kernel_shape")
    stride = _pair(call, "strides", (1, 1))
    dilation = _dilation(call, kernel)
    missing, asked = [], []
    for axis, out in enumerate((h, w)):
        reach = dilation * (kernel[axis] - 1) + 1
        lacking = (out - 1) * stride[axis] + reach - x.shape[axis]
        missing.append(lacking)
        asked.append((max(0, lacking) // 2, max(0, lacking) - max(0, lacking) // 2))
    pads_fit(missing, _pads(call, x, asked), asked)
    op = how.pop("op", None) or _OPS[call.op]
    settings = {**how, "kernel": kernel, "stride": stride, "dilation": dilation}
    return call.node(op, x._replace(pad=NO_PAD), (h, w, c_out), **settings)


def _convolution(call: Call, x: View, c_out: int) -> dict[str, Any]:
    """Return what the weight says: which word of the vocabulary it is, kernel, groups and bias."""
    weight, groups = call.weight(1, 4), call.attribute("group", 1)
    c = x.shape[2]
    if groups < 1 or weight[0] != c_out or weight[1] * groups != c:
        raise GraphError(
            f"its weight has sizes {list(weight)}, for {c} input channels in {groups} groups"
        )
    depthwise = groups == c and call.told != "Conv" and (groups > 1 or call.told == "Depthwise")
    return {
        "op": "Depthwise" if depthwise else "Conv",
        "kernel": weight[2:],
        "groups": groups,
        "bias": call.has(2),
    }


def _pair(call: Call, name: str, default: tuple[int, int] | None = None) -> tuple[int, int]:
    values = call.attribute(name, default, tuple)
    if values is None or len(values) != 2 or min(values) < 1:
        raise GraphError(f"its {name} are {values}: two positive integers expected")
    return int(values[0]), int(values[1])


def _dilation(call: Call, kernel: tuple[int, int]) -> int:
    """Return the one dilation that a graph has; that of an axis with one tap does not matter."""
    values = _pair(call, "dilations", (1, 1))
    told = {value for value, taps in zip(values, kernel, strict=True) if taps > 1}
    if len(told) > 1:
        raise GraphError(f"its dilations are {list(values)}: a graph has one for both axes")
    return told.pop() if told else 1


def _pads(call: Call, x: View, asked: list[tuple[int, int]]) -> tuple[int, int, int, int]:
    """Return pixels above, left, below and right, its own and those of a Pad before it."""
    automatic = call.attribute("auto_pad", "NOTSET")
    own: tuple[int, ...] = call.attribute("pads", NO_PAD)
    if automatic in ("SAME_UPPER", "SAME_LOWER"):
        (top, bottom), (left, right) = asked
        own = (top, left, bottom, right)
        if automatic == "SAME_LOWER":
            own = (bottom, right, top, left)
    if len(own) != 4 or min(own) < 0:
        raise GraphError(f"its pads are {list(own)}: four integers of at least 0 expected")
    if x.pad == NO_PAD:
        return own[0], own[1], own[2], own[3]
    least = call.op == "MaxPool" and x.fill <= -1e30
    # Of an average over one row or column, the padding is no part of a mean with pixels.
    kernel = call.attribute("kernel_shape", (0, 0)) if call.op == "AveragePool" else (0, 0)
    alone = all(pad == 0 or kernel[at % 2] == 1 for at, pad in enumerate(x.pad))
    nought = x.fill == 0 and (call.op == "Conv" or alone)
    if not least and not nought:
        value = "-inf" if math.isinf(x.fill) and x.fill < 0 else f"{x.fill:g}"
        raise GraphError(
            f"it reads maps padded with {value}: noughts are read before a convolution, and -inf "
            "before a max pool"
        )
    before = x.pad
    return (before[0] + own[0], before[1] + own[1], before[2] + own[2], before[3] + own[3])
