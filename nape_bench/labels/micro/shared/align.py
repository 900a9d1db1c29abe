"""Alignment: which part of the largest network's weights each weight of a sub-network is.

A stage uses its first blocks, a layer its first channels, a depthwise kernel its centre (Cai et
al., Once-for-All, ICLR 2020, section 3.2). The matrices by which the authors' supernets change the
centre of a kernel before a smaller kernel uses it are left out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from nape_bench.errors import NapeError

if TYPE_CHECKING:
    from collections.abc import Mapping

    import torch


def aligned(part: Mapping[str, range], whole: Mapping[str, range]) -> dict[int, int]:
    """Return the node of the largest network's graph that each node of a sub-network's is.

    Args:
        part: Nodes of each block of the sub-network (`SupernetSpace.parts`).
        whole: Those of the largest network, built with the same depth.
    """
    return {
        node: other
        for name, nodes in part.items()
        for node, other in zip(nodes, whole[name], strict=True)
    }


def part_of(weights: torch.Tensor, shape: torch.Size) -> torch.Tensor:
    """Return the first channels, and the centre of a kernel, as a view.

    Args:
        weights: A parameter of the largest network.
        shape: That of the sub-network's: as many axes, none of them longer.

    Raises:
        NapeError: It is no part of the weights.
    """
    pairs = list(zip(shape, weights.shape, strict=False))
    if len(shape) != weights.ndim or any(short > long for short, long in pairs):
        raise NapeError(f"weights {tuple(shape)} are no part of {tuple(weights.shape)}")
    for axis, (short, long) in enumerate(pairs):
        if short < long:
            start = (long - short) // 2 if axis > 1 else 0
            weights = weights.narrow(axis, start, short)
    return weights


def place(name: str) -> tuple[int, str]:
    """Return the node and the kind of a parameter: "layers.7.layer.weight" is (7, "weight")."""
    parts = name.split(".")
    return int(parts[1]), parts[-1]
