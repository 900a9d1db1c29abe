"""Gradient boosting on paths."""

from __future__ import annotations

from nape_bench.predictors.gbdt import GradientBoosting
from nape_bench.predictors.paths.columns import OnPaths
from nape_bench.predictors.registry import register


@register
class PathBoosting(OnPaths, GradientBoosting):
    """Histogram gradient boosting on the columns that `path_gp` reads.

    They are logarithms of FLOPs and parameters, statistics of paths, and how often each sequence
    of three layers in a row occurs. All else, and all settings, are as in `gbdt`.
    """

    name = "path_gbdt"
    title = "Gradient boosting on paths and short sequences of layers"
