"""Architectures made small: graphs at the scale that micro training has for their family."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nape_bench.graph.cap import cap_maps
from nape_bench.labels.micro.images import outputs

if TYPE_CHECKING:
    from nape_bench.graph import ArchGraph
    from nape_bench.labels.micro.images import Task
    from nape_bench.labels.micro.recipe import Scale
    from nape_bench.spaces import Space, Spec


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
