"""Predictors: estimators of a label from a graph, one file each.

A module of this package that defines a `Predictor` and decorates it with `register` is a
predictor; there is nothing else to edit.
"""

from __future__ import annotations

from nape_bench.predictors.base import NotFittedError, Predictor, SettingError
from nape_bench.predictors.registry import predictor, predictors, register

__all__ = ["NotFittedError", "Predictor", "SettingError", "predictor", "predictors", "register"]
