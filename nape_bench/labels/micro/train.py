"""Micro training: one network, one seed, one accuracy."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch.nn import functional

from nape_bench.errors import NapeError
from nape_bench.graph.vocabulary import CONVOLUTIONS
from nape_bench.labels.micro.branches import set_branch_gain
from nape_bench.labels.micro.images import Images, images, outputs
from nape_bench.labels.micro.muon import Muon
from nape_bench.labels.micro.recipe import MICRO, Recipe
from nape_bench.torch_threads import one_thread

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nape_bench.graph import ArchGraph
    from nape_bench.labels.micro.images import Task

SCORED_AT_ONCE = 250
"""Test images in a forward pass; the result does not depend on it."""


@dataclass(frozen=True)
class Outcome:
    """What a training came to.

    Attributes:
        accuracy: Right answers on test images in %, the mean over the questions that the task
            scores; None if it diverged.
        answers: The same for each question of the task by itself, unscored ones too.
        seconds: Processor time of this process, in seconds, scoring included.
        epochs: Epochs that were trained whole.
        diverged: Where the loss stopped being a number; None if it never did.
    """

    accuracy: float | None
    answers: dict[str, float]
    seconds: float
    epochs: int
    diverged: str | None = None


def train(graph: ArchGraph, recipe: Recipe = MICRO, seed: int = 0) -> Outcome:
    """Train a network from scratch on the task of a recipe, on one thread.

    The same graph, recipe and seed give the same accuracy on the same machine and version of
    torch. The seed sets initial weights, order of images and shifts; images are the same for all.

    Args:
        graph: A network from images of 3 channels to the outputs of the recipe's task
            (`images.outputs`); it is trained at its own resolution and channel counts.
        recipe: How to train.
        seed: 0 or more.

    Raises:
        NapeError: The graph has another form of input or output, or the digits that the images
            are made of are not installed.
    """
    resolution = _resolution(graph, outputs(recipe.task))
    train_images, test_images = images(recipe.task, resolution)
    start = time.process_time()
    with one_thread(), torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        net = graph.to_torch()
        set_branch_gain(net, graph, recipe.branch_gain)
        net.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        probabilities = torch.zeros(len(test_images.answers), outputs(recipe.task))
        losses = _epochs(net, _normalised(graph), train_images, recipe, seed)
        for epoch, loss in enumerate(losses, start=1):
            if not math.isfinite(loss):
                reason = f"the loss is {loss} in epoch {epoch} of {recipe.epochs}"
                return Outcome(None, {}, time.process_time() - start, epoch - 1, reason)
            if epoch > recipe.epochs - recipe.averaged:
                probabilities += predict(net, test_images, recipe.task)
        answers = _answers(probabilities, test_images, recipe.task)
    accuracy = sum(answers[name] for name in recipe.task.scored) / len(recipe.task.scored)
    return Outcome(accuracy, answers, time.process_time() - start, recipe.epochs)


def predict(net: torch.nn.Module, data: Images, task: Task) -> torch.Tensor:
    """Return class probabilities, float32 [n, outputs]; the network is left in eval mode."""
    net.eval()
    with torch.inference_mode():
        parts = [
            torch.cat([part.softmax(1) for part in _split(net(_standardised(pixels)), task)], 1)
            for pixels in np.array_split(data.pixels, -(-len(data.pixels) // SCORED_AT_ONCE))
        ]
    return torch.cat(parts)


def _answers(probabilities: torch.Tensor, data: Images, task: Task) -> dict[str, float]:
    """Return the right answers to each question in %."""
    right = torch.from_numpy(data.answers)
    return {
        name: 100 * int((part.argmax(1) == right[:, i]).sum()) / len(right)
        for i, ((name, _), part) in enumerate(
            zip(task.questions, _split(probabilities, task), strict=True)
        )
    }


def _split(values: torch.Tensor, task: Task) -> tuple[torch.Tensor, ...]:
    """Part outputs [n, outputs] by question."""
    parts: tuple[torch.Tensor, ...] = torch.split(
        values, [classes for _, classes in task.questions], dim=1
    )
    return parts


def _epochs(
    net: torch.nn.Module, normalised: set[int], data: Images, recipe: Recipe, seed: int
) -> Iterator[float]:
    """Train; yields the mean loss of each epoch."""
    rng = np.random.default_rng([seed, 1])
    side = data.pixels.shape[-1]
    pixels = functional.pad(_standardised(data.pixels), (recipe.shift,) * 4, mode="replicate")
    answers = torch.from_numpy(data.answers)
    steps = len(answers) // recipe.batch
    sgd, muon = _optimisers(net, normalised, recipe)
    for epoch in range(recipe.epochs):
        net.train()
        order = torch.from_numpy(rng.permutation(len(answers)))
        corners = rng.integers(2 * recipe.shift + 1, size=(steps, 2)).tolist()
        total = torch.zeros(())
        for step, (top, left) in enumerate(corners):
            rate = schedule(recipe, (epoch * steps + step) / (recipe.epochs * steps))
            for group in sgd.param_groups:
                group["lr"] = rate * recipe.learning_rate
            rows = order[step * recipe.batch : (step + 1) * recipe.batch]
            shifted = pixels[rows, :, top : top + side, left : left + side]
            given = net(shifted.contiguous(memory_format=torch.channels_last))
            loss = _loss(given, answers[rows], recipe.task)
            sgd.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            sgd.step()
            if muon is not None and recipe.muon_rate is not None:
                muon.step(rate * recipe.muon_rate)
            total += loss.detach()
        yield float(total) / steps


def _loss(given: torch.Tensor, answers: torch.Tensor, task: Task) -> torch.Tensor:
    """Return the mean over questions of the cross-entropy of logits [n, outputs]."""
    parts = _split(given, task)
    losses = [functional.cross_entropy(p, answers[:, i]) for i, p in enumerate(parts)]
    return torch.stack(losses).mean()


def schedule(recipe: Recipe, progress: float) -> float:
    """Return the learning rate after a part of all steps, as a part of the highest one."""
    if progress < recipe.warmup:
        return progress / recipe.warmup
    fall = (progress - recipe.warmup) / (1 - recipe.warmup)
    return (1 + math.cos(math.pi * fall)) / 2


def _normalised(graph: ArchGraph) -> set[int]:
    """Return the convolutions that nothing but BatchNorm reads."""
    readers: dict[int, set[str]] = {}
    for source, target in graph.edges.tolist():
        readers.setdefault(source, set()).add(graph.ops[target])
    return {
        node
        for node, names in readers.items()
        if graph.ops[node] in CONVOLUTIONS and names == {"BatchNorm"}
    }


def _optimisers(
    net: torch.nn.Module, normalised: set[int], recipe: Recipe
) -> tuple[torch.optim.SGD, Muon | None]:
    """Return SGD, which decays kernels alone, and Muon for kernels before a BatchNorm."""
    turned = {} if recipe.muon_rate is None else _kernels(net, normalised)
    rest = [p for p in net.parameters() if id(p) not in turned]
    groups = [
        {"params": [p for p in rest if p.ndim > 1], "weight_decay": recipe.weight_decay},
        {"params": [p for p in rest if p.ndim <= 1], "weight_decay": 0.0},
    ]
    sgd = torch.optim.SGD(
        [group for group in groups if group["params"]],
        lr=recipe.learning_rate,
        momentum=recipe.momentum,
        nesterov=recipe.momentum > 0,
    )
    return sgd, Muon(turned.values(), momentum=recipe.muon_momentum) if turned else None


def _kernels(net: torch.nn.Module, nodes: set[int]) -> dict[int, tuple[torch.nn.Parameter, int]]:
    """Return kernels and their groups, by identity, of the convolutions at some nodes."""
    found: dict[int, tuple[torch.nn.Parameter, int]] = {}
    for name, layer in net.named_modules():
        at_node = name.startswith("layers.") and int(name.split(".")[1]) in nodes
        if at_node and isinstance(layer, torch.nn.Conv2d):
            found[id(layer.weight)] = (layer.get_parameter("weight"), layer.groups)
    return found


def _standardised(pixels: np.ndarray) -> torch.Tensor:
    """Return float32 images of mean 0 in each channel and about unit contrast, each by itself.

    Channels are divided by one number, so that their contrasts stay comparable within an image.
    """
    x = torch.from_numpy(pixels).float() / 255
    x = x - x.mean((2, 3), keepdim=True)
    contrast = x.flatten(1).std(1)[:, None, None, None]
    return (x / (contrast + 0.05)).contiguous(memory_format=torch.channels_last)


def _resolution(graph: ArchGraph, classes: int) -> int:
    """Return the height and width of a graph's input in pixels, once the graph fits the task."""
    h, w, c = (int(graph.column(name)[0]) for name in ("h_out", "w_out", "c_out"))
    if c != 3 or h != w:
        raise NapeError(
            f"micro training has square images of 3 channels, the graph reads {h} x {w} x {c}"
        )
    out = tuple(int(graph.column(name)[-1]) for name in ("h_in", "w_in", "c_in"))
    if out != (1, 1, classes):
        raise NapeError(
            f"micro training has {classes} classes, the graph puts out {out[0]} x {out[1]} x "
            f"{out[2]}: build it with num_classes={classes}"
        )
    return h
