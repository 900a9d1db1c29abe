"""Each proxy of a small network against the same by hand, or by plain torch."""

from __future__ import annotations

import copy
import math
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

from nape_bench.graph import ArchGraph, GraphBuilder
from nape_bench.labels.proxies import gradient, passes
from nape_bench.labels.proxies.batch import Batch, batch_for
from nape_bench.labels.proxies.pieces import Pieces
from nape_bench.labels.proxies.size import l2_norm
from nape_bench.labels.proxies.synflow import synflow
from nape_bench.labels.proxies.zen import zen

if TYPE_CHECKING:
    from collections.abc import Callable

    Function = Callable[[torch.Tensor], torch.Tensor]

EVERYTHING = passes.Needs(gradients=True, fisher=True, jacobian=True, same=True)


def dense(*widths: int, inputs: int = 2) -> ArchGraph:
    """Dense layers without bias and ReLUs between them, on a single pixel."""
    b = GraphBuilder(1, channels=inputs)
    x = b.input
    for i, width in enumerate(widths):
        x = b.dense(b.relu(x) if i else x, width, bias=False)
    return b.finish(x)


def network(graph: ArchGraph, *values: list[list[float]]) -> nn.Module:
    """The network of dense layers with these weights."""
    net = graph.to_torch()
    with torch.no_grad():
        for weight, value in zip(passes.weights(net), values, strict=True):
            weight.copy_(torch.tensor(value))
    return net


def pixels(rows: list[list[float]], classes: list[int]) -> Batch:
    return Batch(torch.tensor(rows)[:, :, None, None], torch.tensor(classes))


def convolutional(activation: str = "ReLU", *, norm: bool = True) -> ArchGraph:
    b = GraphBuilder(6)
    x = b.conv(b.input, 4, 3, bias=True)
    x = b.activation(b.batch_norm(x) if norm else x, activation)
    y = b.activation(b.conv(x, 4, 3, groups=2), activation)
    x = b.concat(b.add(x, y), b.depthwise(y, 3))
    return b.finish(b.dense(b.mean(x), 3))


def test_weights_of_a_hand_computed_network() -> None:
    w = [[1.0, 0.0], [0.0, 2.0], [1.0, -1.0]]
    net = network(dense(3), w)
    x, classes = np.array([[1.0, 1.0], [0.0, 2.0]]), [0, 2]
    seen = passes.run(net, pixels(x.tolist(), classes), EVERYTHING)
    logits = x @ np.array(w).T
    p = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    delta = (p - np.eye(3)[classes]) / 2
    grad = delta.T @ x
    assert seen.gradients[0].numpy() == pytest.approx(grad, rel=1e-5)
    assert gradient.grad_norm(seen.gradients) == pytest.approx(np.linalg.norm(grad), rel=1e-5)
    assert gradient.snip(net, seen.gradients) == pytest.approx(np.abs(w * grad).sum(), rel=1e-5)
    assert gradient.plain(net, seen.gradients) == pytest.approx((w * grad).sum(), rel=1e-5)
    channels = ((logits * delta) ** 2).mean(0) / 2
    assert gradient.fisher(net, seen.fisher) == pytest.approx(2 * channels.sum(), rel=1e-5)
    assert l2_norm(net) == pytest.approx(math.sqrt(7), rel=1e-6)
    # The sum of outputs has the sum of rows as its gradient, for every image.
    assert seen.jacobian.flatten(1).tolist() == [[2, 1], [2, 1]]
    assert not seen.same.any()


def test_l2_norm_adds_up_layers() -> None:
    net = network(dense(2, 1), [[3.0, 0.0], [0.0, 4.0]], [[0.0, -2.0]])
    assert l2_norm(net) == pytest.approx(7)


def test_synflow_of_a_hand_computed_network() -> None:
    net = network(dense(2, 1), [[1.0, -2.0], [0.5, 0.0]], [[-3.0, 4.0]])
    # Without signs, the output for ones is 3 (1 + 2) + 4 (0.5) = 11, and each of two layers gets
    # all of it: weight times gradient is what flows through the weight.
    assert synflow(net, (2, 1, 1)) == pytest.approx(math.log(22), rel=1e-12)
    assert passes.weights(net)[0][0, 1].item() == -2  # the network stays as it is


def test_synflow_is_linear_through_relu6_and_batch_norm() -> None:
    def of(activation: str, *, norm: bool) -> float:
        b = GraphBuilder(4)
        x = b.conv(b.input, 3, 3)
        x = b.activation(b.batch_norm(x) if norm else x, activation)
        net = b.finish(b.dense(b.mean(x), 2)).to_torch()
        with torch.no_grad():
            for weight in passes.weights(net):
                weight.fill_(5.0)  # far over 6 behind the convolution
        return synflow(net, (3, 4, 4))

    assert of("ReLU6", norm=True) == of("ReLU", norm=False)


