"""What paths from Input to Output are like: lengths of several kinds, over random paths."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from nape_bench.graph.validate import is_op
from nape_bench.graph.vocabulary import ACTIVATIONS, NORMALISATIONS, POOLS, WEIGHTED
from nape_bench.predictors.paths.steps import steps

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nape_bench.graph import GraphTable
    from nape_bench.graph.flat import Flat

DRAWS = ("even", "path", "signal")
"""How a path is drawn, from Output backwards. Where branches meet: each is as likely; each path is
as likely; each is as likely as its share in the variance of the sum."""
ENTROPIES = ("even", "signal")
"""Of drawing paths each as likely, it would be the logarithm of their number, which is a column."""


def path_statistics(graphs: GraphTable) -> tuple[np.ndarray, list[str]]:
    """Return statistics of paths.

    For each kind of length (`_lengths`) mean and deviation over paths of each of `DRAWS`, and the
    longest and the shortest path; the logarithm of the number of paths; how undecided a draw is
    (entropy, in nats); mean and maximum of the logarithm of the signal's variance, which an Add
    adds up and a normalisation sets to 1.

    Args:
        graphs: One graph or more.

    Returns:
        The columns, float64 [graphs, 61], and their names.
    """
    flat = graphs.flat()
    lengths = _lengths(flat)
    walk = _Walk(flat, lengths, DRAWS)
    last = flat.node_ptr[1:] - 1
    columns = {"log_paths": walk.log_paths[last]}
    columns |= {f"entropy_{draw}": walk.entropy[draw][last] for draw in ENTROPIES}
    log_signal, graph = np.log(walk.signal), flat.graph_of_nodes()
    columns["signal_mean"] = np.bincount(graph, log_signal) / np.bincount(graph)
    columns["signal_max"] = np.maximum.reduceat(log_signal, flat.node_ptr[:-1])
    for kind in lengths:
        for draw in DRAWS:
            mean, square = walk.mean[kind, draw][last], walk.square[kind, draw][last]
            columns[f"{kind}_{draw}_mean"] = mean
            columns[f"{kind}_{draw}_deviation"] = np.sqrt(np.maximum(square - mean**2, 0))
        columns[f"{kind}_longest"] = walk.longest[kind][last]
        columns[f"{kind}_shortest"] = walk.shortest[kind][last]
    return np.stack(list(columns.values()), axis=1), list(columns)


def mean_depth(graphs: GraphTable) -> np.ndarray:
    """Return the mean of weighted layers over all paths, each as likely, float64 [graphs].

    It is the column "weighted_path_mean" of `path_statistics`, without the others.
    """
    flat = graphs.flat()
    walk = _Walk(flat, {"weighted": is_op(flat, WEIGHTED).astype(np.float64)}, ("path",))
    depth: np.ndarray = walk.mean["weighted", "path"][flat.node_ptr[1:] - 1]
    return depth


def _lengths(flat: Flat) -> dict[str, np.ndarray]:
    """Return what each node adds to a path's length, by kind, float64 [nodes]."""
    kernel = flat.columns["kernel_h"].astype(np.float64)
    conv = is_op(flat, {"Conv"})
    kinds = {
        "weighted": is_op(flat, WEIGHTED),
        "spatial": conv & (kernel > 1),
        "pointwise": conv & (kernel == 1),
        "depthwise": is_op(flat, {"Depthwise"}),
        "pool": is_op(flat, POOLS),
        "activation": is_op(flat, ACTIVATIONS),
    }
    lengths = {kind: mask.astype(np.float64) for kind, mask in kinds.items()}
    lengths["reach"] = np.where(is_op(flat, WEIGHTED | POOLS), kernel - 1, 0.0)
    return lengths


class _Walk:
    """Goes through the nodes once; all attributes are of paths that end at each node."""

    def __init__(self, flat: Flat, lengths: dict[str, np.ndarray], draws: Sequence[str]) -> None:
        zeros = np.zeros(flat.nodes)
        pairs = [(kind, draw) for kind in lengths for draw in draws]
        self.log_paths, self.signal = zeros.copy(), np.ones(flat.nodes)
        self.entropy = {draw: zeros.copy() for draw in ENTROPIES}
        self.mean = {pair: zeros.copy() for pair in pairs}
        self.square = {pair: zeros.copy() for pair in pairs}
        self.longest = {kind: zeros.copy() for kind in lengths}
        self.shortest = {kind: zeros.copy() for kind in lengths}
        normal = is_op(flat, NORMALISATIONS)
        adds = is_op(flat, {"Add"})
        for step in steps(flat):
            nodes, starts, source = step.nodes, step.starts, flat.source[step.edges]
            node = step.node_of_edges
            signal = np.add.reduceat(self.signal[source], starts)
            chances = {
                "even": 1 / step.counts[node],
                "path": self._paths(source, nodes, starts, node),
                "signal": self.signal[source] / signal[node],
            }
            self.signal[nodes] = np.where(
                normal[nodes], 1.0, np.where(adds[nodes], signal, signal / step.counts)
            )
            for draw in ENTROPIES:
                chance = chances[draw]
                told = chance * (self.entropy[draw][source] - np.log(chance))
                self.entropy[draw][nodes] = np.add.reduceat(told, starts)
            for kind, length in lengths.items():
                own = length[nodes]
                for draw in draws:
                    mean, square = self.mean[kind, draw], self.square[kind, draw]
                    chance = chances[draw]
                    before = np.add.reduceat(chance * mean[source], starts)
                    squares = np.add.reduceat(chance * square[source], starts)
                    mean[nodes] = before + own
                    square[nodes] = squares + 2 * before * own + own**2
                for found, best in ((self.longest, np.maximum), (self.shortest, np.minimum)):
                    found[kind][nodes] = best.reduceat(found[kind][source], starts) + own

    def _paths(
        self, source: np.ndarray, nodes: np.ndarray, starts: np.ndarray, node: np.ndarray
    ) -> np.ndarray:
        """Return which part of the paths to a node comes over each of its edges; count them."""
        logs = self.log_paths[source]
        top = np.maximum.reduceat(logs, starts)
        parts = np.exp(logs - top[node])
        total = np.add.reduceat(parts, starts)
        self.log_paths[nodes] = top + np.log(total)
        share: np.ndarray = parts / total[node]
        return share
