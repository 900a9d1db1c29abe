"""Weights of an ONNX model: a torch module's, those that a new module starts with, or none."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from nape_bench.errors import GraphError

if TYPE_CHECKING:
    import torch

    from nape_bench.graph.arch_graph import ArchGraph
    from nape_bench.graph.torch_layers import NodeRow

LARGEST = 2**31 - 2**24
"""Bytes of weights that one model may hold: protobuf takes 2 GiB, some of it for the nodes."""

_NORM = {"scale": "weight", "shift": "bias", "mean": "running_mean", "variance": "running_var"}
"""Inputs of BatchNormalization, in order, and what torch calls them."""


class Weight(NamedTuple):
    """A weight: its shape, and float32 values unless only that is known."""

    shape: tuple[int, ...]
    values: np.ndarray | None


Weights = dict[tuple[str, str], Weight]
"""The weights of a graph by node ("12_Conv") and role ("weight")."""


def roles(row: NodeRow) -> dict[str, tuple[int, ...]]:
    """Return the weights of a node, role -> shape, in the order in which ONNX reads them.

    A convolution's weight is [c_out, c_in / groups, height, width], a dense layer's [c_in, c_out]
    (torch has the transpose); BatchNorm has scale, shift, mean and variance, [c] each.
    """
    c_in, c_out = row.shape_in[2], row.shape_out[2]
    shapes: dict[str, tuple[int, ...]]
    if row.op == "BatchNorm":
        return dict.fromkeys(_NORM, (c_in,))
    if row.op in ("Conv", "Depthwise"):
        shapes = {"weight": (c_out, c_in // row.groups, *row.kernel)}
    elif row.op == "MatMul":
        shapes = {"weight": (c_in, c_out)}
    else:
        return {}
    return {**shapes, "bias": (c_out,)} if row.bias else shapes


def weights_for(
    graph: ArchGraph, rows: list[NodeRow], module: torch.nn.Module | None, wanted: bool, seed: int
) -> Weights:
    """Collect the weights of a graph's nodes.

    Args:
        graph: The graph.
        rows: Its nodes.
        module: The module that has them; None: what `to_torch` starts with after a seed.
        wanted: Whether values are wanted, or shapes only.
        seed: That seed.

    Raises:
        GraphError: They are too large for one model, or the module is not this graph's.
    """
    if not wanted:
        if module is not None:
            raise GraphError("a module was given and weights=False: leave one of them out")
        return {
            (f"{i}_{row.op}", role): Weight(shape, None)
            for i, row in enumerate(rows)
            for role, shape in roles(row).items()
        }
    size = 4 * sum(math.prod(shape) for row in rows for shape in roles(row).values())
    if size > LARGEST:
        raise GraphError(
            f"its weights take {size:,} bytes, and an ONNX model in one piece holds less than "
            "2 GiB: write it with weights=False"
        )
    held = _held(_first_module(graph, seed) if module is None else module)
    found: Weights = {}
    for i, row in enumerate(rows):
        for role, shape in roles(row).items():
            value = held.get(i, {}).get(_NORM[role] if row.op == "BatchNorm" else role)
            if value is not None and row.op == "MatMul":
                value = value.T
            if value is None or value.shape != shape:
                there = "none" if value is None else list(value.shape)
                raise GraphError(
                    f"node {i} ({row.op}): its {role} is {list(shape)}, and the module has "
                    f"{there}: give one that this graph's to_torch() made"
                )
            found[f"{i}_{row.op}", role] = Weight(shape, np.ascontiguousarray(value))
    return found


def _first_module(graph: ArchGraph, seed: int) -> torch.nn.Module:
    """Return a new module, as after torch.manual_seed(seed); torch's own state stays as it is."""
    import torch

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return graph.to_torch()


def _held(module: torch.nn.Module) -> dict[int, dict[str, np.ndarray]]:
    """Return the tensors that a module holds for each node, float32, as torch calls them.

    What slices or pads for a layer holds it inside, so the last part of a name is what counts.
    """
    from nape_bench.graph.torch_module import GraphModule

    if not isinstance(module, GraphModule):
        raise GraphError(
            f"module is a {type(module).__name__}, not what to_torch() gives; of one that was "
            "compiled or wrapped give the module inside"
        )
    return {
        int(node): {
            name.rpartition(".")[2]: value.detach().cpu().float().numpy()
            for name, value in layer.state_dict().items()
        }
        for node, layer in module.layers.items()
    }
