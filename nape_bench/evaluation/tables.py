"""Results as tables for a terminal."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from nape_bench.metrics import METRICS, Interval

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from nape_bench.evaluation.result import Result

FULL = ("mae", "spearman", "kendall", "ndcg@10", "top10_overlap", "regret@1")
SHORT = ("mae", "spearman")
NOTHING = "-"

WITH_INTERVAL = ("mae", "spearman")
"""Metrics whose interval is shown; those of all stand in `Result.metrics`."""


def describe(results: Sequence[Result]) -> str:
    """Say what was measured and give the table of results, all of one protocol and dataset."""
    notes = remarks(results)
    return "\n".join([heading(results[0]), "", table(results), *([""] if notes else []), *notes])


def heading(result: Result) -> str:
    """Say in two lines what a result is about."""
    data, counts = result.dataset, result.counts
    unit = f" in {data.unit}" if data.unit else ""
    direction = "higher" if data.higher_is_better else "lower"
    return (
        f"{result.protocol}: {data.name} ({data.config}) {data.version}, {data.target}{unit}, "
        f"{direction} is better\n"
        f"{counts.test:,} test rows, {counts.label_budget:,} labels may be seen; "
        "95 % intervals over rows and seeds in brackets"
    )


def remarks(results: Sequence[Result]) -> list[str]:
    """Return what a reader must know, each with the predictors that it is about."""
    about: dict[str, list[str]] = {}
    for result in results:
        for note in [*result.notes, *_lacking_seeds(result)]:
            about.setdefault(note, []).append(result.predictor.name)
    return [f"{', '.join(names)}: {note}" for note, names in about.items()]


def _lacking_seeds(result: Result) -> list[str]:
    asked, run = len(result.protocol_seeds), len(result.seeds)
    if not result.counts.train or run >= asked:
        return []
    return [f"{run} {'seed' if run == 1 else 'seeds'}, where the protocol asks for {asked}."]


def table(results: Sequence[Result], columns: Sequence[str] = FULL) -> str:
    """Return results as a table: a line each, and one more for each subset of the test.

    Args:
        results: At least one, all of one protocol and dataset.
        columns: Names of metrics; those that no result has are left out.
    """
    from tabulate import tabulate

    columns = [name for name in columns if any(name in result.metrics for result in results)]
    with_subsets = any(result.subsets for result in results)
    unit = results[0].dataset.unit
    headers = ["predictor", *(["test rows"] if with_subsets else [])]
    headers += [_header(name, unit) for name in columns] + ["seeds", "s/seed"]
    rows = []
    for result in results:
        parts = {"all": (result.counts.test, result.metrics)}
        parts |= {name: (subset.n, subset.metrics) for name, subset in result.subsets.items()}
        for part, (n, metrics) in parts.items():
            whole = part == "all"
            cells = [result.predictor.name if whole else ""]
            cells += [f"{part} {n:,}"] if with_subsets else []
            cells += [_cell(metrics, name) for name in columns]
            cells += [str(len(result.seeds)), _seconds(result)] if whole else ["", ""]
            rows.append(cells)
    aligned = ["left"] * (len(headers) - len(columns) - 2) + ["right"] * (len(columns) + 2)
    # One word a line: a table fits a terminal.
    headers = [header.replace(" ", "\n") for header in headers]
    return tabulate(rows, headers, disable_numparse=True, colalign=aligned)


def _header(name: str, unit: str) -> str:
    metric = METRICS[name]
    return f"{metric.title} [{unit}]" if metric.unit == "label" and unit else metric.title


def _cell(metrics: Mapping[str, Interval], name: str) -> str:
    interval = metrics.get(name)
    if interval is None:
        return NOTHING
    show = significant if METRICS[name].unit == "label" else "{:.3f}".format
    value = show(interval.value)
    if name not in WITH_INTERVAL:
        return value
    return f"{value} [{show(interval.low)}, {show(interval.high)}]"


def significant(value: float) -> str:
    """Write a number with three significant digits, and no exponent from 0.0001 to 99,999."""
    if value == 0 or not 1e-4 <= abs(value) < 1e5:
        return f"{value:.3g}"
    # Rounding may add a digit: 9.999 is 10.0.
    digits = math.floor(math.log10(abs(float(f"{value:.3g}"))))
    return f"{value:.{max(0, 2 - digits)}f}"


def _seconds(result: Result) -> str:
    """Write the mean seconds to fit and to predict with one seed."""
    if result.seconds is None:
        return NOTHING
    return f"{sum(result.seconds.fit + result.seconds.predict) / len(result.seconds.fit):.1f}"
