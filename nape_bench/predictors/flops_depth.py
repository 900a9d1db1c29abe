"""FLOPs times the depth of a path: a score that needs no labels."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from nape_bench.predictors.base import Score
from nape_bench.predictors.paths.path_statistics import mean_depth
from nape_bench.predictors.registry import register

if TYPE_CHECKING:
    from nape_bench.graph import GraphTable

LEAST = 0.1
"""A graph with no weighted layer at all still has a logarithm."""


@register
class FlopsDepth(Score):
    """log10 F + a log10 d: multiply-adds, and the weighted layers on a path from Input to Output.

    d is the mean over all paths, each as likely (`path_statistics`). Of two networks that cost the
    same, the one whose layers come after each other is said to be better than the one that has them
    side by side, or that skips them. The exponent 1 is the best of .5, 1, 2, 3 and 4 on published
    accuracies of 500 cells of NAS-Bench-101 (SRCC .736; FLOPs alone .715). It helps on full
    trainings of NAS-Bench-201 and OFA-MobileNetV3, and harms on TransNAS-Bench-101 and on micro
    labels of spaces in which deeper networks learn more slowly.

    Args:
        seed: Nothing is drawn.
        progress: Nothing to show.
        exponent: a; 0 leaves FLOPs alone.
    """

    name = "flops_depth"
    title = "FLOPs times mean path depth"
    source = "nape_bench"

    def __init__(self, *, seed: int = 0, progress: bool = False, exponent: float = 1.0) -> None:
        super().__init__(seed=seed, progress=progress)
        self.exponent = exponent

    def _predict(self, graphs: GraphTable) -> np.ndarray:
        depth = np.maximum(mean_depth(graphs), LEAST)
        score: np.ndarray = np.log10(graphs.flops() + 1.0) + self.exponent * np.log10(depth)
        return score