def test_synflow_does_not_overflow_in_deep_networks() -> None:
    b = GraphBuilder(4)
    x = b.input
    for _ in range(30):
        x = b.relu(b.batch_norm(b.conv(x, 64, 3)))
    torch.manual_seed(0)
    net = b.finish(b.dense(b.mean(x), 2)).to_torch()
    assert 88 < synflow(net, (3, 4, 4)) < 709  # over float32's exp(88)


@pytest.mark.parametrize("activation", ["ReLU", "ReLU6", "Swish", "Tanh"])
@pytest.mark.parametrize("norm", [True, False])
def test_grasp_is_the_second_derivative(activation: str, *, norm: bool) -> None:
    torch.manual_seed(1)
    graph = convolutional(activation, norm=norm)
    net, batch = graph.to_torch(), batch_for(graph, 8, 0)
    seen = passes.run(net, batch, passes.Needs(gradients=True, pieces=True))
    found = gradient.grasp(net, batch, seen.gradients, seen.pieces)
    exact = second_derivative(net.double(), batch)
    size = gradient.dot(seen.gradients, seen.gradients)
    assert found == pytest.approx(exact, rel=5e-3, abs=5e-4 * size)


@pytest.mark.parametrize("seed", range(2))
def test_grasp_holds_units_on_their_side(seed: int) -> None:
    """BatchNorm's epsilon lets some change it where variances are small, as in real networks."""
    b = GraphBuilder(16)
    x = b.relu(b.batch_norm(b.conv(b.input, 32, 3)))
    for _ in range(8):
        x = b.add(x, b.relu6(b.batch_norm(b.depthwise(b.max_pool(x, 3), 3))))
    graph = b.finish(b.dense(b.mean(x), 10))
    torch.manual_seed(seed)
    net, batch = graph.to_torch(), batch_for(graph, 16, 0)
    with torch.no_grad():
        for weight in passes.weights(net)[:-1]:
            weight.mul_(0.03)
    seen = passes.run(net, batch, passes.Needs(gradients=True, pieces=True))
    found = gradient.grasp(net, batch, seen.gradients, seen.pieces)
    exact = second_derivative(net.double(), batch)
    size = gradient.dot(seen.gradients, seen.gradients)
    assert found == pytest.approx(exact, abs=2e-3 * size)


@pytest.mark.parametrize(
    ("function", "knots"),
    [
        (torch.relu, [0]),
        (functional.relu6, [0, 6]),
        (functional.hardsigmoid, [-3, 3]),
        (functional.hardswish, [-3, 3]),
    ],
)
def test_pieces_are_held(function: Function, knots: list[int]) -> None:
    x = torch.linspace(-7, 7, 29, dtype=torch.float64)
    pieces = Pieces()
    for moved in (0, 0.01, -0.01):
        at = (x + moved).requires_grad_()
        with pieces:
            held = function(at)
        slope, free = (torch.autograd.grad(y.sum(), at)[0] for y in (held, function(at)))
        crossed = (slope - free).abs() > 0.02
        # What lies on a knot is held below the lower one and above the upper one, as torch has it.
        assert x[crossed].tolist() == {0: [], 0.01: knots[:1], -0.01: knots[1:]}[moved]
        assert torch.allclose(held[~crossed], function(at)[~crossed], rtol=1e-12)


def test_max_pooling_takes_from_where_it_took() -> None:
    pieces, pool = Pieces(), nn.MaxPool2d(2, padding=1)
    x = torch.rand(2, 3, 4, 4)
    with pieces:
        first = pool(x)
    assert torch.equal(first, pool(x))
    with pieces:
        assert torch.equal(pool(-x), -first)


def second_derivative(net: nn.Module, batch: Batch) -> float:
    by = passes.weights(net)
    loss = functional.cross_entropy(net(batch.images.double()), batch.classes)
    first = torch.autograd.grad(loss, by, create_graph=True)
    inner = sum((g.detach() * g).sum() for g in first)
    second = torch.autograd.grad(inner, by)
    return -sum((w.detach() * h).sum().item() for w, h in zip(by, second, strict=True))


def test_plain_sees_only_what_batch_norm_does_not_undo() -> None:
    b = GraphBuilder(6)
    x = b.relu(b.batch_norm(b.conv(b.input, 4, 3)))
    graph = b.finish(b.dense(b.mean(x), 3))
    torch.manual_seed(0)
    net, batch = graph.to_torch(), batch_for(graph, 8, 0)
    grads = passes.run(net, batch, passes.Needs(gradients=True)).gradients
    pairs = zip(passes.weights(net), grads, strict=True)
    conv, head = [float((w.detach() * g).sum()) for w, g in pairs]
    assert abs(conv) < 1e-3 * abs(head)
    assert gradient.plain(net, grads) == pytest.approx(conv + head, rel=1e-6)


