"""Numbers and facts as a reader sees them."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from nape_bench.evaluation.tables import significant
from nape_bench.metrics import METRICS

if TYPE_CHECKING:
    from nape_bench.leaderboard.board import Board, Track
    from nape_bench.leaderboard.checking.sheet import Facts

NOTHING = "–"
MINUS = "−"

FEWEST_ENTRIES, FEWEST_TASKS = 3, 2
"""What a comparison over protocols needs."""


def correlation(value: float | None) -> str:
    """Write a correlation, or another number between -1 and 1."""
    if value is None:
        return NOTHING
    # What rounds to 0 has no sign.
    return f"{round(value, 3) + 0.0:.3f}".replace("-", MINUS)


def amount(value: float | None) -> str:
    """Write an error, seconds or another number of any size, with three significant digits."""
    return NOTHING if value is None else significant(value).replace("-", MINUS)


def count(value: float | None) -> str:
    """Write how many: 1,234, or 12.5 for a mean."""
    if value is None:
        return NOTHING
    return f"{value:,.0f}" if value == round(value) or value >= 100 else f"{value:,.1f}"


def rank(value: float | None) -> str:
    """Write a rank: 3, or 3.5 for a shared one."""
    return NOTHING if value is None else f"{value:g}"


def mean_rank(value: float | None) -> str:
    """Write a mean of ranks."""
    return NOTHING if value is None else f"{value:.2f}"


def printed(value: float | None) -> str:
    """Write what a paper prints, with all of its digits but zeros at the end."""
    return NOTHING if value is None else f"{value:g}".replace("-", MINUS)


def metric_value(name: str, value: float) -> str:
    """Write the value of a metric by its name."""
    return amount(value) if METRICS[name].unit == "label" else correlation(value)


def metric_title(name: str, unit: str = "") -> str:
    """Return a metric's heading, with the label's unit where it has it."""
    metric = METRICS[name]
    return f"{metric.title} [{unit}]" if metric.unit == "label" and unit else metric.title


def is_higher_better(name: str) -> bool:
    """Return whether a higher value of a metric is better."""
    return METRICS[name].higher_is_better


def tint(value: float) -> str:
    """Return the class of a cell with a correlation, from "t0" to "t9"."""
    return f"t{min(9, max(0, int(value * 10)))}"


def label_of(facts: Facts) -> str:
    """Return a protocol's label with its unit."""
    return f"{facts.target} ({facts.unit})" if facts.unit else facts.target


def plural(number: int, one: str, several: str = "") -> str:
    """Return a number with its noun."""
    return f"{number:,} {one if number == 1 else several or one + 's'}"


def sentence(text: str) -> str:
    """Return a line of text as a sentence."""
    first = text.partition(" ")[0]
    # A name is left as it is.
    told = f"{text[:1].upper()}{text[1:]}" if first.isalpha() else text
    return told if told.endswith(".") else f"{told}."


def compared(track: Track) -> str:
    """Say in plain words whether the submissions of a track differ over its protocols."""
    entries = sum(standing.mean_rank is not None for standing in track.standings)
    tasks = len(track.protocols)
    if tasks < FEWEST_TASKS:
        return "One protocol alone: there is nothing to compare over."
    if entries < FEWEST_ENTRIES or not math.isfinite(track.critical_difference):
        return (
            f"{plural(entries, 'submission')} on all {tasks} protocols: a comparison over "
            f"protocols needs {FEWEST_ENTRIES} at least."
        )
    p = "below 0.001" if track.p_value < 0.001 else f"{track.p_value:.3f}"
    differ = "they are not all alike" if track.p_value < 0.05 else "they may all be alike"
    return (
        f"Over {tasks} protocols, {entries} submissions stand on all of them: {differ} "
        f"(Friedman's test, p {'' if p.startswith('below') else '= '}{p}). Mean ranks that differ "
        f"by less than {track.critical_difference:.2f} cannot be told apart (Nemenyi, 5 %)."
    )


def title_of(board: Board, submission: str) -> str:
    """Return what a reader calls a submission; where two share it, with the folder's name."""
    name = board.submissions[submission].metadata.name
    same = sum(shown.metadata.name == name for shown in board.submissions.values())
    return name if same == 1 else f"{name} ({submission})"
