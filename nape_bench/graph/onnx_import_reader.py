"""Reading the nodes of an ONNX model, one after the other, into a draft."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nape_bench.errors import GraphError
from nape_bench.graph.onnx_import_call import Call, Sizes
from nape_bench.graph.onnx_import_constants import Constant
from nape_bench.graph.onnx_import_draft import Draft, Node
from nape_bench.graph.onnx_import_ops import READERS
from nape_bench.graph.onnx_import_values import NO_PAD, View, input_view

if TYPE_CHECKING:
    from nape_bench.graph.onnx_import_call import Value
    from nape_bench.graph.onnx_import_file import Source

_OF_TWO = frozenset({"Add", "Sub", "Mul", "Div", "MatMul", "Gemm", "Conv", "BatchNormalization"})
"""Operators that read two values or more."""

_REARRANGING = frozenset(
    {"Identity", "Cast", "Reshape", "Flatten", "Squeeze", "Unsqueeze", "Transpose"}
)
"""Operators that may rearrange weights, as exporters that do not fold them write it."""

_OF_SIZES = frozenset({"Gather", "ReduceProd", "ConstantOfShape", "Expand", "Equal", "Where"})
"""Operators that are read where they work on sizes, as exporters write it for open batches."""

KNOWN = frozenset(READERS) | _OF_SIZES | {"Shape", "Constant"}
"""Every operator that is read."""


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
