"""`ArchGraph.from_onnx`: what others write is read or refused; `test_onnx_round_trip` has ours."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from nape_bench.errors import DataError, GraphError
from nape_bench.graph import ArchGraph, GraphBuilder
from nape_bench.graph import onnx_import_file as files
from tests.graph.networks import tiny

PAD = "p = Constant<value = int64[8] {0,0,1,1,0,0,1,1}>()\n a = Pad(x, p)\n"
CLIP = """nought = Constant<value = float {0}>()
six = Constant<value = float {6}>()
c = Clip(x, nought, six)
"""
NUMBERS = """one = Constant<value = int64[1] {1}>()
three = Constant<value = int64[1] {3}>()
"""
NEWEST = onnx.defs.onnx_opset_version()


def again(graph: ArchGraph, **how: Any) -> ArchGraph:
    """Return what comes back of a graph."""
    return ArchGraph.from_onnx(graph.to_onnx(**{"weights": False, **how}))


def text(body: str, *, given: str = "float[N,3,8,8] x", opset: int = 17) -> Any:
    """Return a model; names in capitals are weights: W_2_3 has sizes [2, 3], V_4 [4]."""
    names = dict.fromkeys(re.findall(r"\b[WV](?:_\d+)+\b", body))
    sizes = {name: [int(size) for size in name.split("_")[1:]] for name in names}
    header = f'<ir_version: 8, opset_import: ["" : {opset}]>'
    model = onnx.parser.parse_model(f"{header}\nnet ({given}) => (float y) {{\n{body}\n}}")
    model.graph.output[0].type.tensor_type.ClearField("shape")
    for name, size in sizes.items():
        array = np.random.default_rng(0).normal(size=size).astype(np.float32)
        model.graph.initializer.append(numpy_helper.from_array(array, name))
    return model


def read(body: str, **how: Any) -> ArchGraph:
    return ArchGraph.from_onnx(text(body, **how))


def refused(body: str, **how: Any) -> str:
    with pytest.raises(GraphError) as caught:
        read(body, **how)
    return str(caught.value)


def test_what_is_no_node_is_folded() -> None:
    graph = read(
        """
        i = Identity(x)
        p = Constant<value = int64[8] {0, 0, 1, 1, 0, 0, 1, 1}>()
        a = Pad(i, p)
        b = Conv<kernel_shape = [3, 3]>(a, W_4_3_3_3)
        c, mask = Dropout(b)
        d = BatchNormalization(c, V_4, V_4, V_4, V_4)
        axes = Constant<value = int64[2] {2, 3}>()
        e = ReduceMean<axes = [2, 3], keepdims = 0>(d)
        f = Unsqueeze(e, axes)
        g = Squeeze(f, axes)
        h = MatMul(g, W_4_5)
        k = Add(V_5, h)
        y = Softmax<axis = 1>(k)
        """
    )
    b = GraphBuilder(8)
    x = b.dense(b.mean(b.batch_norm(b.conv(b.input, 4, 3))), 5)
    assert graph.hash == b.finish(x).hash


def test_channels_last() -> None:
    graph = read(
        """
        t = Transpose<perm = [0, 3, 1, 2]>(x)
        a = Conv<pads = [0, 0, 1, 1], strides = [2, 2]>(t, W_4_3_3_3)
        b = Transpose<perm = [0, 2, 3, 1]>(a)
        c = Add(b, V_4)
        d = Concat<axis = 3>(c, c)
        y = ReduceMean<axes = [1, 2], keepdims = 0>(d)
        """,
        given="float[N,8,10,3] x",
    )
    assert graph.nodes[0, [1, 3, 5]].tolist() == [8, 10, 3]
    assert graph.ops == ["Input", "Conv", "Concat", "Mean", "Output"]
    assert graph.column("bias").tolist() == [0, 1, 0, 0, 0]
    assert graph.nodes[1, [2, 4]].tolist() == [4, 5]


@pytest.mark.parametrize(
    "last",
    [
        "m = Mul(s, sixth)\n y = Mul(x, m)",
        "m = Mul(x, s)\n y = Mul(m, sixth)",
        "m = Div(s, six)\n y = Mul(m, x)",
    ],
)
def test_h_swish_written_out(last: str) -> None:
    graph = read(
        f"""
        nought = Constant<value = float {{0}}>()
        three = Constant<value = float {{3}}>()
        six = Constant<value = float {{6}}>()
        sixth = Constant<value = float {{0.16666667}}>()
        a = Add(x, three)
        s = Clip(a, nought, six)
        {last}
        """
    )
    b = GraphBuilder(8)
    assert graph.hash == b.finish(b.h_swish(b.input)).hash


def test_old_operator_sets_have_attributes() -> None:
    graph = read(
        """
        a = Pad<pads = [0, 0, 1, 1, 0, 0, 1, 1]>(x)
        b = Conv(a, W_4_3_3_3)
        c = Clip<min = 0.0, max = 6.0>(b)
        y = Slice<axes = [1], starts = [0], ends = [2]>(c)
        """,
        opset=9,
    )
    assert graph.ops == ["Input", "Conv", "ReLU6", "Output"]
    assert graph.nodes[-1, 5:7].tolist() == [2, 2]


def test_open_pixels_are_asked_for() -> None:
    body = "y = Relu(x)"
    message = refused(body, given="float[N,3,H,W] x")
    assert "axis 2 of its input x is open (H): give resolution" in message
    model = text(body, given="float[N,3,H,W] x")
    graph = ArchGraph.from_onnx(model, resolution=(5, 7))
    assert graph.nodes[0, [1, 3, 5]].tolist() == [5, 7, 3]
    last = text("y = Transpose<perm = [0, 3, 1, 2]>(x)", given="float[N,H,W,3] x")
    assert ArchGraph.from_onnx(last, resolution=(5, 7)).nodes[0, [1, 3, 5]].tolist() == [5, 7, 3]
    message = refused(body, given="float[N,C,8,8] x")
    assert "axis 1 of its input x is open (C): export it with a fixed size" in message
    with pytest.raises(GraphError, match="8 pixels on axis 2, which is not open"):
        ArchGraph.from_onnx(text(body), resolution=16)
    for wrong in (0, (1, 2, 3)):
        with pytest.raises(GraphError, match="resolution is a positive integer or two"):
            ArchGraph.from_onnx(model, resolution=wrong)  # type: ignore[arg-type]


def test_dead_ends_are_left_out() -> None:
    assert read("z = NonZero(x)\n y = Relu(x)").ops == ["Input", "ReLU", "Output"]


def test_all_unknown_operators_are_named() -> None:
    model = text("a = LeakyRelu(x)\n b = Elu(a)\n c = LeakyRelu(b)\n y = Relu(c)")
    own = helper.make_node("Fancy", ["y"], ["z"], name="fancy", domain="of.mine")
    model.graph.node.append(own)
    model.graph.output[0].name = "z"
    with pytest.raises(GraphError) as caught:
        ArchGraph.from_onnx(model)
    assert str(caught.value).endswith(
        "no counterpart in the vocabulary: Elu (nodes b); LeakyRelu (nodes a, c); "
        "of.mine.Fancy (nodes fancy)"
    )


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("y = Conv<pads = [2, 2, 0, 0]>(x, W_4_3_3_3)", "pads 2 rows before and 0 behind"),
        ("y = Conv<auto_pad = \"SAME_LOWER\", strides = [2, 2]>(x, W_4_3_3_3)", "pads 1 rows"),
        ("y = Conv<dilations = [1, 2]>(x, W_4_3_3_3)", "one for both axes"),
        ("y = AveragePool<kernel_shape = [1, 1], pads = [1, 1, 1, 1]>(x)", "no padding gives this"),
        (f"{PAD}y = Relu(a)", "node y (Relu): it reads what was padded"),
        (f"{PAD}y = MaxPool<kernel_shape = [3, 3]>(a)", "padded with 0: noughts are read before"),
        ("y = Clip(x)", "clips to [-inf, inf]"),
        ("s = Constant<value = float {2}>()\n y = Mul(x, s)", "y (Mul) multiplies by a number"),
        ("s = Constant<value = float {2}>()\n y = Div(s, x)", "sums and products of"),
        ("y = Add(x, W_3_8_8)", "works on a constant of sizes [3, 8, 8]"),
        ("y = Add(x, W_3_1_1)", "adds a vector to what is no layer without a bias"),
        ("a = Conv(x, W_3_3_1_1)\n b = Add(a, W_3_1_1)\n y = Add(a, b)", "adds a vector to what"),
        ("m = GlobalAveragePool(x)\n y = Add(x, m)", "adds [1, 3, 8, 8], [1, 3, 1, 1]"),
        ("a = Conv(x, W_1_3_1_1)\n s = Sigmoid(a)\n y = Mul(x, s)", "it multiplies [1, 3"),
        ("y = Concat<axis = 2>(x, x)", "concatenates along axis 2: channels only"),
        ("y = HardSigmoid<alpha = 0.16666667>(x)", "h-sigmoid, which a graph has only where it"),
        ("y = HardSigmoid(x)", "alpha 0.2 and beta 0.5"),
        ("y = Softmax(x)\n", None),
        ("a = Softmax(x)\n y = Relu(a)", "node a (Softmax) is read behind the network only"),
        ("y = ReduceMean<axes = [1]>(x)", "the mean over axes [1]"),
        ("y = Transpose<perm = [0, 2, 1, 3]>(x)", "transposes nchw by [0, 2, 1, 3]"),
        ("s = Constant<value = int64[3] {1, 24, 8}>()\n y = Reshape(x, s)", "reshapes [1, 3"),
        ("a = Shape(x)\n y = Reshape(x, a)", None),
        (f"{NUMBERS}y = Slice(x, one, three, one)", "slices channels [1:3:1] of 3"),
        ("y = Gemm(x, W_3_4)", "its shapes do not fit"),
        ("a = Flatten(x)\n y = Gemm(a, W_100_4)", "its shapes do not fit"),
        (f"{CLIP}y = Mul(x, c)", "node c (Clip) is a plain ReLU6 that gates"),
        ("a = Gather<axis = 1>(x, i)\n y = Relu(a)\n i = Identity(i)", "'i', which nothing before"),
        ("i = Constant<value = int64[1] {0}>()\n y = Gather<axis = 1>(x, i)", "works on sizes"),
        ("y = MatMul(x, x)", "multiplies two tensors"),
    ],
)  # fmt: skip
def test_what_a_graph_cannot_tell_is_refused(body: str, message: str | None) -> None:
    if message is None:
        assert len(read(body)) == 2
    else:
        assert message in refused(body)


def test_all_that_is_wrong_is_said_at_once() -> None:
    message = refused("a = HardSigmoid(x)\n b = Clip(x)\n c = Relu(a)\n y = Sum(b, c)")
    assert "node a (HardSigmoid)" in message
    assert "node b (Clip)" in message
    assert "node c" not in message


def test_what_breaks_normal_form_is_named_as_the_model_names_it() -> None:
    model = text("a = Relu(x)\n y = Conv(a, W_4_3_1_1)", given="float[N,3,40000,8] x")
    with pytest.raises(GraphError, match=r"h_in=40000 is outside 0..32767 \(input x in the model"):
        ArchGraph.from_onnx(model)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda m: setattr(m.opset_import[0], "version", 6), "and it has 6"),
        (lambda m: setattr(m.opset_import[0], "version", NEWEST + 1), f"and it has {NEWEST + 1}"),
        (lambda m: m.functions.add(name="mine"), "functions of its own (mine)"),
        (lambda m: m.graph.sparse_initializer.add(), "sparse initialisers"),
        (lambda m: m.graph.output.add(name="a"), "this model's are y, a"),
        (lambda m: m.graph.output.pop(), "this model's are none"),
        (lambda m: m.graph.node[1].input.__setitem__(0, "nowhere"), "reads 'nowhere'"),
        (lambda m: m.graph.node[1].output.__setitem__(0, "a"), "makes 'a' a second time"),
        (lambda m: m.graph.input[0].type.tensor_type.shape.dim.pop(), "has sizes [0, 3, 8]"),
        (lambda m: setattr(m.graph.output[0], "name", "other"), "nothing makes its output 'other'"),
        (lambda m: m.graph.initializer.add(dims=[-1], name="w", data_type=1), "[-1] are negative"),
        (lambda m: m.graph.initializer.add(dims=[4], name="w", data_type=1), "cannot be read"),
        (lambda m: m.graph.initializer.add(dims=[4], name="w", data_type=99), "cannot be read"),
    ],
)
def test_malformed_models_are_refused(change: Any, message: str) -> None:
    model = text("a = Relu(x)\n y = Sigmoid(a)")
    change(model)
    with pytest.raises(GraphError, match=re.escape(message)):
        ArchGraph.from_onnx(model)


def test_two_images_are_refused() -> None:
    message = refused("y = Sum(x, b)", given="float[N,3,8,8] x, float[N,3,8,8] b")
    assert "this model's are x, b" in message


def test_broken_files_never_give_another_error(tmp_path: Path) -> None:
    whole = tiny().to_onnx().SerializeToString()
    rng = np.random.default_rng(0)
    path = tmp_path / "broken.onnx"
    kept = 0
    messages = []
    for _ in range(100):
        data = bytearray(whole)
        for place in rng.integers(len(data) - 1300, len(data), size=4) % len(data):
            data[place] = rng.integers(256)
        path.write_bytes(bytes(data))
        try:
            ArchGraph.from_onnx(path)
            kept += 1
        except (DataError, GraphError) as error:
            messages.append(str(error))
    assert kept
    assert messages
    assert all("broken.onnx" in message for message in messages)


def test_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    graph = tiny()
    path = tmp_path / "tiny.onnx"
    onnx.save(graph.to_onnx(), path)
    assert ArchGraph.from_onnx(path) == ArchGraph.from_onnx(str(path)) == graph
    with pytest.raises(DataError, match=r"gone.onnx: cannot be read"):
        ArchGraph.from_onnx(tmp_path / "gone.onnx")
    with pytest.raises(DataError, match="cannot be read"):
        ArchGraph.from_onnx(tmp_path)
    for content in (b"", b"not an ONNX model", b"\x08\x08"):
        (tmp_path / "other.onnx").write_bytes(content)
        with pytest.raises(DataError, match=r"other.onnx: this is no ONNX model"):
            ArchGraph.from_onnx(tmp_path / "other.onnx")
    with pytest.raises(DataError, match="the path of one expected, not 7"):
        ArchGraph.from_onnx(7)
    monkeypatch.setattr(files, "LARGEST_FILE", 100)
    with pytest.raises(DataError, match="less than 2 GiB: save it with its weights as external"):
        ArchGraph.from_onnx(path)
    monkeypatch.setattr(files, "MOST_NODES", 3)
    with pytest.raises(GraphError, match="6 nodes, and at most 3 are read"):
        ArchGraph.from_onnx(graph.to_onnx())


def test_external_data_is_not_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    b = GraphBuilder(8)
    graph = b.finish(b.dense(b.mean(b.relu6(b.conv(b.input, 16, 3, bias=True))), 10))
    path = tmp_path / "apart.onnx"
    model = graph.to_onnx()
    onnx.save_model(model, path, save_as_external_data=True, location="weights", size_threshold=256)
    (tmp_path / "weights").unlink()
    assert ArchGraph.from_onnx(path).hash == graph.hash
    hostile = graph.to_onnx()
    for tensor in hostile.graph.initializer:
        if tensor.dims:
            tensor.ClearField("raw_data")
            tensor.data_location = TensorProto.EXTERNAL
            tensor.external_data.add(key="location", value="../../../../etc/passwd")
    path.write_bytes(hostile.SerializeToString())
    opened: list[str] = []
    plain = Path.open

    def watched(self: Path, *args: Any, **how: Any) -> Any:
        opened.append(self.name)
        return plain(self, *args, **how)

    monkeypatch.setattr(Path, "open", watched)
    monkeypatch.setattr("builtins.open", lambda name, *_: opened.append(str(name)))
    assert ArchGraph.from_onnx(path).hash == graph.hash
    assert opened == ["apart.onnx"]


def test_constants_elsewhere_whose_values_matter_are_named(tmp_path: Path) -> None:
    b = GraphBuilder(8)
    model = b.finish(b.relu6(b.input)).to_onnx()
    for tensor in model.graph.initializer:
        tensor.ClearField("raw_data")
        tensor.data_location = TensorProto.EXTERNAL
        tensor.external_data.add(key="location", value="weights")
    with pytest.raises(GraphError, match=r"\(Clip\): its min is no constant whose value is in the"):
        ArchGraph.from_onnx(model)


def test_large_weights_are_not_copied_for_inference(monkeypatch: pytest.MonkeyPatch) -> None:
    b = GraphBuilder(8)
    graph = b.finish(b.dense(b.mean(b.conv(b.input, 512, 3)), 1000))
    model = graph.to_onnx()
    seen = []
    infer = onnx.shape_inference.infer_shapes

    def watched(bare: Any, **how: Any) -> Any:
        seen.append(bare.ByteSize())
        return infer(bare, **how)

    monkeypatch.setattr(onnx.shape_inference, "infer_shapes", watched)
    assert ArchGraph.from_onnx(model).hash == graph.hash
    assert seen[0] < 10_000 < model.ByteSize()
