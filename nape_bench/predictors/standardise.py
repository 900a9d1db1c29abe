"""Standardising columns by those of the training graphs."""

from __future__ import annotations

import numpy as np

TINY = 1e-9
"""A column of equal numbers can have a deviation that is a rounding error, not 0."""


class Standardiser:
    """Takes means off columns and divides by deviations; constant columns are left out.

    Args:
        values: Columns of the training graphs, float64 [n, columns].

    Attributes:
        varies: Which columns are kept, bool [columns].
    """

    def __init__(self, values: np.ndarray) -> None:
        self._mean, deviation = values.mean(axis=0), values.std(axis=0)
        self.varies = deviation > TINY * np.maximum(np.abs(self._mean), 1.0)
        self._deviation = np.where(self.varies, deviation, 1.0)

    @property
    def learnt(self) -> np.ndarray:
        """Means, deviations and which columns vary (0 or 1), float64 [3, columns]."""
        return np.stack([self._mean, self._deviation, self.varies.astype(np.float64)])

    @classmethod
    def of_learnt(cls, learnt: np.ndarray) -> Standardiser:
        """Return the standardiser that has learnt this."""
        made = cls.__new__(cls)
        made._mean, made._deviation, varies = learnt
        made.varies = varies > 0
        return made

    def __call__(self, values: np.ndarray) -> np.ndarray:
        """Return the columns that are kept, float64 [n, kept]."""
        kept = self.varies
        scaled: np.ndarray = (values[:, kept] - self._mean[kept]) / self._deviation[kept]
        return scaled
