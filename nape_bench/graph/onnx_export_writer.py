"""Writer: the parts of an ONNX model while it is being written."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np
from onnx import TensorProto, helper, numpy_helper

if TYPE_CHECKING:
    from nape_bench.graph.onnx_export_weights import Weights
    from nape_bench.graph.torch_layers import Shape

INPUT, OUTPUT = "images", "output"

Layout = Literal["maps", "last", "flat"]
"""[batch, channels, height, width], [batch, height, width, channels], or [batch, channels]."""


class Tensor(NamedTuple):
    """A value of the model.

    Attributes:
        name: What nodes call it.
        shape: (height, width, channels) for an image.
        layout: The order of its axes.
    """

    name: str
    shape: Shape
    layout: Layout = "maps"


class Writer:
    """Collects nodes, constants, weights and the shapes of values.

    Args:
        batch: Size or name of the batch axis.
        opset: Version of the operator set.
        weights: Where weights come from.
    """

    def __init__(self, batch: str | int, opset: int, weights: Weights) -> None:
        self.opset = opset
        self._batch = batch
        self._weights = weights
        self._nodes: list[Any] = []
        self._values: dict[str, Any] = {}
        self._constants: dict[str, Any] = {}
        self._inputs: list[Any] = []
        self._outputs: list[Any] = []
        self._views: dict[tuple[str, Layout], Tensor] = {}

    def graph_input(self, shape: Shape) -> Tensor:
        """Declare the images."""
        images = Tensor(INPUT, shape)
        self._inputs.append(self._typed(images))
        return images

    def add(
        self,
        op: str,
        name: str,
        inputs: list[str],
        shape: Shape,
        layout: Layout = "maps",
        **how: Any,
    ) -> Tensor:
        """Add a node, whose one output has its name.

        Args:
            op: ONNX's name of the operation.
            name: The node's name.
            inputs: Names of what it reads.
            shape: (height, width, channels) of its output.
            layout: The order of the output's axes.
            how: Attributes.
        """
        self._nodes.append(helper.make_node(op, inputs, [name], name=name, **how))
        result = Tensor(name, shape, layout)
        self._values[name] = self._typed(result)
        return result

    def constant(self, value: np.ndarray) -> str:
        """Return the name of a small constant; equal ones are kept once."""
        told = "_".join(map(str, value.flatten().tolist()))
        name = f"const.{value.dtype}.{told}{'' if value.ndim else '.scalar'}"
        if name not in self._constants:
            self._constants[name] = numpy_helper.from_array(value, name)
        return name

    def weight(self, node: str, role: str) -> str:
        """Return the name of a weight of a node, which becomes an initializer or an input."""
        name = f"{node}.{role}"
        shape, values = self._weights[node, role]
        if values is None:
            self._inputs.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, shape))
        else:
            self._constants[name] = numpy_helper.from_array(values, name)
        return name

    def sliced(self, node: str, slot: int, source: Tensor, read: Shape) -> Tensor:
        """Keep leading channels and drop leading rows and columns where a node reads less."""
        if source.shape == read:
            return source
        (h, w, c), (h_read, w_read, c_read) = source.shape, read
        # Axes of [batch, channels, height, width]: where to start, and where to end.
        cuts = [(1, 0, c_read), (2, h - h_read, h), (3, w - w_read, w)]
        whole = [(1, 0, c), (2, 0, h), (3, 0, w)]
        kept = [cut for cut, all_of_it in zip(cuts, whole, strict=True) if cut != all_of_it]
        axes, starts, ends = (np.array(part, dtype=np.int64) for part in zip(*kept, strict=True))
        where = [self.constant(part) for part in (starts, ends, axes)]
        return self.add("Slice", f"{node}.slice{slot}", [self.maps(source).name, *where], read)

    def maps(self, source: Tensor) -> Tensor:
        """Return a value as [batch, channels, height, width]."""
        if source.layout == "maps":
            return source
        axes = self.constant(np.array([2, 3], dtype=np.int64))
        return self._view(source, "maps", "Unsqueeze", [source.name, axes])

    def flat(self, source: Tensor) -> Tensor:
        """Return a value of one pixel as [batch, channels]."""
        if source.layout == "flat":
            return source
        return self._view(source, "flat", "Flatten", [source.name], axis=1)

    def output(self, result: Tensor, *, flat: bool) -> None:
        """Make a value the model's output, [batch, channels] if `flat`, else maps."""
        result = self.flat(result) if flat else self.maps(result)
        if result.name == INPUT:
            result = self.add("Identity", "identity", [INPUT], result.shape)
        # No node reads it: such a node would stand behind the Output.
        next(n for n in self._nodes if n.output[0] == result.name).output[0] = OUTPUT
        del self._values[result.name]
        self._outputs.append(self._typed(result._replace(name=OUTPUT)))

    def model(self, graph_hash: str) -> Any:
        """Return the whole as an onnx.ModelProto."""
        opset = helper.make_opsetid("", self.opset)
        graph = helper.make_graph(
            self._nodes,
            graph_hash,
            self._inputs,
            self._outputs,
            list(self._constants.values()),
            value_info=list(self._values.values()),
        )
        return helper.make_model(
            graph,
            opset_imports=[opset],
            ir_version=helper.find_min_ir_version_for([opset]),
            producer_name="nape_bench",
        )

    def _view(
        self, source: Tensor, layout: Layout, op: str, inputs: list[str], **how: Any
    ) -> Tensor:
        key = (source.name, layout)
        if key not in self._views:
            name = f"{source.name}.{layout}"
            self._views[key] = self.add(op, name, inputs, source.shape, layout, **how)
            self._views[name, source.layout] = source
        return self._views[key]

    def _typed(self, value: Tensor) -> Any:
        h, w, c = value.shape
        sizes = {"maps": [c, h, w], "last": [h, w, c], "flat": [c]}[value.layout]
        return helper.make_tensor_value_info(value.name, TensorProto.FLOAT, [self._batch, *sizes])
