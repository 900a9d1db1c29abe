"""Bayesian ridge regression on paths."""

from __future__ import annotations

from nape_bench.predictors.cost_ridge import CostRidge
from nape_bench.predictors.paths.columns import OnPaths
from nape_bench.predictors.registry import register


@register
class PathRidge(OnPaths, CostRidge):
    """Bayesian ridge regression (scikit-learn) on the columns that `path_gp` reads.

    They are logarithms of FLOPs and parameters, statistics of paths, and how often each sequence
    of three layers in a row occurs. All else is as in `cost_ridge`: it tells how much of what
    `path_gp` reaches is due to columns, and how much to the process.

    Args:
        seed: Nothing is drawn.
        progress: Nothing to show: a fit takes a second.
    """

    name = "path_ridge"
    title = "Bayesian ridge regression on paths and short sequences of layers"
