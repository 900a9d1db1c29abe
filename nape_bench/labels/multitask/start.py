"""How bodies begin: with the weights of a micro supernet, or drawn."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

import torch

from nape_bench.labels.micro.recipe import RECIPES, SCALES, Scale, SharedRecipe
from nape_bench.labels.micro.scaled import scaled, scaled_graph
from nape_bench.labels.micro.shared.trained import trained
from nape_bench.labels.multitask.body import Body
from nape_bench.labels.multitask.head import Head, narrowed
from nape_bench.spaces import SupernetSpace
from nape_bench.spaces import space as space_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from nape_bench.graph import ArchGraph
    from nape_bench.labels.micro.shared.supernet import Supernet
    from nape_bench.labels.multitask.recipe import MultitaskRecipe
    from nape_bench.spaces import Spec

LEFT_OUT = 4
"""Once-for-all networks halve an image five times; the first two times are left out."""


def graph_of(space: str, spec: Spec, recipe: MultitaskRecipe) -> ArchGraph:
    """Build an architecture at the scale of micro training, for scenes.

    Networks of once-for-all families halve the scene three times. Others are made small as graphs
    are that are given as they are.

    Raises:
        SpecError: The specification is malformed.
        GraphError: It cannot be made small.
    """
    family, side = space_of(space), recipe.scenes.side
    task = RECIPES[recipe.supernet].task
    if isinstance(family, SupernetSpace):
        scale = Scale(SCALES[space].width, None, resolution=LEFT_OUT * side, cap=side)
        return scaled(family, spec, scale, task)
    return small(family.build(spec), recipe)


def small(graph: ArchGraph, recipe: MultitaskRecipe) -> ArchGraph:
    """Make a graph small, for scenes."""
    side = recipe.scenes.side
    scale = Scale(0.25, None, resolution=side, cap=side)
    return scaled_graph(graph, scale, RECIPES[recipe.supernet].task)


def supernet_of(
    space: str, recipe: MultitaskRecipe, folder: Path | None, *, progress: bool = False
) -> tuple[Supernet, float]:
    """Return the supernet that bodies of a family begin from, and what training it took.

    All else is as for `shared.trained.trained`.
    """
    shared = RECIPES[recipe.supernet]
    if not isinstance(shared, SharedRecipe):
        raise TypeError(f"{recipe.supernet} trains no supernet")
    supernet, training = trained(
        space, shared, SCALES[space], recipe.supernet_seed, folder, progress=progress
    )
    return supernet, training.seconds


def drawn_body(graph: ArchGraph, seed: int) -> Body:
    """Return a body whose weights are drawn from a seed."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        body = Body(graph)
    return body.to(memory_format=torch.channels_last)  # type: ignore[call-overload, no-any-return]


@functools.lru_cache(maxsize=4)
def widest_channels(supernet: Supernet, recipe: MultitaskRecipe) -> tuple[int, ...]:
    """Return the channels of each level of a family's widest body."""
    return tuple(Body(graph_of(supernet.name, supernet.largest, recipe)).channels)


def drawn_head(channels: Sequence[int], widest: Sequence[int], seed: int) -> Head:
    """Return a head whose weights are drawn from a seed, the same for bodies of any width.

    The head of the widest body is drawn, and others are parts of it: so the luck of a draw is
    common to all bodies of a family, and does not stand between them.

    Args:
        channels: Of each level of the body.
        widest: Of each level of the widest body that it is to be compared with.
        seed: 0 or more.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        head = Head(widest)
        return narrowed(head, channels)


@torch.no_grad()
def pretrained_body(supernet: Supernet, space: str, spec: Spec, recipe: MultitaskRecipe) -> Body:
    """Return a body with a copy of its part of a supernet's weights.

    Raises:
        NapeError: It is of another supernet of its family.
    """
    body = drawn_body(graph_of(space, spec, recipe), seed=0)
    for name, weights in supernet.weights(spec, body.net).items():
        body.net.get_parameter(name).copy_(weights)
    return body
