"""What each ONNX operator is in the vocabulary: the counterpart of `onnx_export_ops`."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any, NamedTuple

from nape_bench.errors import GraphError
from nape_bench.graph.onnx_import_constants import Constant
from nape_bench.graph.onnx_import_draft import Draft, Node
from nape_bench.graph.onnx_import_values import (
    NO_PAD,
    View,
    input_view,
    padded,
    reshaped,
    sliced,
    transposed,
)
from nape_bench.graph.onnx_import_windows import window

if TYPE_CHECKING:
    from collections.abc import Callable

    from nape_bench.graph.onnx_import_file import Source


class Sizes(NamedTuple):
    """Integers worked out from shapes: inference has followed them, and they are no tensor."""


Value = View | Constant | Sizes

_OURS = re.compile(r"\d+_(\w+)")
"""Names that this package's own writer gives to nodes: "12_Conv"."""


_FIELDS = {float: (1, "f"), int: (2, "i"), str: (3, "s"), tuple: (7, "ints")}
"""Kinds of attributes: ONNX's number of each, and the field that holds it."""


class Call:
    """One node of an ONNX model, and what it reads.

    Attributes:
        op: ONNX's name of the operator.
        label: What it is called in messages.
        inputs: What it reads; None where an optional input is left out.
        out: Shape of what it makes; sizes that are not known are 0.
        batch: Size of the batch axis.
        told: The operation that this package's own writer made it from, or "". One ONNX operator
            may stand for two words of the vocabulary, such as Conv for Conv and Depthwise.
    """

    def __init__(
        self, node: Any, label: str, inputs: list[Value | None], source: Source, draft: Draft
    ) -> None:
        self.op: str = node.op_type
        self.label = label
        self.inputs = inputs
        self.out = source.shapes.get(node.output[0], ())
        self.batch = source.batch
        self.draft = draft
        named = _OURS.fullmatch(node.name) if source.ours else None
        self.told = named[1] if named else ""
        self._attributes = {attribute.name: attribute for attribute in node.attribute}

    def attribute(self, name: str, default: Any, kind: type | None = None) -> Any:
        """Return an attribute's value, or a default where the node has none.

        Args:
            name: Its name.
            default: What it is where the node does not say.
            kind: int, float, str, or tuple for integers; None: that of the default.

        Raises:
            GraphError: It is of another kind.
        """
        if name not in self._attributes:
            return default
        found = self._attributes[name]
        wanted, field = _FIELDS[kind or type(default)]
        if found.type != wanted:
            raise GraphError(f"its {name} is of another type than the operator has")
        value = getattr(found, field)
        if field == "s":
            return value.decode(errors="replace")
        return tuple(value) if field == "ints" else value

    def has_attribute(self, name: str) -> bool:
        """Return whether the node has an attribute."""
        return name in self._attributes

    def setting(self, name: str, slot: int) -> list[int] | None:
        """Return integers that are an attribute in old operator sets and an input in new ones."""
        if name in self._attributes:
            return list(self.attribute(name, (), tuple))
        if len(self.inputs) <= slot or self.inputs[slot] is None:
            return None
        given = self.inputs[slot]
        values = given.integers() if isinstance(given, Constant) else None
        if values is None:
            raise GraphError(f"its {name} are no constant whose values are in the model")
        return values

    def number(self, name: str, slot: int, default: float) -> float:
        """Return a number that is an attribute in old operator sets and an input in new ones."""
        if name in self._attributes:
            return float(self.attribute(name, 0.0))
        if len(self.inputs) <= slot or self.inputs[slot] is None:
            return default
        given = self.inputs[slot]
        value = given.scalar() if isinstance(given, Constant) else None
        if value is None:
            raise GraphError(f"its {name} is no constant whose value is in the model")
        return value

    def view(self, slot: int = 0) -> View:
        """Return the tensor of the network that it reads in a slot, padded or not."""
        given = self.inputs[slot] if slot < len(self.inputs) else None
        if not isinstance(given, View):
            raise GraphError(f"its input {slot} is no tensor of the network")
        return given

    def maps(self, slot: int = 0, axes: tuple[str, ...] = ()) -> View:
        """Return the tensor that it reads in a slot; it must not be padded, and have `axes`."""
        x = self.view(slot)
        if x.pad != NO_PAD:
            raise GraphError("it reads what was padded: padding is read by windows alone")
        if axes and x.axes not in axes:
            raise GraphError(f"it reads {x.axes}, where {' or '.join(axes)} is expected")
        return x

    def weight(self, slot: int, rank: int) -> tuple[int, ...]:
        """Return the shape of the weight in a slot."""
        given = self.inputs[slot] if slot < len(self.inputs) else None
        if not isinstance(given, Constant):
            raise GraphError(f"its input {slot} is no weight")
        if len(given.shape) != rank or not all(given.shape):
            raise GraphError(
                f"its weight has sizes {list(given.shape)} (0: not told): {rank} expected"
            )
        return given.shape

    def has(self, slot: int) -> bool:
        """Return whether an optional input is there."""
        return slot < len(self.inputs) and self.inputs[slot] is not None

    def node(self, op: str, x: View, shape: tuple[int, int, int] | None = None, **how: Any) -> View:
        """Add a node that reads `x`; it puts out `shape`, or what it reads, in the same axes."""
        out = x.shape if shape is None else shape
        node = Node(op, x.shape, out, self.label, [x.node], told=self.told, **how)
        axes = "nc" if x.axes == "nf" and out[:2] == (1, 1) else x.axes
        return View(self.draft.add(node), out, axes)


