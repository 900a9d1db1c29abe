"""The metrics by name, with what a reader of a table needs to know of each."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from nape_bench.metrics.inputs import FloatArray, Kernel, check_order
from nape_bench.metrics.kendall import kendall_kernel, kendall_tau_b
from nape_bench.metrics.rank import spearman, spearman_kernel
from nape_bench.metrics.topk import (
    ndcg_at_k,
    ndcg_kernel,
    overlap_kernel,
    regret_at_k,
    regret_kernel,
    top_k_overlap,
)
from nape_bench.metrics.value import mae, mae_kernel

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True)
class Metric:
    """A metric and how to read it.

    Attributes:
        name: The name by which `METRICS` and results know it.
        title: The heading of its column.
        fn: `fn(y_true, y_pred)` gives its value for one seed.
        kernel: `kernel(y_true, y_pred)` makes it ready for resampling (see
            `nape_bench.metrics.inputs.Kernel`); its input has been checked.
        unit: "label" for the unit of the label, "" for a plain number.
        higher_is_better: Whether a higher value of the metric is better.
        needs_value: Whether predictions must be on the label's scale; a mere score has no such
            metric.
        needs_order: Whether it is undefined where all true values are equal.
        directed: Whether it asks which way the label is better: then `fn` and `kernel` also take
            `higher_is_better`, the direction of the label.
    """

    name: str
    title: str
    fn: Callable[..., float]
    kernel: Callable[..., Kernel]
    unit: str = ""
    higher_is_better: bool = True
    needs_value: bool = False
    needs_order: bool = True
    directed: bool = False

    def compute(self, true: FloatArray, pred: FloatArray, higher_is_better: bool) -> float:
        """Compute it for one seed; `higher_is_better` is the direction of the label."""
        return self.fn(true, pred, **self._direction(higher_is_better))

    def resampler(self, true: FloatArray, pred: FloatArray, higher_is_better: bool) -> Kernel:
        """Make it ready for resampling, on checked input.

        Raises:
            ValueError: It needs an order and the true values are all equal.
        """
        if self.needs_order:
            check_order(true)
        return self.kernel(true, pred, **self._direction(higher_is_better))

    def _direction(self, higher_is_better: bool) -> dict[str, bool]:
        return {"higher_is_better": higher_is_better} if self.directed else {}


class UnknownMetricError(KeyError):
    """A name that no metric has."""

    def __str__(self) -> str:
        """Return the message itself: `KeyError` would print its repr."""
        return str(self.args[0])


class _Metrics(dict[str, Metric]):
    """A dict whose `KeyError` gives the nearest names."""

    def __missing__(self, name: str) -> Metric:
        near = difflib.get_close_matches(name, self, n=3, cutoff=0.5)
        hint = f"did you mean {', '.join(near)}?" if near else f"known are {', '.join(self)}."
        raise UnknownMetricError(f"unknown metric {name!r}: {hint}")


METRICS = _Metrics(
    {
        metric.name: metric
        for metric in (
            Metric(
                "mae",
                "MAE",
                mae,
                mae_kernel,
                unit="label",
                higher_is_better=False,
                needs_value=True,
                needs_order=False,
            ),
            Metric("spearman", "SRCC", spearman, spearman_kernel),
            Metric("kendall", "Kendall tau-b", kendall_tau_b, kendall_kernel),
            Metric(
                "ndcg@10",
                "NDCG@10",
                partial(ndcg_at_k, k=10),
                partial(ndcg_kernel, k=10),
                directed=True,
            ),
            Metric(
                "top10_overlap",
                "Top-10 overlap",
                partial(top_k_overlap, k=10),
                partial(overlap_kernel, k=10),
                directed=True,
            ),
            *(
                Metric(
                    f"regret@{k}",
                    f"Regret@{k}",
                    partial(regret_at_k, k=k),
                    partial(regret_kernel, k=k),
                    unit="label",
                    higher_is_better=False,
                    directed=True,
                )
                for k in (1, 10)
            ),
        )
    }
)
"""All metrics by name; an unknown name raises `UnknownMetricError` with the nearest ones."""
