"""Opening an ONNX model that nobody vouches for: sizes only, nothing outside the one file.

Weights are never looked at: what matters of them is their shapes, which stand beside them or, where
they are external data, in their place. No file but the model's own is opened, no code of it runs,
and what is larger than a network can be is refused before it is worked on.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from nape_bench.errors import DataError, GraphError
from nape_bench.graph.onnx_import_constants import (
    Constant,
    constant_of,
    folded,
    initialiser,
    shape_of,
)
from nape_bench.graph.onnx_import_sizes import check_settings

if TYPE_CHECKING:
    from collections.abc import Collection

LARGEST_FILE = 2**31 - 1
"""Bytes of a file that is read: protobuf takes no more."""

MOST_NODES = 100_000
"""Nodes of a model that is read."""

OLDEST_OPSET = 7
"""From here on operators broadcast as today, and BatchNormalization has no test mode."""

STANDARD = frozenset({"", "ai.onnx"})
"""Names of the domain of ONNX's own operators."""

_SIZES_SINCE = 15
"""From here on inference follows sizes through Shape; 13 and 14 have the same operators else."""

_WEIGHT_SLOTS = {
    "Conv": {1, 2}, "Gemm": {1, 2}, "MatMul": {1}, "BatchNormalization": {1, 2, 3, 4},
}  # fmt: skip
"""Which inputs of an operator are weights: a model may take these from outside."""


class Source(NamedTuple):
    """What is read of a model.

    Attributes:
        name: The file, or what stands for it in messages.
        nodes: NodeProtos that lead to the output, in order; constants are left out.
        labels: What they are called in messages.
        constants: Initialisers, constants and weights that are inputs, by name.
        shapes: Inferred shapes by name; a size that is not known is 0.
        image: Name of the input.
        output: Name of the output.
        batch: Size of the batch axis for which shapes were inferred.
        opset: Version of the operator set.
        ours: Whether this package wrote it.
    """

    name: str
    nodes: list[Any]
    labels: list[str]
    constants: dict[str, Constant]
    shapes: dict[str, tuple[int, ...]]
    image: str
    output: str
    batch: int
    opset: int
    ours: bool


def open_model(model: Any, known: Collection[str], resolution: tuple[int, int] | None) -> Source:
    """Open a model.

    Args:
        model: An `onnx.ModelProto`, or the path of a file.
        known: Operators that can be read.
        resolution: Height and width in pixels where the model leaves them open.

    Raises:
        DataError: There is no such file, it is too large or no ONNX model.
        GraphError: The model holds what is not read; the message names file and nodes.
    """
    name, model = _model(model)
    graph = model.graph
    opset = _opset(name, model)
    if len(graph.node) > MOST_NODES:
        raise GraphError(f"{name}: {len(graph.node):,} nodes, and at most {MOST_NODES:,} are read")
    if model.functions:
        told = ", ".join(function.name for function in model.functions)
        raise GraphError(
            f"{name}: it has functions of its own ({told}): write them out first, with "
            "onnx.inliner.inline_local_functions"
        )
    if graph.sparse_initializer:
        raise GraphError(f"{name}: sparse initialisers are not read: write them as dense ones")
    if len(graph.output) != 1:
        told = ", ".join(value.name for value in graph.output) or "none"
        raise GraphError(f"{name}: a graph has one output, and this model's are {told}")
    nodes, labels = _live(name, graph)
    _refuse_unknown(name, nodes, labels, known)
    constants: dict[str, Constant] = {}
    for tensor in graph.initializer:
        constants[tensor.name] = initialiser(name, tensor)
    for node, label in zip(nodes, labels, strict=True):
        if node.op_type == "Constant":
            constants[node.output[0]] = constant_of(name, node, label)
    rest = [node for node in nodes if node.op_type != "Constant"]
    label_of = {node.output[0]: label for node, label in zip(nodes, labels, strict=True)}
    nodes = folded(name, rest, opset, constants)
    labels = [label_of[node.output[0]] for node in nodes]
    check_settings(name, nodes, labels, constants)
    image = _image(name, graph, nodes, constants)
    shape = _image_shape(name, image, resolution)
    shapes = _inferred(name, model, nodes, constants, (image, shape), opset)
    return Source(
        name, nodes, labels, constants, shapes, image.name, graph.output[0].name, shape[0], opset,
        model.producer_name == "nape_bench",
    )  # fmt: skip


