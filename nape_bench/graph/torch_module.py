"""GraphModule: a graph as the network that it describes, ready to train.

What a graph does not store follows from it. Padding is what the sizes ask for, the smaller half
first. A node that reads less than its source gives keeps leading channels and drops leading rows
and columns. Mul(x, ReLU6(x)) runs as h-swish, and a ReLU6 of one pixel that gates another tensor
by Mul as h-sigmoid: the scalars +3 and 1/6 are no nodes (papers.md 2.11; Howard et al., 2019).
Average pools leave padding out of the mean, as the papers' TensorFlow networks do.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import nn
from torch.nn import functional

from nape_bench.errors import GraphError
from nape_bench.graph.torch_layers import Cut, NodeRow, gated, layer_for

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nape_bench.graph.arch_graph import ArchGraph
    from nape_bench.graph.torch_layers import Layer, Maker


class GraphModule(nn.Module):
    """The network of an `ArchGraph`.

    Args:
        graph: The graph; node `i` becomes `layers["i"]` where it has parameters.
        make: Gives each node's layer, as `layer_for` does. With another one weights are as it
            gives them, else they are drawn.

    Raises:
        GraphError: An operation has no torch counterpart; the node is named.
    """

    def __init__(self, graph: ArchGraph, make: Maker = layer_for) -> None:
        super().__init__()
        self.layers = nn.ModuleDict()
        rows = [NodeRow.of(values) for values in graph.nodes.tolist()]
        sources: list[list[int]] = [[] for _ in rows]
        for source, target in graph.edges.tolist():
            sources[target].append(source)
        gates = gates_of(rows, sources)
        self._steps: list[tuple[int, Layer, list[int]]] = []
        for i, row in enumerate(rows[1:-1], start=1):
            layer: Layer
            if i in gates:
                gate, other = gates[i]
                source = sources[gate][0]
                given = [rows[source].shape_out, rows[other].shape_out]
                if source == other and given[0] == rows[gate].shape_in == row.shape_in:
                    self._steps.append((i, functional.hardswish, [other]))
                else:
                    layer = gated(row, rows[gate], given)
                    self._steps.append((i, layer, [source, other]))
                continue
            try:
                layer = make(row, [rows[s].shape_out for s in sources[i]])
            except GraphError as error:
                raise GraphError(f"node {i} ({row.op}): {error}") from None
            if isinstance(layer, nn.Module):
                self.layers[str(i)] = layer
            self._steps.append((i, layer, sources[i]))
        self._steps = _needed(self._steps, sources[-1])
        self._result = sources[-1][0]
        put_out, read = rows[self._result].shape_out, rows[-1].shape_in
        self._cut = None if put_out == read else Cut(put_out, read)
        self._flatten = rows[-1].shape_out[:2] == (1, 1)
        self._last_use = _last_use(self._steps)
        if make is layer_for:
            _initialise(self)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Map float [batch, channels, h, w] to [batch, classes], or to maps if there are some."""
        result = self.maps(images, (self._result,))[0]
        if self._cut is not None:
            result = self._cut(result)
        return result.flatten(1) if self._flatten else result

    def maps(self, images: torch.Tensor, nodes: Sequence[int]) -> list[torch.Tensor]:
        """Return the outputs of some nodes in one run, float [batch, channels, h, w] each."""
        values: dict[int, torch.Tensor] = {0: images}
        for (node, layer, reads), unused in zip(self._steps, self._last_use, strict=True):
            values[node] = layer(*[values[source] for source in reads])
            for source in unused:
                if source not in nodes:
                    del values[source]
        return [values[node] for node in nodes]

    def extra_repr(self) -> str:
        """Return the number of operations that run."""
        return f"{len(self._steps)} operations"


def gates_of(rows: list[NodeRow], sources: list[list[int]]) -> dict[int, tuple[int, int]]:
    """Find Mul nodes that are h-swish or gated by h-sigmoid: node -> (ReLU6, other input)."""
    found = {}
    for i, row in enumerate(rows):
        if row.op != "Mul" or len(sources[i]) != 2:
            continue
        first = sources[i][0]
        for gate, other in (sources[i], sources[i][::-1]):
            if rows[gate].op != "ReLU6":
                continue
            swish = sources[gate] == [other]
            # Where both are one pixel, the gate is the first: (gate, features) is the order.
            pixel, spread = (rows[n].shape_out[:2] == (1, 1) for n in (gate, other))
            gates = pixel and gate != other and (not spread or gate == first)
            if swish or gates:
                found[i] = (gate, other)
                break
    return found


def _needed(
    steps: list[tuple[int, Layer, list[int]]], result: list[int]
) -> list[tuple[int, Layer, list[int]]]:
    """Leave out steps that nothing reads any more: ReLU6 nodes that went into a gate."""
    used = set(result)
    kept = []
    for node, layer, reads in reversed(steps):
        if node in used:
            used.update(reads)
            kept.append((node, layer, reads))
    return kept[::-1]


def _last_use(steps: list[tuple[int, Layer, list[int]]]) -> list[list[int]]:
    """Return for each step the values that no later step reads, so that memory is given back."""
    last = {source: at for at, (_, _, reads) in enumerate(steps) for source in reads}
    unused: list[list[int]] = [[] for _ in steps]
    for source, at in last.items():
        unused[at].append(source)
    return unused


def _initialise(module: nn.Module) -> None:
    """Draw weights as ResNets do (He et al., 2015): normal with variance 2 / fan-out."""
    for layer in module.modules():
        if isinstance(layer, nn.Conv2d):
            nn.init.kaiming_normal_(layer.weight, mode="fan_out", nonlinearity="relu")
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)
        elif isinstance(layer, nn.Linear):
            nn.init.normal_(layer.weight, std=0.01)
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)
