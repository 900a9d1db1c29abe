"""What both spaces of TransNAS-Bench-101 share: stem, modules and head (Duan et al., CVPR 2021).

A network is written "64-41414-...": the channels behind the stem, and a digit for each module.
The paper has this skeleton; what a stem and a module consist of follows the published code
(`MacroNet`, `ResNetBasicblock`, `MicroCell`), with the head of the two classification tasks. With
63 classes, parameters are those that NAS-Bench-Suite-Zero (Krishnakumar et al., NeurIPS 2022)
published for cells without unused operations and for macro networks, where they were compared.
"""

from __future__ import annotations

from collections.abc import Callable

from nape_bench.graph import ArchGraph, GraphBuilder
from nape_bench.graph.builder import scale

BASE_CHANNELS = 64
BLOCKS = 2
"""Blocks (or cells) of a module, the first of which takes the changes."""
RESOLUTION = 256
NUM_CLASSES = 75
"""Classes of the object classification task; the scene classification task has 47."""

PLAIN, DOUBLES, HALVES, BOTH = DIGITS = ("1", "2", "3", "4")
"""A module changes nothing, doubles the channels, halves the resolution, or does both."""

AddBlock = Callable[[GraphBuilder, int, int, int], int]
"""What adds a block: (builder, node that it reads, output channels, stride) -> last node."""


def build_network(
    modules: str,
    add_block: AddBlock,
    *,
    width: float,
    depth: int | None,
    resolution: int,
    num_classes: int,
) -> ArchGraph:
    """Build the network of these modules.

    Args:
        modules: A digit of `DIGITS` for each module.
        add_block: Adds one of its blocks.
        width: Factor on the channels of the stem, of which all others are doublings.
        depth: Blocks a module in place of two.
        resolution: Input size in pixels.
        num_classes: Width of the classifier.
    """
    b = GraphBuilder(resolution)
    half = scale(BASE_CHANNELS // 2, width)
    x = b.batch_norm(b.conv(b.input, half, 3, 2))
    c = 2 * half
    x = relu_conv_norm(b, x, c, 3, 2)
    for digit in modules:
        c *= 2 if digit in (DOUBLES, BOTH) else 1
        stride = 2 if digit in (HALVES, BOTH) else 1
        for i in range(depth or BLOCKS):
            x = add_block(b, x, c, 1 if i else stride)
    return b.finish(b.dense(b.mean(x), num_classes))


def relu_conv_norm(b: GraphBuilder, x: int, c: int, kernel: int, stride: int) -> int:
    """Add ReLU, convolution and BatchNorm."""
    return b.batch_norm(b.conv(b.relu(x), c, kernel, stride))
