"""Comparisons of two entries in words, as tables, and as a picture."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from nape_bench.evaluation.scatter import cloud
from nape_bench.evaluation.tables import NOTHING, significant
from nape_bench.metrics import METRICS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from nape_bench.evaluation.compare import Comparison, Group
    from nape_bench.picture import Picture

UNCORRECTED = "p-values are of each protocol alone: of twenty, one is below .05 by chance."


def sentence(comparison: Comparison) -> str:
    """Say which entry is better and by how much, or that they cannot be told apart."""
    test, (first, second) = comparison.test, comparison.names
    title, write = METRICS[test.metric].title, _writer(comparison)
    unit = f" {comparison.unit}" if comparison.unit else ""
    better = comparison.better
    told = (test.value_a, test.value_b) if better != second else (test.value_b, test.value_a)
    values = f"{title} {write(told[0])} against {write(told[1])}{unit}"
    if better is None:
        return (
            f"{first} and {second} cannot be told apart: {values}, a difference of "
            f"{write(test.difference)} [{write(test.low)}, {write(test.high)}], {_p(test.p_value)}."
        )
    # By how much it is better is positive, whichever way the metric goes.
    ends = (test.low, test.high) if test.difference > 0 else (-test.high, -test.low)
    return (
        f"{better} is better by {write(abs(test.difference))}{unit} "
        f"[{write(ends[0])}, {write(ends[1])}], {_p(test.p_value)}: {values}."
    )


def describe_comparison(comparison: Comparison, top: int = 10) -> str:
    """Say how two entries compare on a protocol, and where they differ.

    Args:
        comparison: The comparison.
        top: How many architectures are listed; 0 for none.
    """
    parts = [f"{comparison.protocol}, {comparison.test.n:,} rows: {sentence(comparison)}"]
    parts += comparison.notes
    parts += [
        "",
        f"Mean error in rank, in places of {comparison.test.n:,}, by parts of the test:",
        "",
        _groups(comparison),
    ]
    if top:
        parts += [
            "",
            "Where they differ most, in ranks of which 1 is best:",
            "",
            _differing(comparison, top),
        ]
    return "\n".join(parts)


def describe_comparisons(comparisons: Sequence[Comparison]) -> str:
    """Return a table of two entries on several protocols, and who is better on how many."""
    (first, second), metric = comparisons[0].names, METRICS[comparisons[0].test.metric]
    rows = []
    for each in comparisons:
        test, write = each.test, _writer(each)
        rows.append(
            [
                each.protocol,
                write(test.value_a),
                write(test.value_b),
                f"{write(test.difference)} [{write(test.low)}, {write(test.high)}]",
                f"{test.p_value:.3f}",
                each.better or NOTHING,
            ]
        )
    told = [each.better for each in comparisons]
    summary = (
        f"{first} is better on {told.count(first)} of {len(told)}, {second} on "
        f"{told.count(second)}; {told.count(None)} cannot be told apart. {UNCORRECTED}"
    )
    headers = ["protocol", first, second, f"{metric.title}: difference", "p", "better"]
    notes = dict.fromkeys(note for each in comparisons for note in each.notes)
    return "\n".join([_tabulated(rows, headers, "lrrrrl"), "", summary, *notes])


def rank_errors(comparison: Comparison) -> Picture:
    """Draw the error in rank of the first entry against that of the second, as an SVG.

    Points below the line are architectures that the first entry ranks better.
    """
    first, second = comparison.names
    rows = comparison.rows
    return cloud(
        np.array([row.error_b for row in rows]),
        np.array([row.error_a for row in rows]),
        across=f"error in rank: {second}",
        up=f"error in rank: {first}",
        title=f"{comparison.protocol}: {first} against {second}",
        description=f"below the line {first} is nearer",
        named=[
            f"{row.id}: true rank {row.rank:.6g}, {first} {row.rank_a:.6g}, "
            f"{second} {row.rank_b:.6g}"
            for row in rows
        ],
        one_scale=True,
        name=f"{comparison.protocol}-{first}-{second}",
    )


def _groups(comparison: Comparison) -> str:
    first, second = comparison.names
    rows = []
    for group in comparison.groups:
        nearer = _signed(group.error_b - group.error_a)
        cells = [f"{group.error_a:.1f}", f"{group.error_b:.1f}", nearer]
        rows.append([group.by, group.name, _between(group), f"{group.rows:,}", *cells])
    return _tabulated(
        rows, ["by", "part", "from, to", "rows", first, second, f"{first} nearer by"], "llrrrrr"
    )


def _between(group: Group) -> str:
    if group.low is None or group.high is None:
        return ""
    return f"{significant(group.low)}, {significant(group.high)}"


def _differing(comparison: Comparison, top: int) -> str:
    first, second = comparison.names
    rows = [
        [
            row.id,
            significant(row.truth),
            *(f"{rank:.1f}".removesuffix(".0") for rank in (row.rank, row.rank_a, row.rank_b)),
            _signed(row.gain),
        ]
        for row in comparison.differing(top)
    ]
    headers = ["id", comparison.target, "true rank", first, second, f"{first} nearer by"]
    return _tabulated(rows, headers, "lrrrrr")


def _tabulated(rows: Sequence[Sequence[str]], headers: Sequence[str], aligned: str) -> str:
    from tabulate import tabulate

    sides = ["left" if side == "l" else "right" for side in aligned]
    return tabulate(rows, headers, disable_numparse=True, colalign=sides)


def _writer(comparison: Comparison) -> Callable[[float], str]:
    return significant if METRICS[comparison.test.metric].unit == "label" else "{:.3f}".format


def _signed(value: float) -> str:
    # Adding 0 takes the sign off what rounds to it.
    return f"{round(value, 1) + 0:+.1f}"


def _p(value: float) -> str:
    return f"p = {value:.3f}"
