"""What a predictor says of a network of one's own, and whether it was trained on its like."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from nape_bench.errors import DataError
from nape_bench.graph import GraphTable
from nape_bench.graph.vocabulary import OPS
from nape_bench.predictors.statistics import graph_statistics

if TYPE_CHECKING:
    from nape_bench.graph import ArchGraph
    from nape_bench.predictors.base import Predictor

FAR = 0.99
"""The part of the training networks that has a neighbour nearer than what is called far."""


class Estimate(NamedTuple):
    """A prediction for one network.

    Attributes:
        value: What is predicted.
        low: Lower end of the interval.
        high: Upper end of it.
    """

    value: float
    low: float
    high: float


def estimate(
    predictor: Predictor,
    graph: ArchGraph,
    held_out: GraphTable,
    y: np.ndarray,
    *,
    coverage: float = 0.9,
) -> Estimate:
    """Predict with an interval by split conformal prediction (Lei et al., JASA 2018).

    Its half width is the quantile of absolute errors on networks that were held out, so it holds
    the label of a network drawn as those were with probability `coverage`; of others it says
    nothing (`strangeness`).

    Args:
        predictor: A fitted predictor of values.
        graph: The network.
        held_out: Networks that it was not trained on.
        y: Their labels, float64 [n], none missing.
        coverage: Probability, above 0 and below 1.

    Raises:
        DataError: Too few networks were held out for this coverage.
    """
    errors = np.sort(np.abs(predictor.predict(held_out) - y))
    rank = math.ceil((len(errors) + 1) * coverage)
    if not 0 < coverage < 1 or rank > len(errors):
        raise DataError(
            f"an interval of coverage {coverage} needs more than the {len(errors)} networks that "
            "were held out, and a coverage between 0 and 1"
        )
    value = float(predictor.predict(GraphTable.from_graphs([graph]))[0])
    half = float(errors[rank - 1])
    return Estimate(value, value - half, value + half)


def strangeness(graph: ArchGraph, trained: GraphTable) -> list[str]:
    """Say how a network lies outside of what a predictor was trained on: nothing if it does not.

    It does if it has operations that no training network has, a size outside their range, or if
    its nearest neighbour by standardised graph statistics is farther than that of 99 % of them.

    Args:
        graph: The network.
        trained: Two or more training networks.
    """
    found = []
    known = {OPS[op] for op in np.unique(trained.flat().columns["op"]).tolist()}
    new = sorted(set(graph.ops) - known)
    if new:
        found.append(f"it has operations that none of them has: {', '.join(new)}")
    x, names = graph_statistics(trained)
    own, _ = graph_statistics(GraphTable.from_graphs([graph]))
    for name in ("log_flops", "log_params", "depth", "nodes"):
        column = x[:, names.index(name)]
        value = float(own[0, names.index(name)])
        if not column.min() - 1e-9 <= value <= column.max() + 1e-9:
            found.append(f"its {name} is {value:.4g}, theirs {column.min():.4g} to "
                         f"{column.max():.4g}")  # fmt: skip
    centre, spread = x.mean(axis=0), x.std(axis=0)
    # What is equal in all of them has a spread of rounding errors.
    scale = np.where(spread > 1e-9 * (np.abs(centre) + 1), spread, 1.0)
    x, own = (x - centre) / scale, (own - centre) / scale
    squares = (x**2).sum(axis=1)
    between = np.maximum(squares[:, None] + squares[None] - 2 * x @ x.T, 0.0)
    np.fill_diagonal(between, np.inf)
    usual = float(np.quantile(np.sqrt(between.min(axis=1)), FAR))
    nearest = float(np.sqrt(((x - own) ** 2).sum(axis=1).min()))
    if nearest > usual:
        found.append(
            f"its nearest neighbour among them is {nearest:.3g} standard deviations away, where "
            f"that of {FAR:.0%} of them is within {usual:.3g}"
        )
    return found
