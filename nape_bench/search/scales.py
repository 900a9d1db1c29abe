"""The scale at which a search runs: that of micro training, where its results are checked."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from nape_bench.errors import DataError
from nape_bench.graph import GraphTable
from nape_bench.labels.micro.recipe import GRAPH_SCALE, RECIPES, SCALES, Recipe, SharedRecipe
from nape_bench.labels.micro.scaled import scaled, scaled_graph
from nape_bench.spaces import space as space_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from nape_bench.graph import ArchGraph
    from nape_bench.spaces import Space, Spec

FULL, MICRO = "full", "micro"


def recipe_for(space: str) -> Recipe:
    """Return the recipe by which single networks of a space are trained.

    It is the one of the space's micro labels, so that what is measured compares with what was
    predicted; where these come from shared weights, which a mutant has no part in, it is the one
    of graphs.

    Raises:
        DataError: The space has no micro scale.
    """
    scale = SCALES[_with_scale(space)]
    recipe = RECIPES[scale.recipe]
    if isinstance(recipe, SharedRecipe):
        return RECIPES[GRAPH_SCALE.recipe]
    return dataclasses.replace(recipe, epochs=scale.epochs or recipe.epochs)


def builder(space: Space, scale: str) -> Callable[[Spec], ArchGraph]:
    """Return what builds a specification at a scale, `FULL` or `MICRO`.

    At `MICRO` a network has the outputs of `recipe_for`, and is trained as it is.

    Raises:
        DataError: The space has no micro scale.
    """
    if scale == FULL:
        return space.build
    small, task = SCALES[_with_scale(space.name)], recipe_for(space.name).task
    return lambda spec: scaled(space, spec, small, task)


def shrunk_to(space: str, graph: ArchGraph) -> ArchGraph:
    """Make a network of one's own as small as those of a space are for micro training.

    Raises:
        DataError: The space has no micro scale.
        GraphError: The network cannot be made small (`graph.shrink`).
    """
    return scaled_graph(graph, SCALES[_with_scale(space)], recipe_for(space).task)


def rebuilt(ids: Sequence[str], scale: str) -> GraphTable:
    """Build architectures of a dataset by their ids, at a scale.

    Args:
        ids: "<family>:<specification>" of each.
        scale: `FULL` or `MICRO`.

    Raises:
        DataError: A family is no space, or has no micro scale.
    """
    makers = {}
    graphs = []
    for name in ids:
        family, _, text = name.partition(":")
        if family not in makers:
            drawn = space_of(family)
            makers[family] = drawn, builder(drawn, scale)
        drawn, build = makers[family]
        graphs.append(build(drawn.parse(text)))
    return GraphTable.from_graphs(graphs).named(list(ids))


def _with_scale(space: str) -> str:
    if space not in SCALES:
        raise DataError(
            f"space {space} has no scale for micro training: search it at full scale, or one of "
            f"{', '.join(SCALES)}"
        )
    return space
