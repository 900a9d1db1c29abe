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
from nape_bench.labels.micro.images import CLASSES, Images, images
from nape_bench.labels.micro.recipe import MICRO, Recipe
from nape_bench.torch_threads import one_thread

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nape_bench.graph import ArchGraph

SCORED_AT_ONCE = 250
"""Test images in a forward pass; the result does not depend on it."""


@dataclass(frozen=True)
class Outcome:
    """What a training came to.

    Attributes:
        accuracy: Test images told right, in %; None if it diverged.
        seconds: Processor time of this process, in seconds, scoring included.
        epochs: Epochs that were trained whole.
        diverged: Where the loss stopped being a number; None if it never did.
    """

    accuracy: float | None
    seconds: float
    epochs: int
    diverged: str | None = None


def train(graph: ArchGraph, recipe: Recipe = MICRO, seed: int = 0) -> Outcome:
    """Train a network from scratch on the task of a recipe, on one thread.

    The same graph, recipe and seed give the same accuracy on the same machine and version of
    torch. The seed sets initial weights, order of images and shifts; images are the same for all.

    Args:
        graph: A network from images of 3 channels to 10 classes; it is trained at its own
            resolution and channel counts.
        recipe: How to train.
        seed: 0 or more.

    Raises:
        NapeError: The graph has another form of input or output, or the digits that the images
            are made of are not installed.
    """
    resolution = _resolution(graph)
    train_images, test_images = images(recipe.task, resolution)
    start = time.process_time()
    with one_thread(), torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        net = graph.to_torch()
        net.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        probabilities = torch.zeros(len(test_images.classes), CLASSES)
        for epoch, loss in enumerate(_epochs(net, train_images, recipe, seed), start=1):
            if not math.isfinite(loss):
                reason = f"the loss is {loss} in epoch {epoch} of {recipe.epochs}"
                return Outcome(None, time.process_time() - start, epoch - 1, reason)
            if epoch > recipe.epochs - recipe.averaged:
                probabilities += predict(net, test_images)
        right = probabilities.argmax(1) == torch.from_numpy(test_images.classes)
        accuracy = 100 * int(right.sum()) / len(right)
    return Outcome(accuracy, time.process_time() - start, recipe.epochs)


def predict(net: torch.nn.Module, data: Images) -> torch.Tensor:
    """Return class probabilities, float32 [n, classes]; the network is left in eval mode."""
    net.eval()
    with torch.inference_mode():
        parts = [
            net(_standardised(data.pixels[at : at + SCORED_AT_ONCE])).softmax(1)
            for at in range(0, len(data.classes), SCORED_AT_ONCE)
        ]
    return torch.cat(parts)


def _epochs(net: torch.nn.Module, data: Images, recipe: Recipe, seed: int) -> Iterator[float]:
    """Train; yields the mean loss of each epoch."""
    rng = np.random.default_rng([seed, 1])
    side = data.pixels.shape[-1]
    pixels = functional.pad(_standardised(data.pixels), (recipe.shift,) * 4, mode="replicate")
    classes = torch.from_numpy(data.classes)
    steps = len(classes) // recipe.batch
    optimiser = _optimiser(net, recipe)
    for epoch in range(recipe.epochs):
        net.train()
        order = torch.from_numpy(rng.permutation(len(classes)))
        corners = rng.integers(2 * recipe.shift + 1, size=(steps, 2)).tolist()
        total = torch.zeros(())
        for step, (top, left) in enumerate(corners):
            rate = learning_rate(recipe, (epoch * steps + step) / (recipe.epochs * steps))
            for group in optimiser.param_groups:
                group["lr"] = rate
            rows = order[step * recipe.batch : (step + 1) * recipe.batch]
            shifted = pixels[rows, :, top : top + side, left : left + side]
            logits = net(shifted.contiguous(memory_format=torch.channels_last))
            loss = functional.cross_entropy(logits, classes[rows])
            optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimiser.step()
            total += loss.detach()
        yield float(total) / steps


def learning_rate(recipe: Recipe, progress: float) -> float:
    """Return the learning rate after a part of all steps, from 0 to 1."""
    if progress < recipe.warmup:
        return recipe.learning_rate * progress / recipe.warmup
    fall = (progress - recipe.warmup) / (1 - recipe.warmup)
    return recipe.learning_rate * (1 + math.cos(math.pi * fall)) / 2


def _optimiser(net: torch.nn.Module, recipe: Recipe) -> torch.optim.SGD:
    """Return SGD that decays kernels, and leaves biases and normalisation alone."""
    kernels = [p for p in net.parameters() if p.ndim > 1]
    others = [p for p in net.parameters() if p.ndim <= 1]
    groups = [
        {"params": kernels, "weight_decay": recipe.weight_decay},
        {"params": others, "weight_decay": 0.0},
    ]
    return torch.optim.SGD(
        [group for group in groups if group["params"]],
        lr=recipe.learning_rate,
        momentum=recipe.momentum,
        nesterov=recipe.momentum > 0,
    )


def _standardised(pixels: np.ndarray) -> torch.Tensor:
    """Return float32 images of mean 0 in each channel and about unit contrast, each by itself.

    Channels are divided by one number, so that their contrasts stay comparable within an image.
    """
    x = torch.from_numpy(pixels).float() / 255
    x = x - x.mean((2, 3), keepdim=True)
    contrast = x.flatten(1).std(1)[:, None, None, None]
    return (x / (contrast + 0.05)).contiguous(memory_format=torch.channels_last)


def _resolution(graph: ArchGraph) -> int:
    """Return the height and width of a graph's input in pixels, once the graph fits the task."""
    h, w, c = (int(graph.column(name)[0]) for name in ("h_out", "w_out", "c_out"))
    if c != 3 or h != w:
        raise NapeError(
            f"micro training has square images of 3 channels, the graph reads {h} x {w} x {c}"
        )
    out = tuple(int(graph.column(name)[-1]) for name in ("h_in", "w_in", "c_in"))
    if out != (1, 1, CLASSES):
        raise NapeError(
            f"micro training has {CLASSES} classes, the graph puts out {out[0]} x {out[1]} x "
            f"{out[2]}: build it with num_classes={CLASSES}"
        )
    return h
