"""Latency of a new device from a few samples: experts on costs and on other devices, mixed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from nape_bench.predictors.base import Predictor
from nape_bench.predictors.cost_ridge import COSTS
from nape_bench.predictors.latency.additive import Additive, Block, fit_additive
from nape_bench.predictors.latency.linear_gp import LinearGP, fit_linear_gp
from nape_bench.predictors.latency.mixture import expert_weights
from nape_bench.predictors.latency.others import Others
from nape_bench.predictors.registry import register
from nape_bench.predictors.spec_encoding import SpecEncoding
from nape_bench.predictors.standardise import Standardiser
from nape_bench.predictors.statistics import graph_statistics

if TYPE_CHECKING:
    from nape_bench.graph import GraphTable

SIZES = 4
"""The first of `COSTS`: FLOPs, parameters, activations, depth; most of a latency is due to them."""

SUMS: dict[str, dict[str, tuple[float, float]]] = {
    "costs": {"sizes": (0.9, 1.0), "kernels": (0.0, 1.0)},
    "costs, spec": {"sizes": (0.9, 1.0), "kernels": (0.0, 1.0), "spec": (0.0, 5.0)},
    "others": {"others": (0.5, 1.0), "sizes": (0.5, 1.0), "kernels": (0.0, 1.0)},
    "others, spec": {
        "others": (0.5, 1.0), "sizes": (0.5, 1.0), "kernels": (0.0, 1.0), "spec": (0.0, 5.0),
    },
}  # fmt: skip
"""Additive experts: their blocks, each with its share by prior and how strong that is."""

LINES: dict[str, tuple[str, ...]] = {
    "log costs": ("log costs",),
    "log others": ("expected", "beyond"),
}
"""Linear Gaussian processes and their blocks."""


@register
class LatencyMix(Predictor):
    """A few simple experts, each believed as far as it tells the labels that it was not told.

    Additive experts say that a latency is a sum of costs (FLOPs, parameters, activations, depth,
    counts of kernels), each times a time that is not negative; one of them has also the counts of
    operations in the specification, dead ones included, where graphs have ids. A Gaussian process
    is linear in logarithms of costs. Where other labels were taken in (`learn_known`: latencies on
    other devices), further experts have these among the costs: what a Gaussian process on graphs
    and specifications expects of them, and how far known ones are from that. Weights are tempered
    likelihoods of the labels under what is said of each without it. Labels that are not all
    positive have the Gaussian processes alone. Validation graphs are not used.

    Args:
        seed: Nothing is drawn.
        progress: Nothing to show: a fit takes a second.
    """

    name = "latency_mix"
    title = "Additive latencies and Gaussian processes, mixed by leave-one-out"
    source = "this package"

    def __init__(self, *, seed: int = 0, progress: bool = False) -> None:
        super().__init__(seed=seed, progress=progress)
        self._others: Others | None = None

    def _learn_known(self, graphs: GraphTable, labels: dict[str, np.ndarray]) -> None:
        self._others = Others.learn(graphs, labels)

    def _fit(self, graphs: GraphTable, y: np.ndarray, _: object) -> None:
        self._positive = bool((y > 0).all())
        labels = np.log(y) if self._positive else y
        self._spec = SpecEncoding.of(graphs)
        columns = self._columns(graphs)
        self._standardise = Standardiser(columns["log costs"])
        columns["log costs"] = self._standardise(columns["log costs"])
        self._sums: dict[str, Additive] = {}
        self._lines: dict[str, LinearGP] = {}
        for expert, given in SUMS.items() if self._positive else ():
            if all(name in columns for name in given):
                blocks = [Block(columns[name], *prior) for name, prior in given.items()]
                self._sums[expert] = fit_additive(blocks, labels)
        for expert, names in LINES.items():
            if all(name in columns for name in names):
                self._lines[expert] = fit_linear_gp([columns[name] for name in names], labels)
        left_out = [model.left_out for model in self._sums.values()]
        left_out += [line.left_out for line in self._lines.values()]
        self._weights = expert_weights(np.stack(left_out) - labels)

    def _predict(self, graphs: GraphTable) -> np.ndarray:
        columns = self._columns(graphs)
        columns["log costs"] = self._standardise(columns["log costs"])
        said = [
            model(np.concatenate([columns[name] for name in SUMS[expert]], axis=1))
            for expert, model in self._sums.items()
        ]
        for expert, line in self._lines.items():
            said.append(line(np.concatenate([columns[name] for name in LINES[expert]], axis=1)))
        values: np.ndarray = self._weights @ np.stack(said)
        return np.exp(values) if self._positive else values

    def _columns(self, graphs: GraphTable) -> dict[str, np.ndarray]:
        """Return the blocks that there are, each float64 [n, columns]."""
        statistics, names = graph_statistics(graphs)
        read = statistics[:, [names.index(name) for name in COSTS]]
        logs = np.array([name.startswith("log_") for name in COSTS])
        plain = np.where(logs, 10.0 ** np.where(logs, read, 0.0), read)
        columns = {"log costs": read, "sizes": plain[:, :SIZES], "kernels": plain[:, SIZES:]}
        if self._spec.columns:
            columns["spec"] = self._spec(graphs)[:, self._spec.counts]
        if self._others is not None:
            told = self._others(graphs, statistics)
            columns |= {"expected": told.expected, "beyond": told.beyond}
            if self._others.positive.any():
                columns["others"] = self._others.latencies(told)
        return columns

    def _learnt(self) -> dict[str, Any]:
        learnt: dict[str, Any] = {
            "positive": self._positive,
            "spec": [list(column) for column in self._spec.columns],
            "weights": self._weights,
            "sums": [[name, model.least] for name, model in self._sums.items()],
            "lines": [[name, line.constant] for name, line in self._lines.items()],
            "standardise": self._standardise.learnt,
        }
        learnt |= {f"times/{name}": model.times for name, model in self._sums.items()}
        learnt |= {f"slopes/{name}": line.slopes for name, line in self._lines.items()}
        if self._others is not None:
            learnt |= {f"others/{name}": part for name, part in self._others.state.items()}
        return learnt

    def _set_learnt(self, learnt: dict[str, Any]) -> None:
        self._positive = bool(learnt["positive"])
        self._spec = SpecEncoding(learnt["spec"])
        self._weights = learnt["weights"]
        none = np.zeros(0)
        self._sums = {
            name: Additive(learnt[f"times/{name}"], least, none) for name, least in learnt["sums"]
        }
        self._lines = {
            name: LinearGP(learnt[f"slopes/{name}"], constant, none)
            for name, constant in learnt["lines"]
        }
        self._standardise = Standardiser.of_learnt(learnt["standardise"])
        others = {
            name.removeprefix("others/"): part
            for name, part in learnt.items()
            if name.startswith("others/")
        }
        self._others = Others(others) if others else None
