"""Statistics of graphs: one row of numbers a graph, what plain regressors are given.

Everything is array operations over all nodes of a table; no graph is looked at on its own. Each
block of columns is one function, which documents its columns; `STATISTICS` names them all.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

import numpy as np

from nape_bench.graph import cost
from nape_bench.graph.keys import levels
from nape_bench.graph.validate import is_op
from nape_bench.graph.vocabulary import (
    GENNAPE_OPS,
    NOT_IN_NORMAL_FORM,
    OPS,
    POOLS,
    REDUCTIONS,
    WEIGHTED,
)
from nape_bench.predictors.paths.steps import steps

if TYPE_CHECKING:
    from nape_bench.graph import GraphTable
    from nape_bench.graph.flat import Flat

COUNTED_OPS = tuple(
    op for op in OPS[:GENNAPE_OPS] if op not in NOT_IN_NORMAL_FORM | {"OOV", "Input", "Output"}
)
"""Operations that are counted: each of GENNAPE's that a graph can have any number of times.

No family has others, and what recorded baselines read must not change with the vocabulary.
"""

SCALES = 6
"""Scales: 0 at the input's height, 1 at half of it, ..., 5 at 1/32 and below."""

_Columns = dict[str, np.ndarray]


class _Nodes:
    """The nodes of a table, and what several blocks of columns ask of them."""

    def __init__(self, graphs: GraphTable) -> None:
        self.flat: Flat = graphs.flat()
        self.graph = self.flat.graph_of_nodes()
        self.flops = cost.flops_by_node(self.flat).astype(np.float64)
        self.params = cost.params_by_node(self.flat).astype(np.float64)
        self.pixels = self.column("h_out") * self.column("w_out")

    def column(self, name: str) -> np.ndarray:
        """Return one node column, float64 [nodes]."""
        return self.flat.columns[name].astype(np.float64)

    def sum(self, values: np.ndarray) -> np.ndarray:
        """Return the sum over the nodes of each graph, float64 [graphs]."""
        return np.bincount(self.graph, weights=values, minlength=self.flat.graphs)

    def max(self, values: np.ndarray) -> np.ndarray:
        """Return the maximum over the nodes of each graph, float64 [graphs]."""
        return np.maximum.reduceat(values.astype(np.float64), self.flat.node_ptr[:-1])

    def moments(self, values: np.ndarray, mask: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return mean and standard deviation over the nodes in `mask`; 0 where there are none."""
        count = np.maximum(self.sum(mask), 1.0)
        mean = self.sum(np.where(mask, values, 0.0)) / count
        square = np.where(mask, (values - mean[self.graph]) ** 2, 0.0)
        return mean, np.sqrt(self.sum(square) / count)

    @cached_property
    def kinds(self) -> dict[str, np.ndarray]:
        """Which nodes are of which kind of layer, bool [nodes]: all weighted ones are of one."""
        height, width = self.flat.columns["kernel_h"], self.flat.columns["kernel_w"]
        conv, single = is_op(self.flat, {"Conv"}), (height == 1) & (width == 1)
        return {
            "conv_1x1": conv & single,
            "conv_square": conv & (height == width) & ~single,
            "conv_oblong": conv & (height != width),
            "depthwise": is_op(self.flat, {"Depthwise"}),
            "matmul": is_op(self.flat, {"MatMul"}),
        }

    @cached_property
    def scale(self) -> np.ndarray:
        """Scale of what each node puts out, int64 [nodes] in [0, SCALES)."""
        first = self.flat.columns["h_in"][self.flat.node_ptr[:-1]].astype(np.float64)
        ratio = np.log2(first[self.graph] / self.column("h_out"))
        scale: np.ndarray = np.clip(np.rint(ratio), 0, SCALES - 1).astype(np.int64)
        return scale

    @cached_property
    def level(self) -> np.ndarray:
        """Longest path from Input to each node, in edges, int64 [nodes]."""
        level = np.zeros(self.flat.nodes, dtype=np.int64)
        for depth, nodes in enumerate(self._levels):
            level[nodes] = depth
        return level

    @cached_property
    def weighted_level(self) -> np.ndarray:
        """Most weighted nodes on a path that ends at each node, int64 [nodes]."""
        weighted = is_op(self.flat, WEIGHTED)
        level = np.zeros(self.flat.nodes, dtype=np.int64)
        for step in steps(self.flat, self._levels):
            reached = level[self.flat.source[step.edges]]
            level[step.nodes] = np.maximum.reduceat(reached, step.starts) + weighted[step.nodes]
        return level

    @cached_property
    def _levels(self) -> list[np.ndarray]:
        return levels(self.flat)


def _size(n: _Nodes) -> _Columns:
    """Sizes.

    Decimal logarithms of FLOPs, of parameters and of the numbers that weighted nodes put out, in
    sum and at most; numbers of nodes and edges; edges, and weighted nodes, on the longest path.
    """
    outputs = np.where(is_op(n.flat, WEIGHTED), n.pixels * n.column("c_out"), 0.0)
    return {
        "log_flops": np.log10(n.sum(n.flops) + 1.0),
        "log_params": np.log10(n.sum(n.params) + 1.0),
        "log_activations": np.log10(n.sum(outputs) + 1.0),
        "log_largest_activation": np.log10(n.max(outputs) + 1.0),
        "nodes": np.diff(n.flat.node_ptr),
        "edges": np.diff(n.flat.edge_ptr),
        "depth": n.max(n.level),
        "weighted_depth": n.max(n.weighted_level),
    }


def _operations(n: _Nodes) -> _Columns:
    """How many nodes have each operation."""
    counts = np.bincount(
        n.graph * len(OPS) + n.flat.columns["op"], minlength=n.flat.graphs * len(OPS)
    ).reshape(-1, len(OPS))
    return {f"count_{op}": counts[:, OPS.index(op)] for op in COUNTED_OPS}


def _wiring(n: _Nodes) -> _Columns:
    """How nodes are joined.

    Summands beyond the first of Adds (residual connections); inputs of Concats; nodes read more
    than once, and by how many at most; edges that are there twice; levels that an edge spans, on
    average and at most; nodes on one level at most.
    """
    source, target = n.flat.source, n.flat.target
    ins = np.bincount(target, minlength=n.flat.nodes)
    outs = np.bincount(source, minlength=n.flat.nodes)
    of_edge = n.graph[target]
    first = np.unique(source * n.flat.nodes + target, return_index=True)[1]
    doubled = np.ones(len(source), dtype=bool)
    doubled[first] = False
    span = n.level[target] - n.level[source]
    depth = int(n.level.max()) + 1
    on_level = np.bincount(n.graph * depth + n.level, minlength=n.flat.graphs * depth)
    edges = np.diff(n.flat.edge_ptr)
    return {
        "residuals": n.sum(np.where(is_op(n.flat, {"Add"}), ins - 1, 0)),
        "concat_inputs": n.sum(np.where(is_op(n.flat, {"Concat"}), ins, 0)),
        "forks": n.sum(outs > 1),
        "largest_fork": n.max(outs),
        "doubled_edges": np.bincount(of_edge[doubled], minlength=n.flat.graphs),
        "mean_span": np.bincount(of_edge, weights=span, minlength=n.flat.graphs) / edges,
        "largest_span": np.maximum.reduceat(span, n.flat.edge_ptr[:-1]),
        "widest_level": on_level.reshape(-1, depth).max(axis=1),
    }


def _windows(n: _Nodes) -> _Columns:
    """How many convolutions have which kernel, and what else windows can have.

    Square convolutions and depthwise ones by side (3, 5, 7, others together); oblong ones; nodes
    with a stride, by operation; dilated nodes; convolutions in groups; nodes with a bias.
    """
    kernel, kinds = n.flat.columns["kernel_h"], n.kinds
    result: _Columns = {}
    for kind in ("conv_square", "depthwise"):
        for side in (3, 5, 7):
            result[f"{kind}_{side}"] = n.sum(kinds[kind] & (kernel == side))
        result[f"{kind}_other"] = n.sum(kinds[kind] & ~np.isin(kernel, (3, 5, 7)))
    strided = (n.flat.columns["stride_h"] > 1) | (n.flat.columns["stride_w"] > 1)
    conv = is_op(n.flat, {"Conv"})
    return result | {
        "conv_1x1": n.sum(kinds["conv_1x1"]),
        "conv_oblong": n.sum(kinds["conv_oblong"]),
        "strided_conv": n.sum(strided & conv),
        "strided_depthwise": n.sum(strided & kinds["depthwise"]),
        "strided_pool": n.sum(strided & is_op(n.flat, POOLS)),
        "dilated": n.sum(n.flat.columns["dilation"] > 1),
        "grouped": n.sum(conv & (n.flat.columns["groups"] > 1)),
        "biased": n.sum(n.flat.columns["bias"] > 0),
    }


def _channels(n: _Nodes) -> _Columns:
    """Channels, as binary logarithms.

    Mean, deviation and maximum of what weighted nodes put out; mean and deviation of the ratio of
    output to input channels of convolutions; what the last reduction over pixels reads at most.
    """
    weighted = is_op(n.flat, WEIGHTED)
    log_out = np.log2(n.column("c_out"))
    ratio = log_out - np.log2(n.column("c_in"))
    mean, deviation = n.moments(log_out, weighted)
    mean_ratio, ratio_deviation = n.moments(ratio, is_op(n.flat, {"Conv"}))
    reduced = is_op(n.flat, REDUCTIONS)
    return {
        "channels_mean": mean,
        "channels_deviation": deviation,
        "channels_largest": n.max(np.where(weighted, log_out, 0.0)),
        "expansion_mean": mean_ratio,
        "expansion_deviation": ratio_deviation,
        "channels_reduced": n.max(np.where(reduced, log_out, 0.0)),
    }


def _resolution(n: _Nodes) -> _Columns:
    """Heights, as binary logarithms: of the input; of weighted nodes' outputs, mean and deviation.

    Images are square in every family.
    """
    first = n.flat.node_ptr[:-1]
    log_height = np.log2(n.column("h_out"))
    mean, deviation = n.moments(log_height, is_op(n.flat, WEIGHTED))
    return {
        "height_input": log_height[first],
        "height_mean": mean,
        "height_deviation": deviation,
    }


def _shares(n: _Nodes) -> _Columns:
    """Where FLOPs and parameters are spent: their shares by kind of layer and by scale.

    A graph without FLOPs, or without parameters, has shares of 0.
    """
    result: _Columns = {}
    for what, cost_of in (("flops", n.flops), ("params", n.params)):
        total = np.maximum(n.sum(cost_of), 1.0)
        for kind, mask in n.kinds.items():
            result[f"{what}_share_{kind}"] = n.sum(cost_of * mask) / total
        for scale in range(SCALES):
            result[f"{what}_share_scale{scale}"] = n.sum(cost_of * (n.scale == scale)) / total
    return result


def _by_scale(n: _Nodes) -> _Columns:
    """How many nodes of a kind put out which scale: what a stage is made of."""
    kinds = {
        **{kind: mask for kind, mask in n.kinds.items() if kind != "matmul"},
        "pool": is_op(n.flat, POOLS),
        "add": is_op(n.flat, {"Add"}),
        "relu": is_op(n.flat, {"ReLU"}),
        "relu6": is_op(n.flat, {"ReLU6"}),
    }
    return {
        f"{kind}_scale{scale}": n.sum(mask & (n.scale == scale))
        for kind, mask in kinds.items()
        for scale in range(SCALES)
    }


_BLOCKS = (
    _size, _operations, _wiring, _windows, _channels, _resolution, _shares, _by_scale,
)  # fmt: skip


_FOUND: WeakKeyDictionary[GraphTable, tuple[np.ndarray, tuple[str, ...]]] = WeakKeyDictionary()


def graph_statistics(graphs: GraphTable) -> tuple[np.ndarray, tuple[str, ...]]:
    """Describe each graph by statistics of its nodes and edges.

    Args:
        graphs: n >= 1 graphs.

    Returns:
        Values, float64 [n, columns], all finite, and the names of the columns. Both depend on
        nothing but each graph; a column may be constant over a table. A table's values are worked
        out once and not to be written to.
    """
    if graphs not in _FOUND:
        _FOUND[graphs] = _statistics(graphs)
    return _FOUND[graphs]


def _statistics(graphs: GraphTable) -> tuple[np.ndarray, tuple[str, ...]]:
    nodes = _Nodes(graphs)
    columns = {name: column for block in _BLOCKS for name, column in block(nodes).items()}
    values = np.stack(list(columns.values()), axis=1).astype(np.float64)
    values.flags.writeable = False
    return values, tuple(columns)