def _model(model: Any) -> tuple[str, Any]:
    """Return what a model is called, and the model."""
    import onnx

    if isinstance(model, onnx.ModelProto):
        return "the model", model
    if not isinstance(model, (str, os.PathLike)):
        raise DataError(f"an onnx.ModelProto or the path of one expected, not {model!r}")
    path = Path(model)
    from google.protobuf.message import DecodeError

    try:
        size = path.stat().st_size
        if size > LARGEST_FILE:
            raise DataError(
                f"{path}: {size:,} bytes, and an ONNX file holds less than 2 GiB: save it with "
                "its weights as external data (onnx.save_model(..., save_as_external_data=True))"
            )
        with path.open("rb") as file:
            read = onnx.ModelProto.FromString(file.read(LARGEST_FILE + 1))
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror or error}") from None
    except DecodeError:
        raise DataError(f"{path}: this is no ONNX model") from None
    if not read.opset_import or not read.graph.output:
        raise DataError(f"{path}: this is no ONNX model: it has no operator set or no output")
    return str(path), read


def _opset(name: str, model: Any) -> int:
    import onnx

    newest = onnx.defs.onnx_opset_version()
    versions = [entry.version for entry in model.opset_import if entry.domain in STANDARD]
    if not versions or not OLDEST_OPSET <= versions[0] <= newest:
        told = versions[0] if versions else "none"
        raise GraphError(
            f"{name}: operator sets {OLDEST_OPSET} to {newest} are read, and it has {told}: "
            "convert it (onnx.version_converter) or install a newer onnx"
        )
    return int(versions[0])


def _live(name: str, graph: Any) -> tuple[list[Any], list[str]]:
    """Return the nodes that lead to the output, and what each is called in messages."""
    makers: dict[str, int] = {}
    known = {value.name for value in (*graph.input, *graph.initializer)} | {""}
    for i, node in enumerate(graph.node):
        late = next((read for read in node.input if read not in known), None)
        if late is not None:
            raise GraphError(
                f"{name}: {_label(i, node)} reads {late!r}, which nothing before makes"
            )
        for made in filter(None, node.output):
            if made in known:
                raise GraphError(f"{name}: {_label(i, node)} makes {made!r} a second time")
            known.add(made)
            makers[made] = i
    if graph.output[0].name not in known:
        raise GraphError(f"{name}: nothing makes its output {graph.output[0].name!r}")
    wanted = [graph.output[0].name]
    live: set[int] = set()
    while wanted:
        maker = makers.get(wanted.pop())
        if maker is not None and maker not in live:
            live.add(maker)
            wanted.extend(graph.node[maker].input)
    order = sorted(live)
    return [graph.node[i] for i in order], [_label(i, graph.node[i]) for i in order]


def _label(place: int, node: Any) -> str:
    """Return what a node is called in messages: its name, or that of what it makes."""
    made = next(iter(node.output), "")
    return f"node {node.name or made or place} ({node.op_type})"


def _refuse_unknown(name: str, nodes: list[Any], labels: list[str], known: Collection[str]) -> None:
    """Refuse a model with operators that are not read: all of them are named, with their nodes."""
    unknown: dict[str, list[str]] = {}
    for node, label in zip(nodes, labels, strict=True):
        if node.domain not in STANDARD or node.op_type not in known:
            op = node.op_type if node.domain in STANDARD else f"{node.domain}.{node.op_type}"
            unknown.setdefault(op, []).append(label.removeprefix("node ").rpartition(" (")[0])
    if unknown:
        told = "; ".join(f"{op} (nodes {', '.join(who)})" for op, who in sorted(unknown.items()))
        raise GraphError(f"{name}: operators that have no counterpart in the vocabulary: {told}")


