"""Other labels of networks, as latencies on other devices: known of some, expected of all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from nape_bench.predictors.latency.smooth import Smooth, fit_smooth, spread_rows
from nape_bench.predictors.spec_encoding import SpecEncoding
from nape_bench.predictors.standardise import Standardiser
from nape_bench.predictors.statistics import graph_statistics

if TYPE_CHECKING:
    from nape_bench.graph import GraphTable


class Told(NamedTuple):
    """What other labels are.

    Attributes:
        expected: Of what the graphs and specifications tell, float64 [n, labels].
        beyond: How far known ones are from that, 0 where they are unknown, float64 [n, labels].
    """

    expected: np.ndarray
    beyond: np.ndarray


class Others:
    """Other labels, by their logarithm where all of a label are positive, standardised.

    Args:
        state: As `state` gives it; `learn` makes it from labels.
    """

    def __init__(self, state: dict[str, Any]) -> None:
        self._state = state
        self._spec = SpecEncoding(state["spec"])
        self._standardise = Standardiser.of_learnt(state["standardise"])
        self._place = {key: row for row, key in enumerate(state["keys"])}

    @property
    def state(self) -> dict[str, Any]:
        """All that was learnt: arrays, and what JSON has a form for."""
        return self._state

    def latencies(self, told: Told) -> np.ndarray:
        """Return what is expected of those labels that are positive, as they were, [n, labels]."""
        logs = told.expected * self._state["spread"] + self._state["middle"]
        plain: np.ndarray = np.exp(logs[:, self.positive])
        return plain

    @property
    def positive(self) -> np.ndarray:
        """Which labels are told by their logarithm, bool [labels]."""
        taken: np.ndarray = self._state["positive"]
        return taken

    @classmethod
    def learn(cls, graphs: GraphTable, labels: dict[str, np.ndarray]) -> Others:
        """Learn what graphs tell of labels, and keep what they do not tell.

        Args:
            graphs: n graphs.
            labels: Label -> values, float64 [n], NaN where there is none.
        """
        positive = np.array([bool((v[np.isfinite(v)] > 0).all()) for v in labels.values()])
        known = np.stack(
            [np.log(v) if p else v for v, p in zip(labels.values(), positive, strict=True)], axis=1
        )
        middle, spread = np.nanmean(known, axis=0), np.nanstd(known, axis=0)
        spread = np.where(spread > 0, spread, 1.0)
        known = (known - middle) / spread
        spec = SpecEncoding.of(graphs)
        values = np.concatenate([graph_statistics(graphs)[0], spec(graphs)], axis=1)
        standardise = Standardiser(values)
        columns = standardise(values)
        expected = np.empty_like(known)
        there = np.isfinite(known)
        groups: list[tuple[list[int], Smooth]] = []
        for mask in np.unique(there, axis=1).T:
            members = np.flatnonzero((there == mask[:, None]).all(axis=0))
            rows = np.flatnonzero(mask)
            rows = rows[spread_rows(len(rows))]
            smooth, left_out = fit_smooth(columns[rows], known[np.ix_(rows, members)])
            expected[:, members] = smooth(columns)
            # What a process says of a row that it was told of is too near to the label.
            expected[np.ix_(rows, members)] = left_out
            groups.append((members.tolist(), smooth))
        state: dict[str, Any] = {
            "keys": _keys(graphs),
            "spec": [list(column) for column in spec.columns],
            "positive": positive,
            "middle": middle,
            "spread": spread,
            "standardise": standardise.learnt,
            "beyond": np.where(there, known - expected, 0.0),
            "groups": [[members, smooth.length] for members, smooth in groups],
        }
        for number, (_, smooth) in enumerate(groups):
            state |= {
                f"rows_{number}": smooth.rows,
                f"weights_{number}": smooth.weights,
                f"level_{number}": smooth.level,
            }
        return cls(state)

    def __call__(self, graphs: GraphTable, statistics: np.ndarray) -> Told:
        """Tell the labels of n graphs, of which the `graph_statistics` are at hand."""
        state = self._state
        values = np.concatenate([statistics, self._spec(graphs)], axis=1)
        columns = self._standardise(values)
        expected = np.empty((len(graphs), len(self.positive)))
        for number, (members, length) in enumerate(state["groups"]):
            smooth = Smooth(
                state[f"rows_{number}"],
                length,
                state[f"weights_{number}"],
                state[f"level_{number}"],
            )
            expected[:, members] = smooth(columns)
        beyond = np.zeros_like(expected)
        for row, key in enumerate(_keys(graphs)):
            if key in self._place:
                beyond[row] = state["beyond"][self._place[key]]
        return Told(expected, beyond)


def _keys(graphs: GraphTable) -> list[str]:
    """Return by what networks are known: ids, as two of one graph can differ; else hashes."""
    return list((graphs.hashes if graphs.ids is None else graphs.ids).tolist())
