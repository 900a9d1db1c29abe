"""GraphModule computes what the graph says."""

from __future__ import annotations

import copy
import pickle

import pytest
import torch
from torch.nn import functional

from nape_bench.errors import GraphError
from nape_bench.graph import ArchGraph, GraphBuilder
from tests.graph.networks import random_network, sliced, tiny


@pytest.mark.parametrize("seed", range(25))
def test_random_networks_run_and_have_as_many_parameters_as_they_say(seed: int) -> None:
    graph = random_network(seed)
    module = graph.to_torch()
    result = module(torch.randn(2, 3, 8, 8))
    assert result.shape == (2, 3)
    result.sum().backward()
    assert sum(p.numel() for p in module.parameters()) == graph.params()


def image(*shape: int) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(0))


def run(b: GraphBuilder, x: int, value: torch.Tensor) -> torch.Tensor:
    return b.finish(x).to_torch().eval()(value)


def test_two_of_one_source_are_added_twice() -> None:
    b = GraphBuilder(4)
    x = image(2, 3, 4, 4)
    assert torch.equal(run(b, b.add(b.input, b.input), x), 2 * x)


def test_h_swish_and_h_sigmoid_have_their_scalars() -> None:
    x = 4 * image(2, 3, 4, 4)
    b = GraphBuilder(4)
    torch.testing.assert_close(run(b, b.h_swish(b.input), x), functional.hardswish(x))
    b = GraphBuilder(4)
    gate = b.relu6(b.mean(b.input))
    expected = x * functional.hardsigmoid(x.mean((2, 3), keepdim=True))
    torch.testing.assert_close(run(b, b.mul(gate, b.input), x), expected)


def test_h_swish_and_gates_of_single_pixels() -> None:
    x = 4 * image(2, 3, 1, 1)
    b = GraphBuilder(1)
    torch.testing.assert_close(run(b, b.h_swish(b.input), x), functional.hardswish(x).flatten(1))
    b = GraphBuilder(1)
    other = b.max_pool(b.input, 1)
    expected = x * functional.hardsigmoid(x)
    torch.testing.assert_close(run(b, b.mul(b.relu6(b.input), other), x), expected.flatten(1))


def test_single_pixel_features_that_end_in_relu6_are_not_taken_for_the_gate() -> None:
    x = 4 * image(2, 3, 1, 1)
    b = GraphBuilder(1)
    gate, features = b.activation(b.input, "Sigmoid"), b.relu6(b.max_pool(b.input, 1))
    expected = torch.sigmoid(x) * functional.relu6(x)
    torch.testing.assert_close(run(b, b.mul(gate, features), x), expected.flatten(1))


def test_a_relu6_that_others_read_stays_a_relu6_for_them() -> None:
    x = 4 * image(2, 3, 4, 4)
    b = GraphBuilder(4)
    clipped = b.relu6(b.input)
    swish = b.mul(b.input, clipped)
    expected = functional.hardswish(x) + functional.relu6(x)
    torch.testing.assert_close(run(b, b.add(swish, clipped), x), expected)


def test_slices_keep_leading_channels_and_drop_leading_pixels() -> None:
    x = image(1, 3, 5, 5)
    b = GraphBuilder(5)
    graph = b.finish(b.conv(b.input, 1, 1, read=(4, 4, 2)))
    module = graph.to_torch()
    weight = next(module.parameters())
    torch.testing.assert_close(module(x), functional.conv2d(x[:, :2, 1:, 1:], weight))


def test_uneven_padding_puts_the_smaller_half_first() -> None:
    x = image(1, 3, 4, 4)
    b = GraphBuilder(4)
    module = b.finish(b.conv(b.input, 2, 3, 2)).to_torch()
    weight = next(module.parameters())
    expected = functional.conv2d(functional.pad(x, (0, 1, 0, 1)), weight, stride=2)
    torch.testing.assert_close(module(x), expected)


