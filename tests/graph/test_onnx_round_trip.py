"""`to_onnx` and `from_onnx`: what is written comes back, and what torch exports is the same."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import onnx
import pytest
import torch
from onnx import numpy_helper

from nape_bench.graph import ArchGraph, GraphBuilder
from nape_bench.spaces import Space, space
from tests.graph.networks import random_network, sliced, tiny

if TYPE_CHECKING:
    from pathlib import Path

NEWEST = onnx.defs.onnx_opset_version()


def again(graph: ArchGraph, **how: Any) -> ArchGraph:
    """Return what comes back of a graph."""
    return ArchGraph.from_onnx(graph.to_onnx(**{"weights": False, **how}))


def test_every_family_comes_back(family: Space) -> None:
    rng = np.random.default_rng(3)
    spec = family.normalise(family.example)
    for width, depth, resolution in ((1.0, None, None), (0.1, 1, 17), (0.3, 2, 40)):
        graph = family.build(spec, width=width, depth=depth, resolution=resolution)
        assert again(graph).hash == graph.hash
        assert again(graph).group == graph.group
        spec = family.mutate(family.mutate(spec, rng), rng)


@pytest.mark.parametrize("name", ["nb301", "ofa_mbv3"])
@pytest.mark.parametrize("opset", [13, NEWEST])
def test_the_operator_set_does_not_matter(name: str, opset: int) -> None:
    graph = space(name).build(space(name).example, depth=1)
    assert again(graph, opset=opset).hash == graph.hash


@pytest.mark.parametrize("seed", range(20))
def test_random_networks_come_back(seed: int) -> None:
    graph = random_network(seed)
    assert again(graph).hash == graph.hash
    assert again(graph, weights=True, batch=5).hash == graph.hash


@pytest.mark.parametrize("opset", [13, 20])
def test_every_operation_comes_back(opset: int) -> None:
    b = GraphBuilder(9)
    x = b.batch_norm(b.conv(b.input, 4, 3, 2, bias=True))
    for op in ("ReLU", "ReLU6", "Sigmoid", "Tanh", "Swish", "GeLU"):
        x = b.activation(x, op)
    x = b.mul(x, b.activation(x, "Sigmoid"))  # two nodes, and not Swish
    x = b.h_swish(x)
    x = b.mul(b.relu6(b.dense(b.mean(x), 4)), x)
    x = b.concat(b.max_pool(x, 3, 2), b.avg_pool(x, 3, 2), b.avg_pool(x, 2, 2))
    x = b.add(x, b.zero(x), b.dense(x, 12))
    x = b.depthwise(b.conv(x, 12, 3, groups=12), 3, dilation=2)
    graph = b.finish(b.dense(b.dense(b.global_pool(x), 5), 3, bias=False))
    assert sorted(again(graph, opset=opset).ops) == sorted(graph.ops)
    assert again(graph, opset=opset).hash == graph.hash


def test_slices_come_back() -> None:
    b = GraphBuilder(5)
    cut = b.add(b.conv(b.input, 4, 3), b.conv(b.input, 6, 1), channels=3)
    graph = b.finish(b.conv(cut, 2, 1, read=(4, 4, 1)))
    assert again(graph).hash == graph.hash


def test_gates_of_slices_come_back() -> None:
    for op in ("gate", "swish"):
        graph = sliced(op, 2)
        assert again(graph).hash == graph.hash


class Own(torch.nn.Module):
    """A network as one writes it by hand, with what exporters make of it."""

    def __init__(self) -> None:
        super().__init__()
        nn = torch.nn
        self.stem = nn.Sequential(
            nn.Conv2d(3, 8, 3, 2, 1, bias=False), nn.BatchNorm2d(8), nn.Hardswish(), nn.Dropout(0.1)
        )
        self.spatial = nn.Conv2d(8, 8, 3, 1, 1, groups=8)
        self.squeeze, self.excite = nn.Conv2d(8, 4, 1), nn.Conv2d(4, 8, 1)
        self.narrow = nn.Conv2d(8, 8, 2, bias=False)
        self.head = nn.Linear(8 * 4 * 4, 16)
        self.classifier = nn.Linear(16, 10)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        functional = torch.nn.functional
        x = self.stem(x)
        y = functional.silu(self.spatial(x))
        gate = self.excite(torch.relu(self.squeeze(y.mean((2, 3), keepdim=True))))
        x = x + functional.hardsigmoid(gate) * y
        x = functional.max_pool2d(functional.gelu(x), 3, 2, 1)
        x = functional.pad(functional.relu6(x), (0, 1, 0, 1))
        x = functional.avg_pool2d(torch.relu(self.narrow(x)), 2, 2)
        x = x.view(x.size(0), -1)
        return functional.softmax(self.classifier(torch.relu(self.head(x))), dim=1)


def own_by_hand() -> ArchGraph:
    """The same network with this package's builder."""
    b = GraphBuilder(32)
    x = b.h_swish(b.conv(b.input, 8, 3, 2, bias=True))  # the exporter folds BatchNorm
    y = b.activation(b.depthwise(x, 3, bias=True), "Swish")
    gate = b.conv(b.relu(b.conv(b.mean(y), 4, 1, bias=True)), 8, 1, bias=True)
    x = b.add(x, b.mul(b.relu6(gate), y))
    x = b.relu6(b.max_pool(b.activation(x, "GeLU"), 3, 2))
    x = b.avg_pool(b.relu(b.conv(x, 8, 2)), 2, 2)
    data = b.finish(b.dense(b.relu(b.conv(x, 16, 4, 4, bias=True)), 10)).to_dict()
    for node in data["nodes"]:  # the builder pads: of a kernel as large as the map nothing is left
        if node["kernel_h"] == 4:
            node.update(stride_h=1, stride_w=1)
    return ArchGraph.from_dict(data)


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::UserWarning")
@pytest.mark.parametrize("opset", [13, 17])
@pytest.mark.parametrize("open_batch", [True, False])
def test_what_torch_exports(opset: int, open_batch: bool, tmp_path: Path) -> None:
    path = tmp_path / "own.onnx"
    torch.manual_seed(0)
    torch.onnx.export(
        Own().eval(), (torch.randn(2, 3, 32, 32),), str(path), dynamo=False, opset_version=opset,
        input_names=["x"], dynamic_axes={"x": {0: "batch"}} if open_batch else None,
    )  # fmt: skip
    graph = ArchGraph.from_onnx(path)
    assert graph.hash == own_by_hand().hash
    assert graph.to_torch()(torch.randn(2, 3, 32, 32)).shape == (2, 10)


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::UserWarning")
def test_what_torch_exports_computes_the_same(tmp_path: Path) -> None:
    ort = pytest.importorskip("onnxruntime", reason="pip install 'nape-bench[latency]'")
    path = str(tmp_path / "own.onnx")
    torch.manual_seed(0)
    # Of odd size, so that torch's even padding is what the sizes ask for.
    images = torch.randn(2, 3, 33, 33)
    torch.onnx.export(Own().eval(), (images,), path, dynamo=False, opset_version=17)
    model = onnx.load(path)
    held = {tensor.name: numpy_helper.to_array(tensor) for tensor in model.graph.initializer}
    for node in model.graph.node:
        if node.op_type == "Constant":
            held[node.output[0]] = numpy_helper.to_array(node.attribute[0].t)
    module = ArchGraph.from_onnx(path).to_torch().eval()
    weighted = [node for node in model.graph.node if node.op_type in ("Conv", "Gemm")]
    layers = [m for m in module.modules() if isinstance(m, (torch.nn.Conv2d, torch.nn.Linear))]
    with torch.no_grad():
        for node, layer in zip(weighted, layers, strict=True):
            weight, *bias = (torch.from_numpy(held[name].copy()) for name in node.input[1:])
            layer.weight.copy_(weight.reshape(layer.weight.shape))
            for given in bias:
                layer.bias.copy_(given)
        result = module(images).softmax(1).numpy()
    session = ort.InferenceSession(path, providers=["CPUExecutionProvider"])
    expected = session.run(None, {session.get_inputs()[0].name: images.numpy()})[0]
    np.testing.assert_allclose(result, expected, rtol=1e-4, atol=1e-6)


def test_weights_may_be_drawn_from_another_seed() -> None:
    graph = tiny()
    torch.manual_seed(5)
    assert graph.to_onnx(seed=5) == graph.to_onnx(module=graph.to_torch())
    assert graph.to_onnx(seed=5) != graph.to_onnx()
