"""What each operation of the vocabulary is in ONNX: the counterpart of `torch_layers`."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from nape_bench.errors import GraphError
from nape_bench.graph.onnx_export_weights import roles

if TYPE_CHECKING:
    from collections.abc import Callable

    from nape_bench.graph.onnx_export_writer import Tensor, Writer
    from nape_bench.graph.torch_layers import NodeRow

EPSILON = 1e-5
"""What BatchNorm adds to variances, as in torch."""

HARD_SWISH_SINCE, GELU_SINCE = 14, 20
"""The first operator sets that have these."""


def emit(writer: Writer, name: str, row: NodeRow, given: list[Tensor]) -> Tensor:
    """Write one node of a graph.

    Args:
        writer: Where to.
        name: The node's name.
        row: The node.
        given: What its sources put out, in slot order.

    Raises:
        GraphError: The operation has no counterpart.
    """
    if row.op == "Concat":
        names = [writer.maps(x).name for x in given]
        return writer.add("Concat", name, names, row.shape_out, axis=1)
    if row.op in ("Add", "Mul"):
        return _elementwise(writer, name, row, given)
    if row.op not in _WRITERS:
        raise GraphError("this operation cannot be written as ONNX")
    return _WRITERS[row.op](writer, name, row, writer.sliced(name, 0, given[0], row.shape_in))


def emit_gate(
    writer: Writer, name: str, row: NodeRow, clip: NodeRow, given: list[Tensor]
) -> Tensor:
    """Write a Mul and its ReLU6 that run as h-swish, or as an h-sigmoid that gates.

    Args:
        writer: Where to.
        name: The name of the Mul.
        row: The Mul.
        clip: The ReLU6.
        given: What the source of the ReLU6, and the other source of the Mul, puts out.
    """
    source, other = given
    swish = source == other and source.shape == clip.shape_in == row.shape_in
    if swish and writer.opset >= HARD_SWISH_SINCE:
        return writer.add("HardSwish", name, [writer.maps(source).name], row.shape_out)
    read = writer.maps(writer.sliced(f"{name}.gate", 0, source, clip.shape_in))
    own = f"{name}.gate"
    gate = writer.add("HardSigmoid", own, [read.name], clip.shape_out, alpha=1 / 6, beta=0.5)
    return _elementwise(writer, name, row, [gate, other])


def _elementwise(writer: Writer, name: str, row: NodeRow, given: list[Tensor]) -> Tensor:
    """Write an Add or Mul; 1 x 1 maps are broadcast, what is larger otherwise is sliced."""
    spread = row.shape_in[:2] == (1, 1) and row.shape_out[:2] != (1, 1)
    parts = []
    for slot, x in enumerate(given):
        h, w = (x.shape if spread else row.shape_in)[:2]
        parts.append(writer.sliced(name, slot, writer.maps(x), (h, w, row.shape_in[2])))
    if row.op == "Add" and len(parts) > 2:
        return writer.add("Sum", name, [part.name for part in parts], row.shape_out)
    result = parts[0]
    for slot, part in enumerate(parts[1:], start=1):
        own = name if slot == len(parts) - 1 else f"{name}.product{slot}"
        h, w = (max(result.shape[axis], part.shape[axis]) for axis in (0, 1))
        names = [result.name, part.name]
        result = writer.add(row.op, own, names, (h, w, row.shape_out[2]))
    return result


def _pads(row: NodeRow) -> list[int]:
    """Return padding as ONNX tells it: before rows and columns, then behind them."""
    (top, bottom), (left, right) = row.padding()
    return [top, left, bottom, right]


def _conv(writer: Writer, name: str, row: NodeRow, source: Tensor) -> Tensor:
    weights = [writer.weight(name, role) for role in roles(row)]
    return writer.add(
        "Conv",
        name,
        [writer.maps(source).name, *weights],
        row.shape_out,
        kernel_shape=row.kernel,
        strides=row.stride,
        pads=_pads(row),
        dilations=(row.dilation, row.dilation),
        group=row.groups,
    )


def _dense(writer: Writer, name: str, row: NodeRow, source: Tensor) -> Tensor:
    """Write a Gemm for one pixel, else a MatMul with channels last."""
    weight, *bias = (writer.weight(name, role) for role in roles(row))
    out = row.shape_out
    if out[:2] == (1, 1):
        return writer.add("Gemm", name, [writer.flat(source).name, weight, *bias], out, "flat")
    maps = writer.maps(source).name
    x = writer.add("Transpose", f"{name}.last", [maps], source.shape, "last", perm=[0, 2, 3, 1])
    x = writer.add("MatMul", name, [x.name, weight], out, "last")
    if bias:
        x = writer.add("Add", f"{name}.biased", [x.name, *bias], out, "last")
    return writer.add("Transpose", f"{name}.maps", [x.name], out, perm=[0, 3, 1, 2])


def _batch_norm(writer: Writer, name: str, row: NodeRow, source: Tensor) -> Tensor:
    weights = [writer.weight(name, role) for role in roles(row)]
    inputs = [writer.maps(source).name, *weights]
    return writer.add("BatchNormalization", name, inputs, row.shape_out, epsilon=EPSILON)


def _max_pool(writer: Writer, name: str, row: NodeRow, source: Tensor) -> Tensor:
    pads, x = _pads(row), writer.maps(source)
    if any(pad >= row.kernel[at % 2] for at, pad in enumerate(pads)):
        # Runtimes refuse padding as wide as the kernel, which dilation asks for.
        x = _padded(writer, name, x, pads, -np.inf)
        pads = [0, 0, 0, 0]
    return writer.add(
        "MaxPool",
        name,
        [x.name],
        row.shape_out,
        kernel_shape=row.kernel,
        strides=row.stride,
        pads=pads,
        dilations=(row.dilation, row.dilation),
    )


def _padded(writer: Writer, name: str, x: Tensor, pads: list[int], value: float) -> Tensor:
    """Write a Pad of rows and columns."""
    ends = writer.constant(np.array([0, 0, *pads[:2], 0, 0, *pads[2:]], dtype=np.int64))
    fill = writer.constant(np.array(value, dtype=np.float32))
    (h, w, c), (top, left, bottom, right) = x.shape, pads
    shape = (h + top + bottom, w + left + right, c)
    return writer.add("Pad", f"{name}.padded", [x.name, ends, fill], shape)


def _avg_pool(writer: Writer, name: str, row: NodeRow, source: Tensor) -> Tensor:
    x, pads = writer.maps(source), _pads(row)
    # Runtimes refuse to pad what is as small as one pixel: then no mean sees padding and pixels.
    alone = [pad if row.kernel[at % 2] == 1 else 0 for at, pad in enumerate(pads)]
    if any(alone):
        x = _padded(writer, name, x, alone, 0.0)
        pads = [own - gone for own, gone in zip(pads, alone, strict=True)]
    return writer.add(
        "AveragePool",
        name,
        [x.name],
        row.shape_out,
        kernel_shape=row.kernel,
        strides=row.stride,
        pads=pads,
        count_include_pad=0,
    )


def _mean(writer: Writer, name: str, row: NodeRow, source: Tensor) -> Tensor:
    return writer.add("GlobalAveragePool", name, [writer.maps(source).name], row.shape_out)


def _unary(op: str) -> Callable[[Writer, str, NodeRow, Tensor], Tensor]:
    """Return what writes an operation that ONNX has, without attributes."""

    def write(writer: Writer, name: str, row: NodeRow, source: Tensor) -> Tensor:
        return writer.add(op, name, [writer.maps(source).name], row.shape_out)

    return write


def _relu6(writer: Writer, name: str, row: NodeRow, source: Tensor) -> Tensor:
    bounds = [writer.constant(np.array(bound, dtype=np.float32)) for bound in (0, 6)]
    return writer.add("Clip", name, [writer.maps(source).name, *bounds], row.shape_out)


def _zero(writer: Writer, name: str, row: NodeRow, source: Tensor) -> Tensor:
    nought = writer.constant(np.array(0, dtype=np.float32))
    return writer.add("Mul", name, [writer.maps(source).name, nought], row.shape_out)


def _swish(writer: Writer, name: str, row: NodeRow, source: Tensor) -> Tensor:
    x = writer.maps(source).name
    gate = writer.add("Sigmoid", f"{name}.gate", [x], row.shape_out).name
    return writer.add("Mul", name, [x, gate], row.shape_out)


def _gelu(writer: Writer, name: str, row: NodeRow, source: Tensor) -> Tensor:
    """Write Gelu, or x (1 + erf(x / sqrt 2)) / 2 where the operator set is older."""
    x, out = writer.maps(source).name, row.shape_out
    if writer.opset >= GELU_SINCE:
        return writer.add("Gelu", name, [x], out)
    root, one, half = (
        writer.constant(np.array(value, dtype=np.float32)) for value in (1 / math.sqrt(2), 1, 0.5)
    )
    y = writer.add("Mul", f"{name}.scaled", [x, root], out).name
    y = writer.add("Erf", f"{name}.erf", [y], out).name
    y = writer.add("Add", f"{name}.shifted", [y, one], out).name
    y = writer.add("Mul", f"{name}.halved", [y, half], out).name
    return writer.add("Mul", name, [x, y], out)


_WRITERS: dict[str, Callable[[Writer, str, NodeRow, Tensor], Tensor]] = {
    "Conv": _conv,
    "Depthwise": _conv,
    "MatMul": _dense,
    "BatchNorm": _batch_norm,
    "Maxpool": _max_pool,
    "Avgpool": _avg_pool,
    "ReLU": _unary("Relu"),
    "ReLU6": _relu6,
    "Sigmoid": _unary("Sigmoid"),
    "Tanh": _unary("Tanh"),
    "Swish": _swish,
    "GeLU": _gelu,
    "Mean": _mean,
    "Global": _mean,
    "Zero": _zero,
}
