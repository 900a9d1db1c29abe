"""Putting scores on the scale of labels."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import numpy as np


class Level(NamedTuple):
    """Scores less their mean, over their deviation, times that of labels, plus the labels' mean.

    Their order stays as it was.

    Attributes:
        mean: Mean of the scores of labelled graphs.
        scale: Their deviation, 1 where it is 0.
        level: Mean of the labels.
        spread: Their deviation.
    """

    mean: float
    scale: float
    level: float
    spread: float

    @classmethod
    def of(cls, scores: np.ndarray, y: np.ndarray) -> Level:
        """Return what puts the scores of graphs on the scale of their labels, both [n]."""
        scale = float(scores.std()) or 1.0
        return cls(float(scores.mean()), scale, float(y.mean()), float(y.std()))

    def __call__(self, scores: np.ndarray) -> np.ndarray:
        """Return values, float64 [n]."""
        values: np.ndarray = (scores - self.mean) / self.scale * self.spread + self.level
        return values
