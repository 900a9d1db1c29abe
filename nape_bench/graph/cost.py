"""FLOPs and parameters of graphs, by array operations over `Flat`.

FLOPs are multiply-adds of convolutions and dense layers for one input image, as in the papers
(GENNAPE's and AIO-P's FLOPs; often called MACs), and of the two products of an attention; biases,
normalisations, activations, pools and sums are not counted. Parameters are all that is trained:
weights, biases, scales and shifts of normalisations, and learned vectors, positions and tokens. A
table of relative positions inside an attention is no part of a graph. Weights that several nodes
share count for each of them: two nodes of a graph are equal or not, and never the same module.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from nape_bench.graph.flat import sum_by_graph
from nape_bench.graph.validate import is_op
from nape_bench.graph.vocabulary import CONVOLUTIONS, GENNAPE_OPS

if TYPE_CHECKING:
    from nape_bench.graph.flat import Flat


def weights_by_node(flat: Flat) -> np.ndarray:
    """Return the number of weights of each node, biases left out, int64 [nodes]."""
    c = {name: flat.columns[name].astype(np.int64) for name in (
        "c_in", "c_out", "groups", "kernel_h", "kernel_w")}  # fmt: skip
    dense = c["c_in"] * c["c_out"]
    kernel = dense // c["groups"] * c["kernel_h"] * c["kernel_w"]
    windowed = is_op(flat, CONVOLUTIONS | {"Deconv"})
    return np.where(windowed, kernel, np.where(is_op(flat, {"MatMul"}), dense, 0))


def flops_by_node(flat: Flat) -> np.ndarray:
    """Return the multiply-adds of each node, int64 [nodes]."""
    c = {name: flat.columns[name].astype(np.int64) for name in ("h_in", "h_out", "w_in", "w_out")}
    # Each pixel that a transposed convolution reads meets the whole kernel.
    pixels: np.ndarray = np.where(
        is_op(flat, {"Deconv"}), c["h_in"] * c["w_in"], c["h_out"] * c["w_out"]
    )
    pixels *= weights_by_node(flat)
    attention = np.flatnonzero(is_op(flat, {"Attention"}))
    if len(attention):
        pixels[attention] = _attention_flops(flat, attention)
    return pixels


def _attention_flops(flat: Flat, nodes: np.ndarray) -> np.ndarray:
    """Return the multiply-adds of q times k, and of that times v, int64 [len(nodes)]."""
    c = {name: column[nodes].astype(np.int64) for name, column in flat.columns.items()}
    first = np.searchsorted(flat.target, nodes)
    inputs = np.searchsorted(flat.target, nodes, side="right") - first
    last = flat.source[first + inputs - 1]
    size = flat.columns["h_out"][last].astype(np.int64) * flat.columns["w_out"][last]
    queries = c["h_in"] * c["w_in"]
    keys = np.where(inputs == 1, queries, size)
    window = c["kernel_h"] * c["kernel_w"]
    keys = np.where(window > 0, window, keys)
    # What the first input holds: q, k and v; q and k, where the second has v's channels; or q.
    both = (inputs == 2) & (flat.columns["c_out"][last] == c["c_out"])
    of_q = np.where(inputs == 1, (c["c_in"] - c["c_out"]) // 2, c["c_in"] // np.where(both, 2, 1))
    both_products: np.ndarray = queries * keys * (of_q + c["c_out"])
    return both_products


def params_by_node(flat: Flat) -> np.ndarray:
    """Return the trainable parameters of each node, int64 [nodes]."""
    c_out = flat.columns["c_out"].astype(np.int64)
    own = weights_by_node(flat) + flat.columns["bias"] * c_out
    own += np.where(is_op(flat, {"BatchNorm"}), 2 * c_out, 0)
    if flat.nodes and int(flat.columns["op"].max()) >= GENNAPE_OPS:
        own += _params_of_ours(flat, c_out)
    return own


def _params_of_ours(flat: Flat, c_out: np.ndarray) -> np.ndarray:
    """Return the parameters of nodes of our own words that have no weight, int64 [nodes]."""
    c = flat.columns
    pixels = c["h_out"].astype(np.int64) * c["w_out"]
    added = pixels - c["h_in"].astype(np.int64) * c["w_in"]
    each = {
        "LayerNorm": 2 * c_out // c["groups"],
        "GroupNorm": 2 * c_out,
        "RMSNorm": c_out // c["groups"],
        "Scale": c_out,
        "Bias": c_out,
        "PReLU": c_out,
        "Embedding": pixels * c_out,
        "Tokens": added * c_out,
    }
    return sum((np.where(is_op(flat, {op}), own, 0) for op, own in each.items()), 0 * c_out)


def flops(flat: Flat) -> np.ndarray:
    """Return the multiply-adds of each graph for one image, int64 [graphs]."""
    return sum_by_graph(flops_by_node(flat), flat.node_ptr)


def params(flat: Flat) -> np.ndarray:
    """Return the trainable parameters of each graph, int64 [graphs]."""
    return sum_by_graph(params_by_node(flat), flat.node_ptr)
