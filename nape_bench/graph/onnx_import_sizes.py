"""What nodes of an ONNX model are told by inputs, and that it is little.

Shape inference takes as long as bounds, axes and target shapes have elements, however many a file
claims: here they are counted before it runs.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from nape_bench.errors import GraphError
from nape_bench.graph.onnx_import_constants import MOST_ELEMENTS

if TYPE_CHECKING:
    from nape_bench.graph.onnx_import_constants import Constant

_SETTINGS = {
    "Reshape": {1}, "Squeeze": {1}, "Unsqueeze": {1}, "Slice": {1, 2, 3, 4}, "Pad": {1, 2, 3},
    "Clip": {1, 2}, "ReduceMean": {1}, "ReduceProd": {1}, "Expand": {1}, "ConstantOfShape": {0},
    "Dropout": {1, 2},
}  # fmt: skip
"""Which inputs of an operator are settings, and no tensors of the network."""

_RANK = 8
"""Elements that the shape of a tensor has at most."""

_KEEPS = frozenset({"Identity", "Cast", "Reshape", "Squeeze", "Unsqueeze", "Transpose", "Slice"})
_SPREADS = frozenset({"Add", "Sub", "Mul", "Div", "Gather", "Equal", "Where"})


def check_settings(
    name: str, nodes: list[Any], labels: list[str], constants: dict[str, Constant]
) -> None:
    """Check that no node is told more than a few numbers.

    Args:
        name: What the model is called in messages.
        nodes: NodeProtos, in order.
        labels: What they are called in messages.
        constants: Constants by name.

    Raises:
        GraphError: A setting has more than `MOST_ELEMENTS` elements, or follows from tensors.
    """
    counts: dict[str, float] = {
        told: math.prod(constant.shape) for told, constant in constants.items()
    }
    for node, label in zip(nodes, labels, strict=True):
        for slot in _SETTINGS.get(node.op_type, ()):
            read = node.input[slot] if slot < len(node.input) else ""
            if read and counts.get(read, math.inf) > MOST_ELEMENTS:
                raise GraphError(
                    f"{name}: {label}: its input {slot} is a setting, and has more than "
                    f"{MOST_ELEMENTS} elements or follows from a tensor"
                )
        counts[node.output[0]] = _count(node, [counts.get(read, math.inf) for read in node.input])


def _count(node: Any, given: list[float]) -> float:
    """Return how many elements a node puts out at most, infinity where that is not known."""
    if node.op_type == "Shape":
        return _RANK
    if node.op_type == "ReduceProd":
        return 1
    if node.op_type in _KEEPS and given:
        return given[0]
    if node.op_type == "Concat":
        return sum(given)
    return math.prod(given) if node.op_type in _SPREADS else math.inf
