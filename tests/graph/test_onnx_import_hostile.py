"""Models that are changed at random, or on purpose, are read or refused, and never do harm."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import helper, numpy_helper

from nape_bench.errors import GraphError, NapeError
from nape_bench.graph import ArchGraph
from nape_bench.graph.onnx_import_reader import KNOWN
from tests.graph.networks import random_network

OPERATORS = sorted(KNOWN)
SETTINGS = [
    "axes", "pads", "axis", "perm", "group", "min", "value", "auto_pad", "strides", "dilations",
    "alpha", "ceil_mode", "steps", "starts", "ends", "mode", "keepdims", "transB", "blocksize",
]  # fmt: skip
NUMBERS = (0, 1, -1, 2, 3, 5, 7, 2**31, -(2**31), 2**62, 10**6)
VALUES: tuple[Any, ...] = (1, 2.5, "x", "SAME_UPPER", [1, 2], [1.5], b"\xff\xfe", ["a"], [0] * 8)
ZEROS = "n = Constant<value = int64[1] {4611686018427387904}>()\n z = ConstantOfShape(n)\n"
DOUBLED = "a0 = Shape(x)\n" + "".join(
    f"a{i + 1} = Concat<axis = 0>(a{i}, a{i})\n" for i in range(60)
)


def written_out() -> Any:
    """A model with what exporters write, weights as inputs."""
    model = onnx.parser.parse_model(
        """<ir_version: 8, opset_import: ["" : 17]>
        net (float[N,3,8,8] x, float[4,3,3,3] w, float[4] v, float[144,7] m) => (float y) {
            p = Constant<value = int64[8] {0, 0, 1, 1, 0, 0, 1, 1}>()
            a = Pad(x, p)
            b = Conv<kernel_shape = [3, 3]>(a, w)
            c = BatchNormalization(b, v, v, v, v)
            one = Constant<value = int64[1] {1}>()
            end = Constant<value = int64[1] {6}>()
            axes = Constant<value = int64[1] {1}>()
            s = Slice(c, one, end, axes)
            d = AveragePool<kernel_shape = [3, 3], strides = [2, 2], pads = [1, 1, 1, 1]>(c)
            t = Transpose<perm = [0, 2, 3, 1]>(d)
            f = Concat<axis = 3>(t, t)
            h = ReduceMean<axes = [1, 2]>(f)
            z = Flatten(h)
            k = Shape(z)
            l = Reshape(z, k)
            y = Softmax<axis = 1>(l)
        }"""
    )
    model.graph.output[0].type.tensor_type.ClearField("shape")
    return model


def changed(model: Any, rng: random.Random) -> Any:
    """Change one to three things of a copy."""
    model = onnx.ModelProto.FromString(model.SerializeToString())
    graph = model.graph
    values = [value.name for value in (*graph.input, *graph.initializer)] + [""]
    values += [made for node in graph.node for made in node.output]
    for _ in range(rng.choice((1, 1, 2, 3))):
        node = rng.choice(graph.node)
        kind = rng.randrange(9)
        if kind == 0 and node.input:
            del node.input[rng.randrange(len(node.input))]
        elif kind == 1 and node.input:
            node.input[rng.randrange(len(node.input))] = rng.choice(values)
        elif kind == 2:
            node.op_type = rng.choice(OPERATORS)
        elif kind == 3 and graph.initializer:
            tensor = rng.choice(graph.initializer)
            tensor.dims[:] = [rng.choice(NUMBERS) for _ in tensor.dims]
        elif kind == 4:
            sizes = rng.choice(graph.input).type.tensor_type.shape.dim
            rng.choice(sizes).dim_value = rng.choice(NUMBERS)
        else:
            change_attribute(node, rng)
    return model


def change_attribute(node: Any, rng: random.Random) -> None:
    """Add an attribute, or change or take away one that is there."""
    kind = rng.randrange(4)
    attribute = rng.choice(node.attribute) if node.attribute and kind else None
    if attribute is None:
        node.attribute.append(helper.make_attribute(rng.choice(SETTINGS), rng.choice(VALUES)))
    elif kind == 1 and attribute.ints:
        attribute.ints[rng.randrange(len(attribute.ints))] = rng.choice(NUMBERS)
    elif kind == 2:
        attribute.CopyFrom(helper.make_attribute(attribute.name, rng.choice(VALUES)))
    else:
        node.attribute.remove(attribute)


def is_read(model: Any) -> bool:
    try:
        ArchGraph.from_onnx(model)
    except NapeError:
        return False
    return True


@pytest.mark.parametrize("seed", range(8))
def test_what_is_changed_at_random_is_read_or_refused(seed: int) -> None:
    rng = random.Random(seed)
    opset = rng.choice((13, 20))
    bases = [random_network(seed, 8).to_onnx(weights=False, opset=opset), written_out()]
    assert all(isinstance(ArchGraph.from_onnx(base), ArchGraph) for base in bases)
    read = [is_read(changed(rng.choice(bases), rng)) for _ in range(60)]
    assert set(read) == {True, False}


@pytest.mark.parametrize(
    "body",
    [
        "y = Slice(x, huge, huge, huge)",
        "z = Concat<axis = 0>(huge, huge)\n y = Reshape(x, z)",
        f"{ZEROS}y = Reshape(x, z)",
        "y = Reshape(x, x)",
        "s = Shape(x)\n z = Expand(s, huge)\n y = Reshape(x, z)",
        f"{DOUBLED}y = Reshape(x, a60)",
    ],
)
def test_settings_of_many_elements_are_refused_before_they_are_worked_on(body: str) -> None:
    # Inference would go through them one by one, and never end.
    header = '<ir_version: 8, opset_import: ["" : 17]>'
    net = f"net (float[N,3,8,8] x) => (float y) {{\n{body}\n}}"
    model = onnx.parser.parse_model(f"{header}\n{net}")
    if "huge" in body:
        tensor = numpy_helper.from_array(np.zeros(1, dtype=np.int64), "huge")
        tensor.dims[0] = 2**62
        model.graph.initializer.append(tensor)
    with pytest.raises(GraphError, match="is a setting, and has more than 64 elements or follows"):
        ArchGraph.from_onnx(model)
