"""AIO-P (Mills et al., AAAI 2023): a backbone, adapters for further tasks, scaled labels."""

from __future__ import annotations

from nape_bench.predictors.aiop.predictor import AIOP

__all__ = ["AIOP"]
