"""Micro training: one network, one seed, one accuracy."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch

from nape_bench.errors import NapeError
from nape_bench.labels.micro.batches import Batches, standardised
from nape_bench.labels.micro.branches import set_branch_gain
from nape_bench.labels.micro.images import Images, images, outputs
from nape_bench.labels.micro.optimisers import Optimisers
from nape_bench.labels.micro.questions import accuracy_of, loss_of, right_answers, split
from nape_bench.torch_threads import one_thread

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nape_bench.graph import ArchGraph
    from nape_bench.labels.micro.images import Task
    from nape_bench.labels.micro.recipe import Recipe

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


def train(graph: ArchGraph, recipe: Recipe, seed: int = 0) -> Outcome:
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
    resolution = resolution_of(graph, outputs(recipe.task))
    train_images, test_images = images(recipe.task, resolution)
    start = time.process_time()
    with one_thread(), torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        net = graph.to_torch()
        set_branch_gain(net, graph, recipe.branch_gain)
        net.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        probabilities = torch.zeros(len(test_images.answers), outputs(recipe.task))
        losses = _epochs(net, graph, train_images, recipe, seed)
        for epoch, loss in enumerate(losses, start=1):
            if not math.isfinite(loss):
                reason = f"the loss is {loss} in epoch {epoch} of {recipe.epochs}"
                return Outcome(None, {}, time.process_time() - start, epoch - 1, reason)
            if epoch > recipe.epochs - recipe.averaged:
                probabilities += predict(net, test_images, recipe.task)
        answers = right_answers(probabilities, test_images, recipe.task)
    accuracy = accuracy_of(answers, recipe.task)
    return Outcome(accuracy, answers, time.process_time() - start, recipe.epochs)


def predict(net: torch.nn.Module, data: Images, task: Task) -> torch.Tensor:
    """Return class probabilities, float32 [n, outputs]; the network is left in eval mode."""
    net.eval()
    with torch.inference_mode():
        parts = [
            torch.cat([part.softmax(1) for part in split(net(standardised(pixels)), task)], 1)
            for pixels in np.array_split(data.pixels, -(-len(data.pixels) // SCORED_AT_ONCE))
        ]
    return torch.cat(parts)


def _epochs(
    net: torch.nn.Module, graph: ArchGraph, data: Images, recipe: Recipe, seed: int
) -> Iterator[float]:
    """Train; yields the mean loss of each epoch."""
    rng = np.random.default_rng([seed, 1])
    batches = Batches(data, recipe)
    optimisers = Optimisers(net, graph, recipe)
    for epoch in range(recipe.epochs):
        net.train()
        total = torch.zeros(())
        for step, (pixels, answers) in enumerate(batches.epoch(rng)):
            loss = loss_of(net(pixels), answers, recipe.task)
            loss.backward()  # type: ignore[no-untyped-call]
            optimisers.step((epoch * batches.steps + step) / (recipe.epochs * batches.steps))
            total += loss.detach()
        yield float(total) / batches.steps


def resolution_of(graph: ArchGraph, classes: int) -> int:
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
