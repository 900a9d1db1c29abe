"""Building a specification at sizes other than its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from nape_bench.graph import ArchGraph

if TYPE_CHECKING:
    import numpy as np

    from nape_bench.spaces import Space


def random_scale(rng: np.random.Generator) -> dict[str, float]:
    """Draw arguments of `Space.build`."""
    width, depth = float(rng.uniform(0.1, 2)), int(rng.integers(1, 4))
    return {"width": width, "depth": depth, "resolution": int(rng.integers(8, 65))}


def check_scale(space: Space, spec: object, scale: dict[str, float]) -> None:
    """Check that a spec is a graph in normal form at a scale."""
    graph = space.build(spec, **scale, num_classes=7)
    assert ArchGraph(graph.nodes, graph.edges) == graph


def check_trains(space: Space, spec: object, width: float, resolution: int) -> torch.nn.Module:
    """Check that a spec with one cell a stack runs forward and backward; returns the network."""
    small = space.build(spec, width=width, depth=1, resolution=resolution, num_classes=7)
    module = small.to_torch()
    out = module(torch.randn(2, 3, resolution, resolution))
    assert out.shape == (2, 7)
    out.square().sum().backward()
    assert sum(p.numel() for p in module.parameters()) == small.params()
    return module