@pytest.mark.parametrize(
    ("size", "kernel", "stride"), [(11, 2, 2), (8, 3, 2), (8, 3, 1), (5, 3, 2)]
)
def test_average_pools_leave_padding_out(size: int, kernel: int, stride: int) -> None:
    b = GraphBuilder(size)
    result = run(b, b.avg_pool(b.input, kernel, stride), torch.ones(1, 3, size, size))
    assert result.shape[2] == -(-size // stride)
    torch.testing.assert_close(result, torch.ones_like(result))


def test_max_pools_ignore_padding() -> None:
    b = GraphBuilder(4)
    result = run(b, b.max_pool(b.input, 3, 2), -torch.ones(1, 3, 4, 4))
    assert torch.equal(result, -torch.ones(1, 3, 2, 2))


def test_groups_and_dilation() -> None:
    b = GraphBuilder(8)
    x = b.conv(b.input, 6, 3, dilation=2, groups=3)
    graph = b.finish(b.depthwise(x, 5, dilation=2))
    first, second = graph.to_torch().parameters()
    assert (first.shape, second.shape) == ((6, 1, 3, 3), (6, 1, 5, 5))
    value = image(1, 3, 8, 8)
    expected = functional.conv2d(value, first, padding=2, dilation=2, groups=3)
    expected = functional.conv2d(expected, second, padding=4, dilation=2, groups=6)
    torch.testing.assert_close(graph.to_torch()(value).shape, expected.shape)
    module = graph.to_torch()
    module.load_state_dict(graph.to_torch().state_dict())


def test_zero_is_zero() -> None:
    b = GraphBuilder(4)
    x = image(1, 3, 4, 4).requires_grad_()
    result = run(b, b.zero(b.input), x)
    assert not result.any()
    result.sum().backward()
    assert x.grad is not None
    assert not x.grad.any()


def test_weights_follow_the_seed() -> None:
    graph = random_network(3)
    states = []
    for seed in (0, 0, 1):
        torch.manual_seed(seed)
        states.append(torch.cat([p.flatten() for p in graph.to_torch().parameters()]))
    assert torch.equal(states[0], states[1])
    assert not torch.equal(states[0], states[2])


def test_an_operation_without_counterpart_is_named() -> None:
    data = tiny().to_dict()
    data["nodes"][3]["op"] = "OOV"
    with pytest.raises(GraphError, match=r"node 3 \(OOV\): .* cannot be run in torch"):
        ArchGraph.from_dict(data).to_torch()


@pytest.mark.parametrize("op", ["gate", "swish"])
def test_gates_of_slices(op: str) -> None:
    module = sliced(op, 2).to_torch()
    value = image(2, 3, 4, 4)
    x = functional.conv2d(value, next(module.parameters()), padding=1)[:, :2]
    gate = functional.hardsigmoid(x.mean((2, 3), keepdim=True) if op == "gate" else x)
    torch.testing.assert_close(module(value), gate * x)


def test_an_output_may_read_a_slice() -> None:
    b = GraphBuilder(4)
    data = b.finish(b.conv(b.input, 4, 3)).to_dict()
    data["nodes"][2].update(h_in=3, h_out=3, c_in=2, c_out=2)
    module = ArchGraph.from_dict(data).to_torch()
    value = image(2, 3, 4, 4)
    x = functional.conv2d(value, next(module.parameters()), padding=1)
    torch.testing.assert_close(module(value), x[:, :2, 1:])


def test_dilated_max_pools() -> None:
    b = GraphBuilder(8)
    data = b.finish(b.max_pool(b.input, 3)).to_dict()
    data["nodes"][1]["dilation"] = 2
    value = image(2, 3, 8, 8)
    padded = functional.pad(value, (2, 2, 2, 2), value=float("-inf"))
    expected = functional.max_pool2d(padded, 3, 1, dilation=2)
    torch.testing.assert_close(ArchGraph.from_dict(data).to_torch()(value), expected)


def test_modules_can_be_sent_to_another_process() -> None:
    value = image(2, 3, 8, 8)
    for seed in range(5):
        module = random_network(seed).to_torch().eval()
        # What is in it can be named to another process ...
        assert pickle.dumps(module)
        # ... and put together from the parts that are sent: a deep copy takes the same ones.
        again = copy.deepcopy(module)
        assert torch.equal(again(value), module(value))
        with torch.no_grad():
            for parameter in again.parameters():
                parameter.zero_()
        assert not torch.equal(again(value), module(value)), "it shares weights with its copy"
