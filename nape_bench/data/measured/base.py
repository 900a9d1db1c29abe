"""What a measured config is: how the results of one measurement become label columns."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from nape_bench.data.info import LabelInfo
from nape_bench.metrics import spearman
from nape_bench.registry import Registry

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from nape_bench.data.measured.results import Results


@dataclass(frozen=True)
class Label:
    """One label column.

    Attributes:
        info: What it holds.
        values: The label of each architecture, float64 [architectures], NaN where it is missing.
        repeats: The single measurements behind it, float64 [architectures, seeds]; None where
            they say nothing of its noise.
    """

    info: LabelInfo
    values: np.ndarray
    repeats: np.ndarray | None = None


@dataclass(frozen=True)
class LabelConfig:
    """One set of labels and the measurement that it comes from.

    Attributes:
        name: Name of the config.
        measure: Name of the measurement ("micro").
        target: The main label.
        labels: Makes the label columns, in the order of the file.
        least_seeds: Measurements that each architecture needs.
        needed: Columns of a result without which it does not count.
    """

    name: str
    measure: str
    target: str
    labels: Callable[[Results], Mapping[str, Label]]
    least_seeds: int = 1
    needed: tuple[str, ...] = ()


CONFIGS: Registry[LabelConfig] = Registry("measured config")
"""All measured configs by name, once `nape_bench.data.measured` is imported."""


def seed_correlation(repeats: np.ndarray) -> float | None:
    """Return the Spearman rank correlation between seeds, the mean over pairs of them.

    Args:
        repeats: float64 [architectures, seeds]; rows with a NaN are passed over.

    Returns:
        None where it is not defined: one seed, or a seed to which all architectures are equal.
    """
    whole = repeats[np.isfinite(repeats).all(axis=1)]
    if whole.shape[1] < 2 or any(len(np.unique(column)) < 2 for column in whole.T):
        return None
    pairs = itertools.combinations(whole.T, 2)
    return float(np.mean([spearman(a, b) for a, b in pairs]))


def repeated(
    repeats: np.ndarray, meaning: str, unit: str, *, higher_is_better: bool, source: str
) -> Label:
    """Return the label that is the mean over seeds, its noise ceiling taken from them.

    Args:
        repeats: float64 [architectures, seeds].
        meaning: What was measured, without the number of seeds, which is added.
        unit: As in `LabelInfo`.
        higher_is_better: As in `LabelInfo`.
        source: As in `LabelInfo`.
    """
    seeds = repeats.shape[1]
    told = meaning if seeds == 1 else f"{meaning}, mean over {seeds} seeds"
    ceiling = seed_correlation(repeats)
    info = LabelInfo(told, unit, higher_is_better, source, seeds, ceiling)
    return Label(info, repeats.mean(axis=1), repeats)
