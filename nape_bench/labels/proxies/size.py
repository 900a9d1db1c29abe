"""Proxies that need no pass: l2_norm; flops and params are the graph's own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nape_bench.labels.proxies.passes import weights

if TYPE_CHECKING:
    from torch import nn


def l2_norm(net: nn.Module) -> float:
    """Return the sum over layers of the Euclidean norm of the weights (NASLib)."""
    return sum(float(weight.detach().norm()) for weight in weights(net))
