"""What the k-GNN is told of a node (GENNAPE's released code; the paper's section 3)."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import torch

from nape_bench.graph.rows import distinct_rows
from nape_bench.graph.vocabulary import COLUMN_INDEX, COLUMNS

if TYPE_CHECKING:
    from nape_bench.graph import GraphTable

ENCODED = ("op", "h_in", "h_out", "w_in", "w_out", "c_in", "c_out", "kernel_h", "kernel_w", "bias")
"""The columns that are looked at; strides, dilation and groups are not."""

PIXELS, CHANNELS = 256.0, 512.0
"""What heights and widths, and channels, are divided by."""

LARGEST_KERNEL = 7
"""Kernel sides above it are told as it."""


class NodeFeatures(NamedTuple):
    """Encoded nodes.

    Attributes:
        op: Operation index, int64 [nodes].
        shape: h_in, h_out, w_in, w_out over 256 and c_in, c_out over 512, float32 [nodes, 6].
        kernel: Kernel height and width, at most 7, int64 [nodes, 2].
        bias: One-hot: without, with bias, float32 [nodes, 2].
    """

    op: torch.Tensor
    shape: torch.Tensor
    kernel: torch.Tensor
    bias: torch.Tensor

    def take(self, index: torch.Tensor) -> NodeFeatures:
        """Return the nodes of these numbers."""
        return NodeFeatures(*(part[index] for part in self))

    def to(self, device: torch.device) -> NodeFeatures:
        """Return the same features on `device`."""
        return NodeFeatures(*(part.to(device) for part in self))


def encode_rows(rows: np.ndarray) -> NodeFeatures:
    """Encode rows of node columns.

    Args:
        rows: Integers [nodes, 14], columns as `vocabulary.COLUMNS`.
    """
    c = {name: rows[:, i] for name, i in COLUMN_INDEX.items()}
    pixels = np.stack([c["h_in"], c["h_out"], c["w_in"], c["w_out"]], axis=1) / PIXELS
    channels = np.stack([c["c_in"], c["c_out"]], axis=1) / CHANNELS
    kernel = np.minimum(np.stack([c["kernel_h"], c["kernel_w"]], axis=1), LARGEST_KERNEL)
    return NodeFeatures(
        torch.from_numpy(c["op"].astype(np.int64)),
        torch.from_numpy(np.concatenate([pixels, channels], axis=1).astype(np.float32)),
        torch.from_numpy(kernel.astype(np.int64)),
        torch.from_numpy(np.eye(2, dtype=np.float32)[c["bias"]]),
    )


def encode_table(graphs: GraphTable) -> tuple[NodeFeatures, np.ndarray]:
    """Encode a table.

    Returns:
        The distinct encodings, and the number of its own for each node, int64 [all nodes],
        counted in order of first appearance.
    """
    rows, of_node = graphs.rows
    hidden = [i for i, name in enumerate(COLUMNS) if name not in ENCODED]
    seen = rows.copy()
    seen[:, hidden] = 0
    distinct = distinct_rows({name: seen[:, i] for i, name in enumerate(COLUMNS)})
    return encode_rows(distinct.rows), distinct.of_node.astype(np.int64)[of_node]
