"""What `to_onnx` writes is valid ONNX and computes what the torch module computes."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
import pytest
import torch
from onnx import numpy_helper

from nape_bench.errors import GraphError
from nape_bench.graph import ArchGraph, GraphBuilder
from nape_bench.spaces import Space, space
from tests.graph.networks import random_network, sliced, tiny

NEWEST = onnx.defs.onnx_opset_version()


def images(graph: ArchGraph, count: int = 3) -> torch.Tensor:
    sizes = [int(graph.column(name)[0]) for name in ("c_in", "h_in", "w_in")]
    return torch.randn(count, *sizes, generator=torch.Generator().manual_seed(1))


def trained(graph: ArchGraph) -> torch.nn.Module:
    """A module in eval mode in which every tensor matters, and values stay in range."""
    torch.manual_seed(0)
    module = graph.to_torch()
    for layer in module.modules():
        if isinstance(layer, torch.nn.BatchNorm2d):
            torch.nn.init.uniform_(layer.weight, 0.5, 1.5)
            torch.nn.init.normal_(layer.bias, std=0.3)
            layer.momentum = None
        elif getattr(layer, "bias", None) is not None:
            torch.nn.init.normal_(layer.bias)
    with torch.no_grad():
        module(images(graph, 8))
    return module.eval()


def check(model: Any) -> None:
    """Check a model, and that the shapes it tells are those that onnx infers."""
    onnx.checker.check_model(model, full_check=True)
    bare = onnx.ModelProto()
    bare.CopyFrom(model)
    del bare.graph.value_info[:]
    options = {"check_type": True, "strict_mode": True, "data_prop": True}
    inferred = onnx.shape_inference.infer_shapes(bare, **options)
    told = {value.name: value for value in model.graph.value_info}
    assert {value.name: value for value in inferred.graph.value_info} == told
    assert all(opset.domain == "" for opset in model.opset_import)


def reference(model: Any, x: torch.Tensor) -> np.ndarray:
    from onnx.reference import ReferenceEvaluator

    return ReferenceEvaluator(model).run(None, {"images": x.numpy()})[0]


def runtime(model: Any, x: torch.Tensor, level: str = "ORT_ENABLE_ALL", **more: Any) -> np.ndarray:
    ort = pytest.importorskip("onnxruntime", reason="pip install 'nape-bench[latency]'")
    options = ort.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.graph_optimization_level = getattr(ort.GraphOptimizationLevel, level)
    providers = ["CPUExecutionProvider"]
    session = ort.InferenceSession(model.SerializeToString(), options, providers=providers)
    return session.run(None, {"images": x.numpy(), **more})[0]


def distance(graph: ArchGraph, run: Any = runtime, **how: Any) -> float:
    """Largest difference between a model and the module, as a share of the largest output."""
    module, x = trained(graph), images(graph)
    model = graph.to_onnx(module=module, **how)
    check(model)
    with torch.no_grad():
        expected = module(x).numpy()
    result = run(model, x)
    assert result.shape == expected.shape
    assert np.abs(expected).max() > 1e-3, "nothing comes out of the network"
    return float(np.abs(result - expected).max() / np.abs(expected).max())


def kinds(model: Any) -> list[str]:
    return [node.op_type for node in model.graph.node]


@pytest.mark.slow
def test_every_family_gives_what_torch_gives(family: Space) -> None:
    rng = np.random.default_rng(0)
    # Odd sizes, so that paddings are uneven.
    resolution = 33 if family.resolution <= 64 else 97
    for _ in range(2):
        graph = family.build(family.sample(rng), width=0.25, resolution=resolution)
        assert distance(graph) < 1e-3


@pytest.mark.parametrize(("name", "axis"), [("nb101", "c"), ("nb301", "h")])
def test_families_that_cut_channels_or_rows_give_what_torch_gives(name: str, axis: str) -> None:
    family, rng = space(name), np.random.default_rng(0)
    for _ in range(100):
        graph = family.build(family.sample(rng), width=0.25)
        sources, targets = graph.edges.T
        cut = graph.column(f"{axis}_out")[sources] > graph.column(f"{axis}_in")[targets]
        if any(graph.ops[target] not in ("Mul", "Concat") for target in targets[cut]):
            break
    assert "Slice" in kinds(graph.to_onnx(weights=False))
    assert distance(graph) < 1e-3


def test_the_reference_build_of_every_family_is_valid(family: Space) -> None:
    check(family.build(family.example).to_onnx(weights=False))


@pytest.mark.parametrize("seed", range(20))
def test_random_networks_give_what_torch_gives(seed: int) -> None:
    graph = random_network(seed)
    assert distance(graph, reference) < 1e-5
    assert distance(graph, runtime) < 1e-5


@pytest.mark.parametrize("opset", range(13, NEWEST + 1))
def test_every_opset_is_valid(opset: int) -> None:
    b = GraphBuilder(9)
    x = b.batch_norm(b.conv(b.input, 4, 3, 2, bias=True))
    for op in ("ReLU", "ReLU6", "Sigmoid", "Tanh", "Swish", "GeLU"):
        x = b.activation(x, op)
    x = b.h_swish(x)
    x = b.mul(b.relu6(b.dense(b.mean(x), 4)), x)
    x = b.concat(b.max_pool(x, 3, 2), b.avg_pool(x, 3, 2), b.avg_pool(x, 2, 2))
    x = b.add(x, b.zero(x), b.dense(x, 12))
    graph = b.finish(b.dense(b.dense(b.global_pool(x), 5), 3, bias=False))
    model = graph.to_onnx(opset=opset)
    assert [(o.domain, o.version) for o in model.opset_import] == [("", opset)]
    # The reference evaluator knows the newest operators, onnxruntime those of the default.
    assert distance(graph, reference, opset=opset) < 1e-5
    if opset <= 20:
        assert distance(graph, runtime, opset=opset) < 1e-5


@pytest.mark.parametrize("op", ["ReLU", "ReLU6", "Sigmoid", "Tanh", "Swish", "GeLU"])
def test_activations(op: str) -> None:
    b = GraphBuilder(5)
    graph = b.finish(b.activation(b.conv(b.input, 3, 3), op))
    for opset in (13, 20):
        assert distance(graph, reference, opset=opset) < 1e-6
        assert distance(graph, runtime, opset=opset) < 1e-6


@pytest.mark.parametrize(
    ("size", "kernel", "stride"),
    [(11, 2, 2), (8, 3, 2), (8, 3, 1), (5, 3, 2), (7, 1, 2), (1, 3, 1)],
)
@pytest.mark.parametrize("pool", ["avg_pool", "max_pool"])
def test_pools_leave_padding_out(pool: str, size: int, kernel: int, stride: int) -> None:
    b = GraphBuilder(size)
    graph = b.finish(getattr(b, pool)(b.input, kernel, stride))
    assert distance(graph, reference) < 1e-6
    assert distance(graph, runtime) < 1e-6
    negative = -torch.ones(1, 3, size, size)  # padding of noughts would be larger
    result = runtime(graph.to_onnx(), negative)
    np.testing.assert_allclose(result, -np.ones_like(result))


@pytest.mark.parametrize(("kernel", "dilation"), [(3, 2), (2, 3), (3, 4)])
def test_dilated_max_pools(kernel: int, dilation: int) -> None:
    b = GraphBuilder(8)
    data = b.finish(b.max_pool(b.input, kernel)).to_dict()
    data["nodes"][1]["dilation"] = dilation
    assert distance(ArchGraph.from_dict(data)) == 0


@pytest.mark.parametrize("kernel", [(3, 3), (2, 4), (1, 7)])
@pytest.mark.parametrize("stride", [1, 2, (2, 1)])
def test_uneven_and_dilated_convolutions(kernel: tuple[int, int], stride: Any) -> None:
    b = GraphBuilder(9)
    x = b.depthwise(b.conv(b.input, 6, kernel, stride, groups=3, bias=True), 3, dilation=2)
    graph = b.finish(b.conv(x, 2, kernel, stride, dilation=3))
    assert distance(graph, reference) < 1e-5
    assert distance(graph, runtime) < 1e-5


def test_slices_keep_leading_channels_and_drop_leading_pixels() -> None:
    b = GraphBuilder(5)
    model = b.finish(b.max_pool(b.input, 1, read=(4, 5, 2))).to_onnx()
    x = images(tiny(5))
    assert np.array_equal(runtime(model, x), x[:, :2, 1:].numpy())
    b = GraphBuilder(5)
    cut = b.add(b.conv(b.input, 4, 3), b.conv(b.input, 6, 1), channels=3)
    graph = b.finish(b.conv(cut, 2, 1, read=(4, 4, 1)))
    assert distance(graph, reference) < 1e-5
    assert distance(graph, runtime) < 1e-5


def test_an_output_may_read_a_slice_or_the_input() -> None:
    data = tiny().to_dict()
    nodes = [data["nodes"][0], {**data["nodes"][-1]}]
    nodes[1].update(h_in=7, h_out=7, w_in=8, w_out=8, c_in=2, c_out=2)
    x = images(tiny())
    cut = ArchGraph.from_dict({"nodes": nodes, "edges": [[0, 1]]}).to_onnx()
    check(cut)
    assert np.array_equal(runtime(cut, x), x[:, :2, 1:].numpy())
    b = GraphBuilder(8)
    whole = b.finish(b.input).to_onnx()
    check(whole)
    assert np.array_equal(runtime(whole, x), x.numpy())


def test_gates_are_what_torch_runs() -> None:
    b = GraphBuilder(4)
    graph = b.finish(b.h_swish(b.conv(b.input, 4, 3)))
    assert kinds(graph.to_onnx()) == ["Conv", "HardSwish"]
    assert kinds(graph.to_onnx(opset=13)) == ["Conv", "HardSigmoid", "Mul"]
    b = GraphBuilder(4)
    x = b.conv(b.input, 4, 3)
    graph = b.finish(b.mul(b.relu6(b.mean(x)), x))
    assert kinds(graph.to_onnx()) == ["Conv", "GlobalAveragePool", "HardSigmoid", "Mul"]
    assert distance(graph) < 1e-6
    b = GraphBuilder(4)
    x = b.conv(b.input, 4, 3)
    clipped = b.relu6(x)
    graph = b.finish(b.add(b.mul(x, clipped), clipped))  # others read the ReLU6 as such
    assert sorted(kinds(graph.to_onnx())) == ["Add", "Clip", "Conv", "HardSwish"]
    assert distance(graph) < 1e-6


@pytest.mark.parametrize("op", ["gate", "swish"])
def test_gates_of_slices(op: str) -> None:
    graph = sliced(op, 2)
    assert distance(graph, reference) < 1e-6
    assert distance(graph, runtime) < 1e-6


def test_dense_layers_over_pixels_and_behind_one_another() -> None:
    b = GraphBuilder(4)
    x = b.dense(b.dense(b.input, 5), 6, bias=False)
    assert distance(b.finish(x)) < 1e-5
    b = GraphBuilder(4)
    x = b.dense(b.relu(b.dense(b.dense(b.mean(b.input), 5), 6)), 7)
    graph = b.finish(x)
    assert distance(graph) < 1e-5
    assert kinds(graph.to_onnx()).count("Flatten") == 2  # behind Mean and ReLU


def test_sums_and_products_of_many() -> None:
    b = GraphBuilder(4)
    xs = [b.conv(b.input, 3, 3) for _ in range(3)]
    x = b.mul(b.mean(xs[0]), *xs, b.input)
    graph = b.finish(b.add(x, x, *xs))
    assert "Sum" in kinds(graph.to_onnx())
    assert distance(graph, reference) < 1e-5
    assert distance(graph, runtime) < 1e-5


def test_nodes_are_named_after_those_of_the_graph() -> None:
    graph = tiny()
    model = graph.to_onnx()
    names = [node.name for node in model.graph.node]
    assert names == ["1_Conv", "2_BatchNorm", "3_ReLU", "4_Mean", "4_Mean.flat", "5_MatMul"]
    assert model.graph.name == graph.hash
    assert model.producer_name == "nape_bench"


def test_equal_arguments_give_equal_bytes() -> None:
    graph = random_network(4)
    module = trained(graph)
    again = ArchGraph.from_dict(graph.to_dict())
    state = torch.get_rng_state()
    for how in ({"module": module}, {}, {"weights": False}):
        first, second = (g.to_onnx(**how).SerializeToString() for g in (graph, again))
        assert first == second
    assert torch.equal(torch.get_rng_state(), state)


def test_without_a_module_weights_are_those_of_seed_0() -> None:
    graph = random_network(2)
    torch.manual_seed(0)
    assert graph.to_onnx() == graph.to_onnx(module=graph.to_torch())


def test_a_module_of_half_precision_is_written_in_float32() -> None:
    graph = tiny()
    model = graph.to_onnx(module=graph.to_torch().half())
    check(model)
    arrays = [numpy_helper.to_array(i) for i in model.graph.initializer]
    assert {array.dtype for array in arrays} == {np.dtype(np.float32)}


def test_without_weights_they_are_inputs() -> None:
    graph = random_network(4)
    module, x = trained(graph), images(graph)
    whole, bare = graph.to_onnx(module=module), graph.to_onnx(weights=False)
    check(bare)
    assert bare.ByteSize() < whole.ByteSize() + 100 * len(graph)
    held = {i.name: numpy_helper.to_array(i) for i in whole.graph.initializer}
    given = {v.name: held[v.name] for v in bare.graph.input if v.name != "images"}
    assert sum(a.size for n, a in given.items() if not n.endswith((".mean", ".variance"))) == (
        graph.params()
    )
    np.testing.assert_allclose(runtime(bare, x, **given), runtime(whole, x), rtol=1e-4, atol=1e-4)


def test_the_batch_is_open_named_or_fixed() -> None:
    graph = tiny()
    for batch, kind in (("N", "dim_param"), ("images", "dim_param"), (4, "dim_value")):
        model = graph.to_onnx(batch=batch)
        check(model)
        for value in (*model.graph.input, *model.graph.output, *model.graph.value_info):
            first = value.type.tensor_type.shape.dim[0]
            assert first.WhichOneof("value") == kind
            assert getattr(first, kind) == batch
    for count in (1, 5):
        assert runtime(graph.to_onnx(), images(graph, count)).shape == (count, 10)


@pytest.mark.parametrize("batch", [0, -1, "", 1.5, None, True])
def test_a_batch_that_is_none_is_refused(batch: Any) -> None:
    with pytest.raises(GraphError, match="batch is an integer of at least 1"):
        tiny().to_onnx(batch=batch)


@pytest.mark.parametrize("opset", [12, NEWEST + 1, "17", 17.0, True])
def test_an_opset_that_is_none_is_refused(opset: Any) -> None:
    with pytest.raises(GraphError, match=rf"opset is an integer from 13 to {NEWEST}, not"):
        tiny().to_onnx(opset=opset)


def test_modules_of_other_graphs_are_refused() -> None:
    graph = tiny()
    with pytest.raises(GraphError, match=r"node 5 \(MatMul\): its weight is \[4, 10\].*\[4, 7\]"):
        graph.to_onnx(module=tiny(classes=7).to_torch())
    b = GraphBuilder(8)
    plain = b.finish(b.relu(b.input))
    with pytest.raises(GraphError, match=r"node 1 \(Conv\): .* the module has none"):
        graph.to_onnx(module=plain.to_torch())
    with pytest.raises(GraphError, match="module is a Linear, not what"):
        graph.to_onnx(module=torch.nn.Linear(2, 2))
    with pytest.raises(GraphError, match="leave one of them out"):
        graph.to_onnx(module=graph.to_torch(), weights=False)


def test_weights_of_2_gb_are_refused_before_they_are_made() -> None:
    b = GraphBuilder(1)
    graph = b.finish(b.dense(b.dense(b.input, 1 << 26), 1 << 20))
    with pytest.raises(GraphError, match=r"281,476,054,646,784 bytes.* weights=False"):
        graph.to_onnx()
    check(graph.to_onnx(weights=False))


def test_an_operation_without_counterpart_is_named() -> None:
    data = tiny().to_dict()
    data["nodes"][3]["op"] = "OOV"
    with pytest.raises(GraphError, match=r"node 3 \(OOV\): .*cannot be written as ONNX"):
        ArchGraph.from_dict(data).to_onnx(weights=False)
