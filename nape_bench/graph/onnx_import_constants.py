"""What an ONNX model holds beside its nodes: shapes of weights, and values of small constants."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from nape_bench.errors import GraphError

MOST_ELEMENTS = 64
"""Elements of a constant whose values are read: bounds, shapes and scalars are no larger."""


_PLAIN = {
    "value_float": ("f", 1, np.float32),
    "value_floats": ("floats", 1, np.float32),
    "value_int": ("i", 7, np.int64),
    "value_ints": ("ints", 7, np.int64),
}
"""Attributes of a Constant that are no tensor: where they are, ONNX's number of the type, ours."""


class Constant(NamedTuple):
    """A constant or a weight.

    Attributes:
        shape: Its sizes; one that is not known is 0.
        kind: ONNX's number of its type.
        array: Its values, where it is small and they are in the model.
    """

    shape: tuple[int, ...]
    kind: int
    array: np.ndarray | None = None

    def scalar(self) -> float | None:
        """Return its one value, or None where it has more or they are not at hand."""
        if self.array is None or self.array.size != 1 or self.array.dtype.kind not in "fiub":
            return None
        return float(self.array.reshape(()))

    def integers(self) -> list[int] | None:
        """Return its values, or None where they are no integers or not at hand."""
        if self.array is None or self.array.dtype.kind not in "iu":
            return None
        return [int(value) for value in self.array.reshape(-1)]


def shape_of(value: Any) -> tuple[int, ...]:
    """Return the sizes of a ValueInfoProto; one that is open or not told is 0."""
    dims = value.type.tensor_type.shape.dim
    return tuple(max(0, dim.dim_value) if dim.HasField("dim_value") else 0 for dim in dims)


def initialiser(name: str, tensor: Any) -> Constant:
    """Read an initialiser of the model called `name`: its shape, and few values.

    Raises:
        GraphError: It is malformed.
    """
    return _constant(f"{name}: initialiser {tensor.name}", tensor)


def constant_of(name: str, node: Any, label: str) -> Constant:
    """Read a Constant node of the model called `name`.

    Raises:
        GraphError: It is malformed, or of a kind that is not read.
    """
    where = f"{name}: {label}"
    given = {attribute.name: attribute for attribute in node.attribute}
    if set(given) == {"value"}:
        return _constant(where, given["value"].t)
    told = next(iter(given), "")
    if len(given) != 1 or told not in _PLAIN:
        raise GraphError(f"{where}: a constant with {', '.join(given) or 'no value'} is not read")
    attribute, (field, kind, dtype) = given[told], _PLAIN[told]
    values = getattr(attribute, field)
    array = np.array(list(values) if told.endswith("s") else values, dtype=dtype)
    return Constant(array.shape, kind, array if array.size <= MOST_ELEMENTS else None)


def _constant(where: str, tensor: Any) -> Constant:
    from onnx import TensorProto, numpy_helper

    shape = tuple(tensor.dims)
    if any(size < 0 for size in shape):
        raise GraphError(f"{where}: sizes {list(shape)} are negative")
    outside = tensor.data_location == TensorProto.EXTERNAL
    if outside or math.prod(shape) > MOST_ELEMENTS:
        return Constant(shape, tensor.data_type)
    try:
        array = numpy_helper.to_array(tensor)
    except (ValueError, TypeError, KeyError) as error:
        raise GraphError(f"{where}: its values cannot be read: {error}") from None
    return Constant(shape, tensor.data_type, array)


def folded(name: str, nodes: list[Any], opset: int, constants: dict[str, Constant]) -> list[Any]:
    """Work out nodes that only rearrange small constants, as exporters leave them behind.

    Args:
        name: What the model is called in messages.
        nodes: NodeProtos, in order.
        opset: Version of the operator set.
        constants: Constants by name; what is worked out is added.

    Returns:
        The nodes that are left.

    Raises:
        GraphError: A node cannot be worked out.
    """
    left = []
    for node in nodes:
        given = [constants.get(read) for read in node.input if read]
        arrays = [constant.array for constant in given if constant is not None]
        if node.op_type not in _FOLDED or len(arrays) != len(given) or not _small(node, arrays):
            left.append(node)
            continue
        array = _run(f"{name}: node {node.name or node.output[0]} ({node.op_type})", node, opset,
                     dict(zip(filter(None, node.input), arrays, strict=True)))  # fmt: skip
        if array.size > MOST_ELEMENTS:
            left.append(node)
        else:
            constants[node.output[0]] = Constant(array.shape, _kind(array), array)
    return left


_FOLDED = frozenset(
    {"Identity", "Cast", "Reshape", "Squeeze", "Unsqueeze", "Transpose", "Slice", "Gather",
     "Concat", "ConstantOfShape", "Add", "Sub", "Mul", "Div"}
)  # fmt: skip
"""Operators that are worked out: what they give is no larger than what they read, or is asked."""


def _small(node: Any, arrays: list[np.ndarray | None]) -> bool:
    """Return whether values are at hand, and what comes of them cannot be large."""
    if not arrays or any(array is None for array in arrays):
        return False
    if node.op_type != "ConstantOfShape":
        return True
    sizes = [int(size) for size in arrays[0].reshape(-1)] if arrays[0] is not None else []
    return all(size >= 0 for size in sizes) and math.prod(sizes) <= MOST_ELEMENTS


def _run(where: str, node: Any, opset: int, given: dict[str, np.ndarray | None]) -> np.ndarray:
    from onnx import helper
    from onnx.reference import ReferenceEvaluator

    reads = [
        helper.make_tensor_value_info(name, _kind(array), array.shape)
        for name, array in given.items()
        if array is not None
    ]
    makes = [helper.make_tensor_value_info(node.output[0], 0, None)]
    graph = helper.make_graph([node], "constant", reads, makes)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)])
    try:
        return np.asarray(ReferenceEvaluator(model).run(None, given)[0])
    except Exception as error:
        # It raises whatever numpy raises for what the node asks.
        raise GraphError(f"{where}: it cannot be worked out: {error}") from None


def _kind(array: np.ndarray) -> int:
    from onnx import helper

    return int(helper.np_dtype_to_tensor_dtype(array.dtype))
