"""Training a body and a head on scenes, and scoring them."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch

from nape_bench.labels.micro.batches import standardised
from nape_bench.labels.micro.optimisers import schedule
from nape_bench.labels.multitask.decode import decode
from nape_bench.labels.multitask.head import Answers
from nape_bench.labels.multitask.losses import loss_of
from nape_bench.labels.multitask.metrics import scores
from nape_bench.labels.multitask.targets import Targets, training
from nape_bench.labels.scenes.draw import scenes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from torch import nn

    from nape_bench.labels.multitask.body import Body
    from nape_bench.labels.multitask.head import Head
    from nape_bench.labels.multitask.recipe import MultitaskRecipe
    from nape_bench.labels.scenes.annotated import Annotated

SCORED_AT_ONCE = 100
"""Test scenes in a forward pass; the result does not depend on it."""


@dataclass(frozen=True)
class Outcome:
    """What a training came to.

    Attributes:
        scores: The metric of each task, in %; empty if it diverged.
        seconds: Processor time of this process, in seconds, scoring included.
        diverged: Where the loss stopped being a number; None if it never did.
    """

    scores: dict[str, float]
    seconds: float
    diverged: str | None = None


def fit(
    body: Body, head: Head, recipe: MultitaskRecipe, epochs: int, rates: tuple[float, float],
    seed: int,
) -> Outcome:  # fmt: skip
    """Train a body and a head together on the recipe's scenes, and score them.

    The caller sets one thread; the seed sets the order of scenes, weights are as they are.

    Args:
        body: A body.
        head: A head that fits it.
        recipe: How.
        epochs: Passes over the training scenes.
        rates: The highest learning rates of body and head.
        seed: 0 or more.
    """
    start = time.process_time()
    images, wanted = training(recipe.scenes, body.levels[0].side)

    def loss(rows: torch.Tensor) -> torch.Tensor:
        chosen = images[rows].contiguous(memory_format=torch.channels_last)
        return loss_of(head(body(chosen)), Targets(*(part[rows] for part in wanted)))

    body.train()
    head.train()
    parts = list(zip((body, head), rates, strict=True))
    for epoch, mean in enumerate(descend(loss, parts, recipe, epochs, len(images), seed), start=1):
        if not math.isfinite(mean):
            reason = f"the loss is {mean} in epoch {epoch} of {epochs}"
            return Outcome({}, time.process_time() - start, reason)
    _, unknown = scenes(recipe.scenes)
    decoded = decode(answers_of(body, head, unknown), unknown.side)
    return Outcome(scores(decoded, unknown), time.process_time() - start)


def descend(
    loss: Callable[[torch.Tensor], torch.Tensor],
    parts: Sequence[tuple[nn.Module, float]],
    recipe: MultitaskRecipe,
    epochs: int,
    count: int,
    seed: int,
) -> Iterator[float]:
    """Train modules by AdamW; yields the mean loss of each epoch.

    Args:
        loss: Gives the loss of scenes, named by their numbers.
        parts: Modules and their highest learning rates.
        recipe: Batches, weight decay, and how rates rise.
        epochs: Passes.
        count: Number of scenes.
        seed: Sets the order of scenes.
    """
    rng = np.random.default_rng([seed, 2])
    groups = [
        {"params": chosen, "lr": rate, "highest": rate, "weight_decay": decay}
        for module, rate in parts
        for chosen, decay in _by_decay(module, recipe.weight_decay)
    ]
    optimiser = torch.optim.AdamW(groups, betas=(0.9, 0.99))
    steps = count // recipe.batch
    for epoch in range(epochs):
        order = torch.from_numpy(rng.permutation(count))
        total = 0.0
        for step in range(steps):
            progress = (epoch * steps + step) / (epochs * steps)
            for group in optimiser.param_groups:
                group["lr"] = group["highest"] * schedule(recipe.warmup, progress)
            value = loss(order[step * recipe.batch : (step + 1) * recipe.batch])
            optimiser.zero_grad()
            value.backward()  # type: ignore[no-untyped-call]
            optimiser.step()
            total += float(value.detach())
        yield total / steps


def _by_decay(module: nn.Module, decay: float) -> list[tuple[list[nn.Parameter], float]]:
    """Part parameters into kernels, which decay, and the rest."""
    every = list(module.parameters())
    return [([p for p in every if p.ndim > 1], decay), ([p for p in every if p.ndim <= 1], 0.0)]


def answers_of(body: Body, head: Head, data: Annotated) -> Answers:
    """Return the answers for scenes; body and head are left in eval mode."""
    body.eval()
    head.eval()
    with torch.inference_mode():
        parts = [
            head(body(standardised(pixels)))
            for pixels in np.array_split(data.pixels, -(-len(data.pixels) // SCORED_AT_ONCE))
        ]
    return Answers(*(torch.cat(column) for column in zip(*parts, strict=True)))
