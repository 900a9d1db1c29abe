"""Skeletons: networks without weights of their own, made in a millisecond or two."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from nape_bench.graph.torch_layers import layer_for
from nape_bench.graph.torch_module import GraphModule

if TYPE_CHECKING:
    from nape_bench.graph import ArchGraph
    from nape_bench.graph.torch_layers import Layer, NodeRow, Shape

Kind = tuple["NodeRow", tuple["Shape", ...]]


class Skeletons:
    """Makes networks out of layers that it has made before; networks of a family share most.

    A network's own weights mean nothing: others are given when it is called
    (`torch.func.functional_call`). BatchNorms work with the statistics of the batch alone. A
    network is valid until the next one is made.
    """

    def __init__(self) -> None:
        self._made: dict[Kind, list[Layer]] = {}
        self._used: dict[Kind, int] = {}

    def network(self, graph: ArchGraph) -> GraphModule:
        """Return the network of a graph, in train mode.

        Raises:
            GraphError: An operation has no torch counterpart.
        """
        self._used.clear()
        return GraphModule(graph, self._layer)

    def _layer(self, row: NodeRow, given: list[Shape]) -> Layer:
        kind = (row, tuple(given))
        made, used = self._made.setdefault(kind, []), self._used.get(kind, 0)
        self._used[kind] = used + 1
        if used == len(made):
            made.append(_stateless(layer_for(row, given)))
        return made[used]


def _stateless(layer: Layer) -> Layer:
    """Return a layer whose BatchNorms keep no statistics."""
    if isinstance(layer, torch.nn.Module):
        for inner in layer.modules():
            if isinstance(inner, torch.nn.BatchNorm2d):
                inner.track_running_stats = False
                inner.running_mean = inner.running_var = inner.num_batches_tracked = None
    return layer