def test_passes_agree_with_plain_torch() -> None:
    torch.manual_seed(2)
    graph = convolutional()
    net, batch = graph.to_torch(), batch_for(graph, 6, 0)
    seen = passes.run(net, batch, EVERYTHING)
    outputs: list[torch.Tensor] = []

    def keep(_layer: nn.Module, _reads: object, output: torch.Tensor) -> None:
        output.retain_grad()
        outputs.append(output)

    for layer in passes.layers(net).values():
        layer.register_forward_hook(keep)
    images = batch.images.clone().requires_grad_()
    logits = net(images)
    functional.cross_entropy(logits, batch.classes).backward(retain_graph=True)
    at_outputs = [y.grad.clone() for y in outputs if y.grad is not None]
    (jacobian,) = torch.autograd.grad(logits.sum(), images)  # adds to the outputs' gradients
    assert torch.allclose(seen.jacobian, jacobian, rtol=1e-4, atol=1e-7)
    for weight, grad in zip(passes.weights(net), seen.gradients, strict=True):
        assert weight.grad is not None
        assert torch.allclose(grad, weight.grad, rtol=1e-4, atol=1e-7)
    for found, y, at in zip(seen.fisher, outputs, at_outputs, strict=True):
        by_image = (y.detach() * at).sum((2, 3))
        assert torch.allclose(found, by_image.square().mean(0) / 2, rtol=1e-4, atol=1e-12)


@pytest.mark.parametrize("build", ["relu", "relu6"])
def test_every_relu_is_counted_and_no_h_swish(build: str) -> None:
    b = GraphBuilder(4)
    x = getattr(b, build)(b.conv(b.input, 5, 3))
    x = b.h_swish(b.conv(x, 7, 3))
    graph = b.finish(b.dense(getattr(b, build)(b.mean(x)), 2))
    seen = passes.run(graph.to_torch(), batch_for(graph, 4, 0), passes.Needs(same=True))
    assert seen.same.diagonal().tolist() == [5 * 16 + 7] * 4


def test_zen_of_a_linear_network() -> None:
    b = GraphBuilder(5)
    net = b.finish(b.dense(b.mean(b.conv(b.input, 4, 3)), 2)).to_torch()
    conv, generator = drawn(net, seed=3)
    torch.randn(6, 3, 5, 5, generator=generator)
    e = torch.randn(6, 3, 5, 5, generator=generator)
    by_hand = (0.01 * conv(e)).abs().flatten(1).sum(1).mean().log().item()
    assert zen(net, (3, 5, 5), batch=6, seed=3) == pytest.approx(by_hand, rel=1e-4)


def test_zen_takes_back_what_batch_norm_divides_by() -> None:
    b = GraphBuilder(5)
    net = b.finish(b.dense(b.mean(b.batch_norm(b.conv(b.input, 4, 3))), 2)).to_torch()
    conv, generator = drawn(net, seed=3)
    x, e = (torch.randn(6, 3, 5, 5, generator=generator) for _ in range(2))
    first, second = conv(x), conv(x + 0.01 * e)
    change = normalised(first) - normalised(second)
    variances = [y.transpose(0, 1).flatten(1).var(1) for y in (first, second)]
    running = 0.81 + 0.09 * variances[0] + 0.1 * variances[1]
    by_hand = change.abs().flatten(1).sum(1).mean().log() + running.mean().sqrt().log()
    before = copy.deepcopy(net.state_dict())
    assert zen(net, (3, 5, 5), batch=6, seed=3) == pytest.approx(by_hand.item(), rel=1e-4)
    assert all(torch.equal(v, before[k]) for k, v in net.state_dict().items())


def drawn(
    net: nn.Module, seed: int
) -> tuple[Callable[[torch.Tensor], torch.Tensor], torch.Generator]:
    """The first convolution with the weights that zen draws, and what it draws from next."""
    generator = torch.Generator().manual_seed(seed)
    weights = [torch.randn(w.shape, generator=generator) for w in passes.weights(net)]
    return lambda x: functional.conv2d(x, weights[0], padding=1), generator


def normalised(y: torch.Tensor) -> torch.Tensor:
    mean, variance = y.mean((0, 2, 3), keepdim=True), y.var((0, 2, 3), keepdim=True, unbiased=False)
    return (y - mean) / (variance + 1e-5).sqrt()