class Reader:
    """Reads the nodes of a model, one after the other.

    Args:
        source: The model.

    Attributes:
        draft: What has become of it.
    """

    def __init__(self, source: Source) -> None:
        self.draft = Draft()
        self._source = source
        readers = [n for n in source.nodes if source.image in n.input]
        first = [
            [list(a.ints) for a in n.attribute if a.name == "perm"] if n.op_type == "Transpose"
            else None for n in readers
        ]  # fmt: skip
        last = bool(first) and all(perm == [[0, 3, 1, 2]] for perm in first)
        image = input_view(0, source.shapes[source.image], last=last)
        self.draft.add(Node("Input", image.shape, image.shape, f"input {source.image}", []))
        self._values: dict[str, Value | None] = {**source.constants, source.image: image}

    def read(self) -> list[str]:
        """Read all nodes; return what is wrong, a sentence each."""
        problems = []
        lost: set[str] = set()
        for node, label in zip(self._source.nodes, self._source.labels, strict=True):
            if lost.intersection(node.input):
                lost.update(node.output)
                continue
            inputs = [self._values.get(name) if name else None for name in node.input]
            call = Call(node, label, inputs, self._source, self.draft)
            try:
                self._values[node.output[0]] = _read(call)
            except GraphError as error:
                problems.append(f"{label}: {error}")
                lost.update(node.output)
        return problems

    def result(self) -> View:
        """Return the output.

        Raises:
            GraphError: It does not follow from the input.
        """
        value = self._values.get(self._source.output)
        if not isinstance(value, View) or value.pad != NO_PAD:
            raise GraphError(
                f"{self._source.name}: its output {self._source.output} is no tensor of the network"
            )
        return value


def _read(call: Call) -> Value:
    """Read one node."""
    given = [value for value in call.inputs if value is not None]
    least = 2 if call.op in _OF_TWO else 1
    if len(call.inputs) < least:
        raise GraphError(f"it reads {len(call.inputs)} values, and its operator {least} or more")
    if call.op == "Shape":
        return Sizes()
    if not any(isinstance(value, View) for value in given):
        return _of_constants(call, given)
    if call.op in _OF_SIZES:
        raise GraphError("it reads a tensor of the network, and is read where it works on sizes")
    result = READERS[call.op](call)
    if call.out and all(call.out) and result.sizes(call.batch) != call.out:
        told = list(result.sizes(call.batch))
        raise GraphError(f"its sizes are {list(call.out)}, and {told} are what a graph has here")
    return result


def _of_constants(call: Call, given: list[Value]) -> Value:
    """Return what becomes of weights that are rearranged, or of sizes that are worked out."""
    if any(isinstance(value, Sizes) for value in given) or call.op in _OF_SIZES:
        return Sizes()
    first = given[0] if given else None
    if isinstance(first, Constant) and call.op in _REARRANGING:
        return Constant(call.out, first.kind)
    raise GraphError("it works on constants only: fold constants when the model is exported")


def _same(call: Call) -> View:
    return call.view()


def _cast(call: Call) -> View:
    """Read a Cast: types are not kept."""
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


def _concat(call: Call) -> View:
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


def _sum(call: Call) -> View:
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


def _product(call: Call) -> View:
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


def _scaled(call: Call) -> View:
    if isinstance(call.inputs[1], View):
        raise GraphError("a graph has sums and products of tensors, and none of this")
    return _with_constant(call)


def _blocks(op: str) -> Callable[[Call], View]:
    """Return what reads SpaceToDepth or DepthToSpace."""

    def read(call: Call) -> View:
        x = call.maps(axes=("nchw",))
        if len(call.out) != 4 or not all(call.out):
            raise GraphError("its sizes do not follow from the model's")
        _, c, h, w = call.out
        return call.node(op, x, (h, w, c))

    return read


_OF_TWO = frozenset({"Add", "Sub", "Mul", "Div", "MatMul", "Gemm", "Conv", "BatchNormalization"})
"""Operators that read two values or more."""

_REARRANGING = frozenset(
    {"Identity", "Cast", "Reshape", "Flatten", "Squeeze", "Unsqueeze", "Transpose"}
)
"""Operators that may rearrange weights, as exporters that do not fold them write it."""

_OF_SIZES = frozenset({"Gather", "ReduceProd", "ConstantOfShape", "Expand", "Equal", "Where"})
"""Operators that are read where they work on sizes, as exporters write it for open batches."""

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
    "Concat": _concat,
    "Add": _sum,
    "Sum": _sum,
    "Mul": _product,
    "Sub": _scaled,
    "Div": _scaled,
    "SpaceToDepth": _blocks("SpacetoDepthND"),
    "DepthToSpace": _blocks("DepthtoSpaceND"),
    "Identity": _same,
    "Dropout": _same,
    "Cast": _cast,
    "Reshape": _reshape,
    "Flatten": _reshape,
    "Squeeze": _reshape,
    "Unsqueeze": _reshape,
    "Transpose": _transpose,
    "Slice": _slice,
    "Pad": _pad,
}
"""What reads each operator that is read where it reads a tensor of the network."""

KNOWN = frozenset(READERS) | _OF_SIZES | {"Shape", "Constant"}
"""Every operator that is read."""
