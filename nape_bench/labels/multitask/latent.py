"""Latent sampling: a head that many bodies share is trained on maps drawn around theirs.

Mills et al., AIO-P, AAAI 2023, "Latent sampling", and the authors' code: for each scene, maps of a
few bodies of different depth give a mean and a standard deviation at every cell and channel, and
the head is trained on normal draws from these. So it fits no body in particular, and each is
fitted to it by a training that is shorter than that of a body and a head of its own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from torch.nn import functional

from nape_bench.labels.micro.shared.score import reset_statistics
from nape_bench.labels.multitask.losses import loss_of
from nape_bench.labels.multitask.start import drawn_head, graph_of, pretrained_body
from nape_bench.labels.multitask.targets import Targets, training
from nape_bench.labels.multitask.train import SCORED_AT_ONCE, descend

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nape_bench.labels.micro.shared.supernet import Supernet
    from nape_bench.labels.multitask.body import Body
    from nape_bench.labels.multitask.head import Head
    from nape_bench.labels.multitask.recipe import MultitaskRecipe
    from nape_bench.spaces import Spec

DRAWN = 200
"""Architectures that are drawn to find some of each depth."""


def binned_specs(supernet: Supernet, recipe: MultitaskRecipe) -> list[list[Spec]]:
    """Draw architectures of a family: `recipe.per_bin` of each of `recipe.bins` depths.

    Depth is the number of operations; bins hold equally many of the architectures drawn.
    """
    rng = np.random.default_rng(recipe.supernet_seed)
    largest = supernet.largest
    drawn: list[Spec] = []
    while len(drawn) < DRAWN:
        spec = supernet.family.sample(rng)
        if supernet.family.largest(spec) == largest:
            drawn.append(spec)
    depths = [len(graph_of(supernet.name, spec, recipe).ops) for spec in drawn]
    order = np.argsort(depths, kind="stable")
    return [
        [drawn[i] for i in rng.choice(part, recipe.per_bin, replace=False).tolist()]
        for part in np.array_split(order, recipe.bins)
    ]


def shared_head(supernet: Supernet, recipe: MultitaskRecipe, seed: int) -> Head:
    """Train a head on latents of a family; the caller sets one thread.

    Args:
        supernet: Gives all bodies their weights.
        recipe: How.
        seed: Sets the head's first weights, the draws and the order of scenes.
    """
    widest = pretrained_body(supernet, supernet.name, supernet.largest, recipe)
    images, wanted = training(recipe.scenes, widest.levels[0].side)
    bins = [
        [
            _maps(pretrained_body(supernet, supernet.name, spec, recipe), images, recipe.batch)
            for spec in specs
        ]
        for specs in binned_specs(supernet, recipe)
    ]
    head = drawn_head(widest.channels, widest.channels, seed)
    rng = torch.Generator().manual_seed(seed)

    def loss(rows: torch.Tensor) -> torch.Tensor:
        chosen = [part[int(torch.randint(len(part), (), generator=rng))] for part in bins]
        levels = [
            latent([maps[level][rows].float() for maps in chosen], channels, rng)
            for level, channels in enumerate(widest.channels)
        ]
        return loss_of(head(levels), Targets(*(part[rows] for part in wanted)))

    head.train()
    for _ in descend(
        loss, [(head, recipe.head_rate)], recipe, recipe.head_epochs, len(images), seed
    ):
        pass
    return head


def latent(maps: Sequence[torch.Tensor], channels: int, rng: torch.Generator) -> torch.Tensor:
    """Draw maps around those of several bodies, float32 [n, channels, h, w].

    Args:
        maps: Of each body, float32 [n, its channels, h, w]; fewer channels are filled up with 0.
        channels: Of the widest body.
        rng: What is drawn from.
    """
    filled = torch.stack([_filled(each, channels) for each in maps])
    spread, mean = torch.std_mean(filled, dim=0, correction=0)
    drawn = torch.randn(mean.shape, generator=rng)
    return (mean + drawn * spread).contiguous(memory_format=torch.channels_last)


def _filled(maps: torch.Tensor, channels: int) -> torch.Tensor:
    return functional.pad(maps, (0, 0, 0, 0, 0, channels - maps.shape[1]))


@torch.no_grad()
def _maps(body: Body, images: torch.Tensor, batch: int) -> list[torch.Tensor]:
    """Return the maps of all images, float16, of each level; the body itself is not trained."""
    reset_statistics(body)
    body.train()
    for part in torch.split(images[: len(images) // 2], batch):
        body(part)
    body.eval()
    parts = [[maps.half() for maps in body(part)] for part in torch.split(images, SCORED_AT_ONCE)]
    return [torch.cat(level) for level in zip(*parts, strict=True)]
