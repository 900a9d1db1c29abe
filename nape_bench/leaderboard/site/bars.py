"""A value with its interval as a small picture in a table's cell."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from markupsafe import Markup

from nape_bench.leaderboard.site.words import correlation

if TYPE_CHECKING:
    from collections.abc import Iterable

WIDTH, HEIGHT = 112, 16
"""Pixels of the picture."""
_EDGE = 2


def least(values: Iterable[float | None]) -> float:
    """Return where the scale of bars beside each other starts: 0, or a quarter below the least."""
    told = [value for value in values if value is not None]
    return max(-1.0, min(0.0, math.floor(min(told, default=0.0) * 4) / 4))


def interval_bar(
    value: float,
    low: float | None,
    high: float | None,
    *,
    start: float = 0.0,
    ceiling: float | None = None,
) -> Markup:
    """Draw a correlation between `start` and 1.

    Args:
        value: The correlation.
        low: The lower end of its interval; None where it has none.
        high: The upper end.
        start: Where the scale starts, from -1 to 0.
        ceiling: What a perfect predictor would have; None where it cannot be told.
    """

    def at(x: float) -> float:
        inside = min(1.0, max(start, x))
        return _EDGE + (inside - start) / (1 - start) * (WIDTH - 2 * _EDGE)

    told = f"{correlation(value)}"
    if low is not None and high is not None:
        told += f", 95 % interval {correlation(low)} to {correlation(high)}"
    if ceiling is not None:
        told += f", reachable {correlation(ceiling)}"
    left, right = sorted((at(0.0), at(value)))
    size = f'viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}"'
    parts = [
        f'<svg class="bar" {size} role="img" aria-label="{told}">',
        f'<rect class="track" x="{_EDGE}" y="3" width="{WIDTH - 2 * _EDGE}" height="10" rx="1"/>',
        f'<rect class="value" x="{left:.1f}" y="3" width="{right - left:.1f}" height="10"/>',
    ]
    if start < 0:
        parts.append(f'<path class="zero" d="M{at(0.0):.1f} 1v14"/>')
    if low is not None and high is not None:
        a, b = at(low), at(high)
        parts.append(f'<path class="range" d="M{a:.1f} 8H{b:.1f}M{a:.1f} 5v6M{b:.1f} 5v6"/>')
    if ceiling is not None:
        parts.append(f'<path class="ceiling" d="M{at(ceiling):.1f} 0v16"/>')
    parts.append("</svg>")
    # All parts are numbers.
    return Markup("".join(parts))  # noqa: S704
