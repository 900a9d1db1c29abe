"""One node of an ONNX model as it is being read: what it reads, and what it is told."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from nape_bench.errors import GraphError
from nape_bench.graph.onnx_import_constants import Constant
from nape_bench.graph.onnx_import_draft import Node
from nape_bench.graph.onnx_import_values import NO_PAD, View

if TYPE_CHECKING:
    from nape_bench.graph.onnx_import_draft import Draft
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
