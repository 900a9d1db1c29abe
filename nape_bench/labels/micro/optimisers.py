"""Optimisers of micro training: SGD, Muon for kernels before a BatchNorm, and their schedule."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch

from nape_bench.graph.vocabulary import CONVOLUTIONS
from nape_bench.labels.micro.muon import Muon

if TYPE_CHECKING:
    from nape_bench.graph import ArchGraph
    from nape_bench.labels.micro.recipe import Recipe


def schedule(warmup: float, progress: float) -> float:
    """Return the learning rate after a part of all steps, as a part of the highest one.

    Args:
        warmup: The part of all steps in which it rises.
        progress: The part of all steps that was taken.
    """
    if progress < warmup:
        return progress / warmup
    fall = (progress - warmup) / (1 - warmup)
    return (1 + math.cos(math.pi * fall)) / 2


class Optimisers:
    """SGD, which decays kernels alone, and Muon for kernels before a BatchNorm.

    Args:
        net: The network of `graph`.
        graph: Says which convolutions a BatchNorm follows.
        recipe: The settings.

    Attributes:
        sgd: What trains the rest.
        muon: What trains kernels before a BatchNorm; None if the recipe has no rate for it.
    """

    def __init__(self, net: torch.nn.Module, graph: ArchGraph, recipe: Recipe) -> None:
        self._recipe = recipe
        turned = {} if recipe.muon_rate is None else kernels(net, normalised(graph))
        rest = [p for p in net.parameters() if id(p) not in turned]
        groups = [
            {"params": [p for p in rest if p.ndim > 1], "weight_decay": recipe.weight_decay},
            {"params": [p for p in rest if p.ndim <= 1], "weight_decay": 0.0},
        ]
        self.sgd = torch.optim.SGD(
            [group for group in groups if group["params"]],
            lr=recipe.learning_rate,
            momentum=recipe.momentum,
            nesterov=recipe.momentum > 0,
        )
        self.muon = Muon(turned.values(), momentum=recipe.muon_momentum) if turned else None

    def step(self, progress: float) -> None:
        """Take a step against the gradients, and drop them; what has none stays as it is.

        Args:
            progress: Part of all steps that was taken before, which sets the rates.
        """
        rate = schedule(self._recipe.warmup, progress)
        for group in self.sgd.param_groups:
            group["lr"] = rate * self._recipe.learning_rate
        self.sgd.step()
        self.sgd.zero_grad()
        if self.muon is not None and self._recipe.muon_rate is not None:
            self.muon.step(rate * self._recipe.muon_rate)

    def state(self) -> dict[str, torch.Tensor]:
        """Return what steps depend on besides weights, by name; tensors are the optimisers' own."""
        kept = [self.sgd.state.get(p, {}).get("momentum_buffer") for p in self._trained()]
        found = {f"sgd.{i}": momentum for i, momentum in enumerate(kept) if momentum is not None}
        sums = [] if self.muon is None else self.muon.sums
        return found | {f"muon.{i}": total for i, total in enumerate(sums)}

    def restore(self, state: dict[str, torch.Tensor]) -> None:
        """Go on from what `state` gave; what it does not name stays as it is."""
        for i, parameter in enumerate(self._trained()):
            if f"sgd.{i}" in state:
                momentum = torch.empty_like(parameter).copy_(state[f"sgd.{i}"])
                self.sgd.state[parameter]["momentum_buffer"] = momentum
        for i, total in enumerate([] if self.muon is None else self.muon.sums):
            total.copy_(state.get(f"muon.{i}", total))

    def _trained(self) -> list[torch.nn.Parameter]:
        return [p for group in self.sgd.param_groups for p in group["params"]]


def normalised(graph: ArchGraph) -> set[int]:
    """Return the convolutions that nothing but BatchNorm reads."""
    readers: dict[int, set[str]] = {}
    for source, target in graph.edges.tolist():
        readers.setdefault(source, set()).add(graph.ops[target])
    return {
        node
        for node, names in readers.items()
        if graph.ops[node] in CONVOLUTIONS and names == {"BatchNorm"}
    }


def kernels(net: torch.nn.Module, nodes: set[int]) -> dict[int, tuple[torch.nn.Parameter, int]]:
    """Return kernels and their groups, by identity, of the convolutions at some nodes."""
    found: dict[int, tuple[torch.nn.Parameter, int]] = {}
    for name, layer in net.named_modules():
        at_node = name.startswith("layers.") and int(name.split(".")[1]) in nodes
        if at_node and isinstance(layer, torch.nn.Conv2d):
            found[id(layer.weight)] = (layer.get_parameter("weight"), layer.groups)
    return found