def _image(name: str, graph: Any, nodes: list[Any], constants: dict[str, Constant]) -> Any:
    """Return the input that is the image; those that can only be weights become constants."""
    asked: dict[str, bool] = {}
    for node in nodes:
        slots = _WEIGHT_SLOTS.get(node.op_type, set())
        for slot, read in enumerate(node.input):
            asked[read] = asked.get(read, False) or slot not in slots
    images = []
    for value in graph.input:
        if value.name in constants:
            continue
        rank = len(value.type.tensor_type.shape.dim)
        if rank < 2 or not asked.get(value.name, value.name == graph.output[0].name):
            constants[value.name] = Constant(shape_of(value), value.type.tensor_type.elem_type)
        else:
            images.append(value)
    if len(images) != 1:
        told = ", ".join(value.name for value in images) or "none"
        raise GraphError(f"{name}: a graph has one input, the image; this model's are {told}")
    return images[0]


def _image_shape(name: str, image: Any, resolution: tuple[int, int] | None) -> tuple[int, ...]:
    """Return the sizes of the image; an open batch is 1, open pixels are as `resolution` says."""
    dims = image.type.tensor_type.shape.dim
    sizes = list(shape_of(image))
    if len(sizes) not in (2, 4):
        raise GraphError(
            f"{name}: its input {image.name} has sizes {sizes}: [batch, channels, height, width] "
            "(or channels last, or [batch, channels]) expected"
        )
    sizes[0] = sizes[0] or 1
    if len(sizes) == 2:
        pixels: tuple[int, ...] = ()
    else:
        pixels = (1, 2) if sizes[1] == sizes[2] == 0 < sizes[3] else (2, 3)
    for axis, given in zip(pixels, resolution or (), strict=False):
        if sizes[axis] not in (0, given):
            raise GraphError(
                f"{name}: its input {image.name} has {sizes[axis]} pixels on axis {axis}, which is "
                f"not open: leave resolution out, or export it for {given}"
            )
        sizes[axis] = given
    for axis, size in enumerate(sizes):
        if not size:
            told = dims[axis].dim_param or "not told"
            give = "give resolution, (height, width) in pixels, or " if axis in pixels else ""
            raise GraphError(
                f"{name}: axis {axis} of its input {image.name} is open ({told}): {give}export it "
                "with a fixed size"
            )
    return tuple(sizes)


def _inferred(
    name: str,
    model: Any,
    nodes: list[Any],
    constants: dict[str, Constant],
    image: tuple[Any, tuple[int, ...]],
    opset: int,
) -> dict[str, tuple[int, ...]]:
    """Infer the shapes of all values from those of the image and of the constants.

    What the model says of them is left aside: it may be out of date. Large constants become
    inputs, so that not even a copy of their values is made.
    """
    import onnx
    from onnx import helper, numpy_helper

    value, shape = image
    read = {name for node in nodes for name in node.input}
    inputs = [
        helper.make_tensor_value_info(value.name, value.type.tensor_type.elem_type or 1, shape)
    ]
    small = []
    for told, constant in constants.items():
        if told not in read:
            continue
        if constant.array is not None:
            small.append(numpy_helper.from_array(constant.array, told))
        else:
            sizes = [size or None for size in constant.shape]
            inputs.append(helper.make_tensor_value_info(told, constant.kind, sizes))
    last = model.graph.output[0]
    output = helper.make_tensor_value_info(last.name, last.type.tensor_type.elem_type or 1, None)
    graph = helper.make_graph(nodes, "shapes", inputs, [output], small)
    if 13 <= opset < _SIZES_SINCE:
        opset = _SIZES_SINCE
    opsets = [helper.make_opsetid("", opset)]
    bare = helper.make_model(graph, opset_imports=opsets, ir_version=model.ir_version)
    try:
        result = onnx.shape_inference.infer_shapes(bare, strict_mode=True, data_prop=True)
    except (onnx.shape_inference.InferenceError, RuntimeError, ValueError, TypeError) as error:
        raise GraphError(f"{name}: its shapes do not fit: {error}") from None
    known = (*result.graph.input, *result.graph.value_info, *result.graph.output)
    return {
        value.name: shape_of(value) for value in known if value.type.tensor_type.HasField("shape")
    }
