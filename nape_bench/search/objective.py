"""Objective: what a search wants of a network, asked of many in packed tables."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from nape_bench.graph.vocabulary import OP_INDEX

if TYPE_CHECKING:
    from collections.abc import Mapping

    from nape_bench.graph import GraphTable
    from nape_bench.predictors import Predictor

COSTS = ("flops", "params", "latency")


class Scores(NamedTuple):
    """What an objective says of a table.

    Attributes:
        value: Predicted label, float64 [n].
        flops: Multiply-adds, int64 [n].
        params: Parameters, int64 [n].
        latency: Predicted latency, float64 [n]; NaN where none is predicted.
        excess: How far each is above the limits, float64 [n]; 0 where it keeps them.
    """

    value: np.ndarray
    flops: np.ndarray
    params: np.ndarray
    latency: np.ndarray
    excess: np.ndarray


class Known:
    """What a predictor has seen, so that a search stays where it was trained.

    A predictor gives a number for layers that it knows nothing of, and a search finds those that
    it is most wrong about.

    Args:
        graphs: What it was trained on, at the scale of the search.
    """

    def __init__(self, graphs: GraphTable) -> None:
        self._words = np.unique(_words(graphs.rows.rows))
        self.most_nodes = int(np.diff(graphs.node_ptr).max())

    def strange(self, graphs: GraphTable) -> dict[str, np.ndarray]:
        """Return by reason which graphs have what it has not seen, bool [n] each.

        "unseen layer": an operation with a kernel that no training network has. "too many nodes":
        more than any has.
        """
        rows, of_node = graphs.rows
        unseen = ~np.isin(_words(rows), self._words)
        counts = np.diff(graphs.node_ptr)
        new = np.logical_or.reduceat(unseen[of_node], graphs.node_ptr[:-1])
        return {"unseen layer": new, "too many nodes": counts > self.most_nodes}


def _words(rows: np.ndarray) -> np.ndarray:
    """Return operation and kernel of node rows as one integer, sums and products as one word.

    Args:
        rows: Integers [n, 14], columns as `vocabulary.COLUMNS`.
    """
    found: np.ndarray = (rows[:, 0].astype(np.int64) * 256 + rows[:, 7]) * 256 + rows[:, 8]
    # Shortcuts are wiring, which any graph predictor reads.
    found[rows[:, 0] == OP_INDEX["Add"]] = OP_INDEX["Output"] * 256 * 256
    return found


@dataclass(frozen=True)
class Objective:
    """What is wanted: the best predicted label within limits.

    Attributes:
        predictor: Predicts the label.
        higher_is_better: Its direction.
        limits: Cost of `COSTS` -> the most that is allowed.
        latency: Predicts latency; needed where it is limited.
        known: What the predictor has seen; None lets everything pass.
    """

    predictor: Predictor
    higher_is_better: bool
    limits: Mapping[str, float]
    latency: Predictor | None = None
    known: Known | None = None

    def scores(self, graphs: GraphTable) -> Scores:
        """Score networks, all in one packed batch."""
        costs = {
            "flops": graphs.flops(),
            "params": graphs.params(),
            "latency": np.full(len(graphs), np.nan)
            if self.latency is None
            else self.latency.predict(graphs),
        }
        excess = np.zeros(len(graphs))
        for name, most in self.limits.items():
            excess += np.maximum(costs[name] / most - 1, 0.0)
        return Scores(self.predictor.predict(graphs), **costs, excess=excess)
