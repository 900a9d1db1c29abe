"""Labels on a normal scale by their ranks, and back."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.stats import norm, rankdata


class Gaussianised(NamedTuple):
    """Training labels and what stands for each on a scale of mean 0 and deviation 1.

    Attributes:
        labels: Different labels, ascending, float64 [k].
        scores: Their scores, ascending, float64 [k].
    """

    labels: np.ndarray
    scores: np.ndarray

    @classmethod
    def of(cls, y: np.ndarray) -> tuple[Gaussianised, np.ndarray]:
        """Return the scale of some labels, float64 [n], and their scores, float64 [n]."""
        scores = norm.ppf((rankdata(y) - 0.5) / len(y))
        scores = scores / (scores.std() or 1.0)
        labels, first = np.unique(y, return_index=True)
        return cls(labels, scores[first]), scores

    def labels_of(self, scores: np.ndarray) -> np.ndarray:
        """Return labels for scores, float64 [m]: between known ones, or on lines beyond them."""
        if len(self.labels) == 1:
            return np.full(len(scores), self.labels[0])
        spans = self.labels[-1] - self.labels[0], self.scores[-1] - self.scores[0]
        beyond = scores - np.clip(scores, self.scores[0], self.scores[-1])
        inside = np.interp(scores, self.scores, self.labels)
        # Beyond the known labels the slope is that of all of them: ranks stay different.
        labels: np.ndarray = inside + beyond * (spans[0] / spans[1])
        return labels
