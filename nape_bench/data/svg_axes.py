"""The frame of a plot as SVG: axes with round numbers, titles, and colours for dark pages too."""

from __future__ import annotations

import math
import re
from html import escape
from typing import NamedTuple

WIDTH, HEIGHT = 520, 380
"""Pixels of a plot."""

_LEFT, _RIGHT, _TOP, _BOTTOM = 64, 18, 52, 52


class Axis(NamedTuple):
    """An axis.

    Attributes:
        low: Value at its start.
        high: Value at its end.
        ticks: Values that are written.
        title: What it shows.
    """

    low: float
    high: float
    ticks: list[float]
    title: str


def axis(low: float, high: float, title: str) -> Axis:
    """Return an axis that holds `low` to `high`, with four to ten round numbers."""
    if high <= low:
        room = abs(low) * 0.05 or 0.5
        low, high = low - room, high + room
    step = 10.0 ** math.floor(math.log10((high - low) / 4))
    step *= next(factor for factor in (5, 2, 1) if (high - low) / (step * factor) >= 4)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    ticks = [round(i * step, 12) for i in range(first, last + 1)]
    return Axis(ticks[0], ticks[-1], ticks, title)


class Plot:
    """A plot that is being drawn.

    Args:
        x: The horizontal axis.
        y: The vertical axis.
        title: What is shown.
        description: One line on it; read aloud to whoever does not see the plot.
        name: Identifier that no other picture on a page has.
    """

    def __init__(self, x: Axis, y: Axis, *, title: str, description: str, name: str) -> None:
        self._x, self._y = x, y
        # What a style sheet can name.
        self._head = (title, description, "plot-" + re.sub(r"[^A-Za-z0-9_-]", "-", name))
        self._marks: list[str] = []

    def at(self, x: float, y: float) -> tuple[float, float]:
        """Return where a point goes, in pixels."""
        across = (x - self._x.low) / (self._x.high - self._x.low)
        up = (y - self._y.low) / (self._y.high - self._y.low)
        return (
            _LEFT + across * (WIDTH - _LEFT - _RIGHT),
            HEIGHT - _BOTTOM - up * (HEIGHT - _TOP - _BOTTOM),
        )

    def add(self, mark: str) -> None:
        """Add an element; its classes are bar, point and guide."""
        self._marks.append(mark)

    def svg(self) -> str:
        """Return the picture."""
        title, description, name = self._head
        size = f'width="{WIDTH}" height="{HEIGHT}"'
        lines = [
            f'<svg xmlns="http://www.w3.org/2000/svg" id="{name}" role="img" {size}',
            f'viewBox="0 0 {WIDTH} {HEIGHT}">',
            f"<title>{escape(title)}</title><desc>{escape(description)}</desc>",
            f"<style>{_style(name)}</style>",
            f'<rect class="page" {size}/>',
            f'<text class="head" x="{_LEFT}" y="22">{escape(title)}</text>',
            f'<text x="{_LEFT}" y="39">{escape(description)}</text>',
        ]
        left, low = self.at(self._x.low, self._y.low)
        right, high = self.at(self._x.high, self._y.high)
        for value in self._y.ticks:
            y = self.at(self._x.low, value)[1]
            lines.append(f'<path class="grid" d="M{left:.1f} {y:.1f}H{right:.1f}"/>')
            lines.append(f'<text class="left" x="{left - 7:.1f}" y="{y + 4:.1f}">{value:g}</text>')
        for value in self._x.ticks:
            x = self.at(value, self._y.low)[0]
            lines.append(f'<path class="line" d="M{x:.1f} {low:.1f}v4"/>')
            lines.append(f'<text class="mid" x="{x:.1f}" y="{low + 17:.1f}">{value:g}</text>')
        lines += self._marks
        lines.append(f'<path class="line" d="M{left:.1f} {high:.1f}V{low:.1f}H{right:.1f}"/>')
        across, down = (left + right) / 2, (low + high) / 2
        lines.append(
            f'<text class="mid" x="{across:.1f}" y="{HEIGHT - 12}">{escape(self._x.title)}</text>'
        )
        lines.append(
            f'<text class="mid" transform="translate(16 {down:.1f}) rotate(-90)">'
            f"{escape(self._y.title)}</text>"
        )
        return "\n".join([*lines, "</svg>"])


def _style(name: str) -> str:
    own = f"#{name}"
    return (
        f"{own}{{--page:#fff;--ink:#1d2530;--line:#7b8794;--grid:#e6eaee;--mark:#2f6fc4;"
        "font-family:system-ui,-apple-system,'Segoe UI',Helvetica,Arial,sans-serif;font-size:11px}"
        f"@media(prefers-color-scheme:dark){{{own}{{--page:#14181e;--ink:#e8ecf1;--line:#8793a1;"
        "--grid:#28303a;--mark:#7fb0f2}}"
        f"{own} .page{{fill:var(--page)}}{own} text{{fill:var(--ink)}}"
        f"{own} .head{{font-size:14px;font-weight:600}}{own} .mid{{text-anchor:middle}}"
        f"{own} .left{{text-anchor:end}}{own} .grid{{stroke:var(--grid)}}"
        f"{own} .line{{fill:none;stroke:var(--line)}}"
        f"{own} .bar{{fill:var(--mark)}}{own} .point{{fill:var(--mark);fill-opacity:.55}}"
        f"{own} .guide{{fill:none;stroke:var(--ink);stroke-dasharray:4 3}}"
    )
