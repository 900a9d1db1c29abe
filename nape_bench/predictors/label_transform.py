"""The FLOPs label transform of GENNAPE (equation 5) and AIO-P (equations 4 and 5), and back."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

GIGA = 1e9


class LabelTransform(NamedTuple):
    """Labels over log10(F + 1) + 1, F in GFLOPs, or as they are; then standardised.

    Dividing by what grows with FLOPs puts small and large networks on one scale: the inverse
    multiplies by it, so that of two networks of the same transformed label the larger one is said
    to be better. Mean and deviation are those of the labels of `fit`, for all families.

    Attributes:
        mean: Mean of the labels over their divisors.
        scale: Their deviation, 1 where it is 0.
        by_flops: Whether the divisor is that of equation 5; else it is 1.
    """

    mean: float
    scale: float
    by_flops: bool

    @classmethod
    def of(cls, y: np.ndarray, flops: np.ndarray, *, by_flops: bool) -> LabelTransform:
        """Return the transform that standardises these labels.

        Args:
            y: Labels, float64 [n].
            flops: Multiply-adds of their networks, [n].
            by_flops: Whether labels are divided by what equation 5 says.
        """
        ratio = y / divisor(flops) if by_flops else y
        return cls(float(ratio.mean()), float(ratio.std()) or 1.0, by_flops)

    def __call__(self, y: np.ndarray, flops: np.ndarray) -> np.ndarray:
        """Return transformed labels, float64 [n]."""
        result: np.ndarray = ((y / divisor(flops) if self.by_flops else y) - self.mean) / self.scale
        return result

    def inverse(self, transformed: np.ndarray, flops: np.ndarray) -> np.ndarray:
        """Return the labels whose transform this is, float64 [n]."""
        ratio: np.ndarray = transformed * self.scale + self.mean
        return ratio * divisor(flops) if self.by_flops else ratio


def divisor(flops: np.ndarray) -> np.ndarray:
    """Return log10(F + 1) + 1 with F in GFLOPs, float64 [n].

    Args:
        flops: Multiply-adds, [n].
    """
    result: np.ndarray = np.log10(flops / GIGA + 1) + 1
    return result
