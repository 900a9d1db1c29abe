"""Multi-Predict: encodings that all search spaces share, and an MLP that is fine-tuned on a few."""

from __future__ import annotations

from nape_bench.predictors.multi_predict.help_like import HelpLike
from nape_bench.predictors.multi_predict.predictor import MultiPredict, MultiPredictLatency

__all__ = ["HelpLike", "MultiPredict", "MultiPredictLatency"]
