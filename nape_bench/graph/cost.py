"""FLOPs and parameters of graphs, by array operations over `Flat`.

FLOPs are multiply-adds of convolutions and dense layers for one input image, as in the papers
(GENNAPE's and AIO-P's FLOPs; often called MACs); biases, BatchNorm, activations, pools and sums
are not counted. Parameters are all that is trained: weights, biases, and BatchNorm's scale and
shift.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from nape_bench.graph.flat import sum_by_graph
from nape_bench.graph.validate import is_op
from nape_bench.graph.vocabulary import CONVOLUTIONS

if TYPE_CHECKING:
    from nape_bench.graph.flat import Flat


def weights_by_node(flat: Flat) -> np.ndarray:
    """Return the number of weights of each node, biases left out, int64 [nodes]."""
    c = {name: flat.columns[name].astype(np.int64) for name in (
        "c_in", "c_out", "groups", "kernel_h", "kernel_w")}  # fmt: skip
    dense = c["c_in"] * c["c_out"]
    kernel = dense // c["groups"] * c["kernel_h"] * c["kernel_w"]
    return np.where(is_op(flat, CONVOLUTIONS), kernel, np.where(is_op(flat, {"MatMul"}), dense, 0))


def flops_by_node(flat: Flat) -> np.ndarray:
    """Return the multiply-adds of each node, int64 [nodes]."""
    pixels: np.ndarray = flat.columns["h_out"].astype(np.int64) * flat.columns["w_out"]
    pixels *= weights_by_node(flat)
    return pixels


def params_by_node(flat: Flat) -> np.ndarray:
    """Return the trainable parameters of each node, int64 [nodes]."""
    c_out = flat.columns["c_out"].astype(np.int64)
    norm = np.where(is_op(flat, {"BatchNorm"}), 2 * c_out, 0)
    return weights_by_node(flat) + flat.columns["bias"] * c_out + norm


def flops(flat: Flat) -> np.ndarray:
    """Return the multiply-adds of each graph for one image, int64 [graphs]."""
    return sum_by_graph(flops_by_node(flat), flat.node_ptr)


def params(flat: Flat) -> np.ndarray:
    """Return the trainable parameters of each graph, int64 [graphs]."""
    return sum_by_graph(params_by_node(flat), flat.node_ptr)
