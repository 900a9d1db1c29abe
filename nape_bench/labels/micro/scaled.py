"""Architectures made small: graphs at the scale that micro training has for their family."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from nape_bench.graph.cap import cap_maps
from nape_bench.graph.shrink import shrunk
from nape_bench.labels.micro.images import outputs

if TYPE_CHECKING:
    from nape_bench.graph import ArchGraph
    from nape_bench.labels.micro.images import Task
    from nape_bench.labels.micro.recipe import Scale
    from nape_bench.spaces import Space, Spec

CIFAR_PIXELS = 32
"""Height and width of the images that a scale for graphs is told for."""


def scaled(family: Space, spec: Spec, scale: Scale, task: Task) -> ArchGraph:
    """Build an architecture at a scale, with the outputs of a task.

    Raises:
        SpecError: The specification is malformed, or cannot be built at this scale.
        GraphError: Maps cannot be capped there.
    """
    graph = family.build(
        spec,
        width=scale.width,
        depth=scale.depth,
        resolution=scale.resolution,
        num_classes=outputs(task),
    )
    return graph if scale.cap is None else cap_maps(graph, scale.cap)


def scaled_graph(graph: ArchGraph, scale: Scale, task: Task) -> ArchGraph:
    """Make a graph that is of no space small, with the outputs of a task.

    `scale.resolution` is for a network that reads 32 pixels; for larger images it is doubled as
    often as they are, so that the cap takes the first strides out and leaves the later maps as
    they would be. `scale.depth` has no meaning here. A graph that has the outputs of the task, for
    images of less than 32 pixels, was made for it and stays as it is.

    Raises:
        GraphError: It does not end in a classifier, or an operation cannot be had at this scale.
    """
    pixels, classes = int(graph.column("h_out")[0]), int(graph.column("c_in")[-1])
    if classes == outputs(task) and pixels < CIFAR_PIXELS:
        return graph
    doublings = max(0, round(math.log2(pixels / CIFAR_PIXELS)))
    small = shrunk(
        graph,
        width=scale.width,
        pixels=scale.resolution * 2**doublings,
        outputs=outputs(task),
    )
    return small if scale.cap is None else cap_maps(small, scale.cap)
