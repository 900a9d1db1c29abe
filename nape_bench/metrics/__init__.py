"""Metrics of performance predictors, with bootstrap intervals and a paired test.

Pure float64 functions of true and predicted values; NumPy is all they need. The policy:

- Input: one-dimensional, finite, of equal length; anything else is a `ValueError` that names
  the first offending index. Metrics never return NaN.
- Predictions are read on the scale of the label. `higher_is_better` is the label's direction
  (accuracy: yes, latency: no); correlations and MAE do not depend on it.
- Ties: mean ranks (`spearman`), tau-b (`kendall_tau_b`), the expected value over all orders of
  the tied predictions (metrics of the top). A constant predictor thus gets what a random order
  gets, and no metric depends on the order in which items are listed.
- A constant prediction has the correlation 0: it holds no order.
- A constant truth, and so a single item, is a `ValueError` for every metric but `mae`.
- `k` above the number of items means all items.
- Several seeds: the mean over seeds, and intervals that resample items and seeds
  (`nape_bench.metrics.bootstrap` says what they are worth).
"""

from nape_bench.metrics.bootstrap import Interval, bootstrap_interval, bootstrap_intervals
from nape_bench.metrics.kendall import kendall_tau_b
from nape_bench.metrics.many import ManyTest, friedman_nemenyi
from nape_bench.metrics.paired import PairedTest, paired_test
from nape_bench.metrics.rank import spearman
from nape_bench.metrics.registry import METRICS, Metric, UnknownMetricError
from nape_bench.metrics.scoring import EVALUATOR_VERSION, score
from nape_bench.metrics.topk import ndcg_at_k, regret_at_k, top_k_overlap
from nape_bench.metrics.value import mae

__all__ = [
    "EVALUATOR_VERSION",
    "METRICS",
    "Interval",
    "ManyTest",
    "Metric",
    "PairedTest",
    "UnknownMetricError",
    "bootstrap_interval",
    "bootstrap_intervals",
    "friedman_nemenyi",
    "kendall_tau_b",
    "mae",
    "ndcg_at_k",
    "paired_test",
    "regret_at_k",
    "score",
    "spearman",
    "top_k_overlap",
]
