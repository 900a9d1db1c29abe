"""Training of a supernet, which can be ended at any moment and goes on from a checkpoint."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import torch

from nape_bench.labels.micro.batches import Batches
from nape_bench.labels.micro.optimisers import Optimisers
from nape_bench.labels.micro.questions import loss_of
from nape_bench.torch_threads import one_thread

if TYPE_CHECKING:
    from collections.abc import Callable

    from nape_bench.labels.micro.recipe import SharedRecipe
    from nape_bench.labels.micro.shared.supernet import Supernet
    from nape_bench.spaces import Spec


@dataclass
class Training:
    """How far the training of a supernet is.

    Attributes:
        losses: The mean loss of each epoch that is over.
        seconds: Processor time so far, in seconds.
        state: What the optimisers keep (`Optimisers.state`).
    """

    losses: list[float] = field(default_factory=list)
    seconds: float = 0.0
    state: dict[str, torch.Tensor] = field(default_factory=dict)

    def is_over(self, recipe: SharedRecipe) -> bool:
        """Return whether all epochs are trained, or the loss is no number any more."""
        return len(self.losses) >= recipe.epochs or not self.is_sound

    @property
    def is_sound(self) -> bool:
        """Whether the loss is a number."""
        return all(map(math.isfinite, self.losses))


def train_supernet(
    supernet: Supernet,
    recipe: SharedRecipe,
    seed: int,
    training: Training,
    keep: Callable[[Training], None],
) -> None:
    """Train a supernet from where its training is to its end, on one thread.

    What is drawn in an epoch follows from the seed and the epoch's number alone, so that a
    training that went on from a checkpoint ends with the same weights as one that was not ended.

    Args:
        supernet: Its weights are trained in place.
        recipe: How.
        seed: Sets order of images, shifts and sub-networks.
        training: How far it is; kept up to date.
        keep: Is called after every epoch.
    """
    with one_thread():
        batches = Batches(supernet.images()[0], recipe)
        optimisers = Optimisers(supernet.net, supernet.graph, recipe)
        optimisers.restore(training.state)
        while not training.is_over(recipe):
            start = time.process_time()
            loss = _epoch(supernet, recipe, seed, len(training.losses), batches, optimisers)
            training.losses.append(loss)
            training.seconds += time.process_time() - start
            training.state = optimisers.state()
            keep(training)


def drawn(
    supernet: Supernet, recipe: SharedRecipe, epoch: int, rng: np.random.Generator
) -> list[Spec]:
    """Draw the sub-networks of a step of an epoch."""
    if epoch < recipe.largest_epochs:
        return [supernet.largest]
    return [supernet.family.sample(rng) for _ in range(recipe.networks)]


def _epoch(
    supernet: Supernet,
    recipe: SharedRecipe,
    seed: int,
    epoch: int,
    batches: Batches,
    optimisers: Optimisers,
) -> float:
    """Train for an epoch; returns its mean loss."""
    networks = np.random.default_rng([seed, 2, epoch])
    total = torch.zeros(())
    pairs = batches.epoch(np.random.default_rng([seed, 1, epoch]))
    for step, (pixels, answers) in enumerate(pairs):
        specs = drawn(supernet, recipe, epoch, networks)
        for spec in specs:
            loss = loss_of(supernet.logits(spec, pixels), answers, recipe.task) / len(specs)
            loss.backward()  # type: ignore[no-untyped-call]
            total += loss.detach()
        optimisers.step((epoch * batches.steps + step) / (recipe.epochs * batches.steps))
    return float(total) / batches.steps
